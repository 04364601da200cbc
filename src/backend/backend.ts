import type { TrainingConfig } from '../core/config.ts'

/**
 * What answers a query: a simulation, a table of recorded runs, or a real training.
 *
 * Equal configurations have equal answers. `run` rejects with an IsoflopError when the configuration cannot be answered, and the
 * caller then charges nothing. The server calls it once for equal queries in flight, and never for one answered before.
 */
export interface Backend {
  /** For logs and `/healthz`: `simulate cs336`, `replay runs.csv`. */
  readonly name: string
  /** The loss that training this configuration reaches, nats per token. */
  run(config: TrainingConfig): Promise<number>
  close(): Promise<void>
}
