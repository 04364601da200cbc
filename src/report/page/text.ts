import { printable } from '../../core/printable.ts'
import { type Language, words } from '../words/words.ts'
import { type Block, type Cell, type Remark, type Span, spansOf, type Text } from './blocks.ts'
import { alignColumns } from './columns.ts'
import { displayWidth, padAfter, usualWidth, wrap } from './width.ts'

export { alignColumns } from './columns.ts'
export { wrap } from './width.ts'

export interface TextOptions {
  /** Titles in bold, for a terminal. False by default. */
  readonly bold?: boolean | undefined
  /** What is written in; English by default. */
  readonly language?: Language | undefined
  /** Columns of the terminal. Without it text has 100, and tables what they need, one line a row. */
  readonly width?: number | undefined
}

/** Values of facts are continued at most so far to the right. */
const mostHanging = 24

/** Blocks that stand together on a terminal, without blank lines. */
export type Group = readonly Block[]

/**
 * Blocks as text that a terminal of some width can show: a blank line stands between groups. Each item of a list is a line, whose
 * continuation is indented; what is in a section is indented below its title. Tables that are wider are folded where a width is given.
 * @example console.log(textOf([list(['The answer.']), table(['N'], [['1e9']])], { bold: process.stdout.isTTY }))
 */
export const textOf = (groups: readonly Group[], options: TextOptions = {}): string =>
  groups
    .filter((group) => group.length > 0)
    .map((group) => group.flatMap((block) => linesOf(block, '', options)).join('\n'))
    .join('\n\n')

function linesOf(block: Block, indent: string, options: TextOptions): string[] {
  const { width = usualWidth } = options
  const inline = (text: Text) => inlineOf(text, options)
  const hanging = (text: string) => wrap(text, indent, `${indent}  `, width)
  switch (block.kind) {
    case 'heading':
      return wrap(inline({ strong: block.text }), indent, indent, width)
    case 'paragraph':
      return wrap(inline(block.text), indent, indent, width)
    case 'list':
      return block.items.flatMap((item) => hanging(inline(item)))
    case 'facts': {
      const names = Math.max(...block.rows.map(([name]) => displayWidth(printable(name))))
      const others = `${indent}${' '.repeat(Math.min(names + 2, mostHanging))}`
      return block.rows.flatMap(([name, value]) =>
        wrap(`${padAfter(printable(name), names)}  ${inline(value)}`, indent, others, width),
      )
    }
    case 'table':
      return alignColumns(
        block.columns,
        block.rows.map((row) => row.map((cell) => cellOf(cell, options))),
        (options.width ?? Number.POSITIVE_INFINITY) - indent.length,
      ).map((line) => `${indent}${line}`.trimEnd())
    case 'diagnostics':
      return block.items.flatMap((item) => [
        ...hanging(inline(remarkOf(item))),
        ...wrap(printable(words().elsewhere(item.advice)), `${indent}  `, `${indent}  `, width),
      ])
    case 'figure':
      return hanging(printable(`${block.figure.title}${words().marks.colon}${block.figure.alt}`))
    case 'section':
      return [
        ...hanging(inline({ strong: block.title })),
        ...block.blocks.flatMap((inner) => linesOf(inner, `${indent}  `, options)),
      ]
  }
}

const inlineOf = (text: Text, options: TextOptions): string =>
  spansOf(text)
    .map((span) => spanOf(span, options))
    .join('')

function spanOf(span: Span, { bold }: TextOptions): string {
  if (typeof span === 'string') return printable(span)
  if ('formula' in span) return printable(span.formula)
  if ('code' in span) return printable(span.code)
  const strong = printable(span.strong)
  return bold ? `\u001b[1m${strong}\u001b[22m` : strong
}

const cellOf = (cell: Cell, options: TextOptions): string =>
  typeof cell === 'object' && 'value' in cell ? printable(`${cell.value} ${cell.interval}`) : inlineOf(cell, options)

const remarkOf = ({ severity, code, message }: Remark): Text => [
  { strong: `${words().severityInLine[severity]} ${code}` },
  `${words().marks.colon}${words().elsewhere(message)}`,
]
