import * as Plot from '@observablehq/plot'
import type { CampaignView, ViewedTraining } from '../../../campaign/view.ts'
import { normal95 } from '../../../numeric/quantile.ts'
import { type Axis, linearAxis, logAxis } from '../../draw/axis.ts'
import { type Figure, onePanel } from '../../draw/figure.ts'
import { endLabels } from '../../draw/labels.ts'
import { budgetColors } from '../../draw/style.ts'
import { compact, nats, percent } from '../../number.ts'
import { words } from '../../words/words.ts'

const height = 300
/** More lines than this cannot be told apart. */
const mostLines = 12

const running = ({ training }: CampaignView): ViewedTraining[] =>
  training.filter(({ curve }) => curve.length > 0).slice(0, mostLines)

const lastOf = ({ curve }: ViewedTraining) => curve[curve.length - 1]

/** What trains just now: each loss so far, and where it is expected to end. */
export const trainings: Figure<CampaignView> = {
  name: 'trainings',
  get title() {
    return words().campaignFigures.trainings.title
  },
  caption: () => words().campaignFigures.trainings.caption,
  alt(view) {
    const told = running(view).map(
      (one) => `${nats(lastOf(one).loss)} (${percent(Math.round(100 * lastOf(one).share) / 100)})`,
    )
    return words().campaignFigures.trainings.alt(told.length, told.join(words().marks.comma))
  },
  table: (view) => ({
    columns: [
      words().axes.compute,
      words().campaignFigures.trainings.share,
      words().axes.loss('nats/token'),
      words().campaignFigures.trainings.expected,
    ],
    rows: running(view).map((one) => [
      compact(one.config.trainFlops),
      percent(Math.round(100 * lastOf(one).share) / 100),
      nats(lastOf(one).loss),
      one.expected ? `${nats(one.expected.loss)} \u00b1 ${nats(one.expected.sd)}` : '-',
    ]),
  }),
  draw(view) {
    const shown = running(view)
    if (shown.length === 0) return null
    const colorOf = budgetColors([...view.runs, ...shown].map(({ config }) => config.trainFlops))
    const lines = shown.map((one) => ({ ...one, color: colorOf(one.config.trainFlops) }))
    const expected = lines.flatMap(({ config, id, expected: told, color }) =>
      told
        ? [
            {
              x: 1,
              y: told.loss,
              low: told.loss - normal95 * told.sd,
              high: told.loss + normal95 * told.sd,
              color,
              text: id ?? compact(config.trainFlops),
            },
          ]
        : [],
    )
    const share = linearAxis(words().campaignFigures.trainings.share, [0, 1], { pad: 0.02, most: 5 })
    const x: Axis = { ...share, format: (part) => percent(part) }
    return onePanel({
      height,
      margin: { top: 34, right: 96, bottom: 52, left: 56 },
      x,
      y: logAxis(words().axes.lossLogarithmic, [
        ...lines.flatMap(({ curve }) => curve.map(({ loss }) => loss)),
        ...expected.flatMap(({ low, high }) => [low, high]),
      ]),
      marks: [
        ...lines.map(({ curve, color }) =>
          Plot.line(curve, { x: 'share', y: 'loss', stroke: color, strokeWidth: 1.4 }),
        ),
        Plot.dot(
          lines.map((one) => ({ ...lastOf(one), color: one.color })),
          { x: 'share', y: 'loss', r: 3.4, fill: 'color' },
        ),
        Plot.ruleX(expected, { x: 'x', y1: 'low', y2: 'high', stroke: 'color', strokeWidth: 1.6 }),
        Plot.dot(expected, { x: 'x', y: 'y', r: 4, fill: '#fff', stroke: 'color', strokeWidth: 1.6 }),
        endLabels(expected),
      ],
    })
  },
}
