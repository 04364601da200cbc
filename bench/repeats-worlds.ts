import { trainFlops } from '../src/core/flops.ts'
import { type Random, random } from '../src/core/random.ts'
import { type Run, type Runs, runsOf } from '../src/core/run.ts'
import { powerAt } from '../src/law/power.ts'
import { type RepeatsLaw, repeatsLoss, servedSize, supportedSize, taughtTokens } from '../src/law/repeats.ts'
import { optimalParameters, surfaceLoss } from '../src/law/surface.ts'

/** How a world differs from the law that is fitted. */
export const repeatsKinds = ['as-fitted', 'shared', 'memorizing', 'hyperbolic', 'bent'] as const
export type RepeatsKind = (typeof repeatsKinds)[number]

export interface RepeatsWorld {
  readonly law: RepeatsLaw
  readonly kind: RepeatsKind
  readonly runs: Runs
  /** The noise-free loss. */
  loss(N: number, D: number, U: number): number
  readonly mostEpochs: number
}

const logUniform = (rng: Random, low: number, high: number): number => low * (high / low) ** rng.uniform()
const pick = <T>(rng: Random, values: readonly T[]): T => values[rng.integer(values.length)]

/** A world of the data-constrained law, or unlike it, with runs as a study of repeats has them: sizes, unique tokens, epochs. */
export function repeatsWorld(seed: number, kind: RepeatsKind, epochs?: number): RepeatsWorld {
  const rng = random(seed, 0x57)
  const law = drawnLaw(rng)
  const mostEpochs = epochs ?? pick(rng, [8, 16, 32, 64])
  const loss = lossOf(law, kind)
  const noise = logUniform(rng, 0.0015, 0.006)
  const list: (Run & { unique: number })[] = []
  const shared = new Map<string, number>()
  const add = (N: number, U: number, D: number) => {
    const key = `${N} ${U}`
    if (!shared.has(key)) shared.set(key, rng.normal())
    const together = kind === 'shared' ? shared.get(key)! : 0
    const alone = kind === 'shared' ? Math.SQRT1_2 : 1
    const value = loss(N, D, U) * (1 + noise * (alone * rng.normal() + Math.SQRT1_2 * together))
    list.push({ parameters: N, tokens: D, flops: trainFlops(N, D), loss: value, unique: U })
  }
  const sizes = [5e7, 1.2e8, 3e8, 7e8, 1.7e9]
  const smallest = logUniform(rng, 1e8, 4e8)
  for (const U of [smallest, 5 * smallest, 25 * smallest])
    for (const N of sizes)
      for (let e = 1; e <= mostEpochs; e *= 2) if (rng.uniform() < 0.6 && N * U * e < 4e20) add(N, U, U * e)
  for (let k = 0; k < 12; k++) {
    const N = pick(rng, sizes)
    const D = N * logUniform(rng, 5, 80)
    add(N, D, D)
  }
  const tuning = {
    rate: null,
    batch: null,
    batchUnit: 'tokens',
    unique: Float64Array.from(list, (run) => run.unique),
  } as const
  return { law, kind, runs: { ...runsOf(list), tuning }, loss, mostEpochs }
}

function drawnLaw(rng: Random): RepeatsLaw {
  for (;;) {
    const [alpha, beta] = [0.34 * Math.exp(0.18 * rng.normal()), 0.32 * Math.exp(0.18 * rng.normal())]
    const q = rng.uniform() < 0.4 ? 1 : Math.min(1, Math.max(0.3, 0.5 * Math.exp(0.35 * rng.normal())))
    const fresh = {
      E: 1.4 + 0.8 * rng.uniform(),
      A: logUniform(rng, 0.2, 0.6) * 1e9 ** alpha,
      B: logUniform(rng, 0.2, 0.6) * 2e10 ** beta,
      alpha,
      beta,
      q,
    }
    const tokens = logUniform(rng, 4, 40)
    const size = rng.uniform() < 0.25 ? 1e9 : logUniform(rng, 1.5, 30)
    const N = powerAt(optimalParameters(fresh), 1e21)
    if (N > 3e8 && N < 1e10) return { fresh, tokens, size }
  }
}

function lossOf(law: RepeatsLaw, kind: RepeatsKind): RepeatsWorld['loss'] {
  const { fresh } = law
  const plain: RepeatsWorld['loss'] = (N, D, U) => repeatsLoss(law, N, D, U)
  if (kind === 'memorizing')
    return (N, D, U) => {
      const late = Math.max(0, Math.log(D / Math.min(D, U)) - Math.log(12))
      return plain(N, D, U) + 0.008 * (N / supportedSize(fresh, Math.min(D, U))) ** 0.5 * late ** 2
    }
  if (kind === 'hyperbolic')
    return (N, D, U) => {
      const unique = Math.min(D, U)
      const repeats = D / unique - 1
      const taught = unique * (1 + repeats / (1 + repeats / law.tokens))
      return surfaceLoss(fresh, servedSize(law, N, unique), taught)
    }
  if (kind === 'bent')
    return (N, D, U) => {
      const taught = taughtTokens(law, D, U)
      const bend = 0.25 * Math.log1p((taught / 5e9) ** 1)
      return surfaceLoss(fresh, servedSize(law, N, Math.min(D, U)), taught * Math.exp(-bend))
    }
  return plain
}
