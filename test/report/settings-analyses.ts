import { repeatsWorld } from '../../bench/repeats-worlds.ts'
import type { Runs } from '../../src/core/run.ts'
import { analyse } from '../../src/fit/analysis.ts'
import type { Analysis } from '../../src/fit/result.ts'
import { madeRuns } from '../fit/tuned-runs.ts'

/** Rates on a grid, as people sweep them. */
export const onGrid = (runs: Runs): Runs => {
  const rate = runs.tuning!.rate!.map((r) => 1e-3 * 2 ** Math.round(Math.log2(r / 1e-3)))
  return { ...runs, tuning: { ...runs.tuning!, rate } }
}

/** The law of learning rates and batches. */
export const joint: Analysis = await analyse(
  { runs: onGrid(madeRuns(['rate', 'batch'], { seed: 11, noise: 0.003 })) },
  { targets: [1e21, 1e22], methods: ['joint'], resamples: 20 },
)

/** The law of repeated data. */
export const repeated: Analysis = await analyse(
  { runs: repeatsWorld(4, 'as-fitted', 32).runs },
  { targets: [1e21, 1e22], repeats: { unique: [2e9, 2e10, 1e13] }, resamples: 60 },
)
