import type { Column } from './blocks.ts'
import { displayWidth, padAfter, padBefore, piecesOf, wrap } from './width.ts'

/** Between two columns. */
const gap = 2
/** Text is wrapped down to so many columns of the terminal; a table that needs more room still is folded. */
const leastText = 20

type Rows = readonly (readonly string[])[]

/**
 * A table as lines: columns aligned, two spaces between them. One that is wider than told first wraps its texts and titles; where that
 * does not do, it is folded: columns that have no place follow below, each part beginning with the first column.
 * @example alignColumns([{ title: 'N', align: 'right' }], [['1e9']], 80)
 */
export function alignColumns(columns: readonly Column[], rows: Rows, width = Number.POSITIVE_INFINITY): string[] {
  const widths = columns.map(({ title }, k) => Math.max(...[title, ...rows.map((row) => row[k])].map(displayWidth)))
  if (total(widths) <= width) return linesOf(columns, rows, widths)
  const wrapped = narrowed(columns, rows, widths, width)
  if (wrapped !== null) return linesOf(columns, rows, wrapped)
  // What names the rows stands in every part, so a long name gives way first.
  const folded = widths.with(0, floorOf(columns[0], rows, 0, widths[0]))
  return partsOf(folded, width).flatMap((part, k) => [
    ...(k === 0 ? [] : ['']),
    ...alignPart(
      part.map((at) => columns[at]),
      rows.map((row) => part.map((at) => row[at])),
      part.map((at) => folded[at]),
      width,
    ),
  ])
}

const total = (widths: readonly number[]): number => widths.reduce((sum, w) => sum + w + gap, -gap)

/** A part of a folded table: it fits, or has one long text, which is wrapped as far as it goes. */
const alignPart = (columns: readonly Column[], rows: Rows, widths: readonly number[], width: number): string[] =>
  linesOf(columns, rows, (total(widths) > width && narrowed(columns, rows, widths, width)) || widths)

/** Widths that fit, taken from long texts and from titles of several words; null where there is not enough to take. */
function narrowed(columns: readonly Column[], rows: Rows, widths: readonly number[], width: number): number[] | null {
  const floors = columns.map((column, k) => floorOf(column, rows, k, widths[k]))
  const fitted = [...widths]
  for (let excess = total(widths) - width; excess > 0; excess--) {
    const slack = fitted.map((w, k) => w - floors[k])
    const most = slack.indexOf(Math.max(...slack))
    if (slack[most] <= 0) return null
    fitted[most]--
  }
  return fitted
}

/** How narrow a column may become: numbers stay whole, and so does every word. */
function floorOf({ title, align }: Column, rows: Rows, k: number, width: number): number {
  const inTitle = Math.max(...title.split(' ').map(displayWidth))
  const cells = Math.max(0, ...rows.map((row) => displayWidth(row[k])))
  const isText = align === 'left' && rows.some((row) => row[k].includes(' '))
  const inRows = isText ? Math.max(leastText, ...rows.flatMap((row) => piecesOf(row[k]).map(pieceWidth))) : cells
  return Math.min(width, Math.max(inTitle, Math.min(cells, inRows)))
}

const pieceWidth = (piece: string): number => displayWidth(piece.trim())

/** Which columns stand beside each other: as many as fit, after the first one. */
function partsOf(widths: readonly number[], width: number): number[][] {
  const parts: number[][] = [[0]]
  for (let k = 1; k < widths.length; k++) {
    const part = parts[parts.length - 1]
    const isFull = part.length > 1 && total([...part, k].map((at) => widths[at])) > width
    if (isFull) parts.push([0, k])
    else part.push(k)
  }
  return parts
}

function linesOf(columns: readonly Column[], rows: Rows, widths: readonly number[]): string[] {
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, k) => (columns[k].align === 'left' ? padAfter(cell, widths[k]) : padBefore(cell, widths[k])))
      .join(' '.repeat(gap))
      .trimEnd()
  const titles = columns.map(({ title }) => title)
  return [...unrolled(titles, widths, 'bottom'), ...rows.flatMap((row) => unrolled(row, widths, 'top'))].map(line)
}

/** A row as the lines that its longest text takes; titles stand right above what they name. */
function unrolled(cells: readonly string[], widths: readonly number[], end: 'top' | 'bottom'): string[][] {
  if (cells.every((cell, k) => displayWidth(cell) <= widths[k])) return [[...cells]]
  const wrapped = cells.map((cell, k) => wrap(cell, '', '', widths[k]))
  const height = Math.max(...wrapped.map(({ length }) => length))
  return Array.from({ length: height }, (_, at) =>
    wrapped.map((lines) => lines[end === 'top' ? at : at - height + lines.length] ?? ''),
  )
}
