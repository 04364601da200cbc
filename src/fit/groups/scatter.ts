import type { GroupsData } from './problem.ts'
import { lawSize } from './sharing.ts'

/** The scatter of a group counts as that of all groups for so many runs. */
const pooledRuns = 10
/** Scatter may fall with compute as fast as this power: what cheap runs miss is mostly the law's form. */
const steepest = 0.5
/** The scatter never falls below this share of the loss: losses are not known better. */
const leastScatter = 1e-5

/** How exactly each run is believed to lie on its group's law. */
export interface Scatter {
  /** 1 / nats; `[n]`. */
  readonly precision: Float64Array
  /** Standard deviation about the law of each group's largest runs, nats; `[groups]`. */
  readonly sd: readonly number[]
  /** It grows toward small compute as C^-power. */
  readonly power: number
  /** The least share of the scatter that any run's variance can be, because losses are not known better. */
  readonly floor: number
}

/** The scatter of the runs about laws of their own, by the residuals of a fit: a standard deviation for each group times a power of compute (E93). */
export function scatterOf({ of, work, groups, lowest }: GroupsData, residual: Float64Array): Scatter {
  const n = residual.length
  const most = work.reduce((high, value) => Math.max(high, value))
  const least = leastScatter * Math.min(...lowest)
  const power = powerOf(of, groups, work, residual, least)
  const relative = work.map((value) => Math.exp(-power * (value - most)))
  const squares = new Float64Array(groups)
  const count = new Float64Array(groups)
  for (let i = 0; i < n; i++) {
    squares[of[i]] += (residual[i] / relative[i]) ** 2
    count[of[i]]++
  }
  const free = (runs: number, laws: number) => Math.max(1, runs - lawSize * laws)
  const pooled = squares.reduce((sum, value) => sum + value, 0) / free(n, groups)
  const sd = Array.from(squares, (own, g) => {
    const runs = free(count[g], 1)
    return Math.hypot(Math.sqrt((own + pooledRuns * pooled) / (runs + pooledRuns)), least)
  })
  return {
    precision: relative.map((value, i) => 1 / (sd[of[i]] * value)),
    sd,
    power,
    floor: Math.min(1, (least / Math.min(...sd)) ** 2),
  }
}

/** The slope of ln |residual| against ln C within groups, falling, at most `steepest`. */
function powerOf(of: Int32Array, groups: number, work: Float64Array, residual: Float64Array, least: number): number {
  const log = residual.map((r) => Math.log(Math.hypot(r, least)))
  const mean = (values: Float64Array) => {
    const sum = new Float64Array(groups)
    const count = new Float64Array(groups)
    for (let i = 0; i < of.length; i++) {
      sum[of[i]] += values[i]
      count[of[i]]++
    }
    return sum.map((value, g) => value / count[g])
  }
  const [meanLog, meanWork] = [mean(log), mean(work)]
  let sxy = 0
  let sxx = 0
  for (let i = 0; i < of.length; i++) {
    const x = work[i] - meanWork[of[i]]
    sxy += x * (log[i] - meanLog[of[i]])
    sxx += x * x
  }
  return sxx > 0 ? Math.min(steepest, Math.max(0, -sxy / sxx)) : 0
}
