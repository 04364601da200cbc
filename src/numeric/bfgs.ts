/** A function of a few variables: returns its value at x and writes its gradient. */
export type Differentiable = (x: Float64Array, gradient: Float64Array) => number

export interface BfgsOptions {
  /** Stop when an iteration lowers the value by less than this, relatively, three times in a row. Default 1e-9. */
  readonly tolerance?: number
  readonly maxIterations?: number
  /** What the inverse Hessian is about, `[p, p]`: saves the steps that find it out. Default: steepest descent first. */
  readonly metric?: Float64Array | null
}

export interface BfgsMinimum {
  readonly x: Float64Array
  readonly value: number
  readonly iterations: number
  readonly evaluations: number
}

/**
 * Minimizes a smooth function by dense BFGS with a weak Wolfe line search by bisection, which also copes with the kinks in
 * the second derivative that Huber's loss has (Lewis and Overton 2013, algorithm 2.6; Nocedal and Wright 2006, chapter 6).
 */
export function bfgs(f: Differentiable, start: ArrayLike<number>, options: BfgsOptions = {}): BfgsMinimum {
  const { tolerance = 1e-9, maxIterations = 500, metric = null } = options
  const p = start.length
  let x = Float64Array.from(start)
  let gradient = new Float64Array(p)
  let value = f(x, gradient)
  let evaluations = 1
  const H = new Float64Array(p * p) // the inverse Hessian's estimate
  const direction = new Float64Array(p)
  let trial = new Float64Array(p)
  let trialGradient = new Float64Array(p)
  const Hy = new Float64Array(p)
  let idle = 0
  let fresh = true
  const reset = () => {
    const size = Math.hypot(...gradient)
    H.fill(0)
    for (let k = 0; k < p; k++) H[k * p + k] = 1 / (size || 1)
    fresh = true
  }
  reset()
  if (metric !== null) {
    H.set(metric)
    fresh = false
  }

  for (let iteration = 1; iteration <= maxIterations; iteration++) {
    // The direction -H g; steepest descent again should rounding have turned it uphill.
    let slope = 0
    for (let i = 0; i < p; i++) {
      let sum = 0
      for (let j = 0; j < p; j++) sum -= H[i * p + j] * gradient[j]
      direction[i] = sum
      slope += sum * gradient[i]
    }
    if (!(slope < 0)) {
      if (fresh) return { x, value, iterations: iteration, evaluations }
      reset()
      continue
    }

    // Weak Wolfe: enough decrease, and a slope that has flattened; bisect between the two.
    let low = 0
    let high = Number.POSITIVE_INFINITY
    let step = 1
    let trialValue = Number.NaN
    let trialSlope = Number.NaN
    let accepted = false
    for (let k = 0; k < 50; k++) {
      for (let i = 0; i < p; i++) trial[i] = x[i] + step * direction[i]
      trialValue = f(trial, trialGradient)
      evaluations++
      trialSlope = 0
      for (let i = 0; i < p; i++) trialSlope += trialGradient[i] * direction[i]
      if (!(trialValue <= value + 1e-4 * step * slope)) high = step
      else if (trialSlope < 0.9 * slope) low = step
      else {
        accepted = true
        break
      }
      step = Number.isFinite(high) ? 0.5 * (low + high) : 2 * low
    }
    if (!accepted && !(trialValue < value)) {
      if (fresh) return { x, value, iterations: iteration, evaluations }
      reset()
      continue
    }

    // H <- (I - s y' / y's) H (I - y s' / y's) + s s' / y's, on the first step scaled to the curvature just seen.
    let ys = 0
    let yy = 0
    for (let i = 0; i < p; i++) {
      const y = trialGradient[i] - gradient[i]
      ys += y * step * direction[i]
      yy += y * y
    }
    if (ys > 0) {
      if (fresh) {
        H.fill(0)
        for (let k = 0; k < p; k++) H[k * p + k] = ys / yy
        fresh = false
      }
      let yHy = 0
      for (let i = 0; i < p; i++) {
        let sum = 0
        for (let j = 0; j < p; j++) sum += H[i * p + j] * (trialGradient[j] - gradient[j])
        Hy[i] = sum
        yHy += sum * (trialGradient[i] - gradient[i])
      }
      const scale = (1 + yHy / ys) / ys
      for (let i = 0; i < p; i++)
        for (let j = 0; j < p; j++) {
          const si = step * direction[i]
          const sj = step * direction[j]
          H[i * p + j] += scale * si * sj - (Hy[i] * sj + si * Hy[j]) / ys
        }
    }

    const decrease = value - trialValue
    idle = decrease <= tolerance * Math.abs(trialValue) ? idle + 1 : 0
    ;[x, trial] = [trial, x]
    ;[gradient, trialGradient] = [trialGradient, gradient]
    value = trialValue
    if (idle === 3 || value === 0) return { x, value, iterations: iteration, evaluations }
  }
  return { x, value, iterations: maxIterations, evaluations }
}
