import type { Config } from '../core/config.ts'
import { appendLine, wholeLines } from '../core/durable.ts'
import { IsoflopError } from '../core/errors.ts'
import { readSummed, summed } from '../core/summed.ts'
import type { Outcome, TrainedRun } from '../core/trainer.ts'
import type { Planned } from '../plan/strategy.ts'
import type { Codec } from '../space/codec.ts'
import { damaged } from './head.ts'
import { writing } from './writing.ts'

/** A run that a study has planned. */
export interface AskedRun<C extends Config = Config> extends Planned<C> {
  /** Its name in this study. */
  readonly id: string
  /** 0, 1, ...: the plan that asks for it. */
  readonly round: number
}

/** What can be told of a run. */
export type Told =
  /** Nats per token, above 0. */
  | { readonly kind: 'finished'; readonly loss: number }
  | { readonly kind: 'diverged' }
  /** It was not made, and cost nothing. */
  | { readonly kind: 'refused'; readonly message: string }
  /** Nobody knows what became of it: it cost what it was to cost, and is not asked for again. */
  | { readonly kind: 'lost'; readonly message: string }

/** What happened in a study, in order. */
export type StudyEvent =
  | { readonly event: 'plan'; readonly title: string; readonly runs: readonly AskedRun[] }
  | { readonly event: 'ask'; readonly ids: readonly string[] }
  | { readonly event: 'tell'; readonly id: string; readonly told: Told }

/** The outcome that was told, as trainers give it; null of what is none. */
export function toldOf({ outcome, loss, message }: Readonly<Record<string, unknown>>): Told | null {
  const kind = outcome ?? (loss === null ? 'diverged' : 'finished')
  if (kind === 'finished') return typeof loss === 'number' && loss > 0 && Number.isFinite(loss) ? { kind, loss } : null
  if (kind === 'diverged') return { kind }
  return kind === 'refused' || kind === 'lost' ? { kind, message: typeof message === 'string' ? message : kind } : null
}

/** The inverse of `toldOf`. */
export const recordOfTold = (told: Told): Record<string, unknown> => {
  const { kind, ...rest } = told
  return { outcome: kind, ...rest }
}

/** A run and its outcome, for a fit; null where it has none. */
export function trainedOf({ config }: AskedRun, told: Told): TrainedRun | null {
  if (told.kind === 'finished') return { config, loss: told.loss }
  return told.kind === 'diverged' ? { config, loss: Number.NaN } : null
}

/** An outcome of a trainer as what a study is told; null for one that is no run. */
export function toldOfOutcome(outcome: Outcome): Told | null {
  if (outcome.kind === 'finished') return { kind: 'finished', loss: outcome.loss }
  if (outcome.kind === 'diverged') return { kind: 'diverged' }
  return outcome.kind === 'exhausted' || outcome.kind === 'interrupted'
    ? null
    : { kind: outcome.kind, message: outcome.error.message }
}

/**
 * The events of a file, one a line with its checksum; what a crash left of the last one is cut off.
 * Errors: RECORD_DAMAGED for a line that is not what was written, OUTPUT_FAILED.
 */
export function readEvents(file: string, codec: Codec): StudyEvent[] {
  return writing(file, () => wholeLines(file)).map((line, k) => {
    const read = readSummed(line)
    const event = read.kind === 'whole' ? eventOf(read.record, codec) : null
    if (event === null) throw damaged(file, `line ${k + 1} was changed since`)
    return event
  })
}

/** Puts an event on disk before anyone relies on it. Errors: OUTPUT_FAILED. */
export function writeEvent(file: string, event: StudyEvent, codec: Codec): void {
  const record =
    event.event === 'plan'
      ? { ...event, runs: event.runs.map((run) => recordOfRun(run, codec)) }
      : event.event === 'tell'
        ? { event: 'tell', id: event.id, ...recordOfTold(event.told) }
        : event
  writing(file, () => appendLine(file, summed(record)))
}

/** A run as one object: its name, what to train, and why. */
export const recordOfRun = ({ id, round, config, reason, expected }: AskedRun, codec: Codec) => ({
  id,
  ...codec.record(config),
  round,
  reason,
  expected: expected ?? null,
})

function eventOf(record: Readonly<Record<string, unknown>>, codec: Codec): StudyEvent | null {
  switch (record.event) {
    case 'plan': {
      const runs = Array.isArray(record.runs) ? record.runs.map((run) => runOf(run, codec)) : [null]
      return runs.includes(null) ? null : { event: 'plan', title: String(record.title), runs: runs as AskedRun[] }
    }
    case 'ask':
      return Array.isArray(record.ids) ? { event: 'ask', ids: record.ids.map(String) } : null
    case 'tell': {
      const told = toldOf(record)
      return told && { event: 'tell', id: String(record.id), told }
    }
    default:
      return null
  }
}

function runOf(record: Readonly<Record<string, unknown>>, codec: Codec): AskedRun | null {
  const config = codec.configOf(record)
  const { id, round, reason, expected } = record
  if (config === null || typeof id !== 'string' || typeof round !== 'number') return null
  return { id, round, config, reason: String(reason), expected: expected as AskedRun['expected'] & null }
}

/** Says that what was told is no outcome of a run. */
export const badOutcome = (message: string): IsoflopError =>
  new IsoflopError(
    'OUTCOME_INVALID',
    message,
    'Tell {"id": "0-3", "loss": 3.21} in nats per token, or with "outcome": "diverged", "refused" or "lost" and a "message".',
  )
