/** What `cpu-profiles.ts` trains: the design of data/cpu-isoflops.jsonl. */
export interface Model {
  readonly dModel: number
  readonly numLayers: number
  readonly trainFlops: number
  readonly learningRate: number
}

/** Sequences of 512 tokens in a step: at 1e12 FLOPs two reached lower losses than four or eight, each at its best rate. */
export const batchSize = 2

/** Widths and layers: N from 17,000 to 410,000, counted with one embedding matrix of 4,096 words. */
const shapes = [
  [4, 2],
  [8, 2],
  [12, 2],
  [16, 2],
  [24, 2],
  [32, 2],
  [48, 3],
  [64, 3],
] as const

/** The sizes of each budget, as places in `shapes`. Rates are tried at three values where runs are cheap. */
const budgets = [
  { trainFlops: 3e11, from: 0, to: 6, rates: [0.5, 1, 2] },
  { trainFlops: 1e12, from: 1, to: 7, rates: [0.5, 1] },
  { trainFlops: 3e12, from: 1, to: 7, rates: [1] },
  { trainFlops: 6e12, from: 2, to: 8, rates: [1] },
] as const

/** The learning rate where nothing was tried, to two digits: inversely proportional to the width, 0.016 at 32. */
export const usualRate = (dModel: number): number => Number((0.5 / dModel).toPrecision(2))

export const profiles: readonly Model[] = budgets.flatMap(({ trainFlops, from, to, rates }) =>
  shapes.slice(from, to).flatMap(([dModel, numLayers]) =>
    rates.map((factor) => ({
      dModel,
      numLayers,
      trainFlops,
      learningRate: Number((factor * usualRate(dModel)).toPrecision(2)),
    })),
  ),
)
