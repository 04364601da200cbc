import type { Backend } from '../../src/backend/backend.ts'
import { type Deferred, deferred } from '../../src/core/deferred.ts'
import { IsoflopError } from '../../src/core/errors.ts'
import type { Outcome, TrainingRequest } from '../../src/core/trainer.ts'
import { apiCodec, type TrainingConfig } from '../../src/cs336/config.ts'
import { lossOf } from './serving.ts'

/** A training of a backend whose trainings end when a test says so. */
export interface Held {
  readonly config: TrainingConfig
  readonly request: TrainingRequest
  readonly outcome: Deferred<Outcome>
  /** Ends it with its loss. */
  finish(): void
}

export interface HeldBackend extends Backend {
  /** What runs, in the order in which it began. */
  readonly running: Held[]
  /** How many were begun of each configuration. */
  readonly begun: Map<string, number>
}

/** A backend whose trainings take as long as a test wants, and end early when nobody wants them any more. */
export function heldBackend(): HeldBackend {
  const running: Held[] = []
  const begun = new Map<string, number>()
  return {
    name: 'held',
    producer: { backend: 'held' },
    running,
    begun,
    async train(config, request = {}) {
      const name = apiCodec.identity(config)
      begun.set(name, (begun.get(name) ?? 0) + 1)
      const outcome = deferred<Outcome>()
      const held: Held = {
        ...{ config, request, outcome },
        finish: () => outcome.resolve({ kind: 'finished', loss: lossOf(config) }),
      }
      running.push(held)
      const interrupted = () =>
        outcome.resolve({
          kind: 'interrupted',
          error: new IsoflopError('RUN_INTERRUPTED', 'It was ended.', 'Ask again.'),
        })
      request.signal?.addEventListener('abort', interrupted)
      try {
        return await outcome.promise
      } finally {
        running.splice(running.indexOf(held), 1)
      }
    },
    async close() {
      const stopped = new IsoflopError('TRAINING_STOPPED', 'The server stops.', 'Start it again.')
      for (const { outcome } of running) outcome.reject(stopped)
    },
  }
}

export interface Answer {
  readonly status: number
  // biome-ignore lint/suspicious/noExplicitAny: a test looks into bodies of every shape
  readonly body: any
  readonly headers: Headers
}

/** Asks a server with a key, JSON in and out. */
export const asking =
  (url: string, key: string) =>
  async (method: string, path: string, body?: object, headers: Record<string, string> = {}): Promise<Answer> => {
    const json = body === undefined ? {} : { body: JSON.stringify(body) }
    const type = body === undefined ? {} : { 'content-type': 'application/json' }
    const answer = await fetch(new URL(path, url), {
      method,
      ...json,
      headers: { 'x-api-key': key, ...type, ...headers },
    })
    return { status: answer.status, body: await answer.json(), headers: answer.headers }
  }

/** A configuration as the wire has it, different by its learning rate. */
export const wire = (k: number) => ({
  ...{ d_model: 256, num_layers: 4, num_heads: 4, batch_size: 128 },
  ...{ learning_rate: Number((1e-4 + 1e-6 * k).toPrecision(8)), train_flops: 1e16 },
})
