import { random } from '../../core/random.ts'
import type { Curves, Runs } from '../../core/run.ts'
import type { Sampler } from '../bootstrap.ts'
import { comparedBudgets, fitEnvelope, tabulateCurves } from '../envelope.ts'
import { type Method, plain } from './method.ts'

/** A power law through the curves that are lowest at each budget (envelope.ts). */
export const envelope: Method<'envelope'> = {
  name: 'envelope',
  fit({ runs, curves }) {
    const table = curves && tabulateCurves(curves)
    if (table === null) return 'it needs at least three runs with several checkpoints each'
    const estimate = fitEnvelope(table)
    if (estimate === null) return 'no budget has its best curve between the smallest and the largest model'
    const { atEdge } = estimate
    const reason = `${atEdge} of ${comparedBudgets} compared budgets have their best curve at the smallest or largest size`
    return {
      ...plain,
      estimate,
      excluded: atEdge > 0 ? [{ budget: null, reason }] : [],
      replicas: {
        kind: 'refits',
        refit: (sample) => fitEnvelope(table, sample.weights),
        sampler: (seed) => curveSampler(runs, curves!, seed),
      },
    }
  },
}

/** Samples of runs say nothing about curves: whole curves are drawn with replacement; the weights are those of curves. */
const curveSampler =
  (runs: Runs, { curveCount }: Curves, seed: number): Sampler =>
  (replicate) => {
    const { integer } = random(seed, 3, replicate)
    const weights = new Float64Array(curveCount)
    for (let k = 0; k < curveCount; k++) weights[integer(curveCount)]++
    return { runs, weights }
  }
