import { tokensFor } from '../../src/core/flops.ts'
import { random } from '../../src/core/random.ts'
import { type Runs, runsOf } from '../../src/core/run.ts'
import type { GroupedRuns } from '../../src/fit/groups/grouped.ts'
import { powerAt } from '../../src/law/power.ts'
import { optimalParameters, type SurfaceLaw, surfaceLoss } from '../../src/law/surface.ts'

export const firstLaw: SurfaceLaw = { E: 1.8, A: 480, B: 2100, alpha: 0.35, beta: 0.37, q: 0.7 }
export const sixBudgets = [1e18, 3e18, 1e19, 3e19, 1e20, 3e20]

/** The law of data of which `k` times the tokens are needed. */
export const fewerTokens = (law: SurfaceLaw, k: number): SurfaceLaw => ({ ...law, B: law.B * k ** law.beta })

interface Noise {
  /** Standard deviation of each run's loss, nats. */
  readonly own?: number
  /** Of what all runs of a budget share, nats. */
  readonly shared?: number
  readonly seed?: number
}

/** Profiles of six sizes about the optimum of a law. */
export function profilesOf(law: SurfaceLaw, budgets: readonly number[], noise: Noise = {}): Runs {
  const { own = 0, shared = 0, seed = 0 } = noise
  const { normal } = random(seed, budgets.length)
  return runsOf(
    budgets.flatMap((flops) => {
      const common = shared * normal()
      return [0.35, 0.55, 0.85, 1.3, 2, 3.1].map((times) => {
        const parameters = times * powerAt(optimalParameters(law), flops)
        const tokens = tokensFor(flops, parameters)
        return { parameters, tokens, flops, loss: surfaceLoss(law, parameters, tokens) + common + own * normal() }
      })
    }),
  )
}

/** Several groups in one table, their rows in turn. */
export function interleaved(groups: Readonly<Record<string, Runs>>): GroupedRuns {
  const rows = Object.values(groups).flatMap(({ size, parameters, tokens, flops, loss }, group) =>
    Array.from({ length: size }, (_, i) => ({
      run: { parameters: parameters[i], tokens: tokens[i], flops: flops[i], loss: loss[i] },
      group,
      i,
    })),
  )
  rows.sort((a, b) => a.i - b.i || a.group - b.group)
  return {
    runs: runsOf(rows.map(({ run }) => run)),
    groups: { column: 'dataset', names: Object.keys(groups), of: Int32Array.from(rows, ({ group }) => group) },
  }
}
