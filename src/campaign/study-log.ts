import { statSync } from 'node:fs'
import type { Config } from '../core/config.ts'
import { appendLine, wholeLines, wholeLinesFrom } from '../core/durable.ts'
import { IsoflopError } from '../core/errors.ts'
import { readSummed, summed } from '../core/summed.ts'
import type { Outcome, TrainedRun } from '../core/trainer.ts'
import type { LawBelief, Planned, ShortForecast } from '../plan/strategy.ts'
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

/** What was planned, and what was expected at the target then: logs of earlier versions have no such expectation. */
export interface PlanEvent {
  readonly event: 'plan'
  readonly title: string
  readonly runs: readonly AskedRun[]
  readonly estimate?: ShortForecast | null
  readonly beliefs?: readonly LawBelief[]
  /** Whether these are for machines that would be idle, and belong to the plan before. */
  readonly meanwhile?: true
}

/** What happened in a study, in order. */
export type StudyEvent =
  | PlanEvent
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

/** What of a log is new: all of it after the first time, and where it is not what was read before with something behind it. */
export interface NewEvents {
  readonly isWhole: boolean
  readonly events: readonly StudyEvent[]
}

/** A file as it was last read. */
interface Seen {
  readonly size: number
  readonly mtimeMs: number
  readonly ino: number
}

/**
 * The events of a file, one a line with its checksum; what a crash left of the last one is cut off. Other processes write there, too: what they have
 * added is read, and not what was read before. To read all of it each time made the calls of a long study grow with it.
 */
export class StudyLog {
  readonly #file: string
  readonly #codec: Codec
  #seen: Seen | null = null
  #lines = 0

  constructor(file: string, codec: Codec) {
    this.#file = file
    this.#codec = codec
  }

  /** Errors: RECORD_DAMAGED for a line that is not what was written, OUTPUT_FAILED. */
  read(): NewEvents {
    const now = this.#seen === null ? null : this.#stat()
    const seen = now !== null && now.ino === this.#seen?.ino ? this.#seen : null
    if (seen !== null && now!.size === seen.size && now!.mtimeMs === seen.mtimeMs) return { isWhole: false, events: [] }
    if (seen !== null && now!.size > seen.size) return { isWhole: false, events: this.#from(seen.size) }
    return { isWhole: true, events: this.#whole() }
  }

  #stat(): Seen | null {
    const stat = writing(this.#file, () => statSync(this.#file, { throwIfNoEntry: false }))
    return stat ? { size: stat.size, mtimeMs: stat.mtimeMs, ino: stat.ino } : null
  }

  #whole(): StudyEvent[] {
    this.#lines = 0
    return this.#eventsOf(writing(this.#file, () => wholeLines(this.#file)))
  }

  #from(offset: number): StudyEvent[] {
    return this.#eventsOf(writing(this.#file, () => wholeLinesFrom(this.#file, offset)))
  }

  #eventsOf(lines: readonly string[]): StudyEvent[] {
    const events = lines.map((line, k) => {
      const read = readSummed(line)
      const event = read.kind === 'whole' ? eventOf(read.record, this.#codec) : null
      if (event === null) throw damaged(this.#file, `line ${this.#lines + k + 1} was changed since`)
      return event
    })
    this.#lines += lines.length
    this.#seen = this.#stat()
    return events
  }

  /** Puts an event on disk before anyone relies on it. Errors: OUTPUT_FAILED. */
  write(event: StudyEvent): void {
    writing(this.#file, () => appendLine(this.#file, summed(recordOfEvent(event, this.#codec))))
  }
}

const recordOfEvent = (event: StudyEvent, codec: Codec): object =>
  event.event === 'plan'
    ? recordOfPlan(event, codec)
    : event.event === 'tell'
      ? { event: 'tell', id: event.id, ...recordOfTold(event.told) }
      : event

const recordOfPlan = ({ estimate, runs, ...event }: PlanEvent, codec: Codec) => ({
  ...event,
  runs: runs.map((run) => recordOfRun(run, codec)),
  ...(estimate && { estimate: { ...estimate, config: codec.record(estimate.config) } }),
})

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
    case 'plan':
      return planOf(record, codec)
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

function planOf(record: Readonly<Record<string, unknown>>, codec: Codec): PlanEvent | null {
  const runs = Array.isArray(record.runs) ? record.runs.map((run) => runOf(run, codec)) : [null]
  if (runs.includes(null)) return null
  const estimate = record.estimate as (ShortForecast & { readonly config: Record<string, unknown> }) | undefined
  const config = estimate?.config && codec.configOf(estimate.config)
  return {
    event: 'plan',
    title: String(record.title),
    runs: runs as AskedRun[],
    ...(estimate && config && { estimate: { ...estimate, config } }),
    ...(Array.isArray(record.beliefs) && { beliefs: record.beliefs as LawBelief[] }),
    ...(record.meanwhile === true && { meanwhile: true }),
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
    'Tell {"id": "0-3", "loss": 3.21} in nats per token, or with "outcome": "diverged", "refused" or "lost" and a "message"; of a run that goes on, "outcome": "running", "tokens" or "step", and its loss so far.',
  )
