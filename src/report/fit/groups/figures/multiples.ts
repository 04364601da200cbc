import * as Plot from '@observablehq/plot'
import { tokensFor } from '../../../../core/flops.ts'
import type { FittedGroup, GroupsAnalysis } from '../../../../fit/groups/result.ts'
import { type SurfaceLaw, surfaceLoss } from '../../../../law/surface.ts'
import { type Axis, linearAxis, logAxis } from '../../../draw/axis.ts'
import type { Drawing, Figure } from '../../../draw/figure.ts'
import { pointLabels } from '../../../draw/labels.ts'
import type { Mark, Panel } from '../../../draw/panel.ts'
import { budgetColors, figureWidth } from '../../../draw/style.ts'
import { thin } from '../../../draw/thin.ts'
import { compact, nats, significant } from '../../../number.ts'
import { joined } from '../../../prose.ts'
import { words } from '../../../words/words.ts'
import { optimumOf, surfaceOf } from '../../facts.ts'
import { unitsOfGroups } from '../words.ts'
import { shortName } from './short-name.ts'

/** More panels than this are a wall; the first are drawn, the caption says how many are not. */
const mostPanels = 12
/** Curves of a panel: enough to see the valley, few enough to be told apart. */
const mostCurves = 5
const mostRuns = 300
const broad = { columns: 2, width: figureWidth, height: 290 } as const
const narrow = { columns: 1, height: 270 } as const

interface Layout {
  readonly columns: number
  readonly width: number
  readonly height: number
}

interface Point {
  readonly x: number
  readonly y: number
}

/** The loss along one budget by the law that leads in a group. */
interface Curve {
  readonly budget: number
  readonly points: readonly Point[]
  readonly best: Point
}

interface Shown {
  readonly name: string
  readonly runs: readonly (Point & { readonly C: number })[]
  readonly curves: readonly Curve[]
}

const panelsOf = ({ groups }: GroupsAnalysis): Shown[] => groups.slice(0, mostPanels).map(shownOf)

function shownOf({ name, analysis }: FittedGroup): Shown {
  const { runs, flopsRatio } = analysis
  const law = surfaceOf(analysis)
  const chosen = thin(
    Array.from({ length: runs.size }, (_, i) => i),
    mostRuns,
  )
  return {
    name: shortName(name),
    runs: chosen.map((i) => ({ x: runs.parameters[i], y: runs.loss[i], C: runs.flops[i] })),
    curves:
      law && analysis.headline.determined ? budgetsOf(analysis).map((C) => curveOf(law, runs, C, C / flopsRatio)) : [],
  }
}

/** The budgets of the profiles, or, where the runs form none, three from the smallest to the largest compute. */
function budgetsOf({ profiles, runs }: FittedGroup['analysis']): number[] {
  if (profiles.length > 0)
    return thin(
      profiles.map(({ profile }) => profile.budget),
      mostCurves,
    )
  const sorted = Float64Array.from(runs.flops).sort()
  const [low, high] = [sorted[0], sorted[sorted.length - 1]]
  return [low, Math.sqrt(low) * Math.sqrt(high), high]
}

/** Over the sizes of the runs near a budget, or, where there are none, about the best one; `work` is the budget as 6ND. */
function curveOf(law: SurfaceLaw, runs: FittedGroup['analysis']['runs'], budget: number, work: number): Curve {
  const best = optimumOf(law, work)
  const near = runs.parameters.filter((_, i) => Math.abs(Math.log(runs.flops[i] / budget)) < Math.LN2)
  const low = near.reduce((least, N) => Math.min(least, N), best.parameters / 1.5)
  const high = near.reduce((most, N) => Math.max(most, N), best.parameters * 1.5)
  const points = Array.from({ length: 41 }, (_, k) => {
    const x = low * (high / low) ** (k / 40)
    return { x, y: surfaceLoss(law, x, tokensFor(work, x)) }
  })
  return { budget, points, best: { x: best.parameters, y: best.loss } }
}

/** Every panel has the same axes, so that a group's place beside another one's is seen. */
function axesOf(shown: readonly Shown[]): { x: Axis; y: Axis } {
  const runs = shown.flatMap((one) => [...one.runs])
  return {
    x: logAxis(
      words().axes.parameters,
      runs.map(({ x }) => x),
      { most: 5 },
    ),
    y: linearAxis(
      '',
      runs.map(({ y }) => y),
      { most: 6 },
    ),
  }
}

function marksOf({ runs, curves }: Shown, x: Axis, y: Axis, colorOf: (C: number) => string): Mark[] {
  const isOn = ({ domain: [low, high] }: Axis, value: number) => value >= low && value <= high
  const inside = (points: readonly Point[]) => points.filter((point) => isOn(x, point.x) && isOn(y, point.y))
  const shown = curves
    .map((curve) => ({ ...curve, points: inside(curve.points) }))
    .filter(({ points }) => points.length > 0)
  const ends = shown.length > 1 ? [shown[0], shown[shown.length - 1]] : shown
  const labels = ends.map(({ budget, points }) => ({
    ...points[points.length - 1],
    text: compact(budget, 2),
    color: colorOf(budget),
  }))
  return [
    ...shown.map(({ budget, points }) =>
      Plot.line(points, { x: 'x', y: 'y', stroke: colorOf(budget), strokeWidth: 1.6 }),
    ),
    Plot.dot(runs, { x: 'x', y: 'y', r: 2.4, fill: ({ C }: { C: number }) => colorOf(C), fillOpacity: 0.8 }),
    Plot.dot(inside(shown.map(({ best }) => best)), {
      x: 'x',
      y: 'y',
      r: 5,
      fill: 'none',
      stroke: '#1a1a1a',
      strokeWidth: 1.3,
    }),
    pointLabels(
      labels,
      runs.map((run) => ({ ...run, weight: 20 })),
      'right',
    ),
  ]
}

/** The panels in rows of so many columns. */
function drawn(analysis: GroupsAnalysis, { columns, width, height }: Layout): Drawing {
  const shown = panelsOf(analysis)
  const { x, y } = axesOf(shown)
  const colorOf = budgetColors(shown.flatMap(({ runs }) => runs.map(({ C }) => C)))
  const across = Math.min(columns, shown.length)
  const panelWidth = width / across
  return {
    width,
    height: height * Math.ceil(shown.length / across),
    parts: shown.map((one, k) => {
      const content: Panel = {
        width: panelWidth,
        height,
        margin: { top: 30, right: 58, bottom: 50, left: 44 },
        x,
        y: { ...y, label: words().groups.figure.axis(one.name, unitsOfGroups(analysis).loss) },
        marks: marksOf(one, x, y, colorOf),
      }
      return { x: (k % across) * panelWidth, y: Math.floor(k / across) * height, content }
    }),
  }
}

export const multiples: Figure<GroupsAnalysis> = {
  name: 'groups',
  get title() {
    return words().groups.figure.title
  },
  caption(analysis) {
    const left = analysis.groups.length - mostPanels
    return joined(words().groups.figure.caption, left > 0 && words().groups.figure.left(left))
  },
  alt: ({ groups, column }) => words().groups.figure.alt(Math.min(groups.length, mostPanels), column),
  table: (analysis) => ({
    columns: [
      words().groups.columns.group,
      'C (FLOPs)',
      words().fitFigures.optimum.parameters,
      words().axes.loss(unitsOfGroups(analysis).loss),
    ],
    rows: panelsOf(analysis).flatMap(({ name, curves }) =>
      curves.map(({ budget, best }) => [name, compact(budget), significant(best.x), nats(best.y)]),
    ),
  }),
  draw: (analysis) => drawn(analysis, broad),
  narrow: (analysis, width) => drawn(analysis, { ...narrow, width }),
}
