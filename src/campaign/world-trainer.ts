import { setImmediate as turn } from 'node:timers/promises'
import type { Config } from '../core/config.ts'
import { outcomeOf, type Trainer } from '../core/trainer.ts'
import type { TrainingConfig } from '../cs336/config.ts'
import type { World } from '../world/world.ts'

/** How the trainer of a simulated world begins its name. */
export const worldPrefix = 'world:'

/** A trainer that answers with what a run in a simulated world reports: at once and for nothing, noise included. */
export const worldTrainer = <C extends Config = TrainingConfig>(world: World<C>): Trainer<C> => ({
  name: `${worldPrefix}${world.name}`,
  isPaid: false,
  async train(config) {
    await turn() // lets Ctrl-C through: a simulated answer takes no time
    return outcomeOf(world.observe(config))
  },
})
