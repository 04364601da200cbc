import { cholesky, solveFactored } from '../numeric/cholesky.ts'
import type { LeastSquares } from '../numeric/levenberg-marquardt.ts'
import type { Deviation } from './deviation.ts'
import { type JointPoint, jointLoss, jointSize } from './law.ts'
import type { Prior } from './prior.ts'
import { deviationSd, logPrior, runSd, type Scales } from './scales.ts'

/** Runs as the law sees them under one accounting. */
export interface JointData {
  readonly points: readonly JointPoint[]
  readonly loss: Float64Array
  /** What each run lost against the best one of no more compute, nats. */
  readonly excess: Float64Array
  /** The power of every run's likelihood: 1, or less where there are very many. */
  readonly weight: number
}

/** Coefficients and the deviation's weights, drawn from a posterior. */
export interface Draw {
  readonly theta: Float64Array
  readonly weights: Float64Array
}

/** Degrees of freedom of the noise's Student t: an outlier counts for little. */
const noiseDf = 6
/** A run whose weight is below this, some 12 standard deviations off, tells nothing of the scales; it was crashed or mistyped. */
const leastCredible = 0.05
/** ln of the density of such runs: one in a hundred, anywhere within 2.7 nats. */
const incredible = Math.log(0.01 / 2.7)

/**
 * The most probable coefficients as least squares: residuals of the runs over their standard deviation, and of the coefficients
 * from their prior. The variables z are the free coefficients in units of their prior, then the deviation's weights. Student's t
 * is reached by weights that follow from the residuals (`reweigh`), the scales by evidence (`evidence`).
 */
export class JointProblem implements LeastSquares {
  readonly #data: JointData
  readonly #untrained: number
  readonly #free: readonly number[]
  readonly #prior: Prior
  readonly #theta: Float64Array
  readonly #n: number
  /** Number of variables. */
  readonly size: number
  /** Features of the deviation at unit amplitude, `[n, count]`. */
  readonly #features: Float64Array
  readonly #count: number
  readonly #amplitude: Float64Array
  /** 1 / standard deviation of each run, less for outliers. */
  readonly #precision: Float64Array
  readonly #robust: Float64Array
  /** What is added to the runs' losses, and the prior's centre, for a draw (`perturb`). */
  readonly #shift: Float64Array
  readonly #centre: Float64Array
  readonly #full = new Float64Array(jointSize)
  readonly #z: Float64Array
  /** Predicted minus seen. */
  readonly #residual: Float64Array
  /** Derivatives of the predictions, `[n, size]`. */
  readonly #jacobian: Float64Array

  /** `centre`: the coefficients that are not free. */
  constructor(
    data: JointData,
    untrained: number,
    free: readonly number[],
    deviation: Deviation,
    prior: Prior,
    centre: Float64Array,
  ) {
    const n = data.points.length
    this.#data = data
    this.#untrained = untrained
    this.#free = free
    this.#prior = prior
    this.#theta = Float64Array.from(centre)
    this.#n = n
    this.#count = deviation.count
    this.size = free.length + deviation.count
    this.#features = new Float64Array(n * deviation.count)
    data.points.forEach((x, i) => {
      deviation.features(x, this.#features, i * deviation.count)
    })
    this.#amplitude = new Float64Array(n)
    this.#precision = new Float64Array(n)
    this.#robust = new Float64Array(n).fill(1)
    this.#shift = new Float64Array(n)
    this.#centre = new Float64Array(this.size)
    this.#z = new Float64Array(this.size)
    this.#residual = new Float64Array(n)
    this.#jacobian = new Float64Array(n * this.size)
  }

  setScales(scales: Scales): void {
    this.#data.points.forEach((x, i) => {
      this.#precision[i] =
        Math.sqrt(this.#data.weight * this.#robust[i]) / runSd(scales, x, this.#data.loss[i], this.#data.excess[i])
      this.#amplitude[i] = deviationSd(scales, x)
    })
  }

  /** Weighs the runs as Student's t asks, by their residuals at z. */
  reweigh(z: Float64Array, scales: Scales): void {
    this.#evaluate(z)
    this.#data.points.forEach((x, i) => {
      const t = this.#residual[i] / runSd(scales, x, this.#data.loss[i], this.#data.excess[i])
      this.#robust[i] = (noiseDf + 1) / (noiseDf + t * t)
    })
  }

  /** Moves every run's loss by its standard deviation times a number and the prior's centre by a number in each coordinate. */
  perturb(normal: () => number): void {
    for (let i = 0; i < this.#n; i++) this.#shift[i] = normal() / this.#precision[i]
    for (let k = 0; k < this.size; k++) this.#centre[k] = normal()
  }

  /** Coefficients and weights at z. */
  drawAt(z: Float64Array): Draw {
    return { theta: Float64Array.from(this.theta(z)), weights: z.slice(this.#free.length) }
  }

  /** All coefficients at z. */
  theta(z: Float64Array): Float64Array {
    const free = this.#free
    const { mean, sd } = this.#prior
    for (let k = 0; k < free.length; k++) this.#theta[free[k]] = mean[free[k]] + z[k] * sd[free[k]]
    return this.#theta
  }

  #evaluate(z: Float64Array): void {
    this.#z.set(z)
    this.theta(z)
    const free = this.#free
    const { sd } = this.#prior
    for (let i = 0; i < this.#n; i++) {
      const row = i * this.size
      let loss = jointLoss(this.#theta, this.#data.points[i], this.#untrained, this.#full)
      for (let k = 0; k < free.length; k++) this.#jacobian[row + k] = this.#full[free[k]] * sd[free[k]]
      for (let k = 0; k < this.#count; k++) {
        const feature = this.#features[i * this.#count + k] * this.#amplitude[i]
        this.#jacobian[row + free.length + k] = feature
        loss += feature * z[free.length + k]
      }
      this.#residual[i] = loss - this.#data.loss[i] - this.#shift[i]
    }
  }

  cost(z: Float64Array): number {
    this.#evaluate(z)
    let sum = 0
    for (let k = 0; k < this.size; k++) sum += (z[k] - this.#centre[k]) ** 2
    for (let i = 0; i < this.#n; i++) sum += (this.#residual[i] * this.#precision[i]) ** 2
    return sum
  }

  slope(): { gradient: Float64Array; normal: Float64Array } {
    const { size } = this
    const system = normalSystem(size, this.#n, (i, row) => {
      const w = this.#precision[i]
      for (let k = 0; k < size; k++) row[k] = this.#jacobian[i * size + k] * w
      return this.#residual[i] * w
    })
    for (let k = 0; k < size; k++) system.right[k] += this.#z[k] - this.#centre[k]
    return { gradient: system.right, normal: system.normal }
  }

  /**
   * Log evidence of scales, up to a constant, the law linearized where it was evaluated last (E50): what is left of the losses'
   * Gaussian when coefficients and weights are integrated out.
   */
  evidence(scales: Scales): number {
    const { size } = this
    const coefficients = this.#free.length
    let value = logPrior(this.#prior.scales, scales)
    let squares = 0
    const { normal, right } = normalSystem(size, this.#n, (i, row) => {
      const x = this.#data.points[i]
      const sd = runSd(scales, x, this.#data.loss[i], this.#data.excess[i])
      const w = Math.sqrt(this.#data.weight * this.#robust[i]) / sd
      const amplitude = deviationSd(scales, x)
      // What the linear law has to explain, and its derivatives with the deviation's amplitude of these scales.
      let y = -this.#residual[i]
      for (let k = 0; k < size; k++) {
        const derivative = this.#jacobian[i * size + k]
        y += derivative * this.#z[k]
        row[k] = k < coefficients ? derivative * w : this.#features[i * this.#count + k - coefficients] * amplitude * w
      }
      if (this.#robust[i] < leastCredible) {
        row.fill(0)
        value += this.#data.weight * incredible
        return 0
      }
      squares += (y * w) ** 2
      value -= this.#data.weight * Math.log(sd)
      return y * w
    })
    const L = cholesky(normal, size)
    if (L === null) return Number.NEGATIVE_INFINITY
    const solution = solveFactored(L, right)
    for (let k = 0; k < size; k++) {
      squares -= solution[k] * right[k]
      value -= Math.log(L[k * size + k])
    }
    return value - 0.5 * squares
  }
}

/**
 * I + sum of row row', and the sum of row times value, over n rows; `rowAt` fills a row and returns its value. Four rows are added at
 * a time to two rows of the matrix, because most of the time goes into reading and writing.
 */
function normalSystem(size: number, n: number, rowAt: (i: number, row: Float64Array) => number) {
  // Where the size is odd, the last row has a spare one of zeros beside it.
  const normal = new Float64Array((size + 1) ** 2)
  const right = new Float64Array(size)
  const rows = Array.from({ length: 4 }, () => new Float64Array(size + 1))
  const [p, q, r, s] = rows
  for (let k = 0; k < size; k++) normal[k * size + k] = 1
  for (let i = 0; i < n; i += 4) {
    const values = rows.map((row, j) => (i + j < n ? rowAt(i + j, row) : row.fill(0)[0]))
    for (let a = 0; a < size; a++) right[a] += p[a] * values[0] + q[a] * values[1] + r[a] * values[2] + s[a] * values[3]
    for (let a = 0; a < size; a += 2) {
      const pa = p[a]
      const qa = q[a]
      const ra = r[a]
      const sa = s[a]
      const pc = p[a + 1]
      const qc = q[a + 1]
      const rc = r[a + 1]
      const sc = s[a + 1]
      let first = a * size
      let second = first + size
      for (let b = 0; b <= a + 1; b++) {
        const pb = p[b]
        const qb = q[b]
        const rb = r[b]
        const sb = s[b]
        normal[first++] += pa * pb + qa * qb + ra * rb + sa * sb
        normal[second++] += pc * pb + qc * qb + rc * rb + sc * sb
      }
    }
  }
  for (let a = 0; a < size; a++) for (let b = 0; b < a; b++) normal[b * size + a] = normal[a * size + b]
  return { normal: normal.subarray(0, size * size), right }
}
