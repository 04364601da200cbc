import * as Plot from '@observablehq/plot'
import type { CampaignTruth } from '../../../campaign/truth.ts'
import type { CampaignView } from '../../../campaign/view.ts'
import type { ShortForecast } from '../../../plan/strategy.ts'
import { linearAxis, logAxis } from '../../draw/axis.ts'
import { type Figure, onePanel } from '../../draw/figure.ts'
import { type Label, pointLabels } from '../../draw/labels.ts'
import type { Mark } from '../../draw/panel.ts'
import { ink, lawColor, truthColor } from '../../draw/style.ts'
import { compact, nats, significant, withInterval } from '../../number.ts'
import { joined } from '../../prose.ts'
import { words } from '../../words/words.ts'
import { targetPoints, truthOf } from '../facts.ts'

const height = 420

interface Point {
  readonly x: number
  readonly y: number
}

/** The true loss of the configurations that were weighed, and of the predicted one. */
const truePoints = ({ result }: CampaignView): Point[] =>
  (result?.trueLosses ?? []).map(({ parameters, loss }) => ({ x: parameters, y: loss }))

/** The loss's interval as a bar at the predicted size, and the size's interval as one at the foot of the panel. */
function predictionMarks({ parameters: x, loss: y, interval }: ShortForecast, foot: number): Mark[] {
  const bar = { stroke: ink, strokeWidth: 2 }
  const [sizes, losses] = [interval.parameters, interval.loss]
  return [
    Plot.ruleX([{ x, y1: foot, y2: y }], { x: 'x', y1: 'y1', y2: 'y2', stroke: ink, strokeDasharray: '1 3' }),
    sizes &&
      Plot.ruleY([{ y: foot, x1: sizes[0], x2: sizes[1] }], { y: 'y', x1: 'x1', x2: 'x2', ...bar, strokeWidth: 5 }),
    losses && Plot.ruleX([{ x, y1: losses[0], y2: losses[1] }], { x: 'x', y1: 'y1', y2: 'y2', ...bar }),
    Plot.dot([{ x, y }], { x: 'x', y: 'y', r: 5, fill: ink, stroke: '#fff', strokeWidth: 1.2 }),
  ]
}

function labelsOf(
  { parameters: x, loss: y, interval }: ShortForecast,
  truth: CampaignTruth | null,
  trueLine: readonly Point[],
  foot: number,
): Label[] {
  const best = truth && {
    x: truth.parameters,
    y: truth.loss,
    text: words().campaignFigures.target.trueBest(significant(truth.parameters), nats(truth.loss)),
    color: truthColor,
  }
  const end = trueLine.at(-1)
  const labels: (Label | null | undefined)[] = [
    { x, y: interval.loss?.[1] ?? y, text: words().campaignFigures.target.loss(withInterval(y, interval.loss, nats)) },
    { x: interval.parameters?.[1] ?? x, y: foot, text: `N ${withInterval(x, interval.parameters)}` },
    best,
    end && trueLine.length > 1 ? { ...end, text: words().campaignFigures.target.trueLoss, color: truthColor } : null,
  ]
  return labels.filter((label) => label !== null && label !== undefined)
}

/** Places along the bars, which labels should leave free. */
function barPlaces({ parameters: x, loss, interval }: ShortForecast, foot: number): Point[] {
  const [low, high] = interval.loss ?? [loss, loss]
  const along = Array.from({ length: 25 }, (_, k) => ({ x, y: foot + ((high - foot) * k) / 24 }))
  const [small, large] = interval.parameters ?? [x, x]
  const across = Array.from({ length: 25 }, (_, k) => ({ x: small * (large / small) ** (k / 24), y: foot }))
  return [...along, { x, y: low }, ...across]
}

export const target: Figure<CampaignView> = {
  name: 'target',
  get title() {
    return words().campaignFigures.target.title
  },
  caption(view) {
    const { estimate } = view
    const say = words().campaignFigures.target
    return joined(
      say.caption(compact(view.task.target)),
      estimate?.interval.loss && say.vertical,
      estimate?.interval.parameters && say.foot,
      truePoints(view).length > 1 && say.dashed,
      truthOf(view) && say.diamond,
    )
  },
  alt: ({ task, estimate }) =>
    words().campaignFigures.target.alt(
      compact(task.target),
      estimate && { loss: nats(estimate.loss), N: significant(estimate.parameters) },
    ),
  table: (view) => ({
    columns: [words().axes.parameters, words().axes.loss('nats/token')],
    rows: targetPoints(view).map(({ parameters, loss, low, high }) => [
      significant(parameters),
      withInterval(loss, [low, high], nats),
    ]),
  }),
  draw(view) {
    const points = targetPoints(view)
    const { estimate } = view
    if (points.length < 2 || estimate === null) return null
    const truth = truthOf(view)
    const { parameters, loss, interval } = estimate
    const trueLine = truePoints(view)
    const best: Point[] = truth ? [{ x: truth.parameters, y: truth.loss }] : []
    const sizes = [...points.map((point) => point.parameters), parameters, ...(interval.parameters ?? [])]
    const losses = [...points.flatMap((point) => [point.low, point.high, point.loss]), loss, ...(interval.loss ?? [])]
    const place = { x: 'x', y: 'y' }
    const y = linearAxis(
      words().axes.loss('nats/token'),
      [...losses, ...[...trueLine, ...best].map((point) => point.y)],
      {
        pad: 0.07,
      },
    )
    const foot = y.domain[0] + 0.02 * (y.domain[1] - y.domain[0])
    const obstacles = [
      ...points.map((point) => ({ x: point.parameters, y: point.loss, weight: 20 })),
      ...trueLine.map((point) => ({ ...point, weight: 20 })),
      ...barPlaces(estimate, foot).map((point) => ({ ...point, weight: 60 })),
    ]
    return onePanel({
      height,
      margin: { top: 32, right: 24, bottom: 52, left: 56 },
      x: logAxis(words().axes.coreParameters, [...sizes, ...best.map(({ x }) => x)], { pad: 0.02 }),
      y,
      marks: [
        Plot.areaY(points, { x: 'parameters', y1: 'low', y2: 'high', fill: lawColor, fillOpacity: 0.25 }),
        Plot.line(points, { x: 'parameters', y: 'loss', stroke: lawColor, strokeWidth: 3 }),
        Plot.line(trueLine, { ...place, stroke: truthColor, strokeWidth: 1.6, strokeDasharray: '6 4' }),
        ...predictionMarks(estimate, foot),
        Plot.dot(best, { ...place, r: 5, symbol: 'diamond', fill: '#fff', stroke: truthColor, strokeWidth: 2 }),
        pointLabels(labelsOf(estimate, truth, trueLine, foot), obstacles),
      ],
    })
  },
}
