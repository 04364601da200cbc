import { drawDrawing, drawFigure } from '../../src/report/draw/figure.ts'
import { sized } from '../../src/report/draw/narrow.ts'
import { type Covering, type Drawings, type Form, figuresOf, type Kind } from './drawings.ts'

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

/** What a text beside a mark covers in a figure as wide as a page has it: other texts, and marks of runs. */
function covered(kind: Kind, subject: unknown, width: number): Covering[] {
  return figuresOf[kind].flatMap((figure) => {
    const whole = figure.draw(subject as never)
    const drawing = whole && sized(whole, width)
    if (drawing === null) return []
    const svg = drawDrawing(drawing, figure.name, document as never) as unknown as SVGSVGElement
    document.body.replaceChildren(svg)
    const texts = [...svg.querySelectorAll('text')].filter(({ textContent }) => textContent?.trim())
    const marks = [...svg.querySelectorAll('[aria-label=dot] > *, [aria-label=runs] *, circle')]
    const labels = texts.filter((one) => one.hasAttribute('paint-order'))
    return labels.map((label) => {
      const said = (one: Element) => one.textContent ?? ''
      const over = (others: readonly Element[]) => others.filter((other) => other !== label && meet(label, other))
      return {
        ...{ figure: figure.name, label: said(label) },
        ...{ texts: over(texts).map(said), marks: over(marks).length },
        ...{ isCut: isBeyond(label, svg) },
      }
    })
  })
}

/** What is inked of an element: letters fill a part of their line. */
function inked(one: Element): DOMRect {
  const { x, y, width, height } = one.getBoundingClientRect()
  return one.tagName === 'text'
    ? new DOMRect(x, y + 0.2 * height, width, 0.6 * height)
    : new DOMRect(x, y, width, height)
}

function meet(a: Element, b: Element): boolean {
  const [one, other] = [inked(a), inked(b)]
  return one.left < other.right && other.left < one.right && one.top < other.bottom && other.top < one.bottom
}

function isBeyond(a: Element, b: Element): boolean {
  const [one, whole] = [inked(a), b.getBoundingClientRect()]
  return (
    one.left < whole.left - 1 || one.right > whole.right + 1 || one.top < whole.top - 1 || one.bottom > whole.bottom + 1
  )
}

Object.assign(globalThis, { compare, covered })
