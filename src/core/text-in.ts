import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs'

export type TextIn =
  | { readonly kind: 'none' }
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'invalid'; readonly reason: string }

/** The text of a file that a program of somebody's wrote: only a plain file is read, so that a pipe holds nobody up. */
export function textIn(file: string, mostBytes: number): TextIn {
  const read = bytesOf(file, (size) => (size > mostBytes ? null : { from: 0, length: size }))
  if (read === null) return { kind: 'none' }
  if (typeof read === 'string') return { kind: 'invalid', reason: read }
  return { kind: 'text', text: read.toString('utf8') }
}

/** The last bytes of a file, as text, none of them before `from`; empty where there is no such file. */
export function tailOf(file: string, mostBytes: number, from = 0): string {
  const read = bytesOf(file, (size) => {
    const start = Math.min(Math.max(from, size - mostBytes), size)
    return { from: start, length: size - start }
  })
  return read === null || typeof read === 'string' ? '' : read.toString('utf8')
}

/** The lines that a file has from `from` on, which somebody may be writing: those that end, of so many bytes at most. None where there is no such file. */
export function linesFrom(
  file: string,
  from: number,
  mostBytes: number,
): { readonly lines: readonly string[]; readonly bytes: number; readonly size: number } {
  let all = 0
  const read = bytesOf(file, (size) => {
    all = size
    return { from, length: Math.max(0, Math.min(size - from, mostBytes)) }
  })
  if (read === null || typeof read === 'string') return { lines: [], bytes: 0, size: 0 }
  // A line that is longer than what is read is none that anybody waits for.
  const bytes = read.lastIndexOf('\n') + 1 || (read.length === mostBytes ? mostBytes : 0)
  return { lines: read.toString('utf8', 0, bytes).split('\n').filter(Boolean), bytes, size: all }
}

/** Part of a file; null where there is none, a text that says why it cannot be read. */
function bytesOf(
  file: string,
  part: (size: number) => { from: number; length: number } | null,
): Buffer | string | null {
  let open: number
  try {
    // Opening a pipe to read would wait for somebody who writes.
    open = openSync(file, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0))
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    return code === 'ENOENT' ? null : `it cannot be read: ${message}`
  }
  try {
    const stat = fstatSync(open)
    if (!stat.isFile()) return 'it is no file'
    const wanted = part(stat.size)
    if (wanted === null) return `it has ${stat.size} bytes, too many to be read`
    const bytes = Buffer.alloc(wanted.length)
    return bytes.subarray(0, readSync(open, bytes, 0, wanted.length, wanted.from))
  } catch (error) {
    return `it cannot be read: ${(error as Error).message}`
  } finally {
    closeSync(open)
  }
}
