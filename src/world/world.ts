import type { Config } from '../core/config.ts'
import type { TrainingConfig } from '../cs336/config.ts'

/** A simulated truth over a space: what loss any configuration would reach, known without noise. */
export interface World<C extends Config = TrainingConfig> {
  /** Its name on the command line: `cs336`, `handout`, `chinchilla`, `seed:7`, `staged:3`. */
  readonly name: string
  /** One line for people. */
  readonly description: string
  /** The noise-free loss, nats per token, of any configuration at any FLOPs, also beyond what may be asked. */
  loss(config: C): number
  /** What one run of it reports: the loss with noise that depends on the configuration alone. */
  observe(config: C): number
  /** Standard deviation of that noise, nats. */
  noise(config: C): number
}

/** The best legal configuration at some FLOPs, and its noise-free loss. */
export interface Optimum<C extends Config = TrainingConfig> {
  readonly config: C
  readonly loss: number
}
