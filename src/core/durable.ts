import {
  appendFileSync,
  closeSync,
  existsSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { dirname } from 'node:path'

/** What a process that is ended at any moment, by kill -9 or with its machine, leaves whole. */

/**
 * Writes a file whole or not at all: under another name first, on disk before it takes its own. What lies under that other name is
 * left by a process that was ended, or a link that somebody put there: it is removed, never written to. What is no file, such as a pipe or
 * /dev/null, stays what it is. Throws what the system says.
 */
export function writeWhole(file: string, content: string | Uint8Array | readonly Uint8Array[], mode = 0o666): void {
  if (statSync(file, { throwIfNoEntry: false })?.isFile() === false) throw new Error(`${file} is there and is no file`)
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

/** The lines of a file that end; the rest is cut off. A file that is not there is begun, and its name put on disk. */
export function wholeLines(file: string): string[] {
  makeFolder(dirname(file))
  closeSync(openSync(file, 'a'))
  syncFolder(dirname(file))
  const bytes = readFileSync(file)
  const end = bytes.lastIndexOf('\n') + 1
  if (end < bytes.length) truncateSync(file, end)
  return bytes.toString('utf8', 0, end).split('\n').slice(0, -1)
}

/** The lines of a file that end, from a byte on; the rest is cut off. Throws what the system says. */
export function wholeLinesFrom(file: string, offset: number): string[] {
  const open = openSync(file, 'r')
  try {
    const bytes = Buffer.alloc(Math.max(0, fstatSync(open).size - offset))
    const read = bytes.subarray(0, readSync(open, bytes, 0, bytes.length, offset))
    const length = read.lastIndexOf('\n') + 1
    if (length < read.length) truncateSync(file, offset + length)
    return read.toString('utf8', 0, length).split('\n').slice(0, -1)
  } finally {
    closeSync(open)
  }
}

/** Appends a line and waits for the disk; takes back what was written of it where that fails, as on a full disk. */
export function appendLine(file: string, line: string): void {
  const open = openSync(file, 'a')
  const { size } = fstatSync(open)
  try {
    appendFileSync(open, `${line}\n`)
    fsyncSync(open)
  } catch (error) {
    ftruncateSync(open, size)
    throw error
  } finally {
    closeSync(open)
  }
}
