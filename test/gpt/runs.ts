import type { Clock } from '../../src/core/clock.ts'
import type { Corpus } from '../../src/corpus/corpus.ts'
import type { Tokens } from '../../src/gpt/batches.ts'
import type { ModelShape } from '../../src/gpt/model.ts'
import type { Recipe } from '../../src/gpt/recipe.ts'
import type { RunOptions } from '../../src/gpt/run.ts'
import { hashedSequence } from './hashed.ts'

const shape: ModelShape = { dModel: 32, numLayers: 2, numHeads: 2, vocabularySize: 50, contextLength: 32 }

/** A recipe of a model so small that a step takes milliseconds. */
export const tinyRecipe = (steps: number, changes: { seed?: number; learningRate?: number } = {}): Recipe => ({
  config: {
    dModel: 32,
    numLayers: 2,
    numHeads: 2,
    batchSize: 4,
    learningRate: changes.learningRate ?? 3e-3,
    trainFlops: 1e9,
  },
  shape,
  seed: changes.seed ?? 3,
  accounting: 'api',
  steps,
  tokens: steps * 4 * shape.contextLength,
  parameters: 26_176,
})

const text = (number: number, windows: number): Uint16Array =>
  hashedSequence({ ...shape, contextLength: windows * shape.contextLength }, number).ids

const tokensIn = (tokens: Uint16Array): Tokens => ({
  size: tokens.length,
  read: (from, length) => tokens.slice(from, from + length),
})

export const tinyText = { train: tokensIn(text(0, 100)), val: tokensIn(text(1, 12)) }

/** A corpus in memory; a run reads nothing else of it. */
export const tinyCorpus = (changes: Partial<Corpus> = {}): Corpus => ({
  dir: 'tiny',
  manifest: {} as Corpus['manifest'],
  vocabularySize: shape.vocabularySize,
  separator: 0,
  tokens: { train: tinyText.train.size, val: tinyText.val.size },
  identity: 'tiny text 1',
  bytesPerToken: 4,
  read: (split, start, length) => tinyText[split].read(start, length) as Uint16Array<ArrayBuffer>,
  close() {},
  ...changes,
})

/** A second passes whenever it is asked for the time, which is twice in a step: saving goes by steps. */
export function countingClock(): Clock {
  let seconds = 0
  return { now: () => 1000 * seconds++ }
}

/** Saves after every third step. */
export const saveEveryMs = 5000

export const tinyRun = (folder: string, steps: number, changes: Partial<RunOptions> = {}): RunOptions => ({
  recipe: tinyRecipe(steps),
  corpus: tinyCorpus(),
  folder,
  resume: true,
  device: 'cpu',
  threads: 1,
  clock: countingClock(),
  signal: new AbortController().signal,
  validationSequences: 8,
  saveEveryMs,
  ...changes,
})
