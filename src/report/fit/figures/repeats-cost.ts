import * as Plot from '@observablehq/plot'
import type { FittedRepeats } from '../../../fit/repeats/result.ts'
import type { Repeated } from '../../../fit/result.ts'
import { linearAxis, logAxis } from '../../draw/axis.ts'
import { type Figure, onePanel } from '../../draw/figure.ts'
import { pointLabels } from '../../draw/labels.ts'
import { gridOnShade, shaded } from '../../draw/marks.ts'
import { budgetColor, muted } from '../../draw/style.ts'
import { compact, nats, significant } from '../../number.ts'
import { joined } from '../../prose.ts'
import { words } from '../../words/words.ts'
import type { Findings } from '../findings.ts'

const height = 480
/** Losses this far above the lowest are cut off, as a share: what matters is near the best epochs. */
const mostAbove = 0.12

const fittedOf = ({ repeats }: Repeated): FittedRepeats | null => (repeats?.kind === 'fitted' ? repeats : null)

/** The curves of unique tokens, from the fewest, whose best run is told. */
function curvesOf({ byEpochs, withheld, fresh }: FittedRepeats) {
  const last = fresh.at(-1)
  const isTold = (unique: number) =>
    !withheld.some((target) => target.unique === unique && target.flops === last?.flops)
  return last ? byEpochs.filter(({ unique }) => isTold(unique)).sort((a, b) => a.unique - b.unique) : []
}

/** Whether a curve goes beyond the epochs of the runs. */
const isBeyond = (fitted: FittedRepeats): boolean =>
  curvesOf(fitted).some(({ points }) => (points.at(-1)?.epochs ?? 0) > fitted.mostEpochs)

/** Where each curve has its lowest point, beside the best on fresh data. */
function circlesText(analysis: Repeated): string {
  const fitted = fittedOf(analysis)
  const last = fitted?.fresh.at(-1)
  if (!fitted || !last) return ''
  const say = words().repeats.costFigure
  const best = curvesOf(fitted).map(({ unique, best: { epochs, loss } }) =>
    say.best(compact(unique), significant(epochs), nats(loss)),
  )
  return say.circles(words().list(best), nats(last.loss.value))
}

export const repeatsCost: Figure<Findings<Repeated>> = {
  name: 'repeats-cost',
  get title() {
    return words().repeats.costFigure.title
  },
  caption({ analysis }) {
    const fitted = fittedOf(analysis)
    const last = fitted?.fresh.at(-1)
    if (!fitted || !last) return ''
    const say = words().repeats.costFigure
    return joined(say.caption(compact(last.flops)), circlesText(analysis), isBeyond(fitted) && say.grey)
  },
  alt: ({ analysis }) => joined(words().repeats.costFigure.alt, circlesText(analysis)),
  table({ analysis }) {
    const fitted = fittedOf(analysis)
    return {
      columns: [
        words().repeats.columns.uniqueTokens,
        words().repeats.costFigure.axis,
        words().axes.loss(fitted?.lossUnit ?? 'nats/token'),
      ],
      rows: (fitted ? curvesOf(fitted) : []).map(({ unique, best: { epochs, loss } }) => [
        compact(unique),
        significant(epochs),
        nats(loss),
      ]),
    }
  },
  draw({ analysis }) {
    const fitted = fittedOf(analysis)
    const fresh = fitted?.fresh.at(-1)
    const curves = fitted ? curvesOf(fitted) : []
    if (!fitted || !fresh || curves.length === 0) return null
    const lowest = fresh.loss.value
    const limit = Math.max(...curves.map(({ best }) => best.loss)) + mostAbove * lowest
    const shown = curves.map(({ unique, points, best }, k) => ({
      unique,
      best,
      points: points.filter(({ loss }) => loss <= limit),
      color: budgetColor(curves.length > 1 ? k / (curves.length - 1) : 0.5),
    }))
    const all = shown.flatMap(({ points }) => points)
    const x = logAxis(
      words().repeats.costFigure.axis,
      all.map(({ epochs }) => epochs),
    )
    const y = linearAxis(words().axes.loss(fitted.lossUnit), [lowest, ...all.map(({ loss }) => loss)])
    const labels = [
      ...shown.flatMap(({ unique, points, color }) => {
        const end = points.at(-1)
        return end
          ? [{ x: end.epochs, y: end.loss, text: words().repeats.costFigure.tokens(compact(unique)), color }]
          : []
      }),
      { x: x.domain[1], y: lowest, text: words().repeats.costFigure.fresh, color: muted },
    ]
    return onePanel({
      height,
      margin: { top: 30, right: 126, bottom: 52, left: 56 },
      x,
      y,
      marks: [
        ...(isBeyond(fitted) ? [shaded(fitted.mostEpochs, x, y), gridOnShade(y)] : []),
        Plot.ruleY([lowest], { stroke: muted, strokeDasharray: '5 4' }),
        ...shown.flatMap(({ points, best, color }) => [
          Plot.line(points, { x: 'epochs', y: 'loss', stroke: color, strokeWidth: 2 }),
          Plot.dot([best], { x: 'epochs', y: 'loss', r: 5, fill: '#fff', stroke: color, strokeWidth: 2 }),
        ]),
        pointLabels(
          labels,
          all.map(({ epochs, loss }) => ({ x: epochs, y: loss, weight: 6 })),
          'right',
        ),
      ],
    })
  },
}
