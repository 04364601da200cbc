import { drawFigure } from '../../src/report/draw/figure.ts'
import { type Drawings, type Form, figuresOf, type Kind } from './drawings.ts'

/** What test/web/figures.web.ts runs in a browser: it draws as a page does, and tells two drawings by what they consist of. */

/** An element as lists: its name, its attributes in order, what is in it. Numbers are rounded as in a report's files. */
function listed(node: Node): unknown {
  if (node.nodeType === 3) return node.nodeValue
  const element = node as Element
  const attributes = [...element.attributes].map(({ name, value }) => `${name}=${rounded(value)}`).sort()
  return [element.nodeName, attributes, [...element.childNodes].map(listed).filter((part) => part !== '')]
}

const rounded = (text: string): string =>
  text
    .replace(/-?\d*\.\d{4,}(e[-+]?\d+)?|-?\d+(\.\d+)?e-\d+/g, (digits) => String(Number(Number(digits).toFixed(3)) + 0))
    .replaceAll('\n', ' ')

/** Each figure as it is drawn here, beside the text of one that was drawn elsewhere. */
function compare(kind: Kind, subject: unknown, form: Form, texts: Record<string, string>): Drawings[] {
  return figuresOf[kind].flatMap((figure) => {
    const svg = drawFigure(figure, subject as never, document as never, form) as unknown as Element | null
    if (svg === null) return []
    const there = new DOMParser().parseFromString(texts[figure.name] ?? '<none/>', 'image/svg+xml')
    return [{ name: figure.name, here: listed(svg), there: listed(there.documentElement) }]
  })
}

Object.assign(globalThis, { compare })
