import type { SvgDocument } from '../../report/draw/element.ts'
import { type Drawing, drawDrawing } from '../../report/draw/figure.ts'
import { darken } from '../theme.ts'

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
export function drawn(drawing: Drawing, label: string, isDark: boolean): SVGSVGElement {
  const svg = drawDrawing(drawing, label, inert as unknown as SvgDocument) as unknown as SVGSVGElement
  if (isDark) darken(svg)
  // The whole is one picture with one name: its parts, which Plot names, have none.
  for (const part of svg.querySelectorAll('[aria-label]')) part.removeAttribute('aria-label')
  return document.adoptNode(svg)
}

interface Job {
  readonly draw: () => void
  readonly isSeen: () => boolean
}

/** What is to be drawn anew, each once: one a frame, so that the page answers meanwhile, and what is in sight first. */
const jobs = new Map<object, Job>()
let isScheduled = false

export function drawSoon(key: object, job: Job): void {
  jobs.set(key, job)
  schedule()
}

export const drawNever = (key: object): boolean => jobs.delete(key)

function schedule(): void {
  if (isScheduled || jobs.size === 0) return
  isScheduled = true
  requestAnimationFrame(() => {
    isScheduled = false
    const [key, job] = [...jobs].find(([, { isSeen }]) => isSeen()) ?? [...jobs][0]
    jobs.delete(key)
    job.draw()
    schedule()
  })
}
