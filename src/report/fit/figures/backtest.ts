import * as Plot from '@observablehq/plot'
import type { Backtested } from '../../../fit/result.ts'
import { type Axis, logAxis } from '../../draw/axis.ts'
import { element, type SvgDocument, type SvgElement } from '../../draw/element.ts'
import type { Figure } from '../../draw/figure.ts'
import type { Panel } from '../../draw/panel.ts'
import { budgetColor, faint, figureWidth, fontFamily, fontSize, ink, muted } from '../../draw/style.ts'
import { compact, ratio } from '../../number.ts'
import { joined } from '../../prose.ts'
import { words } from '../../words/words.ts'
import type { Findings } from '../findings.ts'
import { methodInk } from '../methods.ts'

const rowHeight = 18
const methodGap = 0.6 // of a row
const margin = { top: 34, right: 12, bottom: 52, left: 8 }
const namesWidth = 160
const narrowNames = 148

interface Dot {
  readonly method: string
  readonly withheld: number
  readonly budget: number
  readonly ratio: number
}

const dotsOf = ({ backtests }: Backtested): Dot[] =>
  backtests.flatMap(({ method, withheld, budgets }) =>
    budgets.flatMap(({ flops, sizeRatio }) =>
      sizeRatio === null ? [] : [{ method, withheld, budget: flops, ratio: sizeRatio }],
    ),
  )

/** The rows from top to bottom: for each method its budgets, with a gap between methods. */
interface Rows {
  readonly methods: readonly string[]
  readonly budgets: readonly number[]
  /** The place of a row's middle, in rows. */
  at(method: string, budget: number): number
  readonly count: number
}

function rowsOf(dots: readonly Dot[]): Rows {
  const methods = [...new Set(dots.map(({ method }) => method))]
  const budgets = [...new Set(dots.map(({ budget }) => budget))].sort((a, b) => a - b)
  const group = budgets.length + methodGap
  return {
    methods,
    budgets,
    at: (method, budget) => methods.indexOf(method) * group + budgets.indexOf(budget) + 0.5,
    count: methods.length * group - methodGap,
  }
}

/** The names of methods and budgets, left of the panels. */
function drawNames(document: SvgDocument, { methods, budgets, at }: Rows, height: number, width: number): SvgElement {
  const svg = element(document, 'svg', {
    width,
    height,
    'font-family': fontFamily,
    'font-size': fontSize,
    'text-anchor': 'end',
  })
  const name = (text: string, x: number, row: number, fill: string) =>
    element(document, 'text', { x, y: margin.top + row * rowHeight, dy: '0.35em', fill }, text)
  for (const method of methods) {
    const middle = (at(method, budgets[0]) + at(method, budgets[budgets.length - 1])) / 2
    svg.append(name(method, width - 72, middle, methodInk(method)))
    for (const budget of budgets) svg.append(name(compact(budget), width - 4, at(method, budget), muted))
  }
  return svg
}

function columnPanel(dots: readonly Dot[], withheld: number, rows: Rows, x: Axis, size: Size): Panel {
  const rank = (budget: number) => rows.budgets.indexOf(budget) / Math.max(1, rows.budgets.length - 1)
  const places = dots
    .filter((dot) => dot.withheld === withheld)
    .map((dot) => ({
      x: dot.ratio,
      y: rows.at(dot.method, dot.budget),
      color: budgetColor(0.3 + 0.7 * rank(dot.budget)),
    }))
  const lines = rows.methods.flatMap((method) => rows.budgets.map((budget) => rows.at(method, budget)))
  const title = words().fitFigures.backtest.without(withheld)
  return {
    ...size,
    margin,
    x,
    y: { type: 'linear', domain: [rows.count, 0], label: title, ticks: [], format: () => '' },
    marks: [
      Plot.ruleY(lines, { stroke: faint }),
      Plot.ruleX([1], { stroke: ink, strokeWidth: 1 }),
      Plot.dot(places, { x: 'x', y: 'y', r: 4.5, fill: 'color', stroke: '#fff', strokeWidth: 0.8 }),
    ],
  }
}

interface Size {
  readonly width: number
  readonly height: number
}

export const backtest: Figure<Findings<Backtested>> = {
  name: 'backtest',
  get title() {
    return words().fitFigures.backtest.title
  },
  caption({ analysis }) {
    const dots = dotsOf(analysis)
    const far = dots.reduce((a, b) => (Math.abs(Math.log(b.ratio)) > Math.abs(Math.log(a.ratio)) ? b : a), dots[0])
    return joined(
      words().fitFigures.backtest.caption,
      far ? words().fitFigures.backtest.farthest(far.method, compact(far.budget), ratio(far.ratio)) : '',
    )
  },
  alt: ({ analysis }) =>
    words().fitFigures.backtest.alt(dotsOf(analysis).length, rowsOf(dotsOf(analysis)).methods.join(', ')),
  table: ({ analysis }) => ({
    columns: [
      words().fitFigures.backtest.method,
      words().fitFigures.backtest.withheld,
      'C (FLOPs)',
      words().fitFigures.backtest.axis,
    ],
    rows: dotsOf(analysis).map((dot) => [dot.method, String(dot.withheld), compact(dot.budget), ratio(dot.ratio)]),
  }),
  draw({ analysis }) {
    const told = toldOf(analysis, 5)
    if (told === null) return null
    const { dots, rows, columns, height, x } = told
    const width = Math.floor((figureWidth - namesWidth) / columns.length)
    const panels = columns.map((withheld, k) => ({
      x: namesWidth + k * width,
      y: 0,
      content: columnPanel(dots, withheld, rows, x, { width, height }),
    }))
    return { height, parts: [namesPart(told, 0, namesWidth), ...panels] }
  },
  /** The panels below each other, each with its names, over which its titles may reach. */
  narrow({ analysis }, width) {
    const told = toldOf(analysis, 3)
    if (told === null) return null
    const { dots, rows, columns, height, x } = told
    const parts = columns.flatMap((withheld, k) => {
      const panel = columnPanel(dots, withheld, rows, x, { width, height })
      const content = { ...panel, margin: { ...margin, left: margin.left + narrowNames } }
      return [namesPart(told, k * height, narrowNames), { x: 0, y: k * height, content }]
    })
    return { width, height: columns.length * height, parts }
  },
}

/** What is drawn, whatever stands beside what; null without a backtest. */
function toldOf(analysis: Backtested, mostTicks: number) {
  const dots = dotsOf(analysis)
  if (dots.length === 0) return null
  const rows = rowsOf(dots)
  const ratios = [1 / 1.05, 1.05, ...dots.map((dot) => dot.ratio)]
  return {
    dots,
    rows,
    columns: [...new Set(dots.map(({ withheld }) => withheld))].sort((a, b) => a - b),
    height: Math.ceil(margin.top + margin.bottom + rows.count * rowHeight),
    x: logAxis(words().fitFigures.backtest.axis, ratios, { pad: 0.06, most: mostTicks }),
  }
}

const namesPart = ({ rows, height }: { readonly rows: Rows; readonly height: number }, y: number, width: number) => ({
  x: 0,
  y,
  content: (document: SvgDocument) => drawNames(document, rows, height, width),
})
