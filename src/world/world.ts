import type { TrainingConfig } from '../core/config.ts'

/** A simulated truth: what loss any configuration would reach, known without noise. */
export interface World {
  /** Its name on the command line: `cs336`, `handout`, `chinchilla`, `seed:7`, `staged:3`. */
  readonly name: string
  /** One line for people. */
  readonly description: string
  /** The noise-free loss, nats per token, of any configuration at any FLOPs, also beyond the API's limits. */
  loss(config: TrainingConfig): number
  /** What one run of it reports: the loss with noise that depends on the configuration alone. */
  observe(config: TrainingConfig): number
  /** Standard deviation of that noise, nats. */
  noise(config: TrainingConfig): number
}

/** The best legal configuration at some FLOPs, and its noise-free loss. */
export interface Optimum {
  readonly config: TrainingConfig
  readonly loss: number
}
