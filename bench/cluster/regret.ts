import { campaign } from '../../src/campaign/campaign.ts'
import { random } from '../../src/core/random.ts'
import { regret } from '../../src/core/regret.ts'
import { outcomeOf } from '../../src/core/trainer.ts'
import { apiSpace } from '../../src/cs336/space.ts'
import { median } from '../../src/numeric/quantile.ts'
import { drawnWorld } from '../../src/world/drawn.ts'
import { optimum } from '../../src/world/optimum.ts'
import { playAsync, toldOf } from './async.ts'
import type { Section, SectionOptions } from './section.ts'
import { VirtualTime } from './virtual.ts'

const machines = 8
/** Of the logarithm of how long a run takes, beside its FLOPs. */
const spread = 0.3

/** What it costs to plan while runs are out: the same drawn worlds by rounds, and by eight machines that each ask for the next run when they are free. */
export const section: Section = {
  about: `regret at the target of ${machines} machines that ask for themselves, minus that of campaigns in rounds, in the same drawn worlds; nats`,
  async measure({ worlds, say }: SectionOptions) {
    const pairs: { rounds: number; asking: number }[] = []
    for (let seed = 0; seed < worlds; seed++) {
      const pair = await pairOf(seed)
      pairs.push(pair)
      say(`seed:${seed}  in rounds ${pair.rounds.toFixed(5)}, asking ${pair.asking.toFixed(5)}`)
    }
    const differences = pairs.map(({ rounds, asking }) => asking - rounds)
    const mean = differences.reduce((sum, value) => sum + value, 0) / worlds
    const variance = differences.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (worlds - 1)
    const error = Math.sqrt(variance / worlds)
    return [
      { what: 'median of campaigns in rounds', unit: 'nats', values: [median(pairs.map(({ rounds }) => rounds))] },
      { what: `median of ${machines} that ask`, unit: 'nats', values: [median(pairs.map(({ asking }) => asking))] },
      { what: 'mean difference', unit: 'nats', values: [mean] },
      { what: 'its standard error', unit: 'nats', values: [error] },
      { what: 'mean difference, in standard errors', unit: '', values: [mean / error], aim: { below: 2 } },
    ]
  },
}

async function pairOf(seed: number): Promise<{ rounds: number; asking: number }> {
  const world = drawnWorld(seed)
  const best = optimum(world, apiSpace.target, apiSpace.targetLimits).loss
  const inRounds = await campaign({
    trainer: { name: 'virtual', train: async (config) => outcomeOf(world.observe(config)) },
  })
  const { normal } = random(seed, machines)
  const asking = await playAsync({
    ...{ space: apiSpace, machines, time: new VirtualTime() },
    hoursOf: ({ config }) => config.trainFlops * Math.exp(spread * normal()),
    outcomeOf: ({ config }) => toldOf(world.observe(config as Parameters<typeof world.observe>[0])),
  })
  const of = ({ config }: { readonly config: unknown }) =>
    regret(world.loss(config as Parameters<typeof world.loss>[0]), best)
  return { rounds: of(inRounds.prediction), asking: of(asking.prediction) }
}
