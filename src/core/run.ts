/**
 * What a loss is in. Per token it is always nats; per byte and per character bits are usual, and stay, because only the tokenizer could
 * say how many bytes a token has.
 */
export type LossUnit = 'nats/token' | 'bits/byte' | 'bits/character'

/** What losses of runs are printed in, and shorter, what a difference of them is. */
export function unitsOf({ lossUnit = 'nats/token' }: { readonly lossUnit?: LossUnit | undefined }) {
  return { loss: lossUnit, difference: lossUnit === 'nats/token' ? 'nats' : lossUnit } as const
}

/** One finished training run: N parameters, D tokens, C FLOPs, and the loss in nats per token. */
export interface Run {
  readonly parameters: number
  readonly tokens: number
  readonly flops: number
  readonly loss: number
}

/** Many runs as columns of equal length, so that a million of them fit in memory and in a loop. */
export interface Runs {
  readonly size: number
  /** N. */
  readonly parameters: Float64Array
  /** D. */
  readonly tokens: Float64Array
  /** C. */
  readonly flops: Float64Array
  /** L, in `lossUnit`. */
  readonly loss: Float64Array
  /** `nats/token` where it is not said. */
  readonly lossUnit?: LossUnit
  /** What else was set in each run, where a table says so. */
  readonly tuning?: Tuning
}

/** Settings beside size and tokens: columns as long as the runs with NaN where a cell is empty, null where there is no column. */
export interface Tuning {
  /** Peak learning rate. */
  readonly rate: Float64Array | null
  /** Tokens or sequences of a step. */
  readonly batch: Float64Array | null
  readonly batchUnit: BatchUnit
  /** Tokens of the data set, each counted once; fewer than the run's tokens where data were repeated. */
  readonly unique: Float64Array | null
}
export type BatchUnit = 'tokens' | 'sequences'

/** Training curves: rows in the order read, `curve[i]` naming the training run that row i is a checkpoint of. */
export interface Curves {
  readonly checkpoints: Runs
  /** The index of the training run of each checkpoint, 0, 1, ...; `[size]`. */
  readonly curve: Int32Array
  readonly curveCount: number
}

/** Columns from a list of runs. */
export function runsOf(list: readonly Run[]): Runs {
  return {
    size: list.length,
    parameters: Float64Array.from(list, (run) => run.parameters),
    tokens: Float64Array.from(list, (run) => run.tokens),
    flops: Float64Array.from(list, (run) => run.flops),
    loss: Float64Array.from(list, (run) => run.loss),
  }
}

/** The run at one index. */
export function runAt(runs: Runs, i: number): Run {
  return { parameters: runs.parameters[i], tokens: runs.tokens[i], flops: runs.flops[i], loss: runs.loss[i] }
}

/** The runs at these indices, in this order. */
export function selectRuns(runs: Runs, indices: ArrayLike<number>): Runs {
  const pick = (column: Float64Array) => Float64Array.from(indices, (i) => column[i])
  return {
    size: indices.length,
    parameters: pick(runs.parameters),
    tokens: pick(runs.tokens),
    flops: pick(runs.flops),
    loss: pick(runs.loss),
    ...(runs.lossUnit && { lossUnit: runs.lossUnit }),
    ...(runs.tuning && { tuning: selectTuning(runs.tuning, pick) }),
  }
}

/** The same settings with each column picked from. */
export function selectTuning(tuning: Tuning, pick: (column: Float64Array) => Float64Array): Tuning {
  const { rate, batch, batchUnit, unique } = tuning
  return { rate: rate && pick(rate), batch: batch && pick(batch), batchUnit, unique: unique && pick(unique) }
}

/** Every nth run, from the first. */
export const everyNth = (runs: Runs, n: number): Runs =>
  selectRuns(
    runs,
    Array.from({ length: Math.ceil(runs.size / n) }, (_, k) => k * n),
  )

/** The same configurations with other losses. */
export const withLoss = (runs: Runs, loss: Float64Array): Runs => ({ ...runs, loss })
