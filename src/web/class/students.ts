import { computed, signal } from '@preact/signals'
import { systemClock } from '../../core/clock.ts'
import type { MeasuredRun } from '../../report/class/figures/profiles.ts'
import { ask } from './api.ts'
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

export interface Detail {
  readonly id: string
  readonly runs: readonly Run[]
  readonly submissions: readonly {
    readonly submittedAt: string
    readonly predictedLoss: number
    readonly config: Wire
  }[]
}

export const news = signal<ClassNews | null>(null)
export const drawn = signal<Drawn>({ runs: [], total: 0 })
/** The student that is looked at, and what is known of them beyond the list. */
export const chosen = signal<string | null>(null)
export const detail = signal<Detail | null>(null)

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

/** Looks what is new in the class; quiet where nobody answers. */
export async function lookAtClass(): Promise<void> {
  const fresh = await ask<ClassNews>('GET', '/class')
  if (fresh !== news.value) news.value = fresh
  const runs = await ask<WireDrawn>('GET', '/class/runs')
  if (runs !== before) {
    before = runs
    drawn.value = {
      total: runs.total,
      runs: runs.loss.map((loss, k) => ({
        ...{ loss, flops: runs.flops[k], parameters: runs.parameters[k], key: runs.keys[runs.key[k]] },
      })),
    }
  }
  const { value } = student
  if (value !== null && detail.value?.runs.length !== value.runs) await readDetail(value.id)
}

async function readDetail(id: string): Promise<void> {
  const read = await ask<Omit<Detail, 'runs'> & { runs: Parameters<typeof runsFrom>[0] }>('GET', `/class/keys/${id}`)
  if (chosen.value === id) detail.value = { ...read, runs: runsFrom(read.runs) }
}

export function choose(id: string | null): void {
  chosen.value = id
  detail.value = null
  if (id !== null) void readDetail(id).catch(() => {})
}

/** Changes something of the class, and looks what came of it. Throws what the server says. */
export async function changeClass<Answer>(path: string, body: unknown = {}): Promise<Answer> {
  const answer = await ask<Answer>('POST', `/class/${path}`, body)
  await Promise.all([lookAtClass().catch(() => {}), look()])
  return answer
}
