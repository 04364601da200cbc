import type { Config } from '../core/config.ts'
import type { Trainer } from '../core/trainer.ts'
import type { TrainingConfig } from '../cs336/config.ts'
import type { JobCount } from '../jobs/office.ts'

/** What the answers of a backend depend on beside the configuration: equal producers answer equally. */
export interface Producer {
  /** `simulate`, `replay` or `train`: all that everybody may know of it. */
  readonly backend: string
  readonly [fact: string]: string
}

/** A training that somebody waits for. */
export interface AskedTraining<C extends Config = TrainingConfig> {
  readonly asker: string
  readonly config: C
  /** Says that the asker does not wait any more; a training that nobody waits for is ended. */
  leave(): Promise<void>
}

/**
 * What answers a query: a simulation, a table of recorded runs, or a real training. The server calls `train` once for equal queries of
 * a key in flight, never for one answered before, and charges what finished alone. Its name is for whoever runs it, as it may tell what
 * is true: `simulate cs336`, `replay runs.csv`.
 */
export interface Backend<C extends Config = TrainingConfig> extends Trainer<C> {
  readonly producer: Producer
  /** How many trainings wait and run now; only where answers take long. */
  readonly trainings?: { readonly waiting: number; readonly running: number }
  /** Who waits for what that is not made yet, whichever server asked for it; only where there is a pool of workers. */
  asked?(): Promise<readonly AskedTraining<C>[]>
  /** What waits, runs and failed in the end in the whole pool of workers; only where there is one. */
  jobs?(): Promise<readonly JobCount[]>
  /** Ends what runs: it rejects with TRAINING_STOPPED, and so does every later query of a backend whose answers take long. Again: nothing. */
  close(): Promise<void>
}
