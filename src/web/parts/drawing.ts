import type { SvgDocument } from '../../report/draw/element.ts'
import { type Drawing, drawDrawing } from '../../report/draw/figure.ts'
import { inDark } from '../dark.ts'

/** A document that nobody looks at, to draw in: a drawing enters the page whole. */
const inert = document.implementation.createHTMLDocument('')

// The page's policy forbids styles in attributes, there too; what it allows is to set them one by one.
const create = inert.createElementNS.bind(inert) as (namespace: string, name: string) => SVGElement
inert.createElementNS = ((namespace: string, name: string) => {
  const node = create(namespace, name)
  const setAttribute = node.setAttribute.bind(node)
  node.setAttribute = (key, value) => {
    if (key === 'style') node.style.cssText = value
    else setAttribute(key, value)
  }
  return node
}) as typeof inert.createElementNS

/** A figure's drawing as an element of this page. */
export function drawn(drawing: Drawing, label: string): SVGSVGElement {
  const svg = drawDrawing(drawing, label, inert as unknown as SvgDocument) as unknown as SVGSVGElement
  darkened(svg)
  // The whole is one picture with one name: its parts, which Plot names, have none, and are not read out number by number.
  for (const part of svg.querySelectorAll('[aria-label]')) part.removeAttribute('aria-label')
  for (const part of svg.children) part.setAttribute('aria-hidden', 'true')
  return document.adoptNode(svg)
}

/** Figures are drawn for white paper, on which they are printed; on dark screens each of their colours is another, by a rule of its own. */
const dark = new CSSStyleSheet({ media: 'screen and (prefers-color-scheme: dark)' })
document.adoptedStyleSheets.push(dark)
const ruled = new Set<string>()

/** Sees to it that every colour of a drawing has its rule. */
function darkened(svg: Element): void {
  for (const node of [svg, ...svg.querySelectorAll('*')])
    for (const name of ['fill', 'stroke', 'color']) {
      const color = node.getAttribute(name)
      if (color?.startsWith('#')) rule(name, color)
    }
}

function rule(name: string, color: string): void {
  const selector = `.paper [${name}="${color}"]`
  if (ruled.has(selector)) return
  ruled.add(selector)
  dark.insertRule(`${selector} { ${name}: ${inDark(color)} }`)
}

interface Job {
  readonly draw: () => void
  readonly isSeen: () => boolean
}

/** What is to be drawn anew, each once: what is in sight one a frame, so that the page answers meanwhile; what is not, when nothing else is to be done. */
const jobs = new Map<object, Job>()
let isFrameDue = false
let isRestDue = false

export function drawSoon(key: object, job: Job): void {
  jobs.set(key, job)
  askForFrame()
}

export const drawNever = (key: object): boolean => jobs.delete(key)

function draw(key: object): void {
  const job = jobs.get(key)
  jobs.delete(key)
  job?.draw()
}

function askForFrame(): void {
  if (isFrameDue || jobs.size === 0) return
  isFrameDue = true
  requestAnimationFrame(() => {
    isFrameDue = false
    const seen = [...jobs].find(([, { isSeen }]) => isSeen())
    if (seen === undefined) return askForRest(mostWaits)
    draw(seen[0])
    askForFrame()
  })
}

/** A figure takes some 50 ms: where a frame is due before, as while something is brushed, drawing waits, but not for ever. */
const leastRestMs = 25
const mostWaits = 60
const whenIdle: (call: (deadline: Pick<IdleDeadline, 'timeRemaining'>) => void) => void =
  // Safari has none.
  typeof requestIdleCallback === 'function'
    ? requestIdleCallback
    : (call) => void setTimeout(() => call({ timeRemaining: () => leastRestMs }), leastRestMs)

function askForRest(waits: number): void {
  if (isRestDue || jobs.size === 0) return
  isRestDue = true
  whenIdle((deadline) => {
    isRestDue = false
    if (deadline.timeRemaining() < leastRestMs && waits > 0) return askForRest(waits - 1)
    const [first] = jobs.keys()
    if (first !== undefined) draw(first)
    askForFrame()
  })
}
