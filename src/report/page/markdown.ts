import { type Block, type Remark, type Span, spansOf, type Text } from './blocks.ts'

/** Blocks as Markdown with tables, one line a paragraph; its figures are files in `folder`. */
export const markdownOf = (title: string, blocks: readonly Block[], folder: string): string =>
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
      return block.rows.map(([name, value]) => `- **${escapeMarkdown(name)}**: ${inlineOf(value)}`).join('\n')
    case 'table':
      return tableOf(block)
    case 'diagnostics':
      return block.items.map(remarkOf).join('\n')
    case 'figure': {
      const { name, title, caption, alt } = block.figure
      return `### ${escapeMarkdown(title)}\n\n![${escapeMarkdown(alt)}](${folder}/${name}.svg)\n\n${lineOf(caption)}`
    }
    case 'details':
      return [`### ${escapeMarkdown(block.summary)}`, ...block.blocks.map((inner) => blockOf(inner, folder))].join(
        '\n\n',
      )
  }
}

function tableOf({ head, rows, textColumns }: Block & { kind: 'table' }): string {
  const line = (cells: readonly string[]) => `| ${cells.map(escapeMarkdown).join(' | ')} |`
  const rule = head.map((_, k) => (k < textColumns ? ':--' : '--:')).join(' | ')
  return [line(head), `| ${rule} |`, ...rows.map(line)].join('\n')
}

const remarkOf = ({ severity, code, message, advice }: Remark): string =>
  `- **${severity === 'warning' ? 'Warning' : 'Note'}** ${codeSpan(code)}: ${escapeMarkdown(message)} ${escapeMarkdown(advice)}`

const inlineOf = (text: Text): string => spansOf(text).map(spanOf).join('')

/** Text as a line of its own, whose beginning is neither a heading nor a list. */
const lineOf = (text: Text): string =>
  inlineOf(text)
    .replace(/^([-+=#])/, '\\$1')
    .replace(/^(\d+)([.)])(?=\s|$)/, '$1\\$2')

function spanOf(span: Span): string {
  if (typeof span === 'string') return escapeMarkdown(span)
  return 'strong' in span ? `**${escapeMarkdown(span.strong)}**` : codeSpan(span.code)
}

/** Code between more backticks than it has in a row. */
function codeSpan(text: string): string {
  const longest = Math.max(0, ...[...text.matchAll(/`+/g)].map(([run]) => run.length))
  const fence = '`'.repeat(longest + 1)
  const space = longest > 0 ? ' ' : ''
  return `${fence}${space}${oneLine(text)}${space}${fence}`
}

const oneLine = (text: string): string => text.replace(/\s+/g, ' ')

/** Text that Markdown shows as it is. An underscore inside a word means nothing there. */
export const escapeMarkdown = (text: string): string =>
  oneLine(text)
    .replace(/&/g, '&amp;')
    .replace(/</g, '&lt;')
    .replace(/>/g, '&gt;')
    .replace(/[\\`*[\]|~$]/g, '\\$&')
    .replace(/(?<!\w)_|_(?!\w)/g, '\\_')
