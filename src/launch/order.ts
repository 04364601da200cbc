import { createHash } from 'node:crypto'
import type { Config } from '../core/config.ts'
import { IsoflopError } from '../core/errors.ts'
import type { Space } from '../space/space.ts'

/** A training run as it is handed to a program: all that it has to know. */
export interface Order {
  /** Names the run: equal orders have equal ids, whoever asks and when. */
  readonly id: string
  /** The fields of the configuration by their outside names, and what follows from them. */
  readonly fields: Readonly<Record<string, number | string>>
  /** What every run of the space has in addition. */
  readonly constants: Space['constants']
  readonly trainFlops: number
  /** D: what the FLOPs pay for, in whole steps. */
  readonly tokens: number
  readonly steps: number
}

/** What a program is told beside the configuration and the constants. */
export const derivedNames = [
  'parameters',
  'tokens',
  'steps',
  'step_tokens',
  'context_length',
  'vocabulary_size',
] as const
/** What is known of a run only when it starts. */
export const startNames = ['id', 'folder'] as const

/**
 * The order of a configuration. The course's space counts the embedding in what tokens cost, as its API does.
 * @throws IsoflopError CONFIG_INVALID where the FLOPs do not pay for one step.
 */
export function orderOf(space: Space, config: Config): Order {
  const accounting = space.accountings.tokens === undefined ? 'none' : 'tokens'
  const { core, tokens: affordable, stepTokens } = space.measure(config, accounting)
  // A budget that pays for a number of steps exactly must not lose one to rounding.
  const steps = Math.floor((affordable / stepTokens) * (1 + 1e-12))
  if (steps < 1) throw noStep(config, affordable, stepTokens)
  const tokens = steps * stepTokens
  const derived: Record<(typeof derivedNames)[number], number> = {
    parameters: core,
    tokens,
    steps,
    step_tokens: stepTokens,
    context_length: space.contextLength,
    vocabulary_size: space.vocabularySize,
  }
  const own = Object.fromEntries(space.fields.map(({ name }) => [name, space.record(config)[name] as number | string]))
  const fields = { ...own, ...derived }
  const { constants } = space
  return { id: idOf([fields, constants]), fields, constants, trainFlops: config.trainFlops, tokens, steps }
}

const idOf = (content: unknown): string =>
  createHash('sha256').update(JSON.stringify(content)).digest('hex').slice(0, 16)

const noStep = ({ trainFlops, batchSize }: Config, tokens: number, stepTokens: number): IsoflopError =>
  new IsoflopError(
    'CONFIG_INVALID',
    `${trainFlops} FLOPs pay for ${Math.floor(tokens)} tokens, expected those of one step at least: a batch of ${batchSize} has ${stepTokens}.`,
    'Give the space smaller batches, smaller models or larger budgets.',
  )

/** Every name that a program may be told in a space. Errors: SPACE_INVALID where a constant has the name of something else. */
export function orderNames(
  { fields, constants }: Pick<Space, 'fields' | 'constants'>,
  more: readonly string[] = [],
): string[] {
  const taken = [...fields.map(({ name }) => name), ...derivedNames, ...startNames, ...more]
  const twice = Object.keys(constants).find((name) => taken.includes(name))
  if (twice !== undefined)
    throw new IsoflopError(
      'SPACE_INVALID',
      `constants.${twice} has a name that means something else to a program that is run: ${taken.join(', ')}.`,
      'Call the constant otherwise.',
    )
  return [...taken, ...Object.keys(constants)]
}
