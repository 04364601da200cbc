import { createHash } from 'node:crypto'
import { random } from '../core/random.ts'
import { outcomeOf } from '../core/trainer.ts'
import type { TrainingConfig } from '../cs336/config.ts'
import { apiLimits } from '../cs336/limits.ts'
import type { World } from '../world/world.ts'
import type { Backend } from './backend.ts'

/** Answers with what a run in a simulated world reports: at once, and noise included. */
export function simulateBackend(world: World): Backend {
  return {
    name: `simulate ${world.name}`,
    producer: { backend: 'simulate', world: world.name, version: versionOf(world) },
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
export function versionOf(world: World): string {
  const hash = createHash('sha256')
  for (let k = 0; k < probes; k++) hash.update(`${world.observe(probe(k)).toPrecision(9)}\n`)
  return hash.digest('hex').slice(0, 12)
}

/** Spread over what the API takes; every one of its FLOPs three times. */
function probe(k: number): TrainingConfig {
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
