// A process that dies between two steps. With STEPS_TO_LIVE=k in the environment it is ended by SIGKILL at its k-th step, counted from `countSteps()` or from the
// first statement that STEPS_BEGIN (a regular expression) finds. In PostgreSQL each statement that changes something is a step: it is done, and nobody has heard of
// it; of a transaction its COMMIT, since dying before it is as dying before the transaction, or with ALL_STEPS=1 in the environment every statement. In SQLite a transaction is two: all is written but nothing committed, though some answers are given before that; and it is committed. The process says
// on stdout after what it dies. To be imported by the entries of tests, or with `node --import`.
import { writeSync } from 'node:fs'
import { StatementSync } from 'node:sqlite'
import pg from 'pg'

const { STEPS_TO_LIVE, STEPS_BEGIN } = process.env
const lifetime = Number(STEPS_TO_LIVE ?? Infinity)
const begins = STEPS_BEGIN === undefined ? null : new RegExp(STEPS_BEGIN)
let steps = 0
let isCounting = false

/** From now on each step counts. */
export function countSteps(): void {
  isCounting = true
}

/** Statements of PostgreSQL that change something; but those that come by the clock. */
const changing =
  /isoflop\.(ask|begin_request|settle|end_request|cancel|reserve|release|note_curve|take_over)\(|isoflop_jobs\.(ask|leave|take|beat|answer|give_back)\(|isoflop_boss\.job_common|^BEGIN|^COMMIT|pg_notify/

function step(text: string): void {
  if (begins?.test(text)) isCounting = true
  if (!isCounting || ++steps !== lifetime) return
  writeSync(1, `dies after ${text.replace(/\s+/g, ' ').slice(0, 120)}\n`)
  process.kill(process.pid, 'SIGKILL')
}

if (STEPS_TO_LIVE !== undefined) {
  const statement = StatementSync.prototype as { run(...values: unknown[]): unknown; readonly sourceSQL: string }
  const { run } = statement
  statement.run = function (...values) {
    if (this.sourceSQL !== 'COMMIT') return run.apply(this, values)
    step('all but COMMIT')
    const result = run.apply(this, values)
    step('COMMIT')
    return result
  }

  // biome-ignore lint/suspicious/noExplicitAny: pg takes a text or an object, and a callback or none
  const client = pg.Client.prototype as any
  const { query } = client
  const within = new WeakSet<object>()
  // biome-ignore lint/suspicious/noExplicitAny: the same
  client.query = function (...given: any[]) {
    const text: string = given[0].text ?? given[0]
    if (text.startsWith('BEGIN') && !text.includes('COMMIT')) within.add(this)
    if (text.startsWith('COMMIT')) within.delete(this)
    const isHidden = within.has(this) && process.env.ALL_STEPS === undefined
    const done = (result: unknown) => {
      if (begins?.test(text) || (changing.test(text) && !isHidden)) step(text)
      return result
    }
    const callback = given.at(-1)
    if (typeof callback !== 'function') return query.apply(this, given).then(done)
    const told = (error: Error | null, result: unknown) => callback(error, error ? result : done(result))
    return query.apply(this, [...given.slice(0, -1), told])
  }
}
