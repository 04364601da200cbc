import * as Plot from '@observablehq/plot'
import { linearAxis } from '../src/report/draw/axis.ts'
import { compose, element, type SvgDocument } from '../src/report/draw/element.ts'
import { drawPanel } from '../src/report/draw/panel.ts'
import { faint, fontFamily, ink } from '../src/report/draw/style.ts'
import { newDocument, svgText } from '../src/report/draw/svg.ts'
import { methodInk } from '../src/report/fit/methods.ts'

/** What a method said of something held out: loss at the optimum, ln N there, or the median over single runs. */
export interface Outcome {
  readonly method: string
  readonly family: string
  readonly table: string
  /** The largest held-out budget over the largest trained one. */
  readonly beyond: number
  readonly kind: 'loss' | 'size' | 'runs'
  readonly error: number
  /** Predicted minus shown. */
  readonly bias: number
  readonly covers?: boolean | null
  readonly half?: number | null
}

const width = 640
const rowHeight = 46
const margin = { top: 30, right: 14, bottom: 52, left: 12 }
const namesWidth = 190
/** Misses beyond this are drawn at the end. */
const farthest = 0.45

/**
 * Predicted minus measured loss of everything held out, a row for each family: `norm` filled with its interval, `surface` open. Where a
 * family has profiles the loss is that at their optimum, else the median over the held-out runs.
 */
export function drawTruth(outcomes: readonly Outcome[]): string {
  const document = newDocument()
  const families = [...new Set(outcomes.map(({ family }) => family))]
  const rows = families.map((family, row) => {
    const own = outcomes.filter((outcome) => outcome.family === family)
    const kind = own.some((outcome) => outcome.kind === 'loss') ? 'loss' : 'runs'
    return { family, kind, row, own: own.filter((outcome) => outcome.kind === kind) }
  })
  const clip = (x: number) => Math.min(Math.max(x, -farthest), farthest)
  const dots = (method: string, shift: number) =>
    rows.flatMap(({ own, row }) =>
      own
        .filter((outcome) => outcome.method === method)
        .map(({ bias, half }, k, list) => ({
          x: clip(bias),
          low: clip(bias - (half ?? 0)),
          high: clip(bias + (half ?? 0)),
          y: row + 0.5 + shift + (0.22 * (k + 0.5)) / list.length,
        })),
    )
  const [norm, surface] = [dots('norm', 0.02), dots('surface', -0.3)]
  const height = margin.top + margin.bottom + rowHeight * rows.length
  const panel = drawPanel(document, {
    width: width - namesWidth,
    height,
    margin,
    x: linearAxis('predicted \u2212 held-out loss (nats/token)', [-farthest, farthest], { pad: 0.02, most: 5 }),
    y: {
      type: 'linear',
      domain: [rows.length, 0],
      label: '\u25cf norm with interval   \u25cb surface',
      ticks: [],
      format: () => '',
    },
    marks: [
      Plot.ruleY(
        Array.from({ length: rows.length + 1 }, (_, k) => k),
        { stroke: faint },
      ),
      Plot.ruleX([0], { stroke: ink, strokeWidth: 1 }),
      Plot.link(norm, { x1: 'low', x2: 'high', y1: 'y', y2: 'y', stroke: methodInk('norm'), strokeWidth: 1.2 }),
      Plot.dot(surface, { x: 'x', y: 'y', r: 4, fill: '#fff', stroke: ink, strokeWidth: 1.4 }),
      Plot.dot(norm, { x: 'x', y: 'y', r: 4.5, fill: methodInk('norm'), stroke: '#fff', strokeWidth: 0.8 }),
    ],
  })
  const label = `Predicted minus held-out loss by ${rows.length} families of real runs, method norm beside surface.`
  const parts = [
    { svg: names(document, rows, height), x: 0, y: 0 },
    { svg: panel, x: namesWidth, y: 0 },
  ]
  return svgText(compose(document, { width, height, label }, parts))
}

function names(
  document: SvgDocument,
  rows: readonly { family: string; kind: string; row: number; own: readonly Outcome[] }[],
  height: number,
) {
  const svg = element(document, 'svg', { width: namesWidth, height, 'font-family': fontFamily, 'text-anchor': 'end' })
  for (const { family, kind, row, own } of rows) {
    const y = margin.top + (row + 0.5) * rowHeight
    const beyond = own.map((outcome) => Math.round(outcome.beyond))
    const [low, high] = [Math.min(...beyond), Math.max(...beyond)]
    const range = `${low === high ? low : `${low}\u2013${high}`}\u00d7, ${kind === 'loss' ? 'optimum' : 'single runs'}`
    svg.append(element(document, 'text', { x: namesWidth - 6, y: y - 3, 'font-size': 14, fill: ink }, family))
    svg.append(element(document, 'text', { x: namesWidth - 6, y: y + 14, 'font-size': 12, fill: '#5c5c5c' }, range))
  }
  return svg
}
