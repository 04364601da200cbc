import { createHash } from 'node:crypto'
import type { Config } from '../core/config.ts'
import { random } from '../core/random.ts'
import { logRange, type Range } from '../core/range.ts'
import { outcomeOf } from '../core/trainer.ts'
import type { TrainingConfig } from '../cs336/config.ts'
import { apiLimits } from '../cs336/limits.ts'
import { courseSpace, isCourse } from '../cs336/space.ts'
import { spaceFacts } from '../jobs/space-facts.ts'
import { configWith, type Space } from '../space/space.ts'
import type { World } from '../world/world.ts'
import type { Backend } from './backend.ts'

/** Answers with what a run in a simulated world reports: at once, and noise included. `space` is the one that the world is over. */
export function simulateBackend<C extends Config = TrainingConfig>(
  world: World<C>,
  space: Space<C> = courseSpace<C>(),
): Backend<C> {
  return {
    name: `simulate ${world.name}`,
    producer: { backend: 'simulate', world: world.name, version: versionOf(world, space), ...spaceFacts(space) },
    train: async (config) => outcomeOf(world.observe(config)),
    close: async () => {},
  }
}

/** Configurations whose answers stand for all of a world's. */
const probes = 48

/**
 * A version of a world that nobody has to remember to count up: a digest of what it answers, to nine digits, which other coefficients
 * change, and other code too.
 */
export function versionOf<C extends Config = TrainingConfig>(
  world: World<C>,
  space: Space<C> = courseSpace<C>(),
): string {
  const hash = createHash('sha256')
  const probe = isCourse(space) ? courseProbe : probeIn(space)
  for (let k = 0; k < probes; k++) hash.update(`${world.observe(probe(k) as unknown as C).toPrecision(9)}\n`)
  return hash.digest('hex').slice(0, 12)
}

/** Spread over what the API takes; every one of its FLOPs three times. */
function courseProbe(k: number): TrainingConfig {
  const { integer, uniform } = random(336, k)
  const { trainFlops, batchSize } = apiLimits
  const numHeads = 2 + integer(15)
  return {
    dModel: numHeads * Math.max(Math.ceil(64 / numHeads), integer(1 + Math.floor(1024 / numHeads))),
    numLayers: 2 + integer(23),
    numHeads,
    batchSize: batchSize[k % batchSize.length],
    learningRate: 10 ** (-4 + uniform()),
    trainFlops: trainFlops[k % trainFlops.length],
  }
}

/** Of another space: over the sizes of its models, its batches and its rates. Its FLOPs are not in it, which may be given otherwise. */
const probeIn =
  <C extends Config>({ limits }: Space<C>) =>
  (k: number): Config => {
    const { integer, uniform } = random(336, k)
    const { models, batchSize, learningRate } = limits
    const between = (range: Range) => {
      const { least, most } = logRange(range)
      return Math.exp(least + uniform() * (most - least))
    }
    const parameters = between(models.parameters)
    return configWith(models.usual(parameters), {
      batchSize: batchSize[integer(batchSize.length)],
      learningRate: between(learningRate),
      trainFlops: 120 * parameters ** 2 * 10 ** (2 * uniform() - 1),
    })
  }
