import { mkdtempSync, rmSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { IsoflopError } from '../core/errors.ts'

/** A file that is dropped on the page has at most so many bytes: a million runs as CSV. */
export const mostBytes = 128 << 20
/** Files of one page, at most. */
const mostFiles = 50
const longestName = 120

/** The files that a page may ask for: those of the command line, and those that were dropped on it, which are kept until the page ends. */
export interface Files {
  readonly names: readonly string[]
  /** Where a file is. Errors: FILE_NOT_FOUND for a name that was not given. */
  readonly path: (name: string) => string
  /** Keeps a file; what it is called from now on. Errors: BAD_OPTION. */
  add(name: string, bytes: Uint8Array): Promise<string>
  close(): void
}

export function createFiles(given: readonly string[]): Files {
  const paths = new Map(given.map((name) => [name, name]))
  let folder: string | null = null
  return {
    get names() {
      return given
    },
    path(name) {
      const path = paths.get(name)
      if (path === undefined) throw unknownFile(name)
      return path
    },
    async add(name, bytes) {
      const wanted = fileName(name)
      if (paths.size >= mostFiles) throw tooMany()
      folder ??= mkdtempSync(join(tmpdir(), 'isoflop-page-'))
      const own = unused(wanted, paths)
      const path = join(folder, own)
      paths.set(own, path)
      await writeFile(path, bytes, { mode: 0o600 })
      return own
    },
    close() {
      if (folder !== null) rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** The last part of a name, as a file may be called. Errors: BAD_OPTION. */
function fileName(name: string): string {
  const own = basename(name.replaceAll('\\', '/'))
  const isPlain = own !== '' && own !== '-' && !own.startsWith('.') && !/[\p{Cc}\p{Cf}]/u.test(own)
  if (isPlain && own.length <= longestName) return own
  throw new IsoflopError(
    'BAD_OPTION',
    'This file has no name that can be kept.',
    'Give it a plain name of up to 120 characters.',
  )
}

/** A name that no other file has: runs.csv, runs (2).csv. */
function unused(name: string, names: ReadonlyMap<string, string>): string {
  if (!names.has(name)) return name
  const dot = name.lastIndexOf('.') > 0 ? name.lastIndexOf('.') : name.length
  for (let k = 2; ; k++) {
    const other = `${name.slice(0, dot)} (${k})${name.slice(dot)}`
    if (!names.has(other)) return other
  }
}

const unknownFile = (name: string): IsoflopError =>
  new IsoflopError('FILE_NOT_FOUND', `The page has no file ${name.slice(0, longestName)}.`, 'Drop it on the page.')

const tooMany = (): IsoflopError =>
  new IsoflopError('BAD_OPTION', `This page has ${mostFiles} files.`, 'Start isoflop fit --open again.')
