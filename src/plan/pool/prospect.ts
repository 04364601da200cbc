import { usualPrior } from '../../fit/norm/prior.ts'
import { pointsOf } from '../../fit/tuned/data.ts'
import { driftPerFold } from '../../fit/tuned/estimate.ts'
import type { TunedFit, TunedMode } from '../../fit/tuned/fit.ts'
import { weightsUnder } from '../../fit/tuned/weights.ts'
import { type TunedPoint, tunedIndex, tunedLoss, tunedSize } from '../../law/tuned.ts'
import { cholesky } from '../../numeric/cholesky.ts'
import { dot, downdate, times } from '../../numeric/matrix.ts'
import { LinearDesign } from '../linear-design.ts'
import { type Aim, aimsOf, regionOf } from './aims.ts'
import type { PoolTarget, Settings } from './pool.ts'

/** A mode that is believed less than this has no say in what to buy. */
const leastBelief = 1e-3
/** Standard deviation of ln q: each fit holds it, but a run that tells it is worth as much as one that tells an exponent. */
const normSd = usualPrior.q.sd
/** Added to the diagonal of what is at stake, over its trace, where the target has fewer runs than the law coefficients. */
const jitter = 1e-9

/** What is at hand when the next runs are planned. */
export interface Standing {
  readonly fit: TunedFit
  readonly pool: Settings
  /** Indices of the pool's runs that the fit has. */
  readonly known: readonly number[]
  readonly target: PoolTarget
}

interface View {
  readonly weight: number
  readonly design: LinearDesign
  /** Variance of what is at stake, squared nats. */
  variance: number
}

/**
 * What the runs of a pool are worth before they are made: by how much each lowers the variance of the law's loss, averaged over the
 * target region and over the law's modes (E90).
 */
export class PoolProspect {
  readonly #views: readonly View[]

  constructor(standing: Standing) {
    const { fit, pool, target } = standing
    const points = pointsOf(pool, fit.data)
    const aims = aimsOf(regionOf(target, fit), fit.data)
    this.#views = fit.modes
      .filter(({ weight }) => weight > leastBelief)
      .map((mode) => ({ weight: mode.weight, ...designOf(mode, standing, points, aims) }))
  }

  /** Squared nats: variance of the law's loss, averaged over the target region and over the law's modes. */
  get variance(): number {
    return this.#views.reduce((sum, { weight, variance }) => sum + weight * variance, 0)
  }

  /** Squared nats by which a run of this index lowers the variance at the target. */
  worth(c: number): number {
    let sum = 0
    for (const view of this.#views) sum += view.weight * gainOf(view, c)
    return sum
  }

  /** Takes the run of this index as made. */
  take(c: number): void {
    for (const view of this.#views) {
      view.variance -= gainOf(view, c)
      view.design.take(c)
    }
  }
}

/** Squared nats by which a candidate's run lowers the variance of what is at stake. */
function gainOf({ design: { shared, scatter, variance } }: View, c: number): number {
  let squares = 0
  for (const column of shared) squares += column[c] ** 2
  return squares / (scatter[c] + variance[c])
}

function designOf(
  mode: TunedMode,
  standing: Standing,
  points: readonly TunedPoint[],
  ownAims: readonly Aim[],
): Omit<View, 'weight'> {
  const aims = ownAims.map((aim) => aim(mode.theta))
  const { sensitivities, loss } = sensitivitiesAt(mode, points)
  const scatter = scatterOf(mode, standing, { points, aims, loss })
  const stakes = stakesAt(sensitivitiesAt(mode, aims).sensitivities)
  // From the prior, whose units the sensitivities are in, through the runs that are known.
  const size = mode.free.length + 1
  const covariance = Float64Array.from({ length: size * size }, (_, k) => (k % (size + 1) === 0 ? 1 : 0))
  for (const i of standing.known) {
    const image = times(covariance, sensitivities[i])
    downdate(covariance, image, 1 / (scatter[i] + dot(sensitivities[i], image)))
  }
  const atStake = stakes.reduce((sum, stake) => sum + dot(stake, times(covariance, stake)), 0)
  return { design: new LinearDesign(covariance, { sensitivities, scatter }, stakes), variance: atStake }
}

/** The law's loss at each point, nats, and its sensitivity to the free coefficients and to ln q, in units of their priors. */
function sensitivitiesAt({ theta, free, unit }: TunedMode, points: readonly TunedPoint[]) {
  const gradient = new Float64Array(tunedSize)
  const loss = new Float64Array(points.length)
  const sensitivities = points.map((point, i) => {
    loss[i] = tunedLoss(theta, point, gradient)
    return Float64Array.from([...free.map((k, j) => gradient[k] * unit[j]), gradient[tunedIndex.norm] * normSd])
  })
  return { sensitivities, loss }
}

/**
 * Variance of each run about the law: its scatter by its weight under the law (E86), and what the law drifts from there to the
 * target region (E88), which no number of runs at small compute averages out.
 */
function scatterOf(
  { theta, scatter }: TunedMode,
  { fit: { data }, pool }: Standing,
  { points, aims, loss }: { points: readonly TunedPoint[]; aims: readonly TunedPoint[]; loss: Float64Array },
): Float64Array {
  const most = data.runs.flops.reduce((a, b) => Math.max(a, b))
  const compute = pool.flops.map((C) => Math.log(C / most))
  const floor = new Float64Array(points.length)
  const weights = weightsUnder(theta, { runs: { loss }, compute, points, features: data.features, floor }, false)
  const folds = aims.map(({ size, tokens }) => size + tokens)
  return weights.map((weight, i) => {
    const own = points[i].size + points[i].tokens
    const squares = folds.reduce((sum, fold) => sum + Math.max(0, fold - own) ** 2, 0) / folds.length
    return scatter ** 2 / weight + (driftPerFold * loss[i]) ** 2 * squares
  })
}

/** Few sensitivities whose squares sum to the mean over those of the target: the columns of its Cholesky factor. */
function stakesAt(sensitivities: readonly Float64Array[]): Float64Array[] {
  const size = sensitivities[0].length
  const mean = new Float64Array(size * size)
  for (const g of sensitivities) downdate(mean, g, -1 / sensitivities.length)
  let trace = 0
  for (let k = 0; k < size; k++) trace += mean[k * (size + 1)]
  for (let k = 0; k < size; k++) mean[k * (size + 1)] += jitter * trace
  const factor = cholesky(mean, size)
  if (factor === null) throw new Error('what is at stake at the target has no Cholesky factor')
  return Array.from({ length: size }, (_, c) => Float64Array.from({ length: size }, (_, r) => factor[r * size + c]))
}
