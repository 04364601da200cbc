import { cholesky } from '../numeric/cholesky.ts'
import type { JointPoint } from './law.ts'

/**
 * What no form of the law expresses: a smooth function of compute and size, a Gaussian process whose amplitude falls with compute
 * (E48). It is written as weights of features that have unit prior variance, by inducing points (Quinonero-Candela and Rasmussen
 * 2005), so that it is fitted like coefficients are.
 */
export interface Deviation {
  readonly count: number
  /** Writes the features at a point into `out` from `offset`. */
  features(x: JointPoint, out: Float64Array, offset: number): void
}

/** Over these distances, in ln C and in ln(N / C^0.5), the deviation forgets itself. */
const lengths = { compute: 2.5, size: 2 } as const
/** Keeps the kernel's matrix positive definite. */
const jitter = 1e-4

type Knot = readonly [compute: number, size: number]

const kernel = (a: Knot, b: Knot): number => Math.exp(-0.5 * ((a[0] - b[0]) ** 2 + (a[1] - b[1]) ** 2))
const knotOf = (x: JointPoint): Knot => [x.compute / lengths.compute, (x.core - x.compute / 2) / lengths.size]

const evenly = (low: number, high: number, count: number): number[] =>
  Array.from({ length: count }, (_, k) => low + ((high - low) * k) / (count - 1))

/** The deviation over the runs and up to the target, ln(C / 1e16): 5 knots in compute by 3 in size. */
export function deviationOver(points: readonly JointPoint[], targetCompute: number): Deviation {
  const places = points.map(knotOf)
  const [computes, sizes] = [places.map(([c]) => c), places.map(([, s]) => s)]
  const knots = evenly(Math.min(...computes), targetCompute / lengths.compute, 5).flatMap((c) =>
    evenly(Math.min(...sizes), Math.max(...sizes), 3).map((s): Knot => [c, s]),
  )
  const n = knots.length
  const K = Float64Array.from({ length: n * n }, (_, k) => {
    const [i, j] = [Math.floor(k / n), k % n]
    return kernel(knots[i], knots[j]) + (i === j ? jitter : 0)
  })
  const L = cholesky(K, n)
  if (L === null) throw new Error('the kernel of the deviation is not positive definite')
  return {
    count: n,
    features(x, out, offset) {
      const place = knotOf(x)
      for (let i = 0; i < n; i++) {
        let sum = kernel(place, knots[i])
        for (let j = 0; j < i; j++) sum -= L[i * n + j] * out[offset + j]
        out[offset + i] = sum / L[i * n + i]
      }
    },
  }
}
