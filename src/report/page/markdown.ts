import { printable } from '../../core/printable.ts'
import { inLanguage, words } from '../words/words.ts'
import { type Block, type Cell, type Page, type Remark, type Span, spansOf, type Text } from './blocks.ts'

/** A document as Markdown with tables, one line a paragraph; its figures are files in `folder` beside it. */
export const markdownOf = (page: Page, folder: string): string =>
  inLanguage(page.language ?? 'en', () => documentOf(page, folder))

const documentOf = ({ title, blocks }: Page, folder: string): string =>
  `${[`# ${escapeMarkdown(title)}`, ...blocks.map((block) => blockOf(block, folder))].join('\n\n')}\n`

function blockOf(block: Block, folder: string): string {
  switch (block.kind) {
    case 'heading':
      return `## ${escapeMarkdown(block.text)}`
    case 'paragraph':
      return lineOf(block.text)
    case 'list':
      return block.items.map((item) => `- ${lineOf(item)}`).join('\n')
    case 'facts':
      return block.rows
        .map(([name, value]) => `- **${escapeMarkdown(name)}**${words().marks.colon}${inlineOf(value)}`)
        .join('\n')
    case 'table':
      return tableOf(block)
    case 'diagnostics':
      return block.items.map(remarkOf).join('\n')
    case 'figure': {
      const { name, title, caption, alt } = block.figure
      return `### ${escapeMarkdown(title)}\n\n![${escapeMarkdown(alt)}](${addressOf(folder)}/${name}.svg)\n\n${lineOf(caption)}`
    }
    case 'section':
      return [`### ${escapeMarkdown(block.title)}`, ...block.blocks.map((inner) => blockOf(inner, folder))].join('\n\n')
  }
}

function tableOf({ columns, rows }: Block & { kind: 'table' }): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  return [
    line(columns.map(({ title }) => escapeMarkdown(title))),
    line(columns.map(({ align }) => (align === 'left' ? ':--' : '--:'))),
    ...rows.map((row) => line(row.map(cellOf))),
  ].join('\n')
}

const cellOf = (cell: Cell): string =>
  typeof cell === 'object' && 'value' in cell ? escapeMarkdown(`${cell.value} ${cell.interval}`) : inlineOf(cell)

/** A folder in an address, whose spaces and brackets would end it. */
const addressOf = (folder: string): string =>
  encodeURIComponent(folder).replace(/[()]/g, (bracket) => (bracket === '(' ? '%28' : '%29'))

const remarkOf = ({ severity, code, message, advice }: Remark): string =>
  `- **${words().severity[severity]}** ${codeSpan(code)}${words().marks.colon}${escapeMarkdown(words().elsewhere(message))}${words().marks.gap}${escapeMarkdown(words().elsewhere(advice))}`

const inlineOf = (text: Text): string => spansOf(text).map(spanOf).join('')

/** Text as a line of its own, whose beginning is neither a heading nor a list. */
const lineOf = (text: Text): string =>
  inlineOf(text)
    .replace(/^([-+=#])/, '\\$1')
    .replace(/^(\d+)([.)])(?=\s|$)/, '$1\\$2')

function spanOf(span: Span): string {
  if (typeof span === 'string') return escapeMarkdown(span)
  if ('formula' in span) return escapeMarkdown(span.formula)
  return 'strong' in span ? `**${escapeMarkdown(span.strong)}**` : codeSpan(span.code)
}

/** Code between more backticks than it has in a row. */
function codeSpan(text: string): string {
  const longest = Math.max(0, ...[...text.matchAll(/`+/g)].map(([run]) => run.length))
  const fence = '`'.repeat(longest + 1)
  const space = longest > 0 ? ' ' : ''
  return `${fence}${space}${oneLine(text)}${space}${fence}`
}

const oneLine = (text: string): string => printable(text.replace(/\s+/g, ' '))

/** Text that Markdown shows as it is. An underscore inside a word means nothing there. */
export const escapeMarkdown = (text: string): string =>
  oneLine(text)
    .replace(/&/g, '&amp;')
    .replace(/</g, '&lt;')
    .replace(/>/g, '&gt;')
    .replace(/[\\`*[\]|~$]/g, '\\$&')
    .replace(/(?<!\w)_|_(?!\w)/g, '\\_')
