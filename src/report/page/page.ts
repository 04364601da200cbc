import { figureSection } from '../fit/sections.ts'
import { type Block, type Remark, type Span, spansOf, type Text } from './blocks.ts'
import { Html, html, table } from './html.ts'
import { styleSheet } from './sheet.ts'

/** What the report of a fit has no use for. A printer opens what is closed on the screen. */
const moreStyles = new Html(`details { margin: 8px 0 16px; }
summary { cursor: pointer; font-weight: 600; }
details td.text:nth-child(2) { min-width: 210px; }
@media print { details::details-content { content-visibility: visible; height: auto; } }
`)

/** Blocks as one HTML page that needs nothing else: no script, no file, no network. It prints on A4. */
export const pageOf = (title: string, blocks: readonly Block[]): string =>
  html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<style>${styleSheet}${moreStyles}</style>
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
      return html`${table(block.head, block.rows, block.textColumns)}\n`
    case 'diagnostics':
      return html`<dl>${block.items.map(remarkOf)}</dl>\n`
    case 'figure':
      return html`${figureSection(block.figure)}\n`
    case 'details':
      return html`<details><summary>${block.summary}</summary>\n${block.blocks.map(blockOf)}</details>\n`
  }
}

const textOf = (text: Text): Html[] => spansOf(text).map(spanOf)

function spanOf(span: Span): Html {
  if (typeof span === 'string') return html`${span}`
  return 'strong' in span ? html`<strong>${span.strong}</strong>` : html`<code>${span.code}</code>`
}

const remarkOf = ({ severity, code, message, advice }: Remark): Html =>
  html`<dt class="${severity}">${severity === 'warning' ? 'Warning' : 'Note'} <code>${code}</code></dt><dd>${message} <span class="advice">${advice}</span></dd>\n`
