import { type TunedName, tunedIndex, tunedNames } from '../../law/tuned.ts'

type Normal = readonly [mean: number, sd: number]

/** What a table can have beside size and tokens. */
export const tunedFeatures = ['rate', 'batch', 'repeats'] as const
export type TunedFeature = (typeof tunedFeatures)[number]

/**
 * The prior of the coefficients, each normal; E, A and B are over the lowest loss, `support` is parameters for a token. Centres are published where something is
 * published, or seen in the runs that the form was chosen on; the widths are assumed, so that a hundred runs outweigh them.
 */
export const tunedPrior: Readonly<Record<Exclude<TunedName, 'norm'>, Normal>> = {
  E: [Math.log(0.65), 0.4],
  A: [Math.log(0.15), 1],
  B: [Math.log(0.15), 1],
  alpha: [Math.log(0.33), 0.4],
  beta: [Math.log(0.33), 0.4],
  // Step Law (Li et al. 2025): best rate N^-0.713 D^0.307, best batch D^0.571; DeepSeek LLM (2024): C^-0.125 and C^0.327.
  rate: [0, 1],
  rateSize: [-0.5, 0.3],
  rateTokens: [0.2, 0.2],
  // McCandlish et al. 2018, section 2.2: best rate 1 / (1 + B_n / B), with an exponent of 0.5 to 1 for Adam.
  rateBatch: [0.7, 0.3],
  noise: [-0.5, 0.7],
  waste: [Math.log(0.1), 1],
  rateTail: [Math.log(0.6), 0.7],
  harm: [Math.log(0.01), 1.2],
  harmTail: [0.3, 0.6],
  batch: [0, 1.2],
  batchTokens: [0.5, 0.2],
  batchWaste: [Math.log(0.05), 1.2],
  batchTail: [Math.log(0.8), 0.7],
  // Muennighoff et al. 2023: R* of tokens 15.4, of size 5.3; Hoffmann et al. 2022: 20 tokens support one parameter.
  repeats: [Math.log(15), 0.4],
  surplus: [Math.log(5.3), 0.7],
  support: [Math.log(1 / 20), 0.5],
  onset: [Math.log(20), 1],
  overfit: [Math.log(0.005), 1.5],
  overfitSize: [1, 1],
  overfitUnique: [0, 0.3],
  overfitTail: [0, 0.7],
}

const namesOf: Readonly<Record<TunedFeature, readonly TunedName[]>> = {
  rate: ['rate', 'rateSize', 'rateTokens', 'waste', 'rateTail', 'harm', 'harmTail'],
  batch: ['batch', 'batchTokens', 'batchWaste', 'batchTail'],
  repeats: ['repeats', 'surplus', 'support', 'onset', 'overfit', 'overfitSize', 'overfitUnique', 'overfitTail'],
}
const always: readonly TunedName[] = ['E', 'A', 'B', 'alpha', 'beta']
/** How the best rate goes by the batch, where both vary. */
const bothVary: readonly TunedName[] = ['rateBatch', 'noise']

/** Values that switch the terms of an absent feature off; 0 for all others. */
const switchedOff: Partial<Record<TunedName, number>> = {
  waste: -50,
  harm: -50,
  batchWaste: -50,
  overfit: -50,
  support: 50,
}

/** The indices of the coefficients that these features leave free, ascending. */
export function freeCoefficients(features: ReadonlySet<TunedFeature>): number[] {
  const both = features.has('rate') && features.has('batch') ? bothVary : []
  const names = new Set([...always, ...[...features].flatMap((feature) => namesOf[feature]), ...both])
  return tunedNames.flatMap((name) => (names.has(name) ? [tunedIndex[name]] : []))
}

export interface TunedPrior {
  /** Every coefficient; of those that are not free, the value that they keep. */
  readonly mean: Float64Array
  readonly sd: Float64Array
}

/** Where a table lies: its lowest loss, nats, and D0 / N0 of its reference. */
export interface Scale {
  readonly lowest: number
  readonly tokensPerParameter: number
}

/** The prior of a table with these features, for this q of the norm. */
export function priorFor(features: ReadonlySet<TunedFeature>, scale: Scale, q: number): TunedPrior {
  const free = new Set(freeCoefficients(features))
  const mean = Float64Array.from(tunedNames, (name, k) => {
    if (name === 'norm') return Math.log(q)
    if (!free.has(k)) return switchedOff[name] ?? 0
    if (name === 'E' || name === 'A' || name === 'B') return tunedPrior[name][0] + Math.log(scale.lowest)
    return tunedPrior[name][0] + (name === 'support' ? Math.log(scale.tokensPerParameter) : 0)
  })
  return { mean, sd: Float64Array.from(tunedNames, (name) => (name === 'norm' ? 0 : tunedPrior[name][1])) }
}
