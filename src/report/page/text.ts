import { printable } from '../../core/printable.ts'
import { type Language, words } from '../words/words.ts'
import { type Block, type Cell, type Column, type Remark, type Span, spansOf, type Text } from './blocks.ts'
import { displayWidth, padAfter, padBefore, piecesOf } from './width.ts'

/** Columns of a terminal. */
const lineWidth = 100

export interface TextOptions {
  /** Titles in bold, for a terminal. False by default. */
  readonly bold?: boolean | undefined
  /** What is written in; English by default. */
  readonly language?: Language | undefined
}

/** Blocks that stand together on a terminal, without blank lines. */
export type Group = readonly Block[]

/**
 * Blocks as text of at most 100 columns, except tables that are wider: a blank line stands between groups. Each item of a list is a
 * line, whose continuation is indented; what is in a section is indented below its title.
 * @example console.log(textOf([list(['The answer.']), table(['N'], [['1e9']])], { bold: process.stdout.isTTY }))
 */
export const textOf = (groups: readonly Group[], options: TextOptions = {}): string =>
  groups
    .filter((group) => group.length > 0)
    .map((group) => group.flatMap((block) => linesOf(block, '', options)).join('\n'))
    .join('\n\n')

function linesOf(block: Block, indent: string, options: TextOptions): string[] {
  const inline = (text: Text) => inlineOf(text, options)
  const hanging = (text: string) => wrap(text, indent, `${indent}  `)
  switch (block.kind) {
    case 'heading':
      return [`${indent}${inline({ strong: block.text })}`]
    case 'paragraph':
      return wrap(inline(block.text), indent)
    case 'list':
      return block.items.flatMap((item) => hanging(inline(item)))
    case 'facts': {
      const width = Math.max(...block.rows.map(([name]) => displayWidth(printable(name))))
      return block.rows.map(([name, value]) => `${indent}${padAfter(printable(name), width)}  ${inline(value)}`)
    }
    case 'table':
      return alignColumns(
        block.columns,
        block.rows.map((row) => row.map((cell) => cellOf(cell, options))),
      ).map((line) => `${indent}${line}`)
    case 'diagnostics':
      return block.items.flatMap((item) => [
        ...hanging(inline(remarkOf(item))),
        ...wrap(printable(item.advice), `${indent}  `),
      ])
    case 'figure':
      return hanging(printable(`${block.figure.title}${words().marks.colon}${block.figure.alt}`))
    case 'section':
      return [
        `${indent}${inline({ strong: block.title })}`,
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
  `${words().marks.colon}${message}`,
]

/** Rows in aligned columns, two spaces between them; `-` for what is not known is centred by neither. */
export function alignColumns(columns: readonly Column[], rows: readonly (readonly string[])[]): string[] {
  const widths = columns.map(({ title }, k) => Math.max(...[title, ...rows.map((row) => row[k])].map(displayWidth)))
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, k) => (columns[k].align === 'left' ? padAfter(cell, widths[k]) : padBefore(cell, widths[k])))
      .join('  ')
      .trimEnd()
  return [line(columns.map(({ title }) => title)), ...rows.map(line)]
}

/** Words in lines of at most `width` columns, the first and the others indented as told. */
export function wrap(text: string, first = '', others = first, width = lineWidth): string[] {
  const lines: string[] = []
  let line: string | null = null
  for (const piece of piecesOf(text)) {
    if (line === null) line = first + piece
    else if (displayWidth(line) + displayWidth(piece) > width) {
      lines.push(line)
      line = others + piece.trimStart()
    } else line += piece
  }
  return [...lines, line ?? first]
}
