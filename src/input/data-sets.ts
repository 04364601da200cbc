import { parametersFor, tokensFor } from '../core/flops.ts'
import { solveCholesky } from '../numeric/cholesky.ts'
import { isUsable } from './cell.ts'
import type { Found } from './chooser.ts'
import { textsOf } from './content.ts'
import { normalized, type Quantity } from './names.ts'
import type { ColumnQuestion, Split } from './plan.ts'

/** Runs of one value, at least; and values of a column, at most. */
const fewestRuns = 4
const mostValues = 24
/** Parting the values must leave at most this share of what a law of N and D leaves of the losses. */
const mostLeft = 0.2
/** Clusters nearer than this are settings' affair, such as another optimizer's. */
const leastRatio = 1.03

/** Columns of whole numbers are data sets only by their name; any text may be. */
const names =
  /dataset|data|corpus|experiment|group|task|metric|split|domain|suite|tokeni[sz]er|vocab|family|series|setup|phase|stage/i

/**
 * The column that best splits the losses into clusters; null where none does. Asked is a column with few values, each with several N and
 * D: whether ln L, less a quadratic in ln N and ln D, is the same for all of them.
 */
export function dataSetsOf(question: ColumnQuestion, found: Found): Split | null {
  const points = pointsOf(found)
  if (points.y.length < 2 * fewestRuns) return null
  const used = new Set([...found.taken.values()].flatMap(({ column, parts }) => [column, ...parts]))
  let best: (Split & { left: number }) | null = null
  for (const [column, name] of question.columns.entries()) {
    if (used.has(column)) continue
    const split = splitBy(question, column, name, points)
    if (split !== null && split.left < (best?.left ?? mostLeft)) best = split
  }
  if (best === null) return null
  const { left: _left, ...split } = best
  return split
}

interface Points {
  /** Rows of the sample. */
  readonly row: readonly number[]
  readonly x: readonly (readonly number[])[]
  readonly y: readonly number[]
}

function pointsOf({ taken }: Found): Points {
  const value = (quantity: Quantity, i: number) => taken.get(quantity)?.content?.values[i] ?? Number.NaN
  const row: number[] = []
  const x: number[][] = []
  const y: number[] = []
  const rows = taken.get('loss')?.content?.values.length ?? 0
  for (let i = 0; i < rows; i++) {
    const flops = value('flops', i)
    const given = value('parameters', i)
    const tokens = isUsable(value('tokens', i)) ? value('tokens', i) : tokensFor(flops, given)
    const parameters = isUsable(given) ? given : parametersFor(flops, tokens)
    const loss = value('loss', i)
    if (!isUsable(loss) || !isUsable(parameters) || !isUsable(tokens)) continue
    const [n, d] = [Math.log(parameters), Math.log(tokens)]
    row.push(i)
    x.push([n, d, n * n, d * d, n * d])
    y.push(Math.log(loss))
  }
  return { row, x, y }
}

function splitBy({ sample, columns }: ColumnQuestion, column: number, name: string, points: Points) {
  const texts = textsOf(sample, column, mostValues)
  if (texts === null || texts.size < 2) return null
  const isNumeric = [...texts].every((text) => Number.isFinite(Number(text)))
  if (isNumeric && !names.test(normalized(name.slice(0, 100)))) return null
  const values = [...texts]
  const level = points.row.map((row) => values.indexOf(String(sample[row][column] ?? '').trim()))
  if (!values.every((_, k) => isSpread(points, level, k))) return null
  const one = residuals(
    points,
    level.map(() => 0),
  )
  const each = residuals(points, level)
  if (one === null || each === null) return null
  const ratio = Math.exp(Math.max(...each.means) - Math.min(...each.means))
  const left = each.sum / one.sum
  return left < mostLeft && ratio > leastRatio ? { column, name: columns[column].trim(), values, ratio, left } : null
}

/** Whether a value has enough runs, of several N and D: a column that says N in words splits nothing. */
function isSpread({ x }: Points, level: readonly number[], k: number): boolean {
  const own = x.filter((_, i) => level[i] === k)
  const distinct = (j: number) => new Set(own.map((row) => row[j].toPrecision(6))).size
  return own.length >= fewestRuns && distinct(0) > 1 && distinct(1) > 1
}

/** Least squares with a constant for each level: the sum of squares that is left, and the constants. */
function residuals({ x, y }: Points, level: readonly number[]): { sum: number; means: number[] } | null {
  const levels = Math.max(...level) + 1
  const rows = x.map((row, i) => [...row, y[i]])
  const size = rows[0].length
  const count = new Float64Array(levels)
  const mean = Array.from({ length: levels }, () => new Float64Array(size))
  for (const [i, row] of rows.entries()) {
    if (level[i] < 0) continue
    count[level[i]]++
    for (let j = 0; j < size; j++) mean[level[i]][j] += row[j]
  }
  for (const [k, sums] of mean.entries()) for (let j = 0; j < size; j++) sums[j] /= count[k]
  const centred = rows.flatMap((row, i) => (level[i] < 0 ? [] : [row.map((value, j) => value - mean[level[i]][j])]))
  const width = size - 1
  const H = new Float64Array(width * width)
  const b = new Float64Array(width)
  for (const row of centred)
    for (let i = 0; i < width; i++) {
      b[i] += row[i] * row[width]
      for (let j = 0; j < width; j++) H[i * width + j] += row[i] * row[j]
    }
  // A ridge beyond rounding, as all D may be one.
  for (let i = 0; i < width; i++) H[i * width + i] += 1e-9 * (H[i * width + i] + 1)
  const slope = solveCholesky(H, b)
  if (slope === null) return null
  const fitted = (row: ArrayLike<number>) => slope.reduce((sum, s, j) => sum + s * row[j], 0)
  const sum = centred.reduce((total, row) => total + (row[width] - fitted(row)) ** 2, 0)
  return { sum: sum + 1e-12, means: mean.map((sums) => sums[width] - fitted(sums)) }
}
