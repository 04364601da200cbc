/**
 * What the joint law's coefficients are in worlds that learn in stages: mean and spread over `staged:1000` to `staged:1039`, which are kept
 * for tuning. `priors.staged` has these centres, and widths a fifth wider. About 3 minutes.
 *
 * Run with `node bin/node24.js scripts/staged-prior.ts`.
 */

import { type Random, random } from '../src/core/random.ts'
import type { TrainedRun } from '../src/core/trainer.ts'
import { targetFlops, targetLimits } from '../src/cs336/limits.ts'
import { nonEmbeddingParameters } from '../src/cs336/parameters.ts'
import { apiSpace } from '../src/cs336/space.ts'
import { fitForms } from '../src/joint/fit.ts'
import { jointNames } from '../src/joint/law.ts'
import { formsOfStages, jointPrior, priors } from '../src/joint/prior.ts'
import { optimum } from '../src/world/optimum.ts'
import { type StagedWorld, stagedWorld } from '../src/world/staged.ts'

const worlds = { first: 1000, count: 40 } as const
const runsOfEach = 260
const budgets = [1e17, 3e17, 1e18, 3e18, 1e19] as const
/** The best size is sought at rates that a run may have. */
const allowed = { ...targetLimits, learningRate: { least: 1e-4, most: 1e-3 } }
const rates = [1.5e-4, 8e-3] as const
const ratios = [25, 150] as const
/** Sizes lie within this factor of the budget's best one. */
const sizes = Math.exp(2)
/** Noise of a run, nats, and the loss above which one is not used. */
const [noise, mostLoss] = [0.01, 5.5]

const between = (rng: Random, least: number, most: number): number => least * (most / least) ** rng.uniform()

function runsOf(world: StagedWorld): TrainedRun[] {
  const rng = random(world.seed, 77)
  const best = budgets.map((flops) => optimum(world, flops, allowed).config)
  const runs: TrainedRun[] = []
  while (runs.length < runsOfEach) {
    const k = rng.integer(budgets.length)
    const size = nonEmbeddingParameters(best[k].dModel, best[k].numLayers)
    const shape = targetLimits.models.near(between(rng, size / sizes, size * sizes), between(rng, ...ratios))
    if (shape === null) continue
    const batchSize = rng.uniform() < 0.7 ? 128 : 256
    const config = { ...shape, learningRate: between(rng, ...rates), batchSize, trainFlops: budgets[k] }
    const loss = world.loss(config) + noise * rng.normal()
    if (loss < mostLoss) runs.push({ config, loss })
  }
  return runs
}

const fits = Array.from({ length: worlds.count }, (_, k) => {
  const world = stagedWorld(worlds.first + k)
  process.stderr.write(`\r${world.name}`)
  const options = { target: targetFlops, space: apiSpace, accountings: ['tokens'] } as const
  return fitForms(runsOf(world), options, formsOfStages, priors.usual, runsOfEach)
}).flat()
process.stderr.write('\n')

const digits = (value: number): string => value.toFixed(2).padStart(7)
for (const [k, name] of jointNames.entries())
  for (const form of formsOfStages) {
    const values = fits.flatMap(({ mode: { fitted } }) => (fitted.form === form ? [fitted.theta[k]] : []))
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length
    const spread = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1))
    if (spread < 1e-9) continue
    console.log(
      name.padEnd(16),
      form.padEnd(8),
      digits(mean),
      '±',
      digits(spread),
      '  usual',
      ...jointPrior[name].map(digits),
    )
  }
