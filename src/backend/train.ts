import { basename } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { IsoflopError } from '../core/errors.ts'
import { type Outcome, outcomeOf, type Progress } from '../core/trainer.ts'
import { type Corpus, openCorpus } from '../corpus/corpus.ts'
import type { TrainingConfig } from '../cs336/config.ts'
import { contextLength } from '../cs336/limits.ts'
import type { Accounting } from '../cs336/parameters.ts'
import { curveOf } from '../gpt/curve.ts'
import type { Device } from '../gpt/engine.ts'
import type { Losses } from '../gpt/losses.ts'
import { type Recipe, recipeOf } from '../gpt/recipe.ts'
import type { TrainingRecord } from '../gpt/record.ts'
import { textOf } from '../gpt/run.ts'
import type { Backend, Producer } from './backend.ts'
import { type Asking, fairQueue, type Work } from './queue.ts'
import { openRunsFolder } from './runs-folder.ts'
import { probeInChild, trainInChild } from './train-child.ts'
import type { EngineReport } from './train-process.ts'
import { unwanted } from './unwanted.ts'

export interface TrainBackendOptions {
  readonly corpusDir: string
  /** Where every training has a folder, and whence it goes on after a crash. */
  readonly runsDir: string
  /** Trainings at a time, each in a process of its own. */
  readonly workers: number
  /** Threads of each. */
  readonly threads: number
  readonly device: Device
  readonly seed: number
  readonly accounting: Accounting
  /** Which loss of a training is its answer. */
  readonly loss: keyof Losses
  /** Whether what an earlier process left unfinished goes on though nobody asks for it; yes by default. */
  readonly resumes?: boolean
  /** How long a training may take to save a checkpoint when the backend closes, ms; 8,000 by default. */
  readonly stopMs?: number
  /** Told of trainings that broke off and that nobody asked for. */
  readonly onError?: (error: Error) => void
}

/** A backend that trains, on an engine that was seen to work. */
export interface TrainBackend extends Backend {
  readonly engine: EngineReport
}

type Tell = (progress: Progress) => void

/** How long to wait before looking again for what another process trains, ms: doubling from the first to the last. */
const patience = { first: 500, last: 10_000 }

/**
 * Answers by training for real, as many at a time as there are workers, in fair turns. Answers and checkpoints are kept in
 * folders: a configuration is trained once, whoever asks, and what an earlier process left unfinished goes on at once, after
 * whatever is asked for. Closing saves a checkpoint of what runs.
 *
 * What cannot be trained is refused at once; `train` rejects with TRAINING_FAILED where a training broke off, with TRAINING_STOPPED where the backend
 * was closed.
 *
 * @throws IsoflopError CORPUS_MISSING, CORPUS_INVALID, CORPUS_TOO_SMALL, DEVICE_UNAVAILABLE.
 */
export async function trainBackend(options: TrainBackendOptions): Promise<TrainBackend> {
  const { corpusDir, workers, threads, device, seed, accounting, loss, resumes = true, stopMs = 8_000 } = options
  const { identity, vocabularySize } = await checkedCorpus(corpusDir)
  const engine = await probeInChild({ kind: 'probe', device, threads })
  const runs = openRunsFolder(options.runsDir, { corpus: identity, accounting, seed, device })
  const queue = fairQueue<TrainingRecord | null>(workers)
  const stopping = new AbortController()

  /** Trains to the end; null where another process does. */
  const train = async (recipe: Recipe, left: AbortSignal, tell: Tell): Promise<TrainingRecord | null> => {
    const order = { kind: 'train', recipe, corpus: { dir: corpusDir, identity }, device, threads } as const
    const signal = AbortSignal.any([stopping.signal, left])
    runs.setWanted(recipe.config, true)
    tell({ kind: 'running', curve: [] })
    try {
      const outcome = await trainInChild(
        { ...order, folder: runs.of(recipe.config) },
        { signal, stopMs, onCurve: (curve) => tell({ kind: 'running', curve }) },
      )
      if (outcome.kind === 'ended') return outcome.record
    } catch (error) {
      if (error instanceof IsoflopError && error.code === 'TRAINING_RUNNING') return null
      if (!signal.aborted) throw error
    }
    if (stopping.signal.aborted) throw stopped()
    runs.setWanted(recipe.config, false)
    throw left.reason
  }

  const recipeFor = (config: TrainingConfig): Recipe =>
    recipeOf({ config, steps: null, seed, vocabularySize, accounting })

  /** What training a configuration comes to, here or in another process; nobody asks for what is left from before. */
  const result = async (recipe: Recipe, asker: string | null, asking: Asking = {}): Promise<TrainingRecord> => {
    const { config } = recipe
    const ends = AbortSignal.any([stopping.signal, ...(asking.signal ? [asking.signal] : [])])
    const work: Work<TrainingRecord | null> = (left, tell) => train(recipe, left, tell)
    for (let wait = patience.first; ; wait = Math.min(2 * wait, patience.last)) {
      const record = runs.record(config) ?? (await queue.ask(runs.of(config), asker, work, asking))
      if (record) return record
      asking.onProgress?.({ kind: 'running', curve: curveSoFar(recipe) })
      await sleep(wait, undefined, { signal: ends }).catch(() => {
        throw stopping.signal.aborted ? stopped() : asking.signal?.reason
      })
    }
  }

  /** The curve of what another process trains. */
  const curveSoFar = (recipe: Recipe) => {
    const curve = curveOf(recipe)
    curve.addAll(runs.steps(recipe.config))
    return curve.points()
  }

  const goOn = async (config: TrainingConfig) => result(recipeFor(config), null)
  for (const config of resumes ? runs.unfinished() : [])
    goOn(config).catch((error) => {
      if (!stopping.signal.aborted) options.onError?.(error)
    })

  return {
    name: `train ${basename(corpusDir)}`,
    producer: producerOf(identity, options),
    engine,
    trainings: queue,
    async train(config, { asker = '', signal, onProgress } = {}) {
      const recipe = refusable(() => recipeFor(config))
      if ('kind' in recipe) return recipe
      try {
        return outcomeIn(await result(recipe, asker, { signal, onProgress }), loss)
      } catch (error) {
        if (!signal?.aborted || stopping.signal.aborted) throw error
        return { kind: 'interrupted', error: unwanted() }
      }
    },
    async close() {
      stopping.abort()
      await queue.close(stopped())
    },
  }
}

/** Which recipes may be asked for on a corpus, for whoever does not train itself. Errors: CORPUS_MISSING, CORPUS_INVALID, CORPUS_TOO_SMALL. */
export async function trainProducer(
  options: Pick<TrainBackendOptions, 'corpusDir' | 'device' | 'seed' | 'accounting' | 'loss'>,
): Promise<{
  readonly producer: Producer
  readonly recipe: (config: TrainingConfig) => Recipe | (Outcome & { kind: 'refused' })
}> {
  const { identity, vocabularySize } = await checkedCorpus(options.corpusDir)
  const { seed, accounting } = options
  return {
    producer: producerOf(identity, options),
    recipe: (config) => refusable(() => recipeOf({ config, steps: null, seed, vocabularySize, accounting })),
  }
}

/** Equal for trainings that come to equal losses, on whatever machine. */
const producerOf = (
  identity: string,
  { accounting, loss, seed, device }: Pick<TrainBackendOptions, 'device' | 'seed' | 'accounting' | 'loss'>,
): Producer => ({ backend: 'train', corpus: identity.slice(0, 12), accounting, loss, seed: String(seed), device })

/** Looks at a corpus before anybody asks: each side needs a window. */
async function checkedCorpus(dir: string): Promise<Pick<Corpus, 'identity' | 'vocabularySize'>> {
  const corpus = await openCorpus(dir)
  corpus.close()
  textOf(corpus, contextLength)
  return corpus
}

/** What work gives, or the refusal that its CONFIG_INVALID is. */
function refusable<Result>(work: () => Result): Result | (Outcome & { kind: 'refused' }) {
  try {
    return work()
  } catch (error) {
    if (error instanceof IsoflopError && error.code === 'CONFIG_INVALID') return { kind: 'refused', error }
    throw error
  }
}

function outcomeIn({ loss, divergedAt }: TrainingRecord, name: keyof Losses): Outcome {
  const value = loss[name]
  if (value !== null) return outcomeOf(value)
  return { kind: 'diverged', ...(divergedAt !== null && { at: divergedAt }) }
}

const stopped = (): IsoflopError =>
  new IsoflopError(
    'TRAINING_STOPPED',
    'The server stops before this training has ended. Nothing was charged; ask again, and it goes on from its last checkpoint.',
    'Start the server again.',
  )
