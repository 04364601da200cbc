import { outcomeOf } from '../core/trainer.ts'
import type { World } from '../world/world.ts'
import type { Backend } from './backend.ts'

/** Answers with what a run in a simulated world reports: at once, and noise included. */
export function simulateBackend(world: World): Backend {
  return {
    name: `simulate ${world.name}`,
    train: async (config) => outcomeOf(world.observe(config)),
    close: async () => {},
  }
}
