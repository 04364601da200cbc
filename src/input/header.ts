import type { Judge } from './judgement.ts'

/** Where a text names its columns, and what parts them; two blanks stand for two or more. */
export interface Header {
  readonly start: number
  readonly delimiter: string
}

/** Titles, dates, units and the like that may stand above the names of the columns, in lines and in characters. */
const mostLines = 40
const mostText = 1 << 16
const delimiters = [',', '\t', ';', '|', '  ', ' '] as const

/**
 * The first line whose fields name what a run has, with the delimiter by which they do; null where none does. Where several delimiters
 * would do, the one that parts the next line into as many fields.
 */
export function headerOf(text: string, judge: Judge): Header | null {
  const head = linesOf(text)
  for (const [k, { line, start }] of head.entries()) {
    const able = delimiters.filter((delimiter) => judge(fieldsOf(line, delimiter)).isEnough)
    if (able.length === 0) continue
    const next = head.slice(k + 1).find((other) => /[\p{L}\d]/u.test(other.line))?.line ?? ''
    const isSame = (delimiter: string) => fieldsOf(next, delimiter).length === fieldsOf(line, delimiter).length
    return { start, delimiter: able.find(isSame) ?? able[0] }
  }
  return null
}

/** The first lines that are not blank, and where each begins. */
function linesOf(text: string): { readonly line: string; readonly start: number }[] {
  const lines: { line: string; start: number }[] = []
  let start = 0
  for (const line of text.slice(0, mostText).split('\n')) {
    if (line.trim() !== '') lines.push({ line, start })
    if (lines.length > mostLines) break
    start += line.length + 1
  }
  return lines
}

/** The fields of a line that names columns: whoever quotes them quotes no quotes. */
const fieldsOf = (line: string, delimiter: string): string[] =>
  splitLine(line, delimiter).map((field) => field.trim().replace(/^"(.*)"$/, '$1'))

function splitLine(line: string, delimiter: string): string[] {
  if (delimiter === ' ') return line.split(' ').filter(Boolean)
  if (delimiter === '  ') return line.trim().split(/ {2,}/)
  if (!line.includes('"')) return line.split(delimiter)
  const fields: string[] = []
  let isQuoted = false
  let from = 0
  for (let at = 0; at < line.length; at++) {
    if (line[at] === '"') isQuoted = !isQuoted
    if (isQuoted || line[at] !== delimiter) continue
    fields.push(line.slice(from, at))
    from = at + 1
  }
  return [...fields, line.slice(from)]
}
