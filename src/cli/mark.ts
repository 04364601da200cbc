import { closeSync, openSync, readSync, statSync } from 'node:fs'
import { IsoflopError } from '../core/errors.ts'
import { printableLine } from '../core/printable.ts'

/**
 * What is there already is replaced by the like alone: a result of the same things, which can be made again for nothing. Whatever else a
 * file holds, somebody's own text or the report of other runs, stays unless `--force` says otherwise. What was paid for, as records of
 * campaigns, trainings, corpora and keys, is not replaced at all.
 */

/** What a result is of, as it is noted in it: `fit runs.csv`. Two dashes would end the comment that it stands in. */
export const markOf = (...subject: readonly string[]): string =>
  `<!-- isoflop: ${printableLine(subject.join(' '))
    .slice(0, longestSubject)
    .replace(/-(?=[->])/g, '- ')} -->`

const longestSubject = 1000

/** A page, Markdown or a figure, with the mark of what it is of where nobody sees it. */
export function marked(text: string, mark: string): string {
  const end = [...text.matchAll(/<\/(?:head|svg)>/g)].at(text.startsWith('<svg') ? -1 : 0)
  if (end === undefined || text.startsWith('#')) return `${text.trimEnd()}\n\n${mark}\n`
  return text.slice(0, end.index) + mark + text.slice(end.index)
}

/** A file is looked at from its ends, where marks are; bytes. */
const looked = 1 << 16

/** Whether a file may be written: nothing is there, or a device, or nothing in it, or what has the mark. */
export function isLike(file: string, mark: string): boolean {
  const there = statSync(file, { throwIfNoEntry: false })
  if (there === undefined || !there.isFile() || there.size === 0) return true
  const ends = [0, Math.max(0, there.size - looked)].map((at) => textAt(file, at))
  return ends.some((text) => text.includes(mark))
}

function textAt(file: string, at: number): string {
  const open = openSync(file, 'r')
  try {
    const bytes = Buffer.alloc(looked)
    return bytes.toString('utf8', 0, readSync(open, bytes, 0, looked, at))
  } finally {
    closeSync(open)
  }
}

/** Refuses to write over files that hold something else, before anything is done for them. Errors: OUTPUT_EXISTS. */
export function refuseOthers(
  files: readonly string[],
  mark: string,
  { force = false }: { readonly force?: boolean | undefined },
): void {
  if (force) return
  const strange = files.find((file) => !isLike(file, mark))
  if (strange !== undefined) throw exists(strange)
}

/** Says that a file is there and is no result of the same things. */
export const exists = (file: string): IsoflopError =>
  new IsoflopError(
    'OUTPUT_EXISTS',
    `${file} is there already, and is no result of the same command and the same data.`,
    'Name another place, or replace it: --force.',
  )
