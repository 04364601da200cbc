import type { Clock } from '../core/clock.ts'
import { IsoflopError } from '../core/errors.ts'
import type { Corpus } from '../corpus/corpus.ts'
import type { Tokens } from './batches.ts'
import { type Device, openEngine } from './engine.ts'
import type { Recipe } from './recipe.ts'
import { recordOf, type TrainingRecord } from './record.ts'
import { openRunFolder } from './run-folder.ts'
import { passes, type Speed, type StepReport, train } from './train.ts'

/** Sequences of validation text that a run is judged on: 65,536 tokens. */
export const defaultValidationSequences = 128

export interface RunOptions {
  readonly recipe: Recipe
  readonly corpus: Corpus
  /** Where checkpoints and the record are kept. */
  readonly folder: string
  /** Whether a run that is there goes on. */
  readonly resume: boolean
  readonly device: Device
  readonly threads: number
  readonly clock: Clock
  readonly signal: AbortSignal
  readonly validationSequences?: number
  /** How often to save, ms; default 30,000. */
  readonly saveEveryMs?: number
  /** Told once, before the first step: what it runs on, and what people should know of that. */
  onStart?(engine: { readonly name: string; readonly note: string | null }): void
  onStep?(report: StepReport, speed: Speed): void
  /** Told of a checkpoint or a record that is damaged: it is set aside, and training goes on from what is left. */
  onDamage?(error: IsoflopError): void
}

/** What became of a run: a record, or nothing yet because it was asked to stop. */
export type RunOutcome =
  | { readonly kind: 'ended'; readonly record: TrainingRecord }
  | { readonly kind: 'interrupted'; readonly step: number }

/**
 * Trains a recipe in a folder, from where an earlier process left it. A run that diverges has ended, too: its record says so.
 *
 * @throws IsoflopError CONFIG_INVALID where the corpus has more words than the model, CORPUS_TOO_SMALL, TRAINING_EXISTS,
 * TRAINING_DIFFERS, TRAINING_RUNNING, DEVICE_UNAVAILABLE, OUTPUT_FAILED.
 */
export async function run(options: RunOptions): Promise<RunOutcome> {
  const { recipe, corpus, clock, device, resume, validationSequences = defaultValidationSequences } = options
  checkVocabulary(corpus, recipe)
  const text = textOf(corpus, recipe.shape.contextLength)
  const folder = openRunFolder(options.folder, {
    ...{ recipe, corpus: corpus.identity, validationSequences, device, resume },
    onDamage: (error) => options.onDamage?.(error),
  })
  try {
    if (folder.finished) return { kind: 'ended', record: folder.finished }
    const engine = await openEngine(options)
    options.onStart?.(engine)
    let last: Speed | null = null
    const ending = await train({
      recipe,
      text,
      engine,
      clock,
      keeping: folder,
      validationSequences,
      saveEveryMs: options.saveEveryMs ?? 30_000,
      signal: options.signal,
      onStep(report, speed) {
        last = speed
        folder.log(report)
        options.onStep?.(report, speed)
      },
    })
    if (ending.kind === 'interrupted') return ending
    const record = recordOf(recipe, ending, {
      corpus: {
        identity: corpus.identity,
        bytesPerToken: corpus.bytesPerToken,
        passes: passes(recipe, text.train),
      },
      speed: speedOf(engine.name, last),
    })
    folder.finish(record)
    return { kind: 'ended', record }
  } finally {
    folder.close()
  }
}

const speedOf = (engine: string, speed: Speed | null): TrainingRecord['speed'] =>
  speed && { engine, tokensPerSecond: speed.tokensPerSecond, gemmFraction: speed.gemmFraction }

/**
 * Both sides of a corpus, as long as they have a window each.
 * @throws IsoflopError CORPUS_TOO_SMALL
 */
export function textOf(corpus: Corpus, contextLength: number): { readonly train: Tokens; readonly val: Tokens } {
  const side = (split: 'train' | 'val'): Tokens => {
    const size = corpus.tokens[split]
    if (size > contextLength) return { size, read: (from, length) => corpus.read(split, from, length) }
    throw new IsoflopError(
      'CORPUS_TOO_SMALL',
      `The ${split} part of ${corpus.dir} has ${size} tokens, expected more than ${contextLength}.`,
      'Prepare a corpus of more text, or with a larger --val-fraction.',
    )
  }
  return { train: side('train'), val: side('val') }
}

function checkVocabulary(corpus: Corpus, { shape }: Recipe): void {
  if (corpus.vocabularySize <= shape.vocabularySize) return
  throw new IsoflopError(
    'CONFIG_INVALID',
    `The vocabulary must have the ${corpus.vocabularySize} words of the corpus, got ${shape.vocabularySize}.`,
    'Leave --vocab-size out to take that of the corpus.',
  )
}
