import * as Plot from '@observablehq/plot'
import type { Comparison, Prediction, Profiled, Scope } from '../../../fit/result.ts'
import { logAxis } from '../../draw/axis.ts'
import type { Figure } from '../../draw/figure.ts'
import { endLabels } from '../../draw/labels.ts'
import type { Panel } from '../../draw/panel.ts'
import { figureWidth } from '../../draw/style.ts'
import { compact, percent, significant, withInterval } from '../../number.ts'
import { joined } from '../../prose.ts'
import { words } from '../../words/words.ts'
import { answerBudget, largestBudget, leaderOf, predictionAt } from '../facts.ts'
import type { Findings } from '../findings.ts'
import { methodInk, methodStyle, methodStyles } from '../methods.ts'
import { alongTable, computeAxis, computeBackground, methodLines, stroke } from './compute.ts'

/** Of the two panels; the upper has no title of its x axis. */
const heights = [320, 326]

/** What one panel shows: N or D. */
type Quantity = 'parameters' | 'tokens'

/** The minimum of each profile that has one inside: its C, and its N or D. */
export function shownMinima({ runs, profiles }: Scope & Profiled, quantity: Quantity): { x: number; y: number }[] {
  return profiles.flatMap(({ profile, minimum }) => {
    if (minimum.kind !== 'interior') return []
    const logProduct = profile.runs.reduce((sum, i) => sum + Math.log(runs.parameters[i] * runs.tokens[i]), 0)
    const tokens = Math.exp(logProduct / profile.runs.length) / minimum.parameters
    return [{ x: profile.budget, y: quantity === 'parameters' ? minimum.parameters : tokens }]
  })
}

function quantityPanel(analysis: Scope & Comparison & Profiled, quantity: Quantity, first: boolean): Panel {
  const lines = methodLines(analysis)
  const minima = shownMinima(analysis, quantity)
  const band = bandOf(lines.find(({ result }) => result.method === leaderOf(analysis)?.method)?.points ?? [], quantity)
  const values = [
    ...lines.flatMap(({ points }) => points.map((point) => point[quantity])),
    ...minima.map(({ y }) => y),
    ...band.flatMap(({ low, high }) => [low, high]),
  ]
  const x = computeAxis(analysis, first ? '' : undefined)
  const y = logAxis(words().fitFigures.optimum[quantity], values, { most: 7 })
  const labels = lines.map(({ result: { method }, points }) => {
    const { flops, [quantity]: value } = points[points.length - 1]
    return { x: flops, y: value, text: `${method} ${significant(value)}`, color: methodInk(method) }
  })
  return {
    width: figureWidth,
    height: heights[first ? 0 : 1],
    margin: { top: first ? 46 : 30, right: 176, bottom: first ? 30 : 52, left: 60 },
    x,
    y,
    marks: [
      ...computeBackground(analysis, x, y, first),
      Plot.areaY(band, { x: 'flops', y1: 'low', y2: 'high', fill: methodStyles.norm.color, fillOpacity: 0.22 }),
      ...lines.map(({ result, points }) =>
        Plot.line(points, { x: 'flops', y: quantity, ...stroke(methodStyle(result.method)) }),
      ),
      Plot.dot(minima, { x: 'x', y: 'y', r: 4, fill: '#fff', stroke: '#000', strokeWidth: 1.4 }),
      endLabels(labels),
    ],
  }
}

const bandOf = (points: readonly Prediction[], quantity: Quantity) =>
  points.flatMap(({ flops, interval }) => {
    const ends = interval[quantity]
    return ends ? [{ flops, low: ends[0], high: ends[1] }] : []
  })

/** N and D of the leading method at the budget that the answer is given at; empty where there is none. */
function answerText(analysis: Scope & Comparison): string {
  const C = answerBudget(analysis)
  const leader = leaderOf(analysis)
  const led = leader && predictionAt(analysis, leader.method, C)
  if (!leader || !led) return ''
  const { parameters, tokens, interval } = led
  return words().fitFigures.optimum.answer(
    compact(C),
    leader.method,
    withInterval(parameters, interval.parameters),
    withInterval(tokens, interval.tokens),
  )
}

export const optimum: Figure<Findings<Scope & Comparison & Profiled>> = {
  name: 'optimum',
  get title() {
    return words().fitFigures.optimum.title
  },
  caption({ analysis }) {
    const say = words().fitFigures.optimum
    const C = answerBudget(analysis)
    const leader = leaderOf(analysis)
    const led = leader && predictionAt(analysis, leader.method, C)
    return joined(
      say.caption(compact(C)),
      leader &&
        led?.interval.parameters &&
        words().fitFigures.agreement.band(leader.method, percent(analysis.bootstrap.confidence)),
      analysis.profiles.some(({ minimum }) => minimum.kind === 'interior') ? words().fitFigures.agreement.circles : '',
      C > largestBudget(analysis) && words().axes.beyondRuns,
      answerText(analysis),
    )
  },
  alt({ analysis }) {
    const names = methodLines(analysis).map(({ result }) => result.method)
    return words().fitFigures.optimum.alt(names.join(', '), answerText(analysis))
  },
  table: ({ analysis }) =>
    alongTable(
      analysis,
      (method) => [`${method}: N`, `${method}: D`],
      ({ parameters, tokens, interval }) => [
        withInterval(parameters, interval.parameters),
        withInterval(tokens, interval.tokens),
      ],
    ),
  draw({ analysis }) {
    if (methodLines(analysis).length === 0) return null
    const parts = (['parameters', 'tokens'] as const).map((quantity, k) => ({
      x: 0,
      y: k * heights[0],
      content: quantityPanel(analysis, quantity, k === 0),
    }))
    return { height: heights[0] + heights[1], parts }
  },
}
