import type { FigureText } from '../draw/svg.ts'
import { inLanguage, words } from '../words/words.ts'
import {
  type Block,
  type Cell,
  type Column,
  type Page,
  type Remark,
  type Section,
  type Span,
  spansOf,
  type Text,
} from './blocks.ts'
import { stackClass, styleSheet } from './sheet.ts'
import { Html, html, raised } from './template.ts'
import { displayWidth } from './width.ts'

/** A document as one HTML page that needs nothing else: no script, no file, no network. It prints on A4. */
export const htmlOf = (page: Page): string => inLanguage(page.language ?? 'en', () => documentOf(page))

const documentOf = ({ title, blocks }: Page): string =>
  html`<!doctype html>
<html lang="${words().htmlLanguage}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<style>${styleSheet}</style>
</head>
<body>
<main>
<h1>${title}</h1>
${blocks.map(blockOf)}</main>
</body>
</html>
`.text

function blockOf(block: Block): Html {
  switch (block.kind) {
    case 'heading':
      return html`<h2>${block.text}</h2>\n`
    case 'paragraph':
      return block.isAnswer ? html`<p class="answer">${textOf(block.text)}</p>\n` : html`<p>${textOf(block.text)}</p>\n`
    case 'list':
      return html`<ul>${block.items.map((item) => html`<li>${textOf(item)}</li>\n`)}</ul>\n`
    case 'facts':
      return html`<table class="facts"><tbody>${block.rows.map(
        ([name, value]) => html`<tr><th scope="row">${name}</th><td>${textOf(value)}</td></tr>\n`,
      )}</tbody></table>\n`
    case 'table':
      return tableOf(block)
    case 'diagnostics':
      return html`<dl>${block.items.map(remarkOf)}</dl>\n`
    case 'figure':
      return figureOf(block.figure)
    case 'section':
      return sectionOf(block)
  }
}

function tableOf({ columns, rows }: Block & { kind: 'table' }): Html {
  const kinds = columns.map(({ align }) => (align === 'left' ? 'text' : 'number'))
  const stacks = stackClass(widthNeeded(columns, rows))
  return html`<div class="wide"><table class="${stacks}">
<thead><tr>${columns.map(({ title }, k) => html`<th class="${kinds[k]}" scope="col">${title}</th>`)}</tr></thead>
<tbody>
${rows.map((row) => html`<tr>${row.map((cell, k) => html`<td class="${kinds[k]}" data-of="${columns[k].title}">${cellOf(cell)}</td>`)}</tr>\n`)}</tbody>
</table></div>\n`
}

function cellOf(cell: Cell): Html | Html[] {
  const both = withInterval(cell)
  // One element, so that a stacked cell has its title and its text beside each other.
  return both === null
    ? html`<span>${textOf(cell as Text)}</span>`
    : html`<span>${both.value}<br><small>${both.interval}</small></span>`
}

/** A number and its interval, which stands below it: as they are told, or in one text such as `1.2 [1.1, 1.3]`. */
function withInterval(cell: Cell): { readonly value: string; readonly interval: string } | null {
  if (typeof cell === 'object' && 'value' in cell) return cell
  const [, value, interval] = typeof cell === 'string' ? (/^(\S+) (\[[^\]]+\])$/.exec(cell) ?? []) : []
  return interval === undefined ? null : { value, interval }
}

/** Of a character and between columns, pixels, at the size that tables have. */
const pixels = { character: 7.8, gap: 10 } as const

/** How wide a table is at least, pixels: numbers and what names a row stay on one line, other texts break between words. */
function widthNeeded(columns: readonly Column[], rows: readonly (readonly Cell[])[]): number {
  const widest = (texts: readonly string[]) => Math.max(0, ...texts.map(displayWidth))
  const needed = columns.map(({ title, align }, k) => {
    const cells = rows.flatMap(([...row]) => linesIn(row[k]))
    const isWhole = align === 'right' || k === 0
    return widest([...title.split(' '), ...(isWhole ? cells : cells.flatMap((text) => text.split(' ')))])
  })
  return needed.reduce((sum, width) => sum + width * pixels.character + pixels.gap, 0)
}

/** The lines that a cell has. */
function linesIn(cell: Cell): string[] {
  const both = withInterval(cell)
  if (both !== null) return [both.value, both.interval]
  const plain = spansOf(cell as Text).map((span) => (typeof span === 'string' ? span : Object.values(span)[0]))
  return [plain.join('')]
}

/** The SVG is our own and needs no escaping. */
const figureOf = ({ name, title, caption, svg, narrow = null }: FigureText): Html =>
  html`<figure id="figure-${name}">
<h3>${title}</h3>
${drawingOf(svg, narrow)}<figcaption>${caption}</figcaption>
</figure>\n`

/** What has a form for narrow screens is shown in that form there. */
const drawingOf = (svg: string, narrow: string | null): Html =>
  narrow === null
    ? html`<div class="wide">${new Html(svg)}</div>`
    : html`<div class="broad">${new Html(svg)}</div><div class="narrow">${new Html(narrow)}</div>`

const sectionOf = ({ title, blocks, isClosed = false }: Section): Html =>
  isClosed
    ? html`<details><summary>${title}</summary>\n${blocks.map(blockOf)}</details>\n`
    : html`<h3>${title}</h3>\n${blocks.map(blockOf)}`

const textOf = (text: Text): Html[] => spansOf(text).map(spanOf)

function spanOf(span: Span): Html {
  if (typeof span === 'string') return html`${span}`
  if ('formula' in span) return raised(span.formula)
  return 'strong' in span ? html`<strong>${span.strong}</strong>` : html`<code>${span.code}</code>`
}

const remarkOf = ({ severity, code, message, advice }: Remark): Html =>
  html`<dt class="${severity}">${words().severity[severity]} <code>${code}</code></dt><dd>${words().elsewhere(message)}${words().marks.gap}<span class="advice">${words().elsewhere(advice)}</span></dd>\n`
