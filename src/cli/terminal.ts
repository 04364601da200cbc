import type { Column } from '../report/page/blocks.ts'
import { alignColumns, type TextOptions } from '../report/page/text.ts'
import { usualWidth } from '../report/page/width.ts'
import type { Language } from '../report/words/words.ts'

/** Longer lines than this are hard to read; tables rarely need more. */
const widest = 120
const narrowest = 40

/** Where text goes: a terminal has columns, a pipe or a file has none. */
type Stream = Pick<NodeJS.WriteStream, 'isTTY' | 'columns'>

/** How many columns a terminal has, $COLUMNS where the stream is none; undefined where nothing says. */
export function columnsOf(stream: Stream, environment: NodeJS.ProcessEnv = process.env): number | undefined {
  const said = stream.isTTY ? stream.columns : Number(environment.COLUMNS)
  return said > 0 ? Math.min(widest, Math.max(narrowest, Math.floor(said))) : undefined
}

/** How wide lines of prose are. */
export const widthOf = (stream: Stream): number => columnsOf(stream) ?? usualWidth

/** How long a line may be that is written over: one as wide as the terminal would go on in the next. One whose width nobody told (`docker exec -t`) says 0. */
export const lineWidth = ({ columns }: Stream): number => (columns > 0 ? columns : usualWidth) - 1

/** Whether escapes may be written: not to files, and not where NO_COLOR (no-color.org) or a terminal without them forbids it. */
export const takesEscapes = ({ isTTY }: Stream, { NO_COLOR, TERM } = process.env): boolean =>
  isTTY === true && (NO_COLOR ?? '') === '' && TERM !== 'dumb'

/** How a page is printed on standard output. */
export const textOptions = (language?: Language): TextOptions => ({
  bold: takesEscapes(process.stdout),
  width: columnsOf(process.stdout),
  language,
})

/** A table for standard output: folded where a terminal is narrower, whole for a file or a pipe. */
export const tableText = (columns: readonly Column[], rows: readonly (readonly string[])[]): string =>
  alignColumns(columns, rows, columnsOf(process.stdout)).join('\n')
