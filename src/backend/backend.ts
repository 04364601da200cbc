import type { TrainingConfig } from '../core/config.ts'

/**
 * What answers a query: a simulation, a table of recorded runs, or a real training.
 *
 * Equal configurations have equal answers. `run` rejects with an IsoflopError when the configuration cannot be answered, and the
 * caller then charges nothing. The server calls it once for equal queries of a key in flight, and never for one answered before.
 */
export interface Backend {
  /** For logs and `/healthz`: `simulate cs336`, `replay runs.csv`. */
  readonly name: string
  /** How many trainings wait and run now; only where answers take long. */
  readonly trainings?: { readonly waiting: number; readonly running: number }
  /** The loss that training this configuration reaches, nats per token. Where queries wait, askers are served in turn. */
  run(config: TrainingConfig, asker?: string): Promise<number>
  /** Ends what runs: it rejects, and so does every later query of a backend whose answers take long. Again: nothing. */
  close(): Promise<void>
}
