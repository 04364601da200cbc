import * as Plot from '@observablehq/plot'
import type { FittedGroup, GroupsAnalysis } from '../../../../fit/groups/result.ts'
import type { Prediction } from '../../../../fit/result.ts'
import { type Axis, linearAxis, logAxis } from '../../../draw/axis.ts'
import type { Figure } from '../../../draw/figure.ts'
import { endLabels, textWidth } from '../../../draw/labels.ts'
import type { Mark, Panel } from '../../../draw/panel.ts'
import { figureWidth } from '../../../draw/style.ts'
import { thin } from '../../../draw/thin.ts'
import { compact, listed, nats, percent, significant, withInterval } from '../../../number.ts'
import { joined } from '../../../prose.ts'
import { words } from '../../../words/words.ts'
import { largestBudget, leaderOf, optimumOf, type Reach } from '../../facts.ts'
import { computeAxis, computeBackground, stroke } from '../../figures/compute.ts'
import { type LineStyle, methodStyles } from '../../methods.ts'
import { tableBudget } from '../table.ts'
import { unitsOfGroups } from '../words.ts'
import { shortName } from './short-name.ts'

/** Of the two panels; the upper has no title of its x axis. */
const heights = [320, 326]
/** Rows of the table for each line. */
const tableRows = 5
/** Lines that are told apart by lightness and dash, in grey as in colour. */
const styles: readonly LineStyle[] = [
  { ...methodStyles.norm, width: 2.6 },
  { ...methodStyles.parabola, dash: '7 3' },
  { ...methodStyles.huber, dash: '2 3' },
  { ...methodStyles['lowest-log'], dash: '9 3 2 3' },
  methodStyles.envelope,
  { ...methodStyles['lowest-raw'], dash: '12 4' },
]

/** The line of one group, from the smallest to the largest budget. */
interface Line {
  readonly name: string
  readonly style: LineStyle
  readonly points: readonly (Prediction & { readonly loss: number })[]
  /** Where the law stands at the largest budget that was trained. */
  readonly trained: { readonly flops: number; readonly parameters: number; readonly loss: number }
}

/** The groups whose runs determine a law; the first of them where there are more than styles. */
const linesOf = ({ groups }: GroupsAnalysis): Line[] =>
  groups
    .flatMap((group) => pointsOf(group) ?? [])
    .slice(0, styles.length)
    .map((line, k) => ({ ...line, style: styles[k] }))

function pointsOf({ name, analysis }: FittedGroup): Omit<Line, 'style'> | null {
  const leader = analysis.headline.determined ? leaderOf(analysis) : null
  const band = analysis.bands.find(({ method }) => method === leader?.method)
  const points = (band?.points ?? []).flatMap((point) => (point.loss === null ? [] : [{ ...point, loss: point.loss }]))
  if (!leader?.law || points.length === 0) return null
  const flops = largestBudget(analysis)
  return { name, points, trained: { flops, ...optimumOf(leader.law, flops / analysis.flopsRatio) } }
}

/** What one panel shows. */
type Quantity = 'loss' | 'parameters'

const reachOf = ({ groups, targets }: GroupsAnalysis): Reach => ({
  runs: { flops: groups.flatMap(({ analysis }) => [...analysis.runs.flops]) },
  targets,
})

function panelOf(analysis: GroupsAnalysis, lines: readonly Line[], quantity: Quantity, isFirst: boolean): Panel {
  const reach = reachOf(analysis)
  const x = computeAxis(reach, isFirst ? '' : undefined)
  const bands = lines.map(({ points, style }) => ({ style, band: bandOf(points, quantity) }))
  const values = [
    ...lines.flatMap(({ points }) => points.map((point) => point[quantity])),
    ...bands.flatMap(({ band }) => band.flatMap(({ low, high }) => [low, high])),
  ]
  const y = axisOf(analysis, quantity, values)
  const format = quantity === 'loss' ? nats : significant
  const labels = lines.map(({ name, style, points }) => {
    const end = points[points.length - 1]
    return { x: end.flops, y: end[quantity], text: `${shortName(name)} ${format(end[quantity])}`, color: style.color }
  })
  return {
    width: figureWidth,
    height: heights[isFirst ? 0 : 1],
    margin: {
      top: isFirst ? 46 : 30,
      right: 34 + Math.max(...labels.map(({ text }) => textWidth(text))),
      bottom: isFirst ? 30 : 52,
      left: 60,
    },
    x,
    y,
    marks: [
      ...computeBackground(reach, x, y, isFirst),
      ...bands.map(({ band, style }) =>
        Plot.areaY(band, { x: 'flops', y1: 'low', y2: 'high', fill: style.color, fillOpacity: 0.16 }),
      ),
      ...lines.flatMap((line) => lineMarks(line, quantity)),
      endLabels(labels),
    ],
  }
}

const axisOf = (analysis: GroupsAnalysis, quantity: Quantity, values: readonly number[]): Axis =>
  quantity === 'loss'
    ? linearAxis(words().axes.loss(unitsOfGroups(analysis).loss), values, { most: 6 })
    : logAxis(words().fitFigures.optimum.parameters, values, { most: 7 })

const lineMarks = ({ points, style, trained }: Line, quantity: Quantity): Mark[] => [
  Plot.line(points, { x: 'flops', y: quantity, ...stroke(style) }),
  Plot.dot([trained], { x: 'flops', y: quantity, r: 4.5, fill: style.color, stroke: '#fff', strokeWidth: 1.2 }),
]

const bandOf = (points: Line['points'], quantity: Quantity) =>
  points.flatMap(({ flops, interval }) => {
    const ends = interval[quantity]
    return ends ? [{ flops, low: ends[0], high: ends[1] }] : []
  })

export const laws: Figure<GroupsAnalysis> = {
  name: 'groups-laws',
  get title() {
    return words().groups.laws.title
  },
  caption(analysis) {
    const say = words().groups.laws
    const left = analysis.groups.length - linesOf(analysis).length
    return joined(
      say.caption(compact(tableBudget(analysis))),
      say.band(percent(analysis.confidence)),
      say.dots,
      analysis.targets.some((C) => C > largestBudget(reachOf(analysis))) && words().axes.beyondRuns,
      left > 0 && words().groups.figure.left(left),
    )
  },
  alt(analysis) {
    const say = words().groups.laws
    const told = linesOf(analysis).map(({ name, points }) => {
      const { parameters, loss } = points[points.length - 1]
      return say.at(name, significant(parameters), nats(loss))
    })
    return say.alt(compact(tableBudget(analysis)), listed(told))
  },
  table(analysis) {
    const lines = linesOf(analysis)
    return {
      columns: [
        words().groups.columns.group,
        words().axes.compute,
        words().fitFigures.optimum.parameters,
        words().axes.loss(unitsOfGroups(analysis).loss),
      ],
      rows: lines.flatMap(({ name, points }) =>
        thin(points, tableRows).map(({ flops, parameters, loss, interval }) => [
          name,
          compact(flops),
          withInterval(parameters, interval.parameters),
          withInterval(loss, interval.loss, nats),
        ]),
      ),
    }
  },
  draw(analysis) {
    const lines = linesOf(analysis)
    if (lines.length < 2) return null
    const parts = (['loss', 'parameters'] as const).map((quantity, k) => ({
      x: 0,
      y: k * heights[0],
      content: panelOf(analysis, lines, quantity, k === 0),
    }))
    return { height: heights[0] + heights[1], parts }
  },
}
