import type { Backend } from '../../src/backend/backend.ts'
import { type WorkersBackendOptions, workersBackend } from '../../src/backend/workers.ts'
import type { Config } from '../../src/core/config.ts'
import { IsoflopError } from '../../src/core/errors.ts'
import type { Outcome, Trainer, TrainingRequest } from '../../src/core/trainer.ts'
import type { TrainingConfig } from '../../src/cs336/config.ts'
import { openJobs } from '../../src/jobs/jobs.ts'
import type { Facts } from '../../src/jobs/kinds.ts'
import { type WorkerEvent, work } from '../../src/jobs/worker.ts'

export const facts = { backend: 'program', program: 'tests' } as const

/** Configurations that differ. */
export const configOf = (k: number): TrainingConfig => ({
  ...{ dModel: 64 + k, numLayers: 2, numHeads: 2, batchSize: 128, learningRate: 0.001, trainFlops: 1e13 },
})

/** A loss that tells its configuration. */
export const lossOf = ({ dModel }: TrainingConfig): number => dModel / 100

/** What a test that failed left open, which would keep its process. */
const opened: (() => Promise<unknown>)[] = []
export const closeAll = () => Promise.allSettled(opened.map((close) => close()))

/** A server's part of a pool. */
export async function server(url: string, options: Partial<WorkersBackendOptions> = {}): Promise<Backend<Config>> {
  const backend = await workersBackend({ url, name: 'tests', producer: facts, ...options })
  opened.push(() => backend.close())
  return backend
}

export interface TestWorker {
  readonly events: WorkerEvent[]
  /** Configurations in the order in which they were begun. */
  readonly begun: TrainingConfig[]
  /** Ends it, as SIGTERM does; rejects with what ended it before. */
  stop(): Promise<void>
  readonly done: Promise<void>
}

export interface TestWorkerOptions {
  readonly name?: string
  readonly parallel?: number
  readonly tags?: readonly string[]
  readonly memory?: number
  readonly legMs?: number
  readonly facts?: Facts
  /** A program that this machine should be able to run, and is not. */
  readonly brokenFor?: string
  readonly make?: (config: TrainingConfig, request: TrainingRequest) => Promise<Outcome>
}

/** A worker in this process, which makes what it is given with a function. */
export async function worker(url: string, options: TestWorkerOptions = {}): Promise<TestWorker> {
  const { name = 'here', parallel = 1, tags = [], memory = 1e9, legMs = 60_000 } = options
  const { make = async (config) => ({ kind: 'finished', loss: lossOf(config) }) } = options
  const jobs = await openJobs(url, { creates: false, connections: 3 })
  const ending = new AbortController()
  const [events, begun]: [WorkerEvent[], TrainingConfig[]] = [[], []]
  const trainer: Trainer<TrainingConfig> = {
    name: 'tests',
    train(config, request = {}) {
      begun.push(config)
      return make(config, request)
    },
  }
  const wanted = JSON.stringify(options.facts ?? facts)
  const done = work({
    ...{ jobs, name, parallel, tags, memory, legMs, signal: ending.signal },
    open: async (given) => {
      if (given.program === options.brokenFor && options.brokenFor !== undefined)
        throw new IsoflopError('DEVICE_UNAVAILABLE', 'It is not here.', 'Plug it in.')
      return JSON.stringify({ backend: given.backend, program: given.program }) === wanted ? trainer : null
    },
    onEvent: (event) => events.push(event),
  }).finally(() => jobs.close())
  done.catch(() => {})
  opened.push(() => {
    ending.abort()
    return done
  })
  return {
    events,
    begun,
    done,
    stop() {
      ending.abort()
      return done
    },
  }
}

/** Never ends by itself; ends when nobody waits any more. */
export const untilLeft = (_: TrainingConfig, { signal }: TrainingRequest): Promise<Outcome> =>
  new Promise((resolve) => {
    const end = () => resolve({ kind: 'interrupted', error: signal?.reason })
    if (signal?.aborted) end()
    else signal?.addEventListener('abort', end)
  })
