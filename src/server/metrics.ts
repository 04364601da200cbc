import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import type { Backend } from '../backend/backend.ts'
import type { Connections } from './connections.ts'
import type { Gate } from './gate.ts'
import type { Ledger } from './ledger.ts'
import type { OpenCounts } from './store/requests.ts'
import type { Store } from './store/store.ts'
import type { Tickets } from './tickets.ts'
import type { Upkeep } from './upkeep.ts'

/** What `/metrics` tells Prometheus. */
export interface Metrics {
  /** A query of `/loss` that ended as `settled`, `repeated`, `refused` or `failed`. */
  query(outcome: QueryOutcome, seconds: number, flops: number): void
  text(): Promise<string>
  readonly contentType: string
}

export type QueryOutcome = 'settled' | 'repeated' | 'refused' | 'failed'

/** What metrics are taken of. */
interface Measured {
  readonly gate: Pick<Gate, 'wrong' | 'refused'>
  readonly ledger: Pick<Ledger, 'running'>
  readonly tickets: Pick<Tickets, 'held'>
  readonly upkeep: Pick<Upkeep, 'reclaimed' | 'unbalanced'>
  readonly connections: Pick<Connections, 'open'>
  readonly backend: Pick<Backend, 'trainings' | 'jobs'>
  readonly store: Pick<Store, 'openRequests'>
}

/** Metrics of queries and reservations, and of trainings where the backend has some. */
export function createMetrics(measured: Measured): Metrics {
  const { gate: keys, ledger, tickets, upkeep, connections } = measured
  const { trainings } = measured.backend
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  const queries = new Counter({
    name: 'isoflop_queries_total',
    help: 'Queries of /loss by outcome.',
    labelNames: ['outcome'] as const,
    registers: [registry],
  })
  const flops = new Counter({
    name: 'isoflop_settled_flops_total',
    help: 'FLOPs charged by this process.',
    registers: [registry],
  })
  const duration = new Histogram({
    name: 'isoflop_query_seconds',
    help: 'Time to answer a query of /loss.',
    buckets: [0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 10, 100, 1000, 10000],
    registers: [registry],
  })
  const gauge = (name: string, help: string, value: () => number) =>
    new Gauge({
      ...{ name, help },
      registers: [registry],
      collect() {
        this.set(value())
      },
    })
  gauge('isoflop_queries_running', 'Queries being run now.', () => ledger.running)
  gauge('isoflop_reservations_held', 'Reservations of this process.', () => tickets.held)
  gauge('isoflop_connections', 'Connections of clients.', () => connections.open)
  new Counter({
    name: 'isoflop_reservations_reclaimed_total',
    help: 'Reservations freed by this process, because nobody renewed them.',
    registers: [registry],
    collect() {
      this.reset()
      this.inc(upkeep.reclaimed)
    },
  })
  gauge(
    'isoflop_unbalanced_keys',
    'Keys whose sums are not those of their runs and reservations; 0 is right.',
    () => upkeep.unbalanced,
  )
  gauge('isoflop_wrong_keys', 'Keys that nobody has, so far.', () => keys.wrong)
  gauge(
    'isoflop_wrong_keys_refused',
    'Requests refused so far, because too many wrong keys came from their address.',
    () => keys.refused,
  )
  const { backend } = measured
  if (backend.jobs)
    new Gauge({
      name: 'isoflop_jobs',
      help: 'Trainings in the whole pool of workers, by state and by the tags that a worker must have.',
      labelNames: ['state', 'tags'] as const,
      registers: [registry],
      async collect() {
        // Where the database is away there is nothing to tell, and everything else is told.
        const counts = await backend.jobs!().catch(() => [])
        this.reset()
        for (const { state, tags, count } of counts) this.set({ state, tags }, count)
      },
    })
  new Gauge({
    name: 'isoflop_requests',
    help: 'Runs of all keys that were asked for by POST /v2/runs and have not ended, by state; of the whole database.',
    labelNames: ['state'] as const,
    registers: [registry],
    async collect() {
      this.reset()
      const counts: OpenCounts | null = await measured.store.openRequests().catch(() => null) // the rest is told all the same
      if (counts === null) return
      this.set({ state: 'waiting' }, counts.waiting)
      this.set({ state: 'running' }, counts.running)
    },
  })
  if (trainings) {
    gauge('isoflop_trainings_running', 'Trainings that run now.', () => trainings.running)
    gauge('isoflop_trainings_waiting', 'Trainings that wait for a worker.', () => trainings.waiting)
  }
  return {
    query(outcome, seconds, cost) {
      queries.inc({ outcome })
      duration.observe(seconds)
      if (outcome === 'settled') flops.inc(cost)
    },
    text: () => registry.metrics(),
    contentType: registry.contentType,
  }
}
