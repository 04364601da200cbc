import * as Plot from '@observablehq/plot'
import { type LossUnit, unitsOf } from '../../../core/run.ts'
import type { Comparison, Scope } from '../../../fit/result.ts'
import { surfaceLoss } from '../../../law/surface.ts'
import { type Axis, linearAxis, logAxis } from '../../draw/axis.ts'
import { type Drawing, type Figure, placesIn } from '../../draw/figure.ts'
import { endLabels } from '../../draw/labels.ts'
import { boundedDots } from '../../draw/marks.ts'
import { narrowed } from '../../draw/narrow.ts'
import type { Panel } from '../../draw/panel.ts'
import { budgetColors, figureWidth, ink, muted } from '../../draw/style.ts'
import { thin } from '../../draw/thin.ts'
import { significant } from '../../number.ts'
import { joined } from '../../prose.ts'
import { words } from '../../words/words.ts'
import { leaderOf, surfaceOf } from '../facts.ts'
import type { Findings } from '../findings.ts'
import { residualNote } from '../methods.ts'
import { computeAxis } from './compute.ts'

const height = 400
/** More points than this are a blot; the farthest from the surface are all kept. */
const mostPoints = 2000
/** Runs farther than this many standard deviations are drawn at the border, so that they do not flatten the rest. */
const farthest = 5

interface Residual {
  readonly N: number
  readonly C: number
  readonly r: number
}

interface Residuals {
  readonly all: readonly Residual[]
  /** Standard deviation, with the five fitted coefficients taken off the count. */
  readonly sd: number
  /** Rounding, not noise: losses and fit agree to a millionth. */
  readonly exact: boolean
  /** The axis shows r / unit. */
  readonly unit: number
  /** Half the height of the axis. */
  readonly reach: number
  readonly lossUnit: LossUnit
}

/** Measured minus fitted loss of every run; null without a surface. */
function residualsOf(analysis: Scope & Comparison): Residuals | null {
  const law = surfaceOf(analysis)
  if (law === null) return null
  const { size, parameters, tokens, flops, loss } = analysis.runs
  const all = Array.from({ length: size }, (_, i) => ({
    N: parameters[i],
    C: flops[i],
    r: loss[i] - surfaceLoss(law, parameters[i], tokens[i]),
  }))
  const sum = all.reduce((total, { r }) => total + r * r, 0)
  const sd = Math.sqrt(sum / Math.max(1, size - 5))
  const most = all.reduce((high, { r }) => Math.max(high, Math.abs(r)), 0)
  const reach = 1.08 * Math.max(Math.min(most, farthest * sd), 2.2 * sd, Number.MIN_VALUE)
  const unit = reach >= 0.01 ? 1 : 10 ** (3 * Math.floor(Math.log10(reach) / 3))
  return { all, sd, exact: most < 1e-6, unit, reach, lossUnit: unitsOf(analysis.runs).loss }
}

const unitText = (unit: number, loss: string): string => (unit === 1 ? loss : `${significant(unit, 1)} ${loss}`)

/** The runs to draw: all, or the farthest and an even choice of the rest. */
function chosen(all: readonly Residual[]): Residual[] {
  if (all.length <= mostPoints) return [...all]
  const byDistance = [...all].sort((a, b) => Math.abs(b.r) - Math.abs(a.r))
  return [...byDistance.slice(0, mostPoints / 10), ...thin(byDistance.slice(mostPoints / 10), (mostPoints * 9) / 10)]
}

function panelAgainst(
  { all, sd, unit, reach, lossUnit }: Residuals,
  x: Axis,
  key: 'C' | 'N',
  width: number,
  left: boolean,
): Panel {
  const limit = reach / unit
  const y = {
    ...linearAxis(left ? words().fitFigures.residuals.axis(unitText(unit, lossUnit)) : '', [-limit, limit], { pad: 0 }),
  }
  const colorOf = budgetColors(all.map(({ C }) => C))
  const points = chosen(all).map(({ r, ...run }) => ({ x: run[key], y: r / unit, color: colorOf(run.C) }))
  const levels = [-2, 2].map((k) => ({
    x: x.domain[1],
    y: (k * sd) / unit,
    text: `${k > 0 ? '+' : '\u2212'}2 sd`,
    color: muted,
  }))
  return {
    width,
    height,
    margin: { top: 34, right: left ? 14 : 66, bottom: 52, left: left ? 64 : 24 },
    x,
    y: left ? y : { ...y, format: () => '' },
    marks: [
      Plot.ruleY([0], { stroke: ink, strokeWidth: 1 }),
      Plot.ruleY(
        [-2 * sd, 2 * sd].map((value) => value / unit),
        { stroke: muted, strokeDasharray: '5 4' },
      ),
      ...boundedDots(points, limit, 3.2),
      left ? null : endLabels(levels),
    ],
  }
}

export const residuals: Figure<Findings<Scope & Comparison>> = {
  name: 'residuals',
  get title() {
    return words().fitFigures.residuals.title
  },
  caption({ analysis }) {
    const found = residualsOf(analysis)
    if (found === null) return ''
    const { all, sd, exact, reach } = found
    const far = all.filter(({ r }) => Math.abs(r) > reach).length
    const say = words().fitFigures.residuals
    return joined(
      say.caption,
      say.deviation(significant(sd), unitsOf(analysis.runs).difference),
      exact ? say.exact : residualNote(leaderOf(analysis)?.method),
      far > 0 && words().axes.farOut(far),
      all.length > mostPoints && say.thinned(mostPoints, all.length),
    )
  },
  alt: ({ analysis: { runs } }) => words().fitFigures.residuals.alt(runs.size),
  places({ analysis }, drawing) {
    const found = residualsOf(analysis)
    if (found === null) return []
    const at = (key: 'C' | 'N') => found.all.map((run, i) => ({ run: i, x: run[key], y: run.r / found.unit }))
    return [...placesIn(drawing, 0, at('C')), ...placesIn(drawing, 1, at('N'))]
  },
  draw: ({ analysis }) => drawn(analysis, false),
  narrow({ analysis }, width) {
    const drawing = drawn(analysis, true)
    return drawing && narrowed(drawing, width)
  },
}

/** Beside each other the panels share what stands at the left. */
function drawn(analysis: Scope & Comparison, isAlone: boolean): Drawing | null {
  const found = residualsOf(analysis)
  if (found === null) return null
  const compute = {
    ...computeAxis({ ...analysis, targets: [] }),
    ...short(analysis.runs.flops, words().axes.compute),
  }
  const size = short(analysis.runs.parameters, words().axes.parameters)
  const half = figureWidth / 2
  const parts = [
    { x: 0, y: 0, content: panelAgainst(found, compute, 'C', half + 6, true) },
    { x: half + 6, y: 0, content: panelAgainst(found, size, 'N', half - 6, isAlone) },
  ]
  return { height, parts }
}

/** An axis for half the width. */
const short = (values: Float64Array, label: string): Axis => logAxis(label, values, { pad: 0.04, most: 5 })
