import * as Plot from '@observablehq/plot'
import type { Comparison, Profiled, Scope } from '../../../fit/result.ts'
import { type PowerLaw, powerAt } from '../../../law/power.ts'
import { optimalParameters, type SurfaceLaw } from '../../../law/surface.ts'
import { logAxis } from '../../draw/axis.ts'
import { type Figure, onePanel } from '../../draw/figure.ts'
import { endLabels } from '../../draw/labels.ts'
import { ink } from '../../draw/style.ts'
import { compact, percent, ratio } from '../../number.ts'
import { joined } from '../../prose.ts'
import { words } from '../../words/words.ts'
import { answerBudget, leaderOf } from '../facts.ts'
import type { Findings } from '../findings.ts'
import { methodInk, methodStyle, methodStyles } from '../methods.ts'
import { alongTable, computeAxis, computeBackground, methodLines, stroke } from './compute.ts'
import { shownMinima } from './optimum.ts'

const height = 380

/** Every method's N over the leading one's, along the compute axis. */
function ratiosTo(base: PowerLaw, analysis: Comparison) {
  return methodLines(analysis).map(({ result: { method }, points }) => ({
    method,
    points: points.map(({ flops, parameters }) => ({ x: flops, y: parameters / powerAt(base, flops) })),
    band: points.flatMap(({ flops, interval: { parameters } }) =>
      parameters
        ? [{ x: flops, low: parameters[0] / powerAt(base, flops), high: parameters[1] / powerAt(base, flops) }]
        : [],
    ),
  }))
}

const truthLine = (truth: SurfaceLaw, base: PowerLaw, domain: readonly [number, number]) =>
  domain.map((C) => ({ x: C, y: powerAt(optimalParameters(truth), C) / powerAt(base, C) }))

export const agreement: Figure<Findings<Scope & Comparison & Profiled>> = {
  name: 'agreement',
  get title() {
    return words().fitFigures.agreement.title
  },
  caption({ analysis }) {
    const leader = leaderOf(analysis)?.method ?? ''
    const circles = analysis.profiles.some(({ minimum }) => minimum.kind === 'interior')
    const say = words().fitFigures.agreement
    return joined(
      say.caption(leader ?? '', compact(answerBudget(analysis))),
      say.band(leader ?? '', percent(analysis.bootstrap.confidence)),
      circles ? say.circles : '',
    )
  },
  alt: ({ analysis }) =>
    words().fitFigures.agreement.alt(leaderOf(analysis)?.method ?? '', compact(answerBudget(analysis))),
  table({ analysis }) {
    const base = leaderOf(analysis)?.modelSize
    if (!base) return null
    return alongTable(
      analysis,
      (method) => [method],
      ({ flops, parameters }) => [ratio(parameters / powerAt(base, flops))],
    )
  },
  draw({ analysis, truth }) {
    const leader = leaderOf(analysis)
    const base = leader?.modelSize
    const lines = base ? ratiosTo(base, analysis) : []
    if (!base || lines.length < 2) return null
    const band = lines.find(({ method }) => method === leader?.method)?.band ?? []
    const minima = shownMinima(analysis, 'parameters').map(({ x, y }) => ({ x, y: y / powerAt(base, x) }))
    const x = computeAxis(analysis)
    const last = lines[0].points[lines[0].points.length - 1].x
    const true_ = truth ? truthLine(truth, base, [lines[0].points[0].x, last]) : []
    const values = [
      ...lines.flatMap(({ points }) => points.map(({ y }) => y)),
      ...minima.map(({ y }) => y),
      ...band.flatMap(({ low, high }) => [low, high]),
      ...true_.map(({ y }) => y),
    ]
    const y = logAxis(words().fitFigures.agreement.over(leader.method), values, { most: 9, atLeast: 1.5 })
    const labels = lines.map(({ method, points }) => {
      const end = points[points.length - 1]
      return { ...end, text: `${method} ${ratio(end.y)}`, color: methodInk(method) }
    })
    if (true_.length > 0)
      labels.push({ ...true_[1], text: words().fitFigures.agreement.truth(ratio(true_[1].y)), color: ink })
    return onePanel({
      height,
      margin: { top: 46, right: 150, bottom: 52, left: 60 },
      x,
      y,
      marks: [
        ...computeBackground(analysis, x, y, true),
        Plot.areaY(band, { x: 'x', y1: 'low', y2: 'high', fill: methodStyles.norm.color, fillOpacity: 0.22 }),
        ...lines.map(({ method, points }) => Plot.line(points, { x: 'x', y: 'y', ...stroke(methodStyle(method)) })),
        Plot.line(true_, { x: 'x', y: 'y', stroke: ink, strokeWidth: 0.9 }),
        Plot.dot(minima, { x: 'x', y: 'y', r: 4, fill: '#fff', stroke: '#000', strokeWidth: 1.4 }),
        endLabels(labels),
      ],
    })
  },
}
