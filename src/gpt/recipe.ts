import { IsoflopError } from '../core/errors.ts'
import { tokensFor, trainFlops } from '../core/flops.ts'
import type { TrainingConfig } from '../cs336/config.ts'
import { contextLength } from '../cs336/limits.ts'
import { type Accounting, countedParameters } from '../cs336/parameters.ts'
import type { ModelShape } from './model.ts'

/** What to train, as it is asked for. */
export interface TrainingRequest {
  /** Its `trainFlops` are ignored where `steps` is given. */
  readonly config: TrainingConfig
  /** Instead of FLOPs: how many steps. */
  readonly steps: number | null
  readonly seed: number
  readonly vocabularySize: number
  readonly accounting: Accounting
}

/** What a request comes to. Equal recipes on equal text give equal weights. */
export interface Recipe {
  readonly config: TrainingConfig
  readonly shape: ModelShape
  readonly seed: number
  readonly accounting: Accounting
  readonly steps: number
  /** D = steps * batch * 512. */
  readonly tokens: number
  /** N, as counted. */
  readonly parameters: number
}

/** Batches that the assignment allows. */
const batchesOfRecipe: readonly number[] = [128, 256]

/**
 * The recipe of a request: D = C / 6N tokens, and as many whole steps as they fill (docs/math.md E59).
 *
 * @throws IsoflopError CONFIG_INVALID where heads do not divide the width or the FLOPs do not pay for one step.
 */
export function recipeOf({ config, steps, seed, vocabularySize, accounting }: TrainingRequest): Recipe {
  const { dModel, numLayers, numHeads, batchSize } = config
  if (dModel % numHeads !== 0)
    throw new IsoflopError(
      'CONFIG_INVALID',
      `num_heads must divide d_model, got ${numHeads} heads and a width of ${dModel}.`,
      'Choose a width that is a multiple of the heads.',
    )
  const parameters = countedParameters(accounting, { dModel, numLayers, vocabularySize })
  const stepTokens = batchSize * contextLength
  const affordable = steps ?? Math.floor(tokensFor(config.trainFlops, parameters) / stepTokens)
  if (affordable < 1) throw tooFewFlops(config, trainFlops(parameters, stepTokens))
  const tokens = affordable * stepTokens
  return {
    config: steps === null ? config : { ...config, trainFlops: trainFlops(parameters, tokens) },
    shape: { dModel, numLayers, numHeads, vocabularySize, contextLength },
    seed,
    accounting,
    steps: affordable,
    tokens,
    parameters,
  }
}

const tooFewFlops = ({ batchSize, trainFlops: given }: TrainingConfig, step: number): IsoflopError =>
  new IsoflopError(
    'CONFIG_INVALID',
    `train_flops must pay for one step, got ${given}; a step of ${batchSize} sequences costs ${step}.`,
    'Spend more FLOPs, or choose a smaller model or a smaller batch.',
  )

/** How a recipe differs from the assignment's: for a warning. Empty where it does not. */
export function departures({ config, shape, steps }: Recipe, vocabularyOfRecipe: number): string[] {
  const found: string[] = []
  if (!batchesOfRecipe.includes(config.batchSize))
    found.push(`batches of ${config.batchSize} sequences where the assignment has ${batchesOfRecipe.join(' or ')}`)
  if (shape.vocabularySize !== vocabularyOfRecipe)
    found.push(`a vocabulary of ${shape.vocabularySize} where the assignment has ${vocabularyOfRecipe}`)
  if (steps < 300) found.push(`${steps} steps, over which the API's running average lags behind the loss`)
  return found
}
