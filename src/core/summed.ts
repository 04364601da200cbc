import { createHash } from 'node:crypto'

/**
 * JSON objects with a checksum in them, as everything is that we write and believe later: the last member, `"checksum"`, is the
 * beginning of the SHA-256 of the text before it. A bit that flips on a disk, or a line that somebody changed, is told from what was
 * written; whoever means to change a line removes its checksum, where lines without one are taken.
 */

const member = /,(\s*)"checksum":(\s*)"([0-9a-f]{12})"(\s*)\}$/
/** What is left of one whose name has a flipped bit: nobody else ends an object so. */
const remains = /,\s*"[^"]{8}":\s*"[0-9a-f]{12}"\s*\}$/
/** The member is not longer than this; the pattern is only tried there. */
const longestMember = 80

const checksumOf = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 12)

/** An object as JSON with its checksum; it must have a member. `indent` as of `JSON.stringify`. */
export function summed(record: object, indent?: number): string {
  const text = JSON.stringify(record, null, indent)
  const end = text.slice(0, -1).trimEnd().length
  const body = text.slice(0, end)
  const [before, after] = indent ? [`\n${' '.repeat(indent)}`, ' '] : ['', '']
  return `${body},${before}"checksum":${after}"${checksumOf(body)}"${text.slice(end)}`
}

/** What a text that may have a checksum is. */
export type Summed =
  /** As it was written; `record` is without the checksum. */
  | { readonly kind: 'whole'; readonly record: Readonly<Record<string, unknown>> }
  /** An object without a checksum: of an earlier version, or of somebody else. */
  | { readonly kind: 'unsummed'; readonly record: Readonly<Record<string, unknown>> }
  | { readonly kind: 'damaged'; readonly reason: string }

/** Reads a text that `summed` wrote. A text that is no JSON object, or whose checksum is wrong, is damaged. */
export function readSummed(given: string): Summed {
  const text = given.trimEnd()
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return { kind: 'damaged', reason: 'it is not JSON' }
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return { kind: 'damaged', reason: 'it is not an object' }
  const { checksum, ...record } = value as Record<string, unknown>
  const from = Math.max(0, text.length - longestMember)
  const found = member.exec(text.slice(from))
  if (found === null && checksum === undefined && !remains.test(text.slice(from))) return { kind: 'unsummed', record }
  if (found === null) return { kind: 'damaged', reason: 'its checksum is none' }
  const isRight = checksumOf(text.slice(0, from + found.index)) === found[3]
  return isRight ? { kind: 'whole', record } : { kind: 'damaged', reason: 'its checksum is wrong' }
}

/** Whether an object that was read from a text claims a checksum that the text does not bear out. */
export const isChanged = (text: string, record: Readonly<Record<string, unknown>>): boolean =>
  typeof record.checksum === 'string' && /^[0-9a-f]{12}$/.test(record.checksum) && readSummed(text).kind !== 'whole'
