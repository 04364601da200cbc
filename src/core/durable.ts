import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { dirname } from 'node:path'

/** What a process that is ended at any moment, by kill -9 or with its machine, leaves whole. */

/**
 * Writes a file whole or not at all: under another name first, on disk before it takes its own. What lies under that other name is
 * left by a process that was ended, or a link that somebody put there: it is removed, never written to. Throws what the system says.
 */
export function writeWhole(file: string, content: string | Uint8Array | readonly Uint8Array[], mode = 0o666): void {
  const other = `${file}.new`
  rmSync(other, { force: true })
  const open = openSync(other, 'wx', mode)
  try {
    try {
      // Written on from where the last part ended, as the file is open.
      for (const part of Array.isArray(content) ? content : [content]) writeFileSync(open, part)
      fsyncSync(open)
    } finally {
      closeSync(open)
    }
    renameSync(other, file)
  } catch (error) {
    rmSync(other, { force: true })
    throw error
  }
  syncFolder(dirname(file))
}

/**
 * Makes a folder and those that it is in, where they are not there. Node's own `recursive` never ends where a system refuses a folder with ENOENT
 * though its parent is there, as /proc does. Throws what the system says.
 */
export function makeFolder(folder: string): void {
  const parent = dirname(folder)
  if (parent !== folder && !existsSync(parent)) makeFolder(parent)
  try {
    mkdirSync(folder)
  } catch (error) {
    if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() !== true) throw error
  }
}

/** Puts the names in a folder on disk, where the system can. */
export function syncFolder(folder: string): void {
  let open: number
  try {
    open = openSync(folder, 'r')
  } catch {
    return // Windows opens no folders
  }
  try {
    fsyncSync(open)
  } catch {
    // some file systems cannot
  } finally {
    closeSync(open)
  }
}
