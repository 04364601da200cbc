import type { ComponentChildren } from 'preact'
import { type Block, type Cell, spansOf, type Text } from '../../report/page/blocks.ts'
import { words } from '../../report/words/words.ts'

/** Blocks of a report, on a page. Figures are drawn by `LiveFigure`. */
export const Blocks = ({ blocks }: { readonly blocks: readonly Block[] }) => (
  <>
    {blocks.map((block, k) => (
      <One key={k} block={block} />
    ))}
  </>
)

function One({ block }: { readonly block: Block }) {
  switch (block.kind) {
    case 'heading':
      return <h3>{block.text}</h3>
    case 'paragraph':
      return <p class={block.isAnswer ? 'said' : ''}>{spans(block.text)}</p>
    case 'list':
      return (
        <ul class="list">
          {block.items.map((item, k) => (
            <li key={k}>{spans(item)}</li>
          ))}
        </ul>
      )
    case 'table':
      return (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls is reached by the keyboard
        <section class="scroll" tabIndex={0} aria-label={block.columns.map(({ title }) => title).join(', ')}>
          <table>
            <thead>
              <tr>
                {block.columns.map(({ title, align }, k) => (
                  <th key={k} scope="col" class={align === 'right' ? 'number' : ''}>
                    {title}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {block.rows.map((row, k) => (
                <tr key={k}>
                  {row.map((cell, column) => (
                    <td key={column} class={block.columns[column].align === 'right' ? 'number' : ''}>
                      {cellOf(cell)}
                    </td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </section>
      )
    case 'facts':
      return (
        <dl class="facts">
          {block.rows.map(([name, value]) => (
            <div key={name}>
              <dt>{name}</dt>
              <dd>{spans(value)}</dd>
            </div>
          ))}
        </dl>
      )
    case 'diagnostics':
      return (
        <ul class="list">
          {block.items.map(({ code, message, advice }) => (
            <li key={code + message}>
              <strong>{code}</strong>: {words().elsewhere(message)} {words().elsewhere(advice)}
            </li>
          ))}
        </ul>
      )
    case 'section':
      return (
        <details open={!block.isClosed}>
          <summary>{block.title}</summary>
          <Blocks blocks={block.blocks} />
        </details>
      )
    case 'figure':
      return null
  }
}

const cellOf = (cell: Cell): ComponentChildren =>
  typeof cell === 'object' && 'value' in cell ? (
    <>
      {cell.value} <span class="hint">{cell.interval}</span>
    </>
  ) : (
    spans(cell as Text)
  )

const spans = (text: Text): ComponentChildren[] =>
  spansOf(text).map((span) => {
    if (typeof span === 'string') return span
    if ('strong' in span) return <strong>{span.strong}</strong>
    if ('code' in span) return <code>{span.code}</code>
    return raised(span.formula)
  })

/** A formula with its powers raised: C^0.51, N^(1/q). */
const raised = (formula: string): ComponentChildren[] =>
  formula
    .split(/\^(\([^)]*\)|[\w.\u2212-]+)/)
    .map((part, k) => (k % 2 === 0 ? part : <sup>{part.replace(/^\((.*)\)$/, '$1')}</sup>))
