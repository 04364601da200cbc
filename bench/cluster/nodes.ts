import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { AskedRun, Told } from '../../src/campaign/study.ts'
import { random } from '../../src/core/random.ts'
import type { TrainingConfig } from '../../src/cs336/config.ts'
import { apiSpace } from '../../src/cs336/space.ts'
import { standingOf } from '../../src/launch/history.ts'
import { orderOf } from '../../src/launch/order.ts'
import { adaptive } from '../../src/plan/adaptive/adaptive.ts'
import type { RunningRun, Situation, Strategy } from '../../src/plan/strategy.ts'
import { drawnWorld } from '../../src/world/drawn.ts'
import { configOf, space as tinySpace } from '../../test/launch/programs.ts'
import { playAsync, toldOf } from './async.ts'
import { type Measure, processorTime, type Section, type SectionOptions } from './section.ts'
import { VirtualTime } from './virtual.ts'

const machines = 1000
const hours = { shortest: 1, longest: 30 } as const
/** The share of jobs that die somewhere on their way; each is made once more, as `--retries 1` does. */
const dying = 0.02
/** Runs of the wide campaign. */
const wideRuns = 3000
const world = drawnWorld(1000)

/** A thousand nodes in virtual time: what the planner, the record of a study and whoever looks on do there. */
export const section: Section = {
  about: `${machines} nodes, runs of ${hours.shortest} to ${hours.longest} hours, ${100 * dying} % of jobs dying, in virtual time; times are of a processor`,
  async measure({ say }: SectionOptions) {
    return [
      ...(await adaptiveCampaign(say)),
      ...(await wideCampaign(say)),
      ...(await manyPending()),
      ...(await onLookers()),
    ]
  },
}

const flops = [Math.min(...apiSpace.trainFlops), Math.max(...apiSpace.trainFlops)].map(Math.log)

/** The logarithm of the FLOPs sets how long a run takes; a job that dies has wasted a part of that. */
function hoursOf(dice: ReturnType<typeof random>, { config }: AskedRun): number {
  const share = (Math.log(config.trainFlops) - flops[0]) / (flops[1] - flops[0])
  const once = hours.shortest * (hours.longest / hours.shortest) ** share
  return dice.uniform() < dying ? once * (1 + dice.uniform()) : once
}

const outcomeOf = ({ config }: AskedRun): Told => toldOf(world.observe(config as TrainingConfig))

async function adaptiveCampaign(say: SectionOptions['say']): Promise<Measure[]> {
  const dice = random(0, machines)
  const time = new VirtualTime()
  const { runs, most, busyHours, calls } = await playAsync({
    ...{ space: apiSpace, machines, time, hoursOf: (run: AskedRun) => hoursOf(dice, run), outcomeOf },
  })
  say(
    `the planner's own campaign: ${runs} runs, ${busyHours.toFixed(0)} hours of nodes in ${time.now.toFixed(0)} hours`,
  )
  return [
    { what: 'adaptive: most runs out at once', unit: 'runs', values: [most] },
    { what: 'adaptive: of the nodes in use, mean', unit: '%', values: [(100 * busyHours) / time.now / machines] },
    { what: 'adaptive: planning, all of the campaign', unit: 's', values: [calls.askMs / 1000] },
    { what: 'adaptive: longest plan', unit: 's', values: [calls.slowestAskMs / 1000] },
  ]
}

/** Plans as many runs at once as there are nodes, until the budget is spent: what a study can keep. */
function wideStrategy(budgetRuns: number): Strategy {
  const trainFlops = Math.min(...apiSpace.trainFlops)
  return {
    ...{ name: 'wide', words: adaptive.words, plansAhead: true },
    consider: ({ round }: Situation) => ({
      ask: () => {
        const from = round * machines
        const count = Math.min(machines, budgetRuns - from)
        if (count <= 0) return { kind: 'stop', reason: 'all are planned' }
        const queries = Array.from({ length: count }, (_, k) => ({
          config: wideConfig(from + k, trainFlops),
          reason: 'wide',
        }))
        return { kind: 'ask', title: 'wide', queries, estimate: null }
      },
      conclude: () => ({}) as never,
      evidence: () => null,
    }),
  }
}

const wideConfig = (k: number, trainFlops: number): TrainingConfig => ({
  ...{ dModel: 256, numLayers: 4, numHeads: 4, batchSize: 128, learningRate: 1e-4 * (1 + k / 1e6), trainFlops },
})

async function wideCampaign(say: SectionOptions['say']): Promise<Measure[]> {
  const dice = random(1, machines)
  const time = new VirtualTime()
  const told: number[] = []
  const budget = wideRuns * Math.min(...apiSpace.trainFlops)
  const { runs, most, calls, busyHours } = await playAsync({
    ...{ space: apiSpace, strategy: wideStrategy(wideRuns), budget, machines, time },
    hoursOf: () =>
      hours.shortest * (hours.longest / hours.shortest) ** dice.uniform() * (dice.uniform() < dying ? 1.5 : 1),
    outcomeOf,
    onTell: (cpuMs) => told.push(cpuMs),
  })
  const mean = (list: readonly number[]) => list.reduce((sum, ms) => sum + ms, 0) / list.length
  say(
    `a study that keeps all nodes busy: ${runs} runs, ${most} at once, ${busyHours.toFixed(0)} hours of nodes in ${time.now.toFixed(0)} hours`,
  )
  return [
    { what: 'wide: a tell, of the first 500 runs', unit: 'ms', values: [mean(told.slice(0, 500))] },
    { what: 'wide: the same of the last 500 runs', unit: 'ms', values: [mean(told.slice(-500))] },
    { what: 'wide: an ask, with up to 1,000 runs out', unit: 'ms', values: [calls.askMs / calls.ask] },
    {
      what: 'wide: calls a second that a processor takes',
      unit: '/s',
      values: [(1000 * (calls.ask + calls.tell)) / (calls.askMs + calls.tellMs)],
    },
  ]
}

/** What a plan takes that has a thousand runs out. */
async function manyPending(): Promise<Measure[]> {
  const dice = random(2, machines)
  const grid = apiSpace.trainFlops.slice(0, 9)
  const config = (): TrainingConfig => ({
    ...{ dModel: 128 + 32 * dice.integer(8), numLayers: 2 + dice.integer(6), numHeads: 4, batchSize: 128 },
    ...{ learningRate: 1e-3 * Math.exp(0.5 * dice.normal()), trainFlops: grid[dice.integer(grid.length)] },
  })
  const runs = Array.from({ length: 300 }, () => config()).map((one) => ({
    ...{ config: one, loss: world.observe(one), round: -1, reason: 'was there before', expected: null },
  }))
  const values: number[] = []
  for (const out of [8, 100, 1000]) {
    const running: RunningRun[] = Array.from({ length: out }, () => ({
      config: config(),
      reason: 'worth 1e-3 nats',
      round: 1,
      expected: null,
    }))
    const spent = [...runs, ...running].reduce((sum, { config: { trainFlops } }) => sum + trainFlops, 0)
    const situation: Situation = {
      ...{ runs, refused: [], pending: [], running, budget: 3 * spent, spent, target: apiSpace.target },
      ...{ seed: 0, round: 2, space: apiSpace },
    }
    values.push(
      await processorTime(() => {
        const plan = adaptive.consider(situation).ask()
        if (plan.kind !== 'ask') throw new Error(`${plan.kind}: ${plan.reason}`)
      }),
    )
  }
  return [8, 100, 1000].map((out, k) => ({
    what: `adaptive: a plan of 300 runs with ${out} out`,
    unit: 's',
    values: [values[k] / 1000],
  }))
}

/** What the line of a terminal and the page read each second: the end of each history. */
async function onLookers(): Promise<Measure[]> {
  const folder = mkdtempSync(join(tmpdir(), 'isoflop-bench-'))
  try {
    const order = orderOf(tinySpace, configOf())
    const line = `${JSON.stringify({ step: 1, tokens: order.tokens / 2, loss: 4.2 })}\n`
    for (let run = 0; run < machines; run++) {
      mkdirSync(join(folder, String(run)))
      writeFileSync(join(folder, String(run), 'history.jsonl'), line.repeat(2000))
    }
    const ms = await processorTime(() => {
      for (let run = 0; run < machines; run++) standingOf(join(folder, String(run)), order)
    })
    return [{ what: 'how far 1,000 runs are, by their histories', unit: 'ms', values: [ms] }]
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
