import type { Clock } from '../core/clock.ts'
import { evaluationSequences, type Sequence, type Tokens, trainingSequences, windowsIn } from './batches.ts'
import type { Progressed } from './checkpoint.ts'
import type { Engine } from './engine.ts'
import { gemmPeak } from './gemm-peak.ts'
import { averaged, type Losses } from './losses.ts'
import type { Recipe } from './recipe.ts'
import { cosine } from './schedule.ts'
import { initialState, layoutOf, type State } from './state.ts'
import { cutFor } from './step-graph.ts'
import { openTrainer, type Trainer } from './trainer.ts'

/** How a run ended. */
export type Ending =
  | { readonly kind: 'finished'; readonly losses: Losses }
  /** In this step the loss or the gradient, or after it the validation loss, was infinite or not a number; no loss is reported. */
  | { readonly kind: 'diverged'; readonly step: number }
  /** It was asked to stop; what was saved goes on from this step. */
  | { readonly kind: 'interrupted'; readonly step: number }

/** A step that was done. */
export interface StepReport {
  /** Counted from 1. */
  readonly step: number
  readonly loss: number
  readonly average: number
  readonly learningRate: number
  readonly gradientNorm: number
}

/** How fast it goes, for people. */
export interface Speed {
  readonly tokensPerSecond: number
  /** FLOP/s of the matrix products over what the engine reaches in large ones. */
  readonly gemmFraction: number
  readonly secondsLeft: number
}

/** Where a run is kept while it goes on. */
export interface Keeping {
  /** Fills the state from what was saved; null where nothing was. */
  load(state: State): Progressed | null
  save(progressed: Progressed, state: State): void
}

export interface TrainOptions {
  readonly recipe: Recipe
  readonly text: { readonly train: Tokens; readonly val: Tokens }
  readonly engine: Engine
  readonly clock: Clock
  readonly keeping: Keeping
  /** Sequences of validation text that the last loss is measured on. */
  readonly validationSequences: number
  /** How often to save, ms. */
  readonly saveEveryMs: number
  readonly signal: AbortSignal
  onStep(report: StepReport, speed: Speed): void
}

/**
 * Trains a recipe to its end, from where it was left: the whole of training on one page. Equal recipes on equal text end with
 * equal weights, on one to eight threads and however often it was interrupted.
 *
 * @throws IsoflopError DEVICE_UNAVAILABLE, OUTPUT_FAILED or CHECKPOINT_INVALID.
 */
export async function train(options: TrainOptions): Promise<Ending> {
  const { recipe, text, engine, clock, keeping, signal } = options
  const { shape, config, steps, seed } = recipe
  const state = initialState(layoutOf(shape), seed)
  let done: Progressed = keeping.load(state) ?? { step: 0, average: null, last: null }
  const trainer = await openTrainer(engine, { shape, cut: cutFor(shape, config.batchSize), state, seed, dropout: true })
  try {
    const batch = batchesOf(text.train, recipe)
    const speedometer = await startSpeedometer(trainer, options, steps - done.step)
    let savedAt = clock.now()
    while (done.step < steps) {
      if (signal.aborted) {
        keeping.save(done, state)
        return { kind: 'interrupted', step: done.step }
      }
      const step = done.step + 1
      const learningRate = cosine(config.learningRate, step - 1, steps)
      const result = await trainer.step({ sequences: batch(step), step, learningRate, signal })
      if (result === null) continue // asked to stop within the step
      const { loss, gradientNorm } = result
      if (!Number.isFinite(gradientNorm)) return { kind: 'diverged', step }
      const average = averaged(done.average, loss)
      done = { step, average, last: loss }
      options.onStep({ step, loss, average, learningRate, gradientNorm }, speedometer(step))
      if (clock.now() - savedAt >= options.saveEveryMs || step === steps) {
        keeping.save(done, state)
        savedAt = clock.now()
      }
    }
    const held = evaluationSequences(text.val, shape.contextLength, options.validationSequences)
    const validation = await trainer.evaluate(held)
    if (!Number.isFinite(validation)) return { kind: 'diverged', step: steps }
    return { kind: 'finished', losses: { average: done.average!, last: done.last!, validation } }
  } finally {
    await trainer.close()
  }
}

/** The sequences of a step, counted from 1. */
function batchesOf(text: Tokens, { shape, config: { batchSize }, seed }: Recipe): (step: number) => Sequence[] {
  const sequence = trainingSequences(text, shape.contextLength, seed)
  return (step) => Array.from({ length: batchSize }, (_, i) => sequence((step - 1) * batchSize + i))
}

/** Passes over the training text that a recipe makes. */
export const passes = ({ config, steps, shape }: Recipe, text: Tokens): number =>
  (steps * config.batchSize) / windowsIn(text, shape.contextLength)

/** Measures speed from now on, over the steps since. */
async function startSpeedometer(
  { sequenceFlops }: Trainer,
  { recipe: { config, steps, shape }, engine, clock }: TrainOptions,
  stepsLeft: number,
): Promise<(step: number) => Speed> {
  const peak = stepsLeft > 0 ? await gemmPeak(engine, clock) : 1
  const begun = clock.now()
  const first = steps - stepsLeft
  return (step) => {
    const seconds = Math.max(1e-3, (clock.now() - begun) / 1e3)
    const sequences = (step - first) * config.batchSize
    return {
      tokensPerSecond: (sequences * shape.contextLength) / seconds,
      gemmFraction: (sequences * sequenceFlops) / seconds / peak,
      secondsLeft: (seconds / (step - first)) * (steps - step),
    }
  }
}
