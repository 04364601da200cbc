import type { Clock } from '../core/clock.ts'
import { IsoflopError } from '../core/errors.ts'
import { damagedDatabase } from './store/common.ts'
import type { Store } from './store/store.ts'

/**
 * The end of predicting is kept in the database, for all who serve it and grade it: while it was an option of each server, a second one
 * without it took predictions of what the first had told. A time once told holds until somebody changes it by name.
 */

/** What is kept under `deadline`, and under `truth-shown` the deadline after which somebody was told the truth. */
const facts = { deadline: 'deadline', shown: 'truth-shown' } as const
const none = 'none'

/** When predicting ends, ms since 1970; null where it never does. Errors: RECORD_DAMAGED, and those of the store. */
export async function deadlineOf(store: Store): Promise<number | null> {
  const text = await store.recall(facts.deadline)
  if (text === null || text === none) return null
  const deadline = Date.parse(text)
  if (Number.isNaN(deadline) || timeText(deadline) !== text)
    throw damagedDatabase('its deadline is not what was written')
  return deadline
}

/**
 * Notes a server's deadline where the database has none; gives the one that holds. Errors: DEADLINE_DIFFERS, with both; DEADLINE_PASSED for a new one that
 * has passed by the clock.
 */
export async function claimDeadline(store: Store, wanted: number | null, clock?: Clock): Promise<number | null> {
  if (wanted === null) return deadlineOf(store)
  if (clock !== undefined && wanted <= clock.now() && (await deadlineOf(store)) === null) throw endsAtOnce(wanted)
  if ((await store.remember(facts.deadline, timeText(wanted))) === none)
    await store.note(facts.deadline, timeText(wanted))
  const there = await deadlineOf(store) // another server may have been faster
  if (there !== null && there !== wanted) throw differs(there, wanted)
  return there
}

/** What a deadline is changed in spite of. */
export interface InSpite {
  /** The one that is there has passed, and whoever predicts after it may have been told what is true. */
  readonly reopen?: boolean
  /** The new one has passed already: a slip of the pen would tell the truth, and nothing makes anybody forget it. */
  readonly atOnce?: boolean
}

/** Changes the deadline; null takes it away. Errors: DEADLINE_PASSED. */
export async function setDeadline(
  store: Store,
  deadline: number | null,
  clock: Clock,
  { reopen = false, atOnce = false }: InSpite = {},
): Promise<void> {
  const there = await deadlineOf(store)
  if (there === deadline) return
  if (there !== null && !reopen && (await hasPassed(store, there, clock))) throw passed(there)
  if (deadline !== null && !atOnce && deadline <= clock.now()) throw endsAtOnce(deadline)
  await store.note(facts.deadline, deadline === null ? none : timeText(deadline))
}

/** Whether the clock says so, or the truth was told by whoever's clock: one that jumps back must not let the told predict. */
export async function hasPassed(store: Store, deadline: number, clock: Clock): Promise<boolean> {
  return clock.now() >= deadline || (await store.recall(facts.shown)) === timeText(deadline)
}

/** Notes that the truth is told, before it is. */
export async function noteShown(store: Store, deadline: number): Promise<void> {
  if ((await store.recall(facts.shown)) !== timeText(deadline)) await store.note(facts.shown, timeText(deadline))
}

/** As it is stored, told and answered. */
export const timeText = (ms: number): string => new Date(ms).toISOString()

const differs = (there: number, wanted: number) =>
  new IsoflopError(
    'DEADLINE_DIFFERS',
    `The database has the deadline ${timeText(there)}; the one that was asked for is ${timeText(wanted)}.`,
    `Leave --deadline out, or change it for every server: isoflop deadline ${timeText(wanted)}`,
  )

const passed = (there: number) =>
  new IsoflopError(
    'DEADLINE_PASSED',
    `The deadline ${timeText(there)} has passed, and whoever asked since then knows the truth.`,
    'If predictions shall be taken all the same, say --reopen.',
  )

/** What a deadline does that has passed when it is set. */
export const endingAtOnce = (deadline: number): string =>
  `${timeText(deadline)} has passed already: predicting would end at once, and the truth that is shown then cannot be taken back.`

const endsAtOnce = (deadline: number) =>
  new IsoflopError(
    'DEADLINE_PASSED',
    endingAtOnce(deadline),
    `Check day, year and zone; where it is meant: isoflop deadline ${timeText(deadline)} --yes`,
  )
