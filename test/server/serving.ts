import type { AddressInfo } from 'node:net'
import type { Backend } from '../../src/backend/backend.ts'
import type { Clock } from '../../src/core/clock.ts'
import type { Config } from '../../src/core/config.ts'
import { tokensFor } from '../../src/core/flops.ts'
import { outcomeOf } from '../../src/core/trainer.ts'
import type { TrainingConfig } from '../../src/cs336/config.ts'
import { nonEmbeddingParameters } from '../../src/cs336/parameters.ts'
import { cs336Space } from '../../src/cs336/space.ts'
import { createServer, type ServerOptions } from '../../src/server/app.ts'
import { claimDeadline } from '../../src/server/deadline.ts'
import { addKey } from '../../src/server/keys.ts'
import { openStore } from '../../src/server/store/open.ts'
import type { Store } from '../../src/server/store/store.ts'
import type { Space } from '../../src/space/space.ts'

/** A backend that answers at once by a formula, counts its runs, and can be made to wait or to fail. */
export interface CountingBackend extends Backend {
  runs: number
  hold: Promise<void> | null
  fail: Error | null
}

export function countingBackend(): CountingBackend {
  return {
    name: 'counting runs',
    producer: { backend: 'counting' },
    runs: 0,
    hold: null,
    fail: null,
    async train(config) {
      this.runs++
      if (this.hold) await this.hold
      if (this.fail) throw this.fail
      return outcomeOf(lossOf(config))
    },
    async close() {},
  }
}

export const lossOf = (config: Config): number => {
  const { dModel, numLayers, trainFlops, learningRate } = config as TrainingConfig
  const N = nonEmbeddingParameters(dModel, numLayers)
  return 2 + 400 * N ** -0.34 + 1000 * tokensFor(trainFlops, N) ** -0.3 + 0.1 * Math.log(1e-3 / learningRate)
}

export interface Serving {
  readonly url: string
  readonly store: Store
  readonly backend: CountingBackend
  readonly key: string
  /** A request with this server's key; `query` overrides or, with undefined, removes. */
  get(
    path: string,
    query?: Record<string, string | number | undefined>,
    // biome-ignore lint/suspicious/noExplicitAny: a test looks into bodies of every shape
  ): Promise<{ status: number; text: string; body: any }>
  close(): Promise<void>
}

export const query = {
  d_model: 256,
  num_layers: 4,
  num_heads: 4,
  batch_size: 128,
  learning_rate: 0.001,
  train_flops: '10000000000000000',
}

/** The course's space with runs of other FLOPs. */
export const spaceOfFlops = (trainFlops: readonly number[]): Space => cs336Space({ trainFlops }) as unknown as Space

const clock: Clock = { now: () => Date.now() }

/** A server on a free port over a real store, with one key. */
export async function serving(
  options: Partial<ServerOptions> & { place?: string; budget?: bigint; deadline?: number } = {},
): Promise<Serving> {
  const store = options.store ?? (await openStore(options.place ?? ':memory:'))
  const backend = countingBackend()
  const { key } = await addKey(store, { label: 'test', budget: options.budget ?? 2_000_000_000_000_000_000n, now: 0 })
  if (options.deadline !== undefined) await claimDeadline(store, options.deadline)
  const app = await createServer({ backend, clock, version: '0.0.0', ...options, store })
  await app.listen({ port: 0, host: '127.0.0.1' })
  const url = `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`
  return {
    url,
    store,
    backend,
    key,
    async get(path, change = {}) {
      const address = new URL(path, url)
      for (const [name, value] of Object.entries({ api_key: key, ...change }))
        if (value !== undefined) address.searchParams.set(name, String(value))
      const response = await fetch(address)
      const text = await response.text()
      return { status: response.status, text, body: parsed(text) }
    },
    async close() {
      await app.close()
      await store.close()
    },
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
