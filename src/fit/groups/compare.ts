import { trainFlops } from '../../core/flops.ts'
import type { Runs } from '../../core/run.ts'
import { frontierLoss } from '../../law/frontier.ts'
import { powerAt } from '../../law/power.ts'
import { optimalLoss, optimalParameters, optimalTokens, type SurfaceLaw, surfaceLoss } from '../../law/surface.ts'
import type { NormPrior } from '../norm/prior.ts'
import { clustersOf } from './clusters.ts'
import { fitSharings } from './fit.ts'
import { type Estimate, estimateOf, type Replicas, replicasOf } from './replicas.ts'
import type { OptimaRatio, PairComparison, Shared, Worth } from './result.ts'
import type { SharingName } from './sharing.ts'
import { keptOf, type TestOptions, testsOf } from './test.ts'

export interface CompareOptions extends TestOptions {
  readonly prior: NormPrior
  readonly confidence: number
}

/** Some groups by every model, and how else one of them could have come out. */
interface Compared {
  readonly shared: Shared
  replicas(name: SharingName): Replicas
}

/** What all of some groups share. */
export const shareOf = (runs: readonly Runs[], options: CompareOptions): Shared => comparedOf(runs, options).shared

function comparedOf(runs: readonly Runs[], options: CompareOptions): Compared {
  const fits = fitSharings(runs, options.prior)
  const clusters = clustersOf(runs)
  const tests = testsOf(fits, clusters, options)
  const kept = keptOf(tests, options.level)
  const made = new Map<SharingName, Replicas>()
  const replicas = (name: SharingName): Replicas => {
    if (!made.has(name)) made.set(name, replicasOf(fits, fits.fits[name], clusters, options))
    return made.get(name)!
  }
  const exponent = (name: 'alpha' | 'beta' | 'q') =>
    estimateOf(replicas(spoken(kept)), ([first]) => first[name], options.confidence)
  const exponents = kept === 'own' ? null : { alpha: exponent('alpha'), beta: exponent('beta'), q: exponent('q') }
  return { shared: { tests, kept, exponents }, replicas }
}

/** Where one law holds, how near to 1 a factor of tokens is has to be told all the same. */
const spoken = (kept: SharingName): SharingName => (kept === 'one' ? 'tokens' : kept)

/** Where two groups are held beside each other. */
export interface Asked {
  /** Runs of the reference whose tokens are weighed. */
  readonly places: readonly Place[]
  /** Budgets whose best runs are compared. */
  readonly budgets: readonly SharedBudget[]
}

/** One group beside another. */
export function comparePair(
  [reference, group]: readonly [Named, Named],
  { places, budgets }: Asked,
  options: CompareOptions,
): PairComparison {
  const { shared, replicas } = comparedOf([reference.runs, group.runs], options)
  const { kept } = shared
  const by =
    (laws: Replicas) =>
    (quantity: (a: SurfaceLaw, b: SurfaceLaw) => number): Estimate =>
      estimateOf(laws, ([a, b]) => quantity(a, b), options.confidence)
  const estimate = by(replicas(spoken(kept)))
  const isOneFactor = kept === 'one' || kept === 'tokens'
  return {
    ...shared,
    reference: reference.name,
    group: group.name,
    tokens: kept === 'own' ? null : estimate((a, b) => (b.B / a.B) ** (1 / a.beta)),
    plateau: by(replicas(isOneFactor ? 'plateau' : kept))((a, b) => b.E - a.E),
    sizes: kept === 'exponents' ? estimate((a, b) => (b.A / a.A) ** (1 / a.alpha)) : null,
    differences:
      kept === 'own'
        ? { alpha: estimate((a, b) => b.alpha - a.alpha), beta: estimate((a, b) => b.beta - a.beta) }
        : null,
    worth: places.map((place) => worthAt(place, replicas(spoken(kept)).laws[0], estimate)),
    optima: budgets.map((budget) => optimaAt(budget, by(replicas('own')))),
  }
}

export interface Named {
  readonly name: string
  readonly runs: Runs
}

/** A run of which only N and D are known. */
export interface Place {
  readonly parameters: number
  readonly tokens: number
}

/** A budget, and what it is as 6ND in the reference and in the group. */
export interface SharedBudget {
  readonly flops: number
  readonly works: readonly [reference: number, group: number]
}

/** Estimates a quantity of the laws of the reference and of the group. */
type EstimatePair = (quantity: (a: SurfaceLaw, b: SurfaceLaw) => number) => Estimate

/**
 * By laws of their own, whatever model was kept: beyond the runs a difference of exponents that they do not show moves the optimum. Of 40 pairs whose
 * beta differs by 0.03, at ten times the largest budget, this held the ratio of N in all, the kept model in 19.
 */
function optimaAt({ flops, works: [ofA, ofB] }: SharedBudget, estimate: EstimatePair): OptimaRatio {
  const best = (law: SurfaceLaw, work: number) => frontierLoss(optimalLoss(law), work)
  return {
    flops,
    parameters: estimate((a, b) => bestPlace(b, ofB).parameters / bestPlace(a, ofA).parameters),
    tokens: estimate((a, b) => bestPlace(b, ofB).tokens / bestPlace(a, ofA).tokens),
    loss: estimate((a, b) => best(b, ofB) - best(a, ofA)),
  }
}

function worthAt({ parameters, tokens }: Place, law: SurfaceLaw, estimate: EstimatePair): Worth {
  const factor = estimate((a, b) => tokensForLoss(b, parameters, surfaceLoss(a, parameters, tokens)) / tokens)
  const flops = trainFlops(parameters, tokens)
  return { flops, parameters, tokens, loss: surfaceLoss(law, parameters, tokens), factor }
}

/** The best run of a law at a budget, as 6ND. */
export const bestPlace = (law: SurfaceLaw, flops: number): Place => ({
  parameters: powerAt(optimalParameters(law), flops),
  tokens: powerAt(optimalTokens(law), flops),
})

/** The tokens with which a law has some loss at N parameters; infinite where it never falls so low. (E95) */
export function tokensForLoss({ E, A, B, alpha, beta, q }: SurfaceLaw, N: number, loss: number): number {
  const both = loss - E
  const size = A * N ** -alpha
  if (!(both > size)) return Number.POSITIVE_INFINITY
  // both^(1/q) - size^(1/q), with the larger one taken out.
  const data = both * (1 - (size / both) ** (1 / q)) ** q
  return (B / data) ** (1 / beta)
}
