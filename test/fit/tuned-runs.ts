import { random } from '../../src/core/random.ts'
import type { Runs } from '../../src/core/run.ts'
import { pointsOf } from '../../src/fit/tuned/data.ts'
import { priorFor, type TunedFeature } from '../../src/fit/tuned/prior.ts'
import { type TunedName, tunedIndex, tunedLoss, tunedSize } from '../../src/law/tuned.ts'

/** What the made runs are about. */
export const reference = { parameters: 3e8, tokens: 1e10, rate: 2e-3, batch: 200 }
/** The law that the runs are made from, which is not the prior's centre. */
export const truth = {
  ...{ E: Math.log(1.6), A: Math.log(0.5), B: Math.log(0.4), alpha: Math.log(0.36), beta: Math.log(0.29) },
  ...{ norm: Math.log(0.7), rate: 0.2, rateSize: -0.6, rateTokens: 0.28, rateBatch: 0.8, noise: -0.4 },
  ...{ waste: Math.log(0.12), harm: Math.log(0.015), batch: 0.1, batchTokens: 0.5, batchWaste: Math.log(0.08) },
  ...{ repeats: Math.log(12), surplus: Math.log(6), support: Math.log(3), overfit: Math.log(0.01) },
} as const satisfies Partial<Record<TunedName, number>>

const trueTheta = (features: ReadonlySet<TunedFeature>): Float64Array => {
  const theta = priorFor(features, { lowest: 2.2, tokensPerParameter: 30 }, 1).mean
  const isOn = (name: TunedName) => theta[tunedIndex[name]] > -50
  for (const [name, value] of Object.entries(truth) as [TunedName, number][])
    if (isOn(name) && !(name === 'support' && !features.has('repeats'))) theta[tunedIndex[name]] = value
  return theta
}

/** The noise-free loss of the law at these runs, nats. */
export function trueLoss(runs: Runs, features: ReadonlySet<TunedFeature>): Float64Array {
  const theta = trueTheta(features)
  const scratch = new Float64Array(tunedSize)
  return Float64Array.from(pointsOf(runs, { reference, features }), (x) => tunedLoss(theta, x, scratch))
}

/**
 * Runs of the true law: five sizes by four lengths, `repeats` of each at random rates and batches around the best and at 1 to 64
 * epochs, with normal noise of this many nats.
 */
export function madeRuns(
  features: readonly TunedFeature[],
  { seed, noise = 0, repeats = 12 }: { seed: number; noise?: number; repeats?: number },
): Runs {
  const { normal, uniform } = random(seed)
  const has = new Set(features)
  const rows = [0.2, 0.5, 1, 2, 4].flatMap((n) =>
    [0.1, 0.3, 1, 3].flatMap((d) =>
      Array.from({ length: repeats }, () => ({ n, d, r: uniform(), b: uniform(), e: uniform() })),
    ),
  )
  const column = (value: (row: (typeof rows)[number]) => number) => Float64Array.from(rows, value)
  const parameters = column(({ n }) => n * reference.parameters)
  const tokens = column(({ d }) => d * reference.tokens)
  const runs: Runs = {
    size: rows.length,
    parameters,
    tokens,
    flops: parameters.map((N, i) => 6 * N * tokens[i]),
    loss: new Float64Array(rows.length),
    tuning: {
      // Four octaves of rates and five of batches, about a law that is wrong.
      rate: has.has('rate') ? column(({ n, d, r }) => 1.6e-3 * n ** -0.5 * d ** 0.2 * 2 ** (4 * r - 2)) : null,
      batch: has.has('batch') ? column(({ d, b }) => Math.round(200 * d ** 0.4 * 2 ** (5 * b - 2.5))) : null,
      batchUnit: 'sequences',
      unique: has.has('repeats') ? column(({ d, e }) => (d * reference.tokens) / 2 ** (6 * e)) : null,
    },
  }
  return { ...runs, loss: trueLoss(runs, has).map((loss) => loss + noise * normal()) }
}
