import { type WireRun, type WireRunWithCurve, wireOfRun } from '../api/v2.ts'
import { timeText } from './deadline.ts'
import type { Progresses } from './progress.ts'
import type { StoredRequest } from './store/requests.ts'
import type { Store } from './store/store.ts'

/** Runs as they are shown: what the store has, and how far they are by this process or by what another one has kept. */
export interface ShownRuns {
  run(keyId: string, request: StoredRequest): Promise<WireRun>
  withCurve(keyId: string, request: StoredRequest): Promise<WireRunWithCurve>
}

export function createShownRuns(store: Pick<Store, 'curve'>, progresses: Pick<Progresses, 'latest'>): ShownRuns {
  const shown = async (keyId: string, request: StoredRequest, wantsCurve: boolean): Promise<WireRunWithCurve> => {
    const { config, state, failure, number } = request
    const told = progresses.latest(keyId, config)
    const isKept = state === 'running' || (wantsCurve && state !== 'waiting')
    const curve = told?.kind === 'running' ? told.curve : isKept ? await store.curve(keyId, config) : []
    return {
      ...wireOfRun(config),
      state,
      loss: request.loss,
      flops_charged: Number(request.charged),
      ahead: state === 'waiting' && told?.kind === 'waiting' ? (told.ahead ?? null) : null,
      latest: state === 'running' ? (curve.at(-1) ?? null) : null,
      error: failure && { code: failure.code, message: failure.message },
      asked_at: textOrNull(request.askedAt),
      started_at: textOrNull(request.startedAt),
      ended_at: textOrNull(request.endedAt),
      number: Number(number),
      curve: [...curve],
    }
  }
  return {
    async run(keyId, request) {
      const { curve: _, ...run } = await shown(keyId, request, false)
      return run
    },
    withCurve: (keyId, request) => shown(keyId, request, true),
  }
}

const textOrNull = (ms: number | null): string | null => (ms === null ? null : timeText(ms))
