import { appendFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { ThinnedCurve } from '../core/curve.ts'
import { makeFolder } from '../core/durable.ts'
import { linesFrom } from '../core/text-in.ts'
import { badOutcome } from './study-log.ts'
import type { ViewedOpen, ViewedTraining } from './view.ts'
import { writing } from './writing.ts'

/** How far a run is that goes on. */
export interface RunReport {
  /** Steps or tokens that were done, one of them at least. */
  readonly step?: number
  readonly tokens?: number
  /** The training loss there, nats per token. */
  readonly loss: number
}

/**
 * What a run of a study says while it goes on: a line a report, in a place that its program may write to as well. No plan is made of it, so that it is
 * kept beside the log and not in it.
 */
export const historyOf = (folder: string, id: string): string => join(folder, 'runs', id, 'history.jsonl')

/** Names as a study gives them, which are no path. */
const isName = (id: string): boolean => /^\d{1,9}-\d{1,9}$/.test(id)

/** The report that was meant, nothing else in it. Errors: OUTCOME_INVALID. */
export function checkedReport(id: string, { step, tokens, loss }: RunReport): RunReport {
  const isCount = (count: unknown) => typeof count === 'number' && count > 0 && Number.isFinite(count)
  const known = { ...(step !== undefined && { step }), ...(tokens !== undefined && { tokens }) }
  const counts = Object.values(known)
  if (counts.length === 0 || !counts.every(isCount) || typeof loss !== 'number' || !Number.isFinite(loss))
    throw badOutcome(
      `How far run "${id}" is was told as ${JSON.stringify({ ...known, loss })}, expected a loss and tokens or step.`,
    )
  return { ...known, loss }
}

/** Errors: OUTPUT_FAILED. */
export function appendReports(folder: string, id: string, reports: readonly RunReport[]): void {
  const file = historyOf(folder, id)
  // Nothing is lost but a picture where the machine dies: the disk is not waited for.
  writing(file, () => {
    makeFolder(dirname(file))
    appendFileSync(file, reports.map((report) => `${JSON.stringify(report)}\n`).join(''))
  })
}

/** So much is read at a look, of all histories together, bytes: a longer one is caught up with. */
const mostBytes = 1 << 22
/** Runs beyond these tell only how far they are: lines of more cannot be told apart. */
const mostCurves = 12

/** The histories of a study's runs that are out, followed as they grow. */
export class RunHistories {
  readonly #folder: string
  #followed = new Map<string, Followed>()

  constructor(folder: string) {
    this.#folder = folder
  }

  /** Reads what is new of runs; whether there is anything. */
  look(runs: readonly ViewedOpen[]): boolean {
    const before = this.#followed
    this.#followed = new Map()
    let left = mostBytes
    let isNew = false
    for (const run of runs.filter((run) => isName(run?.id))) {
      const followed = before.get(run.id) ?? new Followed(historyOf(this.#folder, run.id), run)
      this.#followed.set(run.id, followed)
      const read = followed.look(left)
      left -= read
      if (read > 0) isNew = true
    }
    return isNew
  }

  /** Those that have told something. */
  get training(): readonly ViewedTraining[] {
    return [...this.#followed.values()]
      .filter(({ curve }) => curve.length > 0)
      .map(({ run: { id, config, reason, expected }, curve }, k) => {
        return { id, config, reason, expected, ahead: null, curve: k < mostCurves ? curve : curve.slice(-1) }
      })
  }
}

/** A history as far as it was read. */
class Followed {
  readonly run: ViewedOpen
  readonly #file: string
  #from = 0
  #points = new ThinnedCurve()
  #share = 0

  constructor(file: string, run: ViewedOpen) {
    this.#file = file
    this.run = run
  }

  get curve(): ViewedTraining['curve'] {
    const { tokens } = this.run
    return this.#points.points().map((point) => ({ share: point.tokens / tokens, loss: point.loss }))
  }

  /** Reads on, so many bytes at most; gives how many. */
  look(most: number): number {
    const read = linesFrom(this.#file, this.#from, most)
    // Another file than it was, which is shorter, is read from its beginning.
    if (read.size < this.#from) {
      this.#from = 0
      this.#points = new ThinnedCurve()
      this.#share = 0
      return 1
    }
    this.#from += read.bytes
    for (const line of read.lines) this.#take(line)
    return read.bytes
  }

  /** A line that says something sound, and how far beyond the one before: what a program repeats from a checkpoint on is known. */
  #take(line: string): void {
    const told = objectOf(line)
    const { tokens, stepTokens } = this.run
    const done = numberOf(told?.tokens) ?? (numberOf(told?.step) ?? Number.NaN) * stepTokens
    const loss = numberOf(told?.loss)
    const share = Math.min(done / tokens, 1)
    if (loss === null || !(share > this.#share)) return
    this.#share = share
    this.#points.add({ step: Math.round(done / stepTokens), tokens: share * tokens, loss })
  }
}

const numberOf = (value: unknown): number | null => (typeof value === 'number' && Number.isFinite(value) ? value : null)

function objectOf(line: string): Readonly<Record<string, unknown>> | null {
  try {
    const value: unknown = JSON.parse(line)
    return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : null
  } catch {
    return null
  }
}
