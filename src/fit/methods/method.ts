import type { BootstrapOptions, Resample, Sampler, Scheme } from '../bootstrap.ts'
import type { FitData } from '../data.ts'
import { type Estimate, inFlopsOf } from '../estimate.ts'
import type { LossLaws } from '../lowest.ts'
import type { NormPrior } from '../norm/prior.ts'

/**
 * A way from runs to the compute-optimal N and D. `methods.ts` lists those of this project; `analyse` takes others beside them.
 * @example const halves: Method = { name: 'halves', fit: ({ runs }) => ({ ...plain, estimate, replicas }) }
 */
export interface Method<Name extends string = string, F extends Fitted = Fitted> {
  readonly name: Name
  /** The fit, or in words why there is none. */
  fit(data: FitData, options: MethodOptions): F | string | Promise<F | string>
  /** Fitted to a million runs within seconds, so that very many runs are backtested too; false by default. */
  readonly isQuick?: boolean
  /** Known to be off where the table shows by how much: its disagreement with the others is no news. False by default. */
  readonly isRough?: boolean
}

/** Told what is being fitted, and of what takes long how far it has come, 0 to 1. */
export type OnStep = (step: string, share?: number) => void

export interface MethodOptions {
  /** Starts of `huber`; all 4,500 by default. */
  readonly starts?: number | undefined
  /** Worker threads; one for each processor by default. No result depends on it. */
  readonly threads?: number | undefined
  /** Told how far a fit that takes long has come, 0 to 1. */
  readonly onShare?: ((share: number) => void) | undefined
  /** What `norm` believes beforehand; `usualPrior` by default. */
  readonly prior?: NormPrior | undefined
}

/** A method's fit, with a way to ask how else it could have come out. */
export interface Fitted {
  readonly estimate: Estimate
  readonly replicas: Draws | Refits
  readonly excluded: readonly LeftOut[]
  /** False where the descent ended without a clear minimum. */
  readonly converged: boolean
  readonly lossLaws: LossLaws | null
  readonly objective: Objective | null
}

/** What most fits have in common: nothing left out, nothing to say beside the estimate. */
export const plain = { excluded: [], converged: true, lossLaws: null, objective: null } as const

/** What a method left out, and why. */
export interface LeftOut {
  readonly budget: number | null
  readonly reason: string
}

/** The summed objective of a fit from many starts, and how many starts ended within 5 % of it. */
export interface Objective {
  readonly value: number
  readonly starts: number
  readonly agreeing: number
}

/** A method with a posterior of its own: estimates are drawn from it, and nothing is refitted. */
export interface Draws {
  readonly kind: 'draws'
  draw(count: number, seed: number): Estimate[]
}

/** A method that is fitted again to resampled runs. */
export interface Refits {
  readonly kind: 'refits'
  refit(sample: Resample): Estimate | null
  /** Resamples of its own, where those of runs say nothing about the fit. */
  sampler?(seed: number): Sampler
  /** Replicates of very many runs without refits; a method that lacks them has no interval there. */
  scores?(options: BootstrapOptions): ReadonlyMap<Scheme, readonly Estimate[]>
}

/** A fit of a law, which knows FLOPs only as 6ND, in the FLOPs that the runs count. */
export function inFlops<F extends Fitted>(fitted: F, { flopsRatio }: FitData): F {
  if (flopsRatio === 1) return fitted
  const move = (estimate: Estimate) => inFlopsOf(estimate, flopsRatio)
  return { ...fitted, estimate: move(fitted.estimate), replicas: moved(fitted.replicas, move) }
}

function moved(replicas: Draws | Refits, move: (estimate: Estimate) => Estimate): Draws | Refits {
  if (replicas.kind === 'draws') return { kind: 'draws', draw: (count, seed) => replicas.draw(count, seed).map(move) }
  const { refit, scores } = replicas
  return {
    ...replicas,
    refit(sample) {
      const estimate = refit(sample)
      return estimate && move(estimate)
    },
    ...(scores && {
      scores: (options) =>
        new Map([...scores(options)].map(([scheme, estimates]) => [scheme, estimates.map(move)] as const)),
    }),
  }
}

export const noProfiles = 'the runs do not form IsoFLOP profiles of two or more budgets'
