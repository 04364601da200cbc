import * as Plot from '@observablehq/plot'
import { unitsOf } from '../../../core/run.ts'
import { logLineLoss } from '../../../fit/frontier.ts'
import type { Comparison, FrontierResult, Frontiers, Scope } from '../../../fit/result.ts'
import { frontierLoss } from '../../../law/frontier.ts'
import { optimalLoss } from '../../../law/surface.ts'
import { linearAxis } from '../../draw/axis.ts'
import { type Figure, onePanel } from '../../draw/figure.ts'
import { endLabels, type Label } from '../../draw/labels.ts'
import type { Mark } from '../../draw/panel.ts'
import { ink, muted } from '../../draw/style.ts'
import { compact, nats, percent } from '../../number.ts'
import { joined } from '../../prose.ts'
import { words } from '../../words/words.ts'
import { answerBudget, leaderOf, sortedTargets } from '../facts.ts'
import type { Findings } from '../findings.ts'
import { type LineStyle, methodInk, methodStyle, methodStyles } from '../methods.ts'
import { computeAxis, computeBackground, stroke } from './compute.ts'

const height = 440

interface Curve {
  readonly name: string
  readonly color: string
  readonly style: LineStyle
  readonly loss: (C: number) => number
}

const noFrontier: FrontierResult = { points: [], free: null, pinned: null, line: null }

/** The leading law's own best loss, the two frontiers with a plateau, and the straight line. */
function curvesOf(analysis: Scope & Comparison & Frontiers): Curve[] {
  const leader = leaderOf(analysis)
  const { free, pinned, line } = analysis.frontier ?? noFrontier
  const curve = (name: string, style: LineStyle, loss: Curve['loss'], color = style.color): Curve => ({
    name,
    style,
    loss,
    color,
  })
  const best = leader?.law && optimalLoss(leader.law)
  return [
    leader &&
      best &&
      curve(
        leader.method,
        methodStyle(leader.method),
        (C) => frontierLoss(best, C / analysis.flopsRatio),
        methodInk(leader.method),
      ),
    free && curve(words().fit.freePlateau, methodStyles.huber, (C) => frontierLoss(free.fit.law, C)),
    pinned && curve(words().fit.surfacePlateau, methodStyles.parabola, (C) => frontierLoss(pinned.fit.law, C)),
    line && curve(words().fit.straightLine, methodStyles['lowest-raw'], (C) => logLineLoss(line.fit.law, C)),
  ].filter((entry) => entry !== null && entry !== undefined)
}

/** The line of the plateau. */
const plateau = (E: number): Mark[] => [Plot.ruleY([E], { stroke: muted, strokeDasharray: '1 3' })]

export const frontier: Figure<Findings<Scope & Comparison & Frontiers>> = {
  name: 'frontier',
  get title() {
    return words().fitFigures.frontier.title
  },
  caption({ analysis }) {
    const { points, free, pinned, line } = analysis.frontier ?? noFrontier
    const leader = leaderOf(analysis)
    const lowest = points.filter(({ from }) => from === 'lowest run').length
    const say = words().fitFigures.frontier
    return joined(
      say.caption(lowest > 0),
      free && say.free,
      pinned && say.pinned,
      line && say.line,
      leader && say.leader(leader.method, percent(analysis.bootstrap.confidence)),
      say.right(compact(answerBudget(analysis))),
    )
  },
  alt: ({ analysis }) =>
    words().fitFigures.frontier.alt(
      compact(answerBudget(analysis)),
      curvesOf(analysis)
        .map(({ name }) => name)
        .join(', '),
    ),
  table({ analysis }) {
    const curves = curvesOf(analysis)
    const points = analysis.frontier?.points ?? []
    return {
      columns: [words().axes.compute, words().fitFigures.frontier.shown, ...curves.map(({ name }) => name)],
      rows: [
        ...points.map(({ flops, loss }) => [
          compact(flops),
          nats(loss),
          ...curves.map((curve) => nats(curve.loss(flops))),
        ]),
        ...sortedTargets(analysis).map((C) => [compact(C), '-', ...curves.map((curve) => nats(curve.loss(C)))]),
      ],
    }
  },
  draw({ analysis }) {
    const points = analysis.frontier?.points ?? []
    if (points.length === 0) return null
    const leader = leaderOf(analysis)
    const x = computeAxis(analysis)
    const [low, high] = [Math.min(...analysis.runs.flops), Math.max(...analysis.runs.flops, ...analysis.targets)]
    const budgets = Array.from({ length: 81 }, (_, k) => low * (high / low) ** (k / 80))
    const lines = curvesOf(analysis).map((curve) => ({ curve, line: budgets.map((C) => ({ x: C, y: curve.loss(C) })) }))
    const band = (analysis.bands.find(({ method }) => method === leader?.method)?.points ?? []).flatMap(
      ({ flops, interval: { loss } }) => (loss ? [{ x: flops, low: loss[0], high: loss[1] }] : []),
    )
    const E = leader?.law?.E ?? null
    const shown = [
      ...points.map(({ loss }) => loss),
      ...lines.flatMap(({ line }) => line.map(({ y }) => y)),
      ...(E === null ? [] : [E]),
    ]
    const y = linearAxis(words().axes.loss(unitsOf(analysis.runs).loss), shown)
    const labels: Label[] = lines.map(({ curve, line }) => {
      const end = line[line.length - 1]
      return { ...end, text: `${curve.name} ${nats(end.y)}`, color: curve.color }
    })
    // Among the others, which it would cover on a narrow screen.
    if (E !== null)
      labels.push({
        x: high,
        y: E,
        text: words().fitFigures.frontier.plateauOf(leader?.method ?? '', nats(E)),
        color: muted,
      })
    return onePanel({
      height,
      margin: { top: 46, right: 196, bottom: 52, left: 52 },
      x,
      y,
      marks: [
        ...computeBackground(analysis, x, y, true),
        Plot.areaY(band, { x: 'x', y1: 'low', y2: 'high', fill: methodStyles.norm.color, fillOpacity: 0.22 }),
        ...(E === null ? [] : plateau(E)),
        ...lines.map(({ curve, line }) => Plot.line(line, { x: 'x', y: 'y', ...stroke(curve.style) })),
        Plot.dot(points, {
          x: 'flops',
          y: 'loss',
          r: 4,
          fill: ({ from }) => (from === 'parabola' ? ink : '#fff'),
          stroke: ink,
          strokeWidth: 1.4,
        }),
        endLabels(labels),
      ],
    })
  },
}
