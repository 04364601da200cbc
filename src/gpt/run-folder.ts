import { appendFileSync, existsSync, readFileSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { makeFolder, writeWhole } from '../core/durable.ts'
import { IsoflopError, outputFailed } from '../core/errors.ts'
import { lock } from '../core/lock.ts'
import { readSummed, summed } from '../core/summed.ts'
import { loadCheckpoint, saveCheckpoint } from './checkpoint.ts'
import type { Recipe } from './recipe.ts'
import type { TrainingRecord } from './record.ts'
import { type Cut, cutFor } from './step-graph.ts'
import type { Keeping, StepReport } from './train.ts'

const format = 'isoflop training run 1'

/** What makes two runs one: then their weights are equal, and one may go on where the other was ended. */
interface RunIdentity {
  readonly format: typeof format
  readonly recipe: Recipe
  readonly corpus: string
  readonly cut: Cut
  /** Sequences of text that the validation loss is of. */
  readonly validationSequences: number
  readonly device: string
}

/**
 * A training run on disk: `run.json` says which run it is, `checkpoint` where it stands, `steps.jsonl` has a line for each step,
 * `record.jsonl` what it came to, and `.run.lock` keeps a second process out.
 */
export interface RunFolder extends Keeping {
  /** What an earlier process came to; null where the run has not ended. */
  readonly finished: TrainingRecord | null
  log(report: StepReport): void
  finish(record: TrainingRecord): void
  close(): void
}

export interface RunFolderOptions extends Pick<RunIdentity, 'recipe' | 'corpus' | 'validationSequences' | 'device'> {
  /** Goes on with a run that is there. */
  readonly resume: boolean
  /** Told of a checkpoint or a record that is damaged: it is set aside, and training goes on from what is left. */
  readonly onDamage?: (error: IsoflopError) => void
}

/**
 * Begins a run in a folder, or goes on with the one that is there, where `resume` says so.
 * @throws IsoflopError TRAINING_EXISTS, TRAINING_DIFFERS, TRAINING_RUNNING, OUTPUT_FAILED.
 */
export function openRunFolder(folder: string, { resume, onDamage = () => {}, ...about }: RunFolderOptions): RunFolder {
  const file = (name: string) => join(folder, name)
  const unlock = writing(folder, () => {
    makeFolder(folder)
    return lock(file('.run.lock'))
  })
  if (unlock === null) throw running(folder)
  try {
    const identity: RunIdentity = { format, ...about, cut: cutFor(about.recipe.shape, about.recipe.config.batchSize) }
    const resumed = begin(folder, file('run.json'), identity, resume)
    return {
      finished: resumed ? readOrSetAside(recordFile(folder), () => recordIn(folder), onDamage) : null,
      load(state) {
        const progressed = readOrSetAside(file('checkpoint'), () => loadCheckpoint(file('checkpoint'), state), onDamage)
        // Steps after the checkpoint are done again, and give the same lines.
        const lines = resumed ? linesOf(file('steps.jsonl')).slice(0, progressed?.step ?? 0) : []
        writing(folder, () => writeWhole(file('steps.jsonl'), lines.map((line) => `${line}\n`).join('')))
        return progressed
      },
      save: (progressed, state) => saveCheckpoint(file('checkpoint'), progressed, state),
      log: (report) => writing(folder, () => appendFileSync(file('steps.jsonl'), `${JSON.stringify(report)}\n`)),
      finish: (record) => writing(folder, () => writeWhole(recordFile(folder), `${summed(record)}\n`)),
      close: unlock,
    }
  } catch (error) {
    unlock()
    throw error
  }
}

/** Whether the folder goes on with a run; else it begins one. */
function begin(folder: string, file: string, identity: RunIdentity, resume: boolean): boolean {
  const text = JSON.stringify(identity, null, 2)
  const there = textOf(file)
  if (there === null) {
    writing(folder, () => writeWhole(file, `${text}\n`))
    return false
  }
  if (!resume)
    throw new IsoflopError(
      'TRAINING_EXISTS',
      `${folder} holds a training run already.`,
      'Add --resume to go on with it, or name another folder with --out.',
    )
  if (there.trimEnd() === text) return true
  throw new IsoflopError(
    'TRAINING_DIFFERS',
    `${folder} holds another training run than this one: ${difference(there, text)}.`,
    'Give the same options to go on with it, or name another folder with --out.',
  )
}

/** The first line in which two descriptions differ. */
function difference(there: string, here: string): string {
  const lines = here.split('\n')
  const [was, is] = there
    .split('\n')
    .reduce<[string, string] | [null, null]>(
      (found, line, i) => (found[0] === null && line !== lines[i] ? [line, lines[i] ?? ''] : found),
      [null, null],
    )
  const bare = (line: string | null) => (line ?? '').trim().replace(/,$/, '').replaceAll('"', '')
  return `it has "${bare(was)}", this one "${bare(is)}"`
}

/** The file with what a run came to. */
export const recordFile = (folder: string): string => join(folder, 'record.jsonl')

/** Whether a run was begun in a folder. */
export const isBegun = (folder: string): boolean => existsSync(join(folder, 'run.json'))

/** The steps that are on record in a folder, as far as they can be read. */
export function stepsIn(folder: string): StepReport[] {
  return linesOf(join(folder, 'steps.jsonl')).flatMap((line) => {
    try {
      return [JSON.parse(line) as StepReport]
    } catch {
      return [] // a power cut may leave a line of zeros
    }
  })
}

/**
 * What the run in a folder came to; null where it has not ended.
 * @throws IsoflopError CHECKPOINT_INVALID
 */
export function recordIn(folder: string): TrainingRecord | null {
  const text = textOf(recordFile(folder))
  if (text === null) return null
  const read = readSummed(text)
  const why = read.kind === 'damaged' ? read.reason : isRecord(read.record) ? null : 'it has no loss'
  if (read.kind !== 'damaged' && why === null) return read.record as unknown as TrainingRecord
  throw new IsoflopError(
    'CHECKPOINT_INVALID',
    `${recordFile(folder)} is not the record of a training: ${why}.`,
    'Delete the file to train from the last checkpoint.',
  )
}

/** Whether it has what is believed of it: losses above 0, all null where training diverged. Earlier versions wrote no checksum. */
function isRecord({ loss, outcome }: Readonly<Record<string, unknown>>): boolean {
  if (typeof loss !== 'object' || loss === null) return false
  const { average, last, validation } = loss as Record<string, unknown>
  const isRight = (value: unknown) =>
    outcome === 'finished' ? typeof value === 'number' && value > 0 : outcome === 'diverged' && value === null
  return [average, last, validation].every(isRight)
}

/** What is read from a file, or null where it is damaged: it is then set aside as `FILE.damaged`, as if there were none. */
function readOrSetAside<Result>(
  file: string,
  read: () => Result | null,
  onDamage: (error: IsoflopError) => void,
): Result | null {
  try {
    return read()
  } catch (error) {
    if (!(error instanceof IsoflopError) || error.code !== 'CHECKPOINT_INVALID') throw error
    writing(file, () => renameSync(file, `${file}.damaged`))
    onDamage(error)
    return null
  }
}

/** The lines that end; none where there is no file. */
const linesOf = (file: string): string[] => (textOf(file) ?? '').split('\n').slice(0, -1)

/** Null where there is no file. */
function textOf(file: string): string | null {
  try {
    return readFileSync(file, 'utf8')
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw outputFailed(file, cause, 'Training goes on from what is there: let it be read, or name another folder.')
  }
}

function writing<Result>(folder: string, work: () => Result): Result {
  try {
    return work()
  } catch (cause) {
    throw outputFailed(folder, cause, 'Make room, or name a folder that can be written to with --out.')
  }
}

const running = (folder: string): IsoflopError =>
  new IsoflopError(
    'TRAINING_RUNNING',
    `Another process trains in ${folder}.`,
    'Wait for it, or name another folder with --out.',
  )
