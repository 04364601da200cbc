import type { SurfaceLaw } from '../law/surface.ts'
import { budgetSampler, type Replicates, type Resampling, runSampler, type Sampler, type Scheme } from './bootstrap.ts'
import type { FitData } from './data.ts'
import type { Fitted } from './methods/method.ts'

/** Draws from a posterior: more do not move a 95 % interval by a tenth of its width. */
const mostDraws = 400

/** The samplers of the schemes that can be used. */
export type Samplers = ReadonlyMap<Scheme, Sampler>

/** Both schemes' samplers; scheme `budgets` needs a surface to take residuals from. */
export function samplersOf(data: FitData, law: SurfaceLaw | null, seed: number): Samplers {
  const runs: Samplers = new Map([['runs', runSampler(data.runs, data.budgets, seed)]])
  const budgets = law && budgetSampler(data.runs, data.budgets, law, seed)
  return budgets ? new Map([...runs, ['budgets', budgets]]) : runs
}

/** Every scheme's estimates by one method. */
export function replicate({ replicas }: Fitted, samplers: Samplers, resampling: Resampling): Replicates {
  const { kind, resamples, seed } = resampling
  if (replicas.kind === 'draws') return new Map([['posterior', replicas.draw(Math.min(resamples, mostDraws), seed)]])
  if (kind === 'score') return replicas.scores?.(resampling) ?? new Map()
  const own: Samplers = replicas.sampler ? new Map([['runs', replicas.sampler(seed)]]) : samplers
  const refits = (sampler: Sampler) => Array.from({ length: resamples }, (_, k) => replicas.refit(sampler(k)))
  return new Map([...own].map(([scheme, sampler]) => [scheme, refits(sampler)]))
}
