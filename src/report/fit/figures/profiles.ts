import * as Plot from '@observablehq/plot'
import { tokensFor, trainFlops } from '../../../core/flops.ts'
import { unitsOf } from '../../../core/run.ts'
import { parabolaLoss } from '../../../fit/parabola.ts'
import type { Comparison, Profiled, Scope } from '../../../fit/result.ts'
import { type SurfaceLaw, surfaceLoss } from '../../../law/surface.ts'
import { type Axis, linearAxis, logAxis } from '../../draw/axis.ts'
import { type Figure, onePanel, placesIn } from '../../draw/figure.ts'
import { pointLabels } from '../../draw/labels.ts'
import { symbols } from '../../draw/marks.ts'
import type { Mark } from '../../draw/panel.ts'
import { budgetColor, budgetSymbols, ink } from '../../draw/style.ts'
import { thin } from '../../draw/thin.ts'
import { compact, count, listed, nats, significant } from '../../number.ts'
import { joined } from '../../prose.ts'
import { words } from '../../words/words.ts'
import { surfaceOf } from '../facts.ts'
import type { Findings } from '../findings.ts'

/** More curves than this cannot be told apart; the rest is left out evenly. */
const mostProfiles = 24
const mostRuns = 200
const height = 540

interface Point {
  readonly x: number
  readonly y: number
}

/** One budget's drawing: its runs, its curves and its minimum. */
interface Shown {
  readonly budget: number
  readonly color: string
  readonly symbol: (typeof budgetSymbols)[number]
  readonly points: readonly Point[]
  readonly parabola: readonly Point[]
  readonly surface: readonly Point[]
  readonly minimum: (Point & { readonly kind: 'interior' | 'edge' }) | null
}

function shownOf(
  { runs }: Scope,
  { profile, minimum }: Profiled['profiles'][number],
  law: SurfaceLaw | null,
  rank: number,
  index: number,
): Shown {
  const N = (i: number) => runs.parameters[i]
  const low = N(profile.runs[0])
  const high = N(profile.runs[profile.runs.length - 1])
  const sizes = Array.from({ length: 49 }, (_, k) => low * (high / low) ** (k / 48))
  const parabola = 'parabola' in minimum ? minimum.parabola : null
  const curve = (loss: (N: number) => number) => sizes.map((x) => ({ x, y: loss(x) }))
  // Runs may count their FLOPs otherwise; the surface is drawn along the N and D that they have.
  const flops = Math.exp(
    profile.runs.reduce((sum, i) => sum + Math.log(trainFlops(N(i), runs.tokens[i])), 0) / profile.runs.length,
  )
  return {
    budget: profile.budget,
    color: budgetColor(rank),
    symbol: budgetSymbols[index % budgetSymbols.length],
    points: thin([...profile.runs], mostRuns).map((i) => ({ x: N(i), y: runs.loss[i] })),
    parabola: parabola ? curve((x) => parabolaLoss(parabola, x)) : [],
    surface: law ? curve((x) => surfaceLoss(law, x, tokensFor(flops, x))) : [],
    minimum: markOf(minimum, low, high),
  }
}

/** The minimum of an interior profile, or the end beyond which it lies. */
function markOf(minimum: Profiled['profiles'][number]['minimum'], low: number, high: number): Shown['minimum'] {
  if (minimum.kind === 'interior') return { kind: 'interior', x: minimum.parameters, y: minimum.loss }
  if (minimum.kind !== 'edge') return null
  const x = minimum.side === 'small' ? low : high
  return { kind: 'edge', x, y: parabolaLoss(minimum.parabola, x) }
}

function shownProfiles(analysis: Scope & Comparison & Profiled): Shown[] {
  const chosen = thin(analysis.profiles, mostProfiles)
  const law = surfaceOf(analysis)
  const last = Math.max(1, chosen.length - 1)
  return chosen.map((profile, k) => shownOf(analysis, profile, law, k / last, k))
}

function marksOf({ color, symbol, points, parabola, surface, minimum }: Shown, y: Axis): Mark[] {
  const [low, high] = y.domain
  const place = { x: 'x', y: 'y' }
  return [
    Plot.line(parabola, { ...place, stroke: color, strokeWidth: 1.8 }),
    Plot.line(
      surface.filter((point) => point.y >= low && point.y <= high),
      { ...place, stroke: ink, strokeWidth: 0.9, strokeDasharray: '4 3' },
    ),
    symbols(points, { symbol, r: 2.6, fill: color }),
    minimum && minimumMark(minimum, color),
  ]
}

const minimumMark = ({ kind, ...point }: NonNullable<Shown['minimum']>, color: string): Mark =>
  Plot.dot([point], {
    x: 'x',
    y: 'y',
    r: 6,
    fill: kind === 'interior' ? color : '#fff',
    stroke: kind === 'interior' ? '#fff' : color,
    strokeWidth: kind === 'interior' ? 1.2 : 2,
  })

/** The right end of each curve carries its budget. */
const labelOf = ({ budget, color, points, parabola }: Shown) => {
  const end = parabola.at(-1) ?? points[points.length - 1]
  return { ...end, text: compact(budget), color }
}

function axesOf(shown: readonly Shown[], unit: string): { x: Axis; y: Axis } {
  const all = shown.flatMap(({ points, parabola, minimum }) => [...points, ...parabola, ...(minimum ? [minimum] : [])])
  return {
    x: logAxis(
      words().axes.parameters,
      all.map(({ x }) => x),
    ),
    y: linearAxis(
      words().axes.loss(unit),
      all.map(({ y }) => y),
    ),
  }
}

/** Counts of what became of the profiles' minima, in words. */
function fates({ profiles }: Profiled): string {
  const number = (kind: string) => profiles.filter(({ minimum }) => minimum.kind === kind).length
  const parts = Object.entries(words().fitFigures.profiles.fates).map(([kind, text]) => ({ n: number(kind), text }))
  return listed(parts.filter(({ n }) => n > 0).map(({ n, text }) => text(n)))
}

export const profiles: Figure<Findings<Scope & Comparison & Profiled>> = {
  name: 'profiles',
  get title() {
    return words().fitFigures.profiles.title
  },
  caption({ analysis }) {
    const left = analysis.profiles.length - mostProfiles
    const say = words().fitFigures.profiles
    return joined(
      say.caption,
      surfaceOf(analysis) && say.dashed,
      say.of(analysis.profiles.length, fates(analysis)),
      left > 0 && say.notDrawn(left),
    )
  },
  alt({ analysis }) {
    const { profiles } = analysis
    const [first, last] = [profiles[0], profiles[profiles.length - 1]].map((entry) => compact(entry.profile.budget))
    return words().fitFigures.profiles.alt(profiles.length, first, last)
  },
  table: ({ analysis: { profiles } }) => ({
    columns: [
      'C (FLOPs)',
      words().fitFigures.profiles.runs,
      words().fitFigures.profiles.best,
      words().fitFigures.profiles.bestLoss,
    ],
    rows: profiles.map(({ profile, minimum }) => [
      compact(profile.budget),
      count(profile.runs.length),
      ...(minimum.kind === 'interior' ? [significant(minimum.parameters), nats(minimum.loss)] : ['-', '-']),
    ]),
  }),
  places({ analysis: { runs, profiles: all } }, drawing) {
    const shown = thin(all, mostProfiles).flatMap(({ profile }) => thin([...profile.runs], mostRuns))
    return placesIn(
      drawing,
      0,
      shown.map((i) => ({ run: i, x: runs.parameters[i], y: runs.loss[i] })),
    )
  },
  draw({ analysis }) {
    if (analysis.profiles.length === 0) return null
    const shown = shownProfiles(analysis)
    const axes = axesOf(shown, unitsOf(analysis.runs).loss)
    const obstacles = shown.flatMap(({ points, parabola }) => [
      ...points.map((point) => ({ ...point, weight: 60 })),
      ...parabola.map((point) => ({ ...point, weight: 6 })),
    ])
    return onePanel({
      height,
      margin: { top: 30, right: 64, bottom: 52, left: 52 },
      ...axes,
      marks: [...shown.flatMap((one) => marksOf(one, axes.y)), pointLabels(shown.map(labelOf), obstacles, 'right')],
    })
  },
}
