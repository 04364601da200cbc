import type { Config } from '../core/config.ts'
import { random } from '../core/random.ts'
import { apiCodec, type TrainingConfig } from '../cs336/config.ts'
import type { Codec } from '../space/codec.ts'
import type { World } from './world.ts'

/** A world without its noise. */
export type NoiseFree<C extends Config = TrainingConfig> = Pick<World<C>, 'name' | 'description' | 'loss'>

/**
 * The world that reports its losses with normal noise of this standard deviation, nats. Equal configurations have equal noise;
 * `seed` gives each world noise of its own (E36).
 *
 * @example withNoise({ name: 'flat', description: 'no law', loss: () => 3 }, 0.01, 0)
 */
export function withNoise<W extends NoiseFree<Config>>(
  world: W,
  sigma: number,
  seed: number,
  { identity }: Codec = apiCodec,
): W & World<Parameters<W['loss']>[0]> {
  const observe = (config: Config) => world.loss(config) + sigma * noiseOf(seed, identity(config))
  return { ...world, noise: () => sigma, observe: sigma === 0 ? world.loss : observe }
}

/** A standard normal number that depends on the seed and the text alone. */
export const noiseOf = (seed: number, text: string): number =>
  random(seed, ...Array.from(text, (letter) => letter.charCodeAt(0))).normal()
