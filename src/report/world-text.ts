import type { TrainingConfig } from '../cs336/config.ts'
import { compact, significant } from './number.ts'
import { type Block, list, type Section } from './page/blocks.ts'
import { type TextOptions, textOf } from './page/text.ts'
import { inLanguage, words } from './words/words.ts'

/** A configuration that is best in a world, noise-free. */
interface Best {
  readonly config: TrainingConfig
  /** Without embeddings. */
  readonly parameters: number
  readonly loss: number
  /** Standard deviation of a single run, nats. */
  readonly noise: number
}

/** What is true in a simulated world. */
export interface ToldWorld {
  readonly name: string
  readonly description: string
  /** In lines. */
  readonly law: readonly string[]
  readonly noise: string
  readonly targets: readonly Best[]
  /** Within what the API takes. */
  readonly allowed: readonly Best[]
}

/** `isoflop world show`, for a terminal. */
export const worldText = (world: ToldWorld, options: TextOptions = {}): string =>
  inLanguage(options.language ?? 'en', () => {
    const { world: say, elsewhere, marks } = words()
    const { name, description, law, noise, targets, allowed } = world
    const lines = [...law.map(elsewhere), say.noise(elsewhere(noise))]
    return textOf(
      [
        [section(`${name}${marks.colon}${elsewhere(description)}`, list(lines))],
        [section(say.best, bestTable(targets))],
        [section(say.allowed, bestTable(allowed))],
      ],
      options,
    )
  })

const section = (title: string, blocks: readonly Block[]): Section => ({ kind: 'section', title, blocks })

function bestTable(rows: readonly Best[]): Block[] {
  const { layers, heads, batch, rate, loss, noise } = words().world.columns
  const titles = ['FLOPs', 'N', 'd_model', layers, heads, batch, rate, loss, noise]
  return [
    {
      kind: 'table',
      columns: titles.map((title) => ({ title, align: 'right' })),
      rows: rows.map((row) => [
        compact(row.config.trainFlops),
        significant(row.parameters),
        ...[row.config.dModel, row.config.numLayers, row.config.numHeads, row.config.batchSize].map(String),
        significant(row.config.learningRate),
        row.loss.toFixed(4),
        row.noise.toFixed(4),
      ]),
    },
  ]
}
