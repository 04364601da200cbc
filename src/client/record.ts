import type { Config } from '../core/config.ts'
import { appendLine, wholeLines } from '../core/durable.ts'
import { IsoflopError, outputFailed } from '../core/errors.ts'
import { printableLine } from '../core/printable.ts'
import { readSummed, summed } from '../core/summed.ts'
import type { TrainedRun } from '../core/trainer.ts'
import type { Codec } from '../space/codec.ts'

/** What a record needs of a codec. */
type Written = Pick<Codec, 'identity' | 'record' | 'configOf'>

/**
 * Answers on disk, one JSON object a line, in the columns of the space, so that `isoflop fit` reads them. A loss that is not
 * finite is null there.
 */
export interface AnswerRecord {
  /** What it holds, each configuration once, in the order of their answers. */
  answers(): TrainedRun[]
  get(identity: string): number | undefined
  /** Lines, from 1, that are not what was written. They are not believed. */
  readonly damaged: readonly number[]
  /**
   * Appends an answer, and `more` columns of it, on disk before anyone relies on it.
   * @throws IsoflopError OUTPUT_FAILED, the record being as it was before.
   */
  add(config: Config, loss: number, more?: Readonly<Record<string, unknown>>): void
}

/**
 * Opens or begins a record. A line counts once its line end is on disk: what a crash left of a last one is cut off. Each line has a
 * checksum; one without is believed where `unsummed` says so, as in records of earlier versions. With `api` each line says whose answer it
 * is, and those of another API are refused: two worlds in one record are fitted as if they were one.
 * @throws IsoflopError OUTPUT_FAILED where it cannot be read or written, RECORD_DIFFERS with both names.
 */
export function openRecord(
  file: string,
  codec: Written,
  { unsummed = false, api }: { readonly unsummed?: boolean; readonly api?: string } = {},
): AnswerRecord {
  const known = new Map<string, TrainedRun>()
  const damaged: number[] = []
  for (const [k, line] of writing(file, () => wholeLines(file)).entries()) {
    const run = answerOf(line, codec, unsummed)
    const other = run === null || api === undefined ? undefined : apiOf(line)
    if (other !== undefined && other !== api) throw differs(file, other, api!)
    if (run === null) damaged.push(k + 1)
    else if (!known.has(codec.identity(run.config))) known.set(codec.identity(run.config), run)
  }
  return {
    answers: () => [...known.values()],
    get: (identity) => known.get(identity)?.loss,
    damaged,
    add(config, loss, more = {}) {
      const line = { ...codec.record(config), loss: Number.isFinite(loss) ? loss : null, ...(api && { api }), ...more }
      writing(file, () => appendLine(file, summed(line)))
      known.set(codec.identity(config), { config, loss })
    },
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

/** The run of a line; null where the line is not what was written. */
function answerOf(line: string, codec: Written, unsummed: boolean): TrainedRun | null {
  const read = readSummed(line)
  return read.kind === 'whole' || (read.kind === 'unsummed' && unsummed) ? runOf(read.record, codec) : null
}

/** Whose answer a line says it is; undefined where it says nothing, as in records of earlier versions and of campaigns. */
function apiOf(line: string): string | undefined {
  const { api } = JSON.parse(line) as { readonly api?: unknown }
  return typeof api === 'string' ? api : undefined
}

const differs = (file: string, there: string, api: string) =>
  new IsoflopError(
    'RECORD_DIFFERS',
    `${file} has answers of ${printableLine(there)}; the API that is asked is ${api}.`,
    'Name another file for each API.',
  )

/** The run of a record's fields; null where they are none: a loss is above 0, or null where training diverged. */
export function runOf({ loss, ...record }: Readonly<Record<string, unknown>>, codec: Written): TrainedRun | null {
  const config = codec.configOf(record)
  if (config === null || !(loss === null || (typeof loss === 'number' && loss > 0))) return null
  return { config, loss: loss ?? Number.NaN }
}
