import { tokensFor } from '../core/flops.ts'
import type { Curves } from '../core/run.ts'
import type { Estimate } from './estimate.ts'
import { estimateOfPoints } from './power.ts'

/** Budgets at which the curves are compared (Hoffmann et al. 2022, approach 1). */
export const comparedBudgets = 1500

/** Training curves read off at common budgets. */
export interface CurveTable {
  /** C, geometrically spaced, `[1500]`. */
  readonly flops: Float64Array
  /** N of each curve, `[curves]`. */
  readonly parameters: Float64Array
  /** Loss of each curve at each budget, NaN where it has not started or has ended; `[curves][1500]`. */
  readonly loss: readonly Float64Array[]
}

/** Reads every curve off at 1,500 budgets, linearly in ln C between checkpoints. Null with fewer than three curves. */
export function tabulateCurves(curves: Curves): CurveTable | null {
  const byCurve: number[][] = Array.from({ length: curves.curveCount }, () => [])
  for (let i = 0; i < curves.checkpoints.size; i++) byCurve[curves.curve[i]].push(i)
  const { flops: C, loss: L, parameters: N } = curves.checkpoints
  const usable = byCurve.filter((rows) => rows.length >= 2).map((rows) => rows.sort((i, j) => C[i] - C[j]))
  if (usable.length < 3) return null
  const logFirst = Math.log(Math.min(...usable.map((rows) => C[rows[0]])))
  const logLast = Math.log(Math.max(...usable.map((rows) => C[rows[rows.length - 1]])))
  const logC = Float64Array.from(
    { length: comparedBudgets },
    (_, k) => logFirst + ((logLast - logFirst) * k) / (comparedBudgets - 1),
  )
  return {
    flops: logC.map(Math.exp),
    parameters: Float64Array.from(usable, (rows) => N[rows[0]]),
    loss: usable.map((rows) =>
      readOff(
        rows.map((i) => Math.log(C[i])),
        rows.map((i) => L[i]),
        logC,
      ),
    ),
  }
}

/** y at the points, linear between the knots, NaN outside them. */
function readOff(x: number[], y: number[], points: Float64Array): Float64Array {
  let k = 0
  return points.map((point) => {
    while (k < x.length - 2 && x[k + 1] < point) k++
    if (point < x[0] || point > x[x.length - 1]) return Number.NaN
    const width = x[k + 1] - x[k]
    return width > 0 ? y[k] + ((point - x[k]) / width) * (y[k + 1] - y[k]) : Math.min(y[k], y[k + 1])
  })
}

/** One budget's best curve. */
export interface EnvelopePoint {
  readonly flops: number
  readonly parameters: number
  readonly tokens: number
  readonly loss: number
}

/**
 * Method `envelope`: at each of 1,500 budgets the curve with the lowest loss, and power laws through those sizes by least
 * squares on logarithms (Hoffmann et al. 2022, approach 1). Budgets whose best curve is the smallest or the largest model
 * still running are left out: their optimum lies outside. It gives no loss beyond the curves. Null with fewer than two sizes.
 *
 * Curves of a decaying learning rate are above what a run that ends there would reach, so this method favours small models.
 */
export function fitEnvelope(
  table: CurveTable,
  weights?: Float64Array,
): (Estimate & { readonly points: readonly EnvelopePoint[]; readonly atEdge: number }) | null {
  const points: EnvelopePoint[] = []
  let atEdge = 0
  for (const [k, flops] of table.flops.entries()) {
    const best = bestCurve(table, k, weights)
    if (best === 'edge') atEdge++
    if (typeof best !== 'number') continue
    const parameters = table.parameters[best]
    points.push({ flops, parameters, tokens: tokensFor(flops, parameters), loss: table.loss[best][k] })
  }
  if (new Set(points.map(({ parameters }) => parameters)).size < 2) return null
  const estimate = estimateOfPoints(
    points.map(({ flops }) => flops),
    points.map(({ parameters }) => parameters),
    points.map(({ tokens }) => tokens),
  )
  return estimate && { ...estimate, points, atEdge }
}

/** The curve with the lowest loss at budget k, or why there is none to use. */
function bestCurve(table: CurveTable, k: number, weights?: Float64Array): number | 'edge' | 'too-few' {
  let best = -1
  let smallest = Number.POSITIVE_INFINITY
  let largest = 0
  let running = 0
  for (const [curve, loss] of table.loss.entries()) {
    if (Number.isNaN(loss[k]) || (weights && weights[curve] === 0)) continue
    running++
    smallest = Math.min(smallest, table.parameters[curve])
    largest = Math.max(largest, table.parameters[curve])
    if (best < 0 || loss[k] < table.loss[best][k]) best = curve
  }
  if (running < 3) return 'too-few'
  const N = table.parameters[best]
  return N === smallest || N === largest ? 'edge' : best
}
