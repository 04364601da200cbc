import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import type { Backend } from '../backend/backend.ts'

/** What `/metrics` tells Prometheus. */
export interface Metrics {
  /** A query of `/loss` that ended as `settled`, `repeated`, `refused` or `failed`. */
  query(outcome: QueryOutcome, seconds: number, flops: number): void
  text(): Promise<string>
  readonly contentType: string
}

export type QueryOutcome = 'settled' | 'repeated' | 'refused' | 'failed'

/** Metrics of the queries running, and of the trainings where the backend has some. */
export function createMetrics(running: () => number, { trainings }: Pick<Backend, 'trainings'>): Metrics {
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
  gauge('isoflop_queries_running', 'Queries being run now.', running)
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
