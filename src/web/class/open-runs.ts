import { signal } from '@preact/signals'
import { ask } from './api.ts'
import { coalesced, followEvents } from './live.ts'
import { look } from './me.ts'
import type { CourseWire, Wire } from './wire.ts'

/** A run as the second version of the API tells of it. */
export type AskedRun = Wire & {
  readonly id: string
  readonly state: 'waiting' | 'running' | 'finished' | 'diverged' | 'failed' | 'cancelled'
  readonly loss: number | null
  readonly ahead: number | null
  readonly latest: { readonly tokens: number; readonly loss: number } | null
  readonly error: { readonly message: string } | null
}

/** The key's runs that wait or run now, whoever asked for them: this page, another tab or a program. */
export const openRuns = signal<readonly AskedRun[]>([])

const isOpen = ({ state }: AskedRun): boolean => state === 'waiting' || state === 'running'

function take(run: AskedRun): void {
  const others = openRuns.value.filter(({ id }) => id !== run.id)
  if (isOpen(run)) openRuns.value = [...others, run]
  else if (others.length < openRuns.value.length) openRuns.value = others
}

/** So long an answer is waited for, s; what takes longer stands among the open ones. */
const waitSeconds = 3

/** Asks for a run; as it is once it has ended, or after some seconds. Throws what the server says. */
export async function askRun({
  d_model,
  num_layers,
  num_heads,
  batch_size,
  learning_rate,
  train_flops,
}: CourseWire): Promise<AskedRun> {
  const config = { d_model, num_layers, num_heads, batch_size, learning_rate, train_flops }
  const run = await ask<AskedRun>('POST', `/v2/runs?wait=${waitSeconds}`, config)
  take(run)
  await look()
  return run
}

/** Cancels a run that waits or runs: nothing is charged. Throws what the server says. */
export async function cancelRun(id: string): Promise<void> {
  take(await ask<AskedRun>('DELETE', `/v2/runs/${id}`))
  await look()
}

async function readOpen(): Promise<void> {
  const { runs } = await ask<{ runs: readonly AskedRun[] }>('GET', '/v2/runs?state=waiting,running')
  openRuns.value = runs
}

/** Follows what happens to the key: its runs, its budget, its predictions. */
export function followRuns(): () => void {
  // What happened before the stream began, or while the connection was away, is read whole.
  const start = () => void Promise.all([readOpen(), look()]).catch(() => {})
  const lookSoon = coalesced(look)
  const end = followEvents(
    () => '/v2/events',
    {
      start,
      run({ data }) {
        take(JSON.parse(data) as AskedRun)
        void lookSoon()
      },
      progress: ({ data }) => take(JSON.parse(data) as AskedRun),
      gone({ data }) {
        const { id } = JSON.parse(data) as { id: string }
        openRuns.value = openRuns.value.filter((run) => run.id !== id)
      },
      key: () => void lookSoon(),
    },
    () => void lookSoon(),
  )
  return () => {
    end()
    openRuns.value = []
  }
}
