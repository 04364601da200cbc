import {
  appendFileSync,
  closeSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readFileSync,
  truncateSync,
} from 'node:fs'
import { dirname } from 'node:path'
import { configOfWire, type WireConfig, wireOfConfig } from '../api/contract.ts'
import { configIdentity, type TrainingConfig } from '../core/config.ts'
import { syncFolder } from '../core/durable.ts'
import { outputFailed } from '../core/errors.ts'
import type { TrainedRun } from '../core/trainer.ts'

/**
 * Answers on disk, one JSON object a line, in the columns of the API, so that `isoflop fit` reads them. A loss that is not
 * finite is null there.
 */
export interface AnswerRecord {
  /** What it holds, each configuration once, in the order of their answers. */
  answers(): TrainedRun[]
  get(identity: string): number | undefined
  /**
   * Appends an answer, and `more` columns of it, on disk before anyone relies on it.
   * @throws IsoflopError OUTPUT_FAILED, the record being as it was before.
   */
  add(config: TrainingConfig, loss: number, more?: Readonly<Record<string, unknown>>): void
}

/**
 * Opens or begins a record. A line counts once its line end is on disk: what a crash left of a last one is cut off.
 * @throws IsoflopError OUTPUT_FAILED where it cannot be read or written.
 */
export function openRecord(file: string): AnswerRecord {
  const known = new Map<string, TrainedRun>()
  for (const line of writing(file, () => wholeLines(file))) {
    const run = answerOf(line)
    if (run && !known.has(configIdentity(run.config))) known.set(configIdentity(run.config), run)
  }
  return {
    answers: () => [...known.values()],
    get: (identity) => known.get(identity)?.loss,
    add(config, loss, more = {}) {
      const line = { ...wireOfConfig(config), loss: Number.isFinite(loss) ? loss : null, ...more }
      writing(file, () => appendLine(file, JSON.stringify(line)))
      known.set(configIdentity(config), { config, loss })
    },
  }
}

/** The lines of a file that end; the rest is cut off. A file that is not there is begun, and its name put on disk. */
function wholeLines(file: string): string[] {
  mkdirSync(dirname(file), { recursive: true })
  closeSync(openSync(file, 'a'))
  syncFolder(dirname(file))
  const bytes = readFileSync(file)
  const end = bytes.lastIndexOf('\n') + 1
  if (end < bytes.length) truncateSync(file, end)
  return bytes.toString('utf8', 0, end).split('\n')
}

/** Appends a line and waits for the disk; takes back what was written of it where that fails, as on a full disk. */
function appendLine(file: string, line: string): void {
  const open = openSync(file, 'a')
  const { size } = fstatSync(open)
  try {
    appendFileSync(open, `${line}\n`)
    fsyncSync(open)
  } catch (error) {
    ftruncateSync(open, size)
    throw error
  } finally {
    closeSync(open)
  }
}

function writing<Result>(file: string, work: () => Result): Result {
  try {
    return work()
  } catch (cause) {
    throw outputFailed(
      file,
      cause,
      'Answers are kept there before they count: make room, or name a place that can be written to.',
    )
  }
}

const wireNames = ['d_model', 'num_layers', 'num_heads', 'batch_size', 'learning_rate', 'train_flops'] as const

/** The run of a line; null for a line that has none. */
function answerOf(line: string): TrainedRun | null {
  let answer: (WireConfig & { loss: number | null }) | null
  try {
    answer = JSON.parse(line)
  } catch {
    return null
  }
  if (typeof answer !== 'object' || answer === null) return null
  const { loss } = answer
  const isRun = wireNames.every((name) => typeof answer[name] === 'number')
  if (!isRun || !(loss === null || typeof loss === 'number')) return null
  return { config: configOfWire(answer), loss: loss ?? Number.NaN }
}
