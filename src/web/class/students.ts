import { computed, signal } from '@preact/signals'
import { systemClock } from '../../core/clock.ts'
import type { MeasuredRun } from '../../report/class/figures/profiles.ts'
import type { ClassSpending, SpendingLine, SpentBy } from '../../report/class/figures/spending.ts'
import { ask } from './api.ts'
import { classWith, type Fresh } from './class-with.ts'
import { coalesced, followEvents, isLive } from './live.ts'
import { type KeyFacts, look, type Run, runsFrom } from './me.ts'
import type { Wire } from './wire.ts'

/** A student as the server tells of one; FLOPs have all their digits. */
export interface Student extends KeyFacts {
  readonly runs: number
  readonly bestLoss: number | null
  readonly lastSeen: string | null
  readonly firstRun: string | null
  /** The greatest share of the budget that went within ten minutes. */
  readonly busiestShare: number
  /** Another text whenever something of the key has changed. */
  readonly version: string
  readonly attempts: number
  readonly submittedAt: string | null
  readonly late: boolean
  readonly predicted: number | null
  readonly grade: { readonly rank: number; readonly regret: number; readonly error: number } | null
}

export interface ClassSettings {
  readonly submissions: number
  readonly leaderboard: boolean
}

export interface ClassNews {
  readonly mark: string
  readonly deadline: string | null
  readonly isOpen: boolean
  readonly settings: ClassSettings
  readonly changed: Partial<ClassSettings>
  readonly started: ClassSettings
  readonly isGraded: boolean
  readonly backend: string
  readonly running: number
  readonly trainings: { readonly waiting: number; readonly running: number } | null
  readonly keys: readonly Student[]
  readonly instructors: readonly KeyFacts[]
}

export interface Drawn {
  readonly runs: readonly (MeasuredRun & { readonly key: string })[]
  readonly total: number
}

/** A change of a key that can be taken back. */
export interface Past {
  readonly kind: 'reset' | 'rekey'
  readonly at: string
  readonly runs: number
  readonly submissions: number
}

export interface Detail {
  readonly id: string
  /** Of the student when this was read. */
  readonly version: string
  readonly pasts: readonly Past[]
  readonly runs: readonly Run[]
  readonly submissions: readonly {
    readonly submittedAt: string
    readonly predictedLoss: number
    readonly config: Wire
  }[]
}

/** What the class has spent over time, and until when that is known. */
export type Spent = Pick<ClassSpending, 'times' | 'shares' | 'lines' | 'until'>

export const spent = signal<Spent | null>(null)
/** A run of the class that waits or runs. */
export interface Queued {
  /** Whose it is: the key's name. */
  readonly key: string
  readonly run: Wire & { readonly id: string }
  /** `query`: a program waits for the answer, and only that can end it. */
  readonly state: 'waiting' | 'running' | 'query'
  readonly askedAt: string
  readonly startedAt: string | null
  /** How many wait before it; null where the server does not know. */
  readonly ahead: number | null
}

export const queue = signal<{ readonly queued: readonly Queued[]; readonly total: number }>({ queued: [], total: 0 })

export const news = signal<ClassNews | null>(null)
export const drawn = signal<Drawn>({ runs: [], total: 0 })
/** The student that is looked at, and what is known of them beyond the list. */
export const chosen = signal<string | null>(null)
export const detail = signal<Detail | null>(null)

/** What the key's owner is called. */
export const labelOf = (id: string): string => {
  const { keys = [], instructors = [] } = news.value ?? {}
  return [...keys, ...instructors].find((one) => one.id === id)?.label || id
}

export const student = computed(() => news.value?.keys.find(({ id }) => id === chosen.value) ?? null)

/** What becomes of a student at a glance, the most pressing first. */
export const conditions = ['revoked', 'late', 'submitted', 'idle', 'spent', 'stuck', 'fast', 'working'] as const
export type Condition = (typeof conditions)[number]

/** Nothing new for so long is stuck, ms; so much of a budget within ten minutes is a loop that nobody looked at. */
const stuckMs = 3 * 86_400_000
const fastShare = 0.5

export function conditionOf(one: Student, now: number = systemClock.now()): Condition {
  if (one.revoked) return 'revoked'
  if (one.submittedAt !== null) return one.late ? 'late' : 'submitted'
  if (one.runs === 0) return 'idle'
  if (shareOf(one) > 0.995) return 'spent'
  if (one.lastSeen !== null && now - Date.parse(one.lastSeen) > stuckMs) return 'stuck'
  return one.busiestShare >= fastShare ? 'fast' : 'working'
}

export const shareOf = ({ used, budget }: KeyFacts): number => (budget === '0' ? 0 : Number(used) / Number(budget))

interface WireDrawn {
  readonly keys: readonly string[]
  readonly total: number
  readonly key: readonly number[]
  readonly flops: readonly number[]
  readonly parameters: readonly number[]
  readonly loss: readonly number[]
}

let before: WireDrawn | null = null

interface WireSpending extends Pick<ClassSpending, 'times' | 'shares'> {
  readonly lines:
    | readonly { readonly key: string; readonly at: readonly number[]; readonly share: readonly number[] }[]
    | null
}

let spendingBefore: WireSpending | null = null

/** The time since the last run is shown, but no more of it than this share of the time before: who looks later sees the work. */
const longestRest = 0.25

function spentOf({ times, shares, lines }: WireSpending, keys: readonly Student[], now: number): Spent {
  const labels = new Map(keys.map(({ id, label }) => [id, label || id]))
  const [first = now, last = now] = [times[0], times.at(-1)]
  return {
    ...{ times, shares, until: Math.max(last, Math.min(now, last + longestRest * (last - first))) },
    lines: (lines ?? []).map(({ key, at, share }) => ({
      ...{ key, label: labels.get(key) ?? key },
      steps: at.map((k, n) => ({ time: times[k], share: share[n] })),
    })),
  }
}

/** A student's own steps, from the runs. */
function stepsOf({ budget }: Student, runs: readonly Run[]): SpentBy[] {
  let sum = 0
  return runs
    .filter(({ settledAt }) => settledAt !== null)
    .sort((p, q) => Date.parse(p.settledAt!) - Date.parse(q.settledAt!))
    .map(({ settledAt, cost }) => {
      sum += Number(cost) / Number(budget)
      return { time: Date.parse(settledAt!), share: sum }
    })
}

/** The line of the student that is looked at. */
export const chosenLine = computed((): SpendingLine | null => {
  const one = student.value
  if (one === null || detail.value === null || one.budget === '0') return null
  return { key: one.id, label: one.label || one.id, steps: stepsOf(one, detail.value.runs) }
})

/** Takes in what the server tells of the class; whether it fits what is known. */
function take(fresh: Fresh<ClassNews>, isStreamed = false): boolean {
  const next = classWith(news.value, fresh, isLive.value && !isStreamed)
  if (next !== null && next !== news.value) {
    // What holds for all holds for this key, too.
    if (fresh.settings !== undefined && news.value !== null) void look()
    news.value = next
    if (isStreamed) readRest()
  }
  return next !== null
}

const afterMark = (): string => (news.value === null ? '' : `?after=${news.value.mark}`)

/** Looks at the class, and follows what changes in it. */
export function followClass(): () => void {
  let end = () => {}
  let isOver = false
  const lookAgain = () => lookAtClass().catch(() => {}) // said by `isReached`, or by the sign-in
  void lookAgain().then(() => {
    if (isOver) return
    const told = { class: ({ data }: MessageEvent) => take(JSON.parse(data), true) }
    end = followEvents(
      () => `/class/events${afterMark()}`,
      told,
      () => void lookAgain(),
    )
  })
  return () => {
    isOver = true
    end()
    // Whoever signs in after this may be a student.
    ;[news.value, spent.value, spendingBefore] = [null, null, null]
    ;[drawn.value, before] = [{ runs: [], total: 0 }, null]
    choose(null)
  }
}

/** Looks what is new in the class. Throws where nobody answers. */
export async function lookAtClass(): Promise<void> {
  take(await ask<Fresh<ClassNews>>('GET', `/class${afterMark()}`))
  readRest()
}

/** Reads what news of the class do not tell. */
function readRest(): void {
  readFigures()
  void readOpen().catch(() => {})
}

/** Dots that are drawn anew take the page, and the server, so long each, ms: those of a large class change too little to be seen at once. */
const restPerRun = 2

const readFigures = coalesced(
  () => Promise.all([readDrawn(), readSpending()]).then(() => {}),
  () => restPerRun * drawn.value.runs.length,
)

/** What waits and runs, and what is new of the student that is looked at. */
async function readOpen(): Promise<void> {
  if (news.value === null) return
  const { keys, instructors } = news.value
  if ([...keys, ...instructors].some(({ reserved }) => reserved !== '0'))
    queue.value = await ask<typeof queue.value>('GET', '/class/queue')
  else if (queue.value.total > 0) queue.value = { queued: [], total: 0 }
  const { value } = student
  if (value !== null && value.version !== detail.value?.version) await readDetail(value)
}

async function readDrawn(): Promise<void> {
  const runs = await ask<WireDrawn>('GET', '/class/runs')
  if (runs === before) return
  before = runs
  drawn.value = {
    total: runs.total,
    runs: runs.loss.map((loss, k) => ({
      ...{ loss, flops: runs.flops[k], parameters: runs.parameters[k], key: runs.keys[runs.key[k]] },
    })),
  }
}

async function readSpending(): Promise<void> {
  const spending = await ask<WireSpending>('GET', '/class/spending')
  if (spending === spendingBefore) return
  spendingBefore = spending
  spent.value = spentOf(spending, news.value?.keys ?? [], systemClock.now())
}

async function readDetail({ id, version }: Student): Promise<void> {
  const read = await ask<Omit<Detail, 'runs' | 'version'> & { runs: Parameters<typeof runsFrom>[0] }>(
    'GET',
    `/class/keys/${id}`,
  )
  if (chosen.value === id) detail.value = { ...read, version, runs: runsFrom(read.runs) }
}

/** Moves the keyboard to what is told of the student that is looked at. */
export const goToStudent = (): void => document.getElementById('student')?.focus()

export function choose(id: string | null): void {
  chosen.value = id
  detail.value = null
  if (student.value !== null) void readDetail(student.value).catch(() => {})
}

/** Ends a run that waits or runs for its key: nothing is charged. Throws what the server says. */
export const cancelQueued = ({ key, run }: Queued): Promise<void> =>
  changeClass(`keys/${key}/runs/${encodeURIComponent(run.id)}/cancel`)

/** Changes something of the class, and looks what came of it. Throws what the server says. */
export async function changeClass<Answer>(path: string, body: unknown = {}): Promise<Answer> {
  const answer = await ask<Answer>('POST', `/class/${path}`, body)
  await Promise.all([lookAtClass().catch(() => {}), look()])
  if (student.value !== null && path.startsWith(`keys/${chosen.value}/`))
    await readDetail(student.value).catch(() => {})
  return answer
}
