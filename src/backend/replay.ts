import { createHash } from 'node:crypto'
import { IsoflopError } from '../core/errors.ts'
import { outcomeOf } from '../core/trainer.ts'
import { apiCodec, type TrainingConfig } from '../cs336/config.ts'
import { readConfigs } from '../input/configs.ts'
import type { Backend } from './backend.ts'

/** A backend over a table of recorded runs; `repeated` counts rows of a configuration that an earlier row has. */
export interface ReplayBackend extends Backend {
  readonly recorded: number
  readonly repeated: number
}

/** How many recorded configurations a refusal names. */
const shownNearest = 3

/**
 * Answers from a table of recorded runs (columns d_model, num_layers, num_heads, batch_size, learning_rate, train_flops, loss) and
 * refuses, with NOT_RECORDED, what is not in it, naming the nearest recorded configurations. Of repeated rows the first counts.
 *
 * Errors: those of `readConfigs`, and CONFIG_INVALID for a row without a loss.
 */
export async function replayBackend(file: string): Promise<ReplayBackend> {
  const { name, rows } = await readConfigs(file)
  const runs = new Map<string, { config: TrainingConfig; loss: number }>()
  for (const { row, config, loss } of rows) {
    if (loss === null)
      throw new IsoflopError('CONFIG_INVALID', `${name} row ${row} has no loss.`, 'Recorded runs need a column loss.')
    const identity = apiCodec.identity(config)
    if (!runs.has(identity)) runs.set(identity, { config, loss })
  }
  const configs = [...runs.values()].map(({ config }) => config)
  return {
    name: `replay ${name}`,
    producer: { backend: 'replay', table: digestOf(runs) },
    recorded: runs.size,
    repeated: rows.length - runs.size,
    async train(config) {
      const run = runs.get(apiCodec.identity(config))
      return run ? outcomeOf(run.loss) : { kind: 'refused', error: notRecorded(config, configs) }
    },
    close: async () => {},
  }
}

/** Equal for equal recorded runs, in whatever file and order. */
function digestOf(runs: ReadonlyMap<string, { readonly loss: number }>): string {
  const lines = [...runs].map(([identity, { loss }]) => `${identity} ${loss}`).sort()
  return createHash('sha256').update(lines.join('\n')).digest('hex').slice(0, 12)
}

function notRecorded(config: TrainingConfig, recorded: readonly TrainingConfig[]): IsoflopError {
  const nearest = recorded
    .map((other) => ({ other, far: distance(config, other) }))
    .sort((a, b) => a.far - b.far || (apiCodec.identity(a.other) < apiCodec.identity(b.other) ? -1 : 1))
    .slice(0, shownNearest)
  return new IsoflopError(
    'NOT_RECORDED',
    `No run of this configuration is recorded. The nearest: ${nearest.map(({ other }) => described(other)).join('; ')}`,
    'Ask for a recorded configuration.',
  )
}

/** Sum of the logarithmic distances of the hyperparameters. */
const distance = (p: TrainingConfig, q: TrainingConfig): number =>
  (Object.keys(p) as (keyof TrainingConfig)[]).reduce((sum, name) => sum + Math.abs(Math.log(p[name] / q[name])), 0)

const described = (config: TrainingConfig): string =>
  `d_model ${config.dModel}, num_layers ${config.numLayers}, num_heads ${config.numHeads}, batch_size ${config.batchSize}, ` +
  `learning_rate ${config.learningRate}, train_flops ${config.trainFlops}`
