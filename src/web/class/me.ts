import { computed, signal } from '@preact/signals'
import { systemClock } from '../../core/clock.ts'
import { ask, keepToken, Refusal, signedOut } from './api.ts'
import { isLive } from './live.ts'
import type { Wire } from './wire.ts'

export interface KeyFacts {
  readonly id: string
  readonly label: string
  readonly budget: string
  readonly used: string
  readonly reserved: string
  readonly revoked: boolean
  readonly instructor: boolean
}

/** Who is signed in, and what holds for them. */
export interface Me {
  readonly csrf: string
  readonly key: KeyFacts
  readonly version: string
  readonly now: string
  readonly deadline: string | null
  readonly isOpen: boolean
  readonly attempts: number
  readonly submissions: number
  readonly leaderboard: boolean
  readonly trainFlops: readonly string[]
  readonly takesLong: boolean
  readonly hasDocs: boolean
  /** The space of a file whose runs the server makes, and FLOPs of its target; null for the course's. */
  readonly space: { readonly name: string; readonly target: string } | null
}

interface WireRun {
  readonly settledAt: string | null
  readonly cost: string
  readonly loss: number
  readonly config: Wire
  readonly parameters: number
}

export interface Run extends WireRun {
  readonly number: number
  readonly flops: number
}

export const runsFrom = (runs: readonly WireRun[], first = 0): Run[] =>
  runs.map((run, k) => ({
    ...run,
    number: first + k,
    flops: run.config.train_flops,
  }))

export const me = signal<Me | null>(null)
export const runs = signal<readonly Run[]>([])
/** The run that is looked at, in table and figure. */
export const selected = signal<number | null>(null)
export const pointed = signal<number | null>(null)

const fields = ['model', 'd_model', 'num_layers', 'num_heads', 'batch_size', 'learning_rate', 'train_flops'] as const
export const nameOf = (config: Wire): string =>
  fields.map((name) => (config as Partial<Record<string, number | string>>)[name] ?? '').join(' ')

/** Losses of what was asked before: to ask again is free. */
export const answered = computed(() => new Map(runs.value.map((run) => [nameOf(run.config), run.loss])))

/** FLOPs of the key: all, spent, set aside for what runs, left. */
export const sums = computed(() => {
  const { budget = '0', used = '0', reserved = '0' } = me.value?.key ?? {}
  const [all, spent, out] = [budget, used, reserved].map(BigInt)
  return { all: Number(all), spent: Number(spent), out: Number(out), left: Number(all - spent - out) }
})

/** Where the next page of runs begins, how many of it are known, and whose they are. */
let after = '0'
let lastPage = 0
let knownOf = ''

let looking: Promise<void> = Promise.resolve()

/** Looks who is signed in, and what is new, one look after the other. Quiet where nobody is, and where nobody answers. */
export function look(): Promise<void> {
  looking = looking.then(lookOnce)
  return looking
}

async function lookOnce(): Promise<void> {
  try {
    const now = await ask<Me>('GET', '/me')
    keepToken(now.csrf)
    const hasNews = me.value === null || now.key.used !== me.value.key.used || now.key.id !== knownOf
    // A key that was reset has forgotten its runs.
    if (now.key.id !== knownOf || Number(now.key.used) < Number(me.value?.key.used ?? 0)) forget()
    knownOf = now.key.id
    if (hasNews) await readRuns()
    me.value = now
    signedOut.value = null
  } catch (error) {
    if (error instanceof Refusal && error.status === 401) me.value = null
  }
}

function forget(): void {
  after = '0'
  lastPage = 0
  runs.value = []
  selected.value = null
}

/** Reads the runs that are new: the last page that was read is read again, as it may have grown. */
async function readRuns(): Promise<void> {
  const before = runs.value.length
  const fresh: Run[] = []
  for (;;) {
    const page = await ask<{ runs: readonly WireRun[]; next: string | null }>('GET', `/runs?after=${after}`)
    fresh.push(...runsFrom(page.runs.slice(lastPage), before + fresh.length))
    lastPage = page.runs.length
    if (page.next === null) break
    after = page.next
    lastPage = 0
  }
  if (fresh.length > 0) runs.value = [...runs.value, ...fresh]
}

export async function openClass(): Promise<void> {
  const isSignedIn = await ask<{ isSignedIn: boolean }>('GET', '/session').catch(() => null)
  if (isSignedIn?.isSignedIn !== false) await look()
}

/** Signs in. Throws what the server says. */
export async function signIn(key: string): Promise<void> {
  await ask('POST', '/session', { key })
  forget()
  knownOf = ''
  await look()
}

export async function signOut(): Promise<void> {
  await ask('DELETE', '/session')
  signedOut.value = 'left'
  me.value = null
  forget()
}

/** How often the page looks what is new where no stream tells it, and where one does, ms: the deadline passes without an event. */
const [lookMs, liveLookMs] = [5_000, 30_000]

/** Looks again and again, as long as the page is seen. */
export function keepLooking(work: () => Promise<void> = look): () => void {
  let isLooking = false
  let lookedAt = systemClock.now()
  const again = async () => {
    if (isLooking || document.hidden || signedOut.value !== null) return
    isLooking = true
    lookedAt = systemClock.now()
    await work().catch(() => {}) // said by `isReached`, or by the sign-in
    isLooking = false
  }
  const tick = () => {
    if (!isLive.value || systemClock.now() - lookedAt >= liveLookMs) void again()
  }
  const timer = setInterval(tick, lookMs)
  document.addEventListener('visibilitychange', again)
  return () => {
    clearInterval(timer)
    document.removeEventListener('visibilitychange', again)
  }
}
