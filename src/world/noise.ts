import { configIdentity, type TrainingConfig } from '../core/config.ts'
import { random } from '../core/random.ts'
import type { World } from './world.ts'

/** A world without its noise. */
export type NoiseFree = Pick<World, 'name' | 'description' | 'loss'>

/**
 * The world that reports its losses with normal noise of this standard deviation, nats. Equal configurations have equal noise;
 * `seed` gives each world noise of its own (E36).
 *
 * @example withNoise({ name: 'flat', description: 'no law', loss: () => 3 }, 0.01, 0)
 */
export function withNoise<W extends NoiseFree>(world: W, sigma: number, seed: number): W & World {
  const observe = (config: TrainingConfig) => world.loss(config) + sigma * noiseOf(seed, config)
  return { ...world, noise: () => sigma, observe: sigma === 0 ? world.loss : observe }
}

/** A standard normal number that depends on the seed and the configuration's text alone. */
const noiseOf = (seed: number, config: TrainingConfig): number =>
  random(seed, ...Array.from(configIdentity(config), (letter) => letter.charCodeAt(0))).normal()
