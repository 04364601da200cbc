import * as Plot from '@observablehq/plot'
import type { Comparison, MethodResult, Prediction } from '../../../fit/result.ts'
import { type Axis, logAxis } from '../../draw/axis.ts'
import type { FigureTable } from '../../draw/figure.ts'
import { topLabels } from '../../draw/labels.ts'
import { gridOnShade, shaded } from '../../draw/marks.ts'
import type { Mark } from '../../draw/panel.ts'
import { muted } from '../../draw/style.ts'
import { thin } from '../../draw/thin.ts'
import { compact } from '../../number.ts'
import { words } from '../../words/words.ts'
import { availableMethods, largestBudget, type Reach, sortedTargets } from '../facts.ts'
import type { LineStyle } from '../methods.ts'

/** The compute axis of every figure: from the smallest run to the largest target. */
export function computeAxis({ runs, targets }: Reach, label = words().axes.compute): Axis {
  return logAxis(label, [...runs.flops, ...targets], { pad: 0.025 })
}

/** Behind all else: where no run was made is grey, and each target has a line with its budget above. */
export function computeBackground(analysis: Reach, x: Axis, y: Axis, labelled: boolean): Mark[] {
  const targets = sortedTargets(analysis)
  const from = largestBudget(analysis)
  const beyond = (targets.at(-1) ?? 0) > from
  return [
    ...(beyond ? [shaded(from, x, y), gridOnShade(y)] : []),
    Plot.ruleX(targets, { stroke: muted, strokeWidth: 1, strokeDasharray: '1 3' }),
    labelled ? topLabels(topTexts(targets)) : null,
  ]
}

const topTexts = (targets: readonly number[]) =>
  targets.map((x, k) => ({ x, text: k === 0 ? words().axes.target(compact(x)) : compact(x), color: muted }))

export interface MethodLine {
  readonly result: MethodResult
  readonly points: readonly Prediction[]
}

/** The lines of all methods along the compute axis, the surface first, so that it lies under the others. */
export function methodLines(analysis: Comparison): MethodLine[] {
  return availableMethods(analysis).flatMap((result) => {
    const band = analysis.bands.find(({ method }) => method === result.method)
    return band ? [{ result, points: band.points }] : []
  })
}

/** Budgets of a table that has what a line shows. */
const tableRows = 9

/** What every method has along the compute axis: a row for each of some budgets, a column for each cell of a method. */
export function alongTable(
  analysis: Comparison,
  titles: (method: string) => readonly string[],
  cells: (point: Prediction) => readonly string[],
): FigureTable | null {
  const lines = methodLines(analysis)
  if (lines.length === 0) return null
  const budgets = thin(lines[0].points, tableRows).map(({ flops }) => flops)
  const at = ({ points }: MethodLine, C: number) => points.find(({ flops }) => flops === C)
  return {
    columns: [words().axes.compute, ...lines.flatMap(({ result }) => titles(result.method))],
    rows: budgets.map((C) => [
      compact(C),
      ...lines.flatMap((line) => {
        const point = at(line, C)
        return point ? cells(point) : titles('').map(() => '-')
      }),
    ]),
  }
}

/** Plot's options for a line style. */
export const stroke = ({ color, width, dash }: LineStyle) => ({
  stroke: color,
  strokeWidth: width,
  ...(dash ? { strokeDasharray: dash, strokeLinecap: 'butt' as const } : {}),
})
