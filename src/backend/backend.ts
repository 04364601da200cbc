import type { Trainer } from '../core/trainer.ts'
import type { TrainingConfig } from '../cs336/config.ts'

/**
 * What answers a query: a simulation, a table of recorded runs, or a real training. The server calls `train` once for equal queries of
 * a key in flight, never for one answered before, and charges what finished alone. Its name is for logs and `/healthz`:
 * `simulate cs336`, `replay runs.csv`.
 */
export interface Backend extends Trainer<TrainingConfig> {
  /** How many trainings wait and run now; only where answers take long. */
  readonly trainings?: { readonly waiting: number; readonly running: number }
  /** Ends what runs: it rejects, and so does every later query of a backend whose answers take long. Again: nothing. */
  close(): Promise<void>
}
