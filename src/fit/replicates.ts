import { random } from '../core/random.ts'
import type { Runs } from '../core/run.ts'
import type { SurfaceLaw } from '../law/surface.ts'
import { budgetSampler, type Replicates, runSampler, type Sampler, type Scheme } from './bootstrap.ts'
import { estimateOf, inFlopsOf } from './estimate.ts'
import type { FitData, Fitted } from './methods.ts'
import type { Resampling } from './result.ts'
import { surfaceScores } from './scores.ts'

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

/** Draws whole training curves with replacement; the weights are those of curves. */
const curveSampler =
  (runs: Runs, curveCount: number, seed: number): Sampler =>
  (replicate) => {
    const { integer } = random(seed, 3, replicate)
    const weights = new Float64Array(curveCount)
    for (let k = 0; k < curveCount; k++) weights[integer(curveCount)]++
    return { runs, weights }
  }

/** Every scheme's estimates by one method. */
export function replicate(
  fitted: Fitted,
  data: FitData,
  samplers: Samplers,
  resampling: Resampling,
  judge: SurfaceLaw | null,
): Replicates {
  if (fitted.draws)
    return new Map([['posterior', fitted.draws(Math.min(resampling.resamples, mostDraws), resampling.seed)]])
  if (resampling.kind === 'score') {
    if (fitted.method !== 'surface' || judge === null) return new Map()
    const laws = surfaceScores(data.runs, data.budgets, judge, resampling) ?? new Map<Scheme, SurfaceLaw[]>()
    return new Map(
      laws
        .entries()
        .map(([scheme, list]) => [
          scheme,
          list.map((law) => inFlopsOf(estimateOf(law, fitted.estimate.fitError!), data.flopsRatio)),
        ]),
    )
  }
  const own: Samplers =
    fitted.method === 'envelope' && data.curves
      ? new Map([['runs', curveSampler(data.runs, data.curves.curveCount, resampling.seed)]])
      : samplers
  const draw = (sampler: Sampler) => Array.from({ length: resampling.resamples }, (_, k) => fitted.refit(sampler(k)))
  return new Map(own.entries().map(([scheme, sampler]) => [scheme, draw(sampler)]))
}
