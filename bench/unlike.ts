import { tokensFor } from '../src/core/flops.ts'
import { random } from '../src/core/random.ts'
import type { TrainingConfig } from '../src/cs336/config.ts'
import { vocabularySize } from '../src/cs336/limits.ts'
import { nonEmbeddingParameters } from '../src/cs336/parameters.ts'
import { cappedLoss } from '../src/world/hyperparameters.ts'
import { withNoise } from '../src/world/noise.ts'
import { optimum } from '../src/world/optimum.ts'
import type { World } from '../src/world/world.ts'

/**
 * Worlds that neither the joint law nor the prior of `seed:N` has: what tokens leave is a sum of two powers or drifts in its
 * exponent, a wrong rate costs nats instead of tokens, the law of the best rate is curved in size, odd shapes cost nats, early
 * training costs nats that fall with compute, and 3 % of the runs are outliers.
 */
interface UnlikeLaw {
  readonly E: number
  readonly size: { readonly A: number; readonly alpha: number }
  readonly data: { readonly B: number; readonly beta: number; readonly slow: number; readonly drift: number }
  readonly embedding: boolean
  readonly rate: { at: number; size: number; tokens: number; bend: number; depth: number; tail: number; skew: number }
  readonly larger: number
  readonly shape: { readonly best: number; readonly cost: number }
  readonly early: { readonly F: number; readonly power: number }
}

function lossOf(law: UnlikeLaw, { dModel, numLayers, batchSize, learningRate, trainFlops }: TrainingConfig): number {
  const core = nonEmbeddingParameters(dModel, numLayers)
  const D = tokensFor(trainFlops, core + (law.embedding ? vocabularySize * dModel : 0))
  const n = Math.log(core / 1e8)
  const t = Math.log(D / 2e9)
  const { B, beta, slow, drift } = law.data
  const data = (1 - slow) * B * Math.exp(-beta * t - 0.5 * drift * t * t) + slow * B * Math.exp((-beta * t) / 2)
  const { at, size, tokens, bend, depth, tail, skew } = law.rate
  const x = Math.log(learningRate / at) + size * n - tokens * t - 0.5 * bend * n * n
  const bowl = 2 * tail * tail * (Math.sqrt(1 + (x / tail) ** 2) - 1) * (x > 0 ? skew : 1)
  const batch = law.larger * Math.log(batchSize / 128) * Math.exp(-0.2 * t)
  const odd = Math.log(dModel / numLayers / law.shape.best)
  const early = law.early.F * (trainFlops / 1e16) ** -law.early.power
  const loss =
    law.E +
    law.size.A * Math.exp(-law.size.alpha * n) +
    data +
    depth * bowl +
    batch +
    law.shape.cost * odd * odd +
    early
  return cappedLoss(loss, 10.4)
}

function draw(seed: number, attempt: number): UnlikeLaw {
  const rng = random(seed, 0x0dd, attempt)
  const between = (low: number, high: number) => low + (high - low) * rng.uniform()
  const drifts = rng.uniform() < 0.5
  return {
    E: between(1.5, 2.1),
    size: { A: between(0.4, 0.9), alpha: between(0.25, 0.4) },
    data: {
      B: between(0.4, 0.9),
      beta: between(0.25, 0.4),
      slow: drifts ? 0 : between(0.1, 0.5),
      drift: drifts ? between(-0.012, 0.012) : 0,
    },
    embedding: rng.uniform() < 0.5,
    rate: {
      at: 4e-4 * 6 ** rng.uniform(),
      size: between(0.25, 0.6),
      tokens: between(0.05, 0.3),
      bend: between(-0.05, 0.05),
      depth: between(0.015, 0.06),
      tail: between(1, 3),
      skew: between(1, 2.5),
    },
    larger: between(-0.01, 0.06),
    shape: { best: 40 * 2.5 ** rng.uniform(), cost: between(0.002, 0.01) },
    early: { F: between(0.005, 0.08), power: between(0.35, 0.6) },
  }
}

/** An unlike world of a seed, drawn again until its optimum at 1e19 has 3e7 to 2e9 parameters. */
export function unlikeWorld(seed: number): World & { readonly form: string } {
  for (let attempt = 0; attempt < 1000; attempt++) {
    const law = draw(seed, attempt)
    const loss = (config: TrainingConfig) => lossOf(law, config)
    const { config } = optimum({ loss }, 1e19)
    const N = nonEmbeddingParameters(config.dModel, config.numLayers)
    if (N < 3e7 || N > 2e9) continue
    const sigma = 0.003 * 6 ** random(seed, 0x0dd, attempt, 1).uniform()
    const world = withNoise({ name: `unlike:${seed}`, description: 'unlike', loss, form: 'unlike', law }, sigma, seed)
    return { ...world, observe: (config) => world.observe(config) + outlier(seed, config) }
  }
  throw new Error(`unlike:${seed}: no plausible world`)
}

/** 3 % of the runs report 0.1 to 0.4 nats too much. */
function outlier(seed: number, { dModel, numLayers, learningRate, trainFlops }: TrainingConfig): number {
  const rng = random(seed, 0xbad, dModel, numLayers, Math.round(learningRate * 1e8), trainFlops)
  return rng.uniform() < 0.03 ? 0.1 + 0.3 * rng.uniform() : 0
}
