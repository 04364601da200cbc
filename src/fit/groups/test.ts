import { type Random, random } from '../../core/random.ts'
import { fTail } from '../../numeric/student.ts'
import type { Clusters } from './clusters.ts'
import { problemOf, refit, type SharedFit, type SharedFits } from './fit.ts'
import { deviationsOf, givenBack } from './resample.ts'
import { type SharingName, sharings } from './sharing.ts'

/** Whether a model is to be given up for the next one, which shares less. */
export interface SharingTest {
  readonly sharing: Exclude<SharingName, 'own'>
  /** The model that it is held against. */
  readonly against: SharingName
  readonly F: number
  readonly freedom: readonly [model: number, runs: number]
  /** The probability of so large an F if runs err independently. */
  readonly byRuns: number
  /** The same if runs of a budget err together; null where the first is above the level already. */
  readonly byBudgets: number | null
  /** The larger of the two. */
  readonly p: number
}

export interface TestOptions {
  readonly seed: number
  readonly resamples: number
  /** Below this p a model is given up. */
  readonly level: number
}

/** Marks the streams of this file among those of the random numbers. */
const stream = 0x92

/** Every model against the next, from that which shares most. */
export const testsOf = (fits: SharedFits, clusters: Clusters, options: TestOptions): SharingTest[] =>
  sharings.slice(0, -1).map((_, k) => testOf(fits, k, clusters, options))

/** The model that shares most among those that need not be given up: from `own` on, up to the first that must be. */
export function keptOf(tests: readonly SharingTest[], level: number): SharingName {
  const given = tests.findLastIndex(({ p }) => p < level)
  return sharings[given + 1].name
}

/**
 * A model against the next by F, and, because runs of a budget may err together, by how often F becomes as large where the residuals
 * of whole budgets from the model change sign at random (wild cluster bootstrap under the null, Cameron, Gelbach and Miller 2008). (E94)
 */
function testOf(fits: SharedFits, k: number, clusters: Clusters, options: TestOptions): SharingTest {
  const { seed, level } = options
  const [sharing, against] = [sharings[k].name as SharingTest['sharing'], sharings[k + 1].name]
  const [small, large] = [fits.fits[sharing], fits.fits[against]]
  const { data, scatter } = fits
  const freedom = [large.layout.size - small.layout.size, Math.max(1, data.loss.length - large.layout.size)] as const
  const ratio = (a: SharedFit, b: SharedFit) =>
    Math.max(0, a.cost - b.cost) / freedom[0] / Math.max(scatter.floor, b.squares / freedom[1])
  const F = ratio(small, large)
  const byRuns = fTail(F, ...freedom)
  const tested = { sharing, against, F, freedom, byRuns }
  if (byRuns >= level) return { ...tested, byBudgets: null, p: byRuns }
  const byBudgets = shareBeyond(F, resampler(fits, small, large, clusters, ratio), random(seed, stream, k), options)
  return { ...tested, byBudgets, p: Math.max(byRuns, byBudgets) }
}

/** How probable so large an F is; once that cannot fall below the level any more, no further resample is made (Besag and Clifford 1991). */
function shareBeyond(
  F: number,
  resampled: (rng: Random) => number,
  rng: Random,
  { resamples, level }: TestOptions,
): number {
  const most = level * (resamples + 1)
  let beyond = 0
  let made = 0
  while (made < resamples && beyond < most) {
    if (resampled(rng) >= F) beyond++
    made++
  }
  return (beyond + 1) / (made + 1)
}

/** F of losses that the smaller model could have given. */
function resampler(
  fits: SharedFits,
  small: SharedFit,
  large: SharedFit,
  clusters: Clusters,
  ratio: (small: SharedFit, large: SharedFit) => number,
) {
  const [ofSmall, ofLarge] = [problemOf(fits, small.layout), problemOf(fits, large.layout)]
  const { fitted, residual } = deviationsOf(ofSmall, small.theta, fits.data.of, clusters, givenBack.variance)
  return ({ uniform }: Random): number => {
    const sign = clusters.members.map(() => (uniform() < 0.5 ? -1 : 1))
    for (let i = 0; i < fitted.length; i++) {
      ofSmall.loss[i] = fitted[i] + sign[clusters.of[i]] * residual[i]
      ofLarge.loss[i] = ofSmall.loss[i]
    }
    return ratio(refit(ofSmall, small), refit(ofLarge, large))
  }
}
