import { campaign } from '../../src/campaign/campaign.ts'
import type { Config } from '../../src/core/config.ts'
import { outcomeOf } from '../../src/core/trainer.ts'
import { apiSpace } from '../../src/cs336/space.ts'
import { drawnWorld } from '../../src/world/drawn.ts'
import { playAsync, toldOf } from './async.ts'
import type { Measure, Section, SectionOptions } from './section.ts'
import { VirtualTime } from './virtual.ts'

const widths = [4, 16] as const

/**
 * How much time runs at once spare, with runs of equal length in virtual time. The ideal is what somebody could do who knew all runs from the beginning: as many
 * times as the runs divided by the machines, rounded up. Machines that ask for themselves make more runs than a campaign that makes one after another, cheap ones,
 * before what comes next is decided: so it is also told how long they take for as many runs as that one has.
 */
export const section: Section = {
  about: 'speed-up of campaigns in drawn worlds by runs at once, all of equal length, in virtual time; a world a round',
  async measure({ rounds }: SectionOptions) {
    const measures: Measure[] = []
    for (const machines of widths) {
      const inRounds = await each(rounds, (seed) => campaignInRounds(seed, machines))
      const asking = await each(rounds, (seed) => campaignAsking(seed, machines))
      measures.push(
        {
          what: `${machines} at once, in rounds: of the ideal of each round`,
          unit: '',
          values: inRounds.map(({ ofRounds }) => ofRounds),
          aim: { above: 0.8 },
        },
        { what: `${machines} at once, in rounds: speed-up`, unit: 'x', values: inRounds.map(({ speedUp }) => speedUp) },
        {
          what: `${machines} at once, ask and tell: of the ideal of its runs`,
          unit: '',
          values: asking.map(({ runs, time }) => Math.ceil(runs / machines) / time),
          aim: { above: 0.9 },
        },
        {
          what: `${machines} at once, ask and tell: machines in use`,
          unit: '',
          values: asking.map(({ runs, time }) => runs / time / machines),
        },
        {
          what: `${machines} at once, ask and tell: runs of one after another for each time`,
          unit: 'x',
          values: asking.map(({ time }, k) => inRounds[k].runs / time),
        },
        {
          what: `${machines} at once, ask and tell: the same, of its ideal`,
          unit: '',
          values: asking.map(({ time }, k) => Math.ceil(inRounds[k].runs / machines) / time),
          aim: { above: 0.9 },
        },
      )
    }
    return measures
  },
}

const each = async <Result>(rounds: number, once: (seed: number) => Promise<Result>): Promise<Result[]> => {
  const results: Result[] = []
  for (let seed = 0; seed < rounds; seed++) results.push(await once(1000 + seed))
  return results
}

/** The campaign of `isoflop campaign`: each round is told before the next one is planned. */
async function campaignInRounds(seed: number, capacity: number) {
  const world = drawnWorld(seed)
  const time = new VirtualTime()
  const { rounds } = await campaign({
    trainer: {
      ...{ name: 'virtual', capacity },
      async train(config) {
        await time.rest(1)
        return outcomeOf(world.observe(config))
      },
    },
  })
  const runs = rounds.reduce((sum, { queries }) => sum + queries, 0)
  const ideal = rounds.reduce((sum, { queries }) => sum + Math.ceil(queries / capacity), 0)
  return { runs, speedUp: runs / time.now, ofRounds: ideal / time.now }
}

async function campaignAsking(seed: number, machines: number) {
  const world = drawnWorld(seed)
  const time = new VirtualTime()
  const { runs } = await playAsync({
    ...{ space: apiSpace, machines, time, hoursOf: () => 1 },
    outcomeOf: ({ config }) => toldOf(world.observe(config as Parameters<typeof world.observe>[0] & Config)),
  })
  return { runs, time: time.now }
}
