import { fileURLToPath } from 'node:url'
import type { Config } from '../src/core/config.ts'
import { apiSpace } from '../src/cs336/space.ts'
import { readSpace } from '../src/space/file.ts'
import type { Space } from '../src/space/space.ts'
/**
 * How good campaigns are: regret at 1e19 FLOPs, error of the predicted loss and coverage of its 95 % interval, on simulated worlds
 * of eight kinds, `adaptive` beside the hand-made designs in the same worlds.
 * `--llama N` and `--ladder N` play drawn worlds in the two spaces of examples/spaces.
 * Run with `npm run bench:campaign [-- --worlds 96 --unlike 24 --staged 32 --cs336 16 --llama 0 --ladder 0 --from 0 --threads 2 --strategies adaptive]`.
 *
 * Seeds from 0 on are for reporting: seed:0 to 127, unlike:0 to 31, staged:0 to 31, and cs336 with the campaign's seeds 0 to 15.
 * Whoever changes planner, law or priors tries it on seeds from 1000 on (`--from 1000`; staged:1000 to 1015) and on no others.
 */

import { once } from 'node:events'
import { parseArgs } from 'node:util'
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'
import { campaign } from '../src/campaign/campaign.ts'
import { regret } from '../src/core/regret.ts'
import { outcomeOf, type Trainer } from '../src/core/trainer.ts'
import { median, quantile } from '../src/numeric/quantile.ts'
import { adaptive } from '../src/plan/adaptive/adaptive.ts'
import { profilesStrategy } from '../src/plan/profiles/profiles.ts'
import type { Strategy } from '../src/plan/strategy.ts'
import { cs336World } from '../src/world/calibrated.ts'
import { drawnWorld } from '../src/world/drawn.ts'
import { optimum } from '../src/world/optimum.ts'
import { stagedWorld } from '../src/world/staged.ts'
import type { World } from '../src/world/world.ts'
import { unlikeWorld } from './unlike.ts'

const strategies: readonly Strategy[] = [
  adaptive,
  profilesStrategy('lowest'),
  profilesStrategy('parabola'),
  profilesStrategy('surface'),
]

interface Task {
  readonly world: string
  readonly strategies: readonly string[]
}

interface Outcome {
  readonly world: string
  readonly form: string
  readonly strategy: string
  readonly regret: number
  /** Predicted minus true loss of the chosen configuration. */
  readonly error: number
  /** Half the width of the interval; null without one. */
  readonly half: number | null
  readonly covers: boolean | null
  readonly queries: number
  /** FLOPs over the budget, and queries asked twice: both have to be 0. */
  readonly over: number
  readonly twice: number
  /** CPU time of planning and fitting, s. */
  readonly cpu: number
}

interface Opened {
  readonly world: World<Config>
  readonly form: string
  readonly seed: number
  readonly space: Space
}

/** The examples' spaces, by the kind of their worlds. */
const spaceFiles: Readonly<Record<string, string>> = { llama: 'llama.json', ladder: 'ladder.toml' }

async function open(name: string): Promise<Opened> {
  const [kind, number] = name.split(':')
  const seed = Number(number)
  if (kind in spaceFiles) {
    const space = await readSpace(fileURLToPath(new URL(`../examples/spaces/${spaceFiles[kind]}`, import.meta.url)))
    return { world: drawnWorld(seed, space), form: kind, seed: 0, space }
  }
  return { ...openCourse(kind, seed), space: apiSpace }
}

function openCourse(kind: string, seed: number): Omit<Opened, 'space'> {
  if (kind === 'cs336') return { world: cs336World(), form: 'cs336', seed }
  if (kind === 'unlike') return { world: unlikeWorld(seed), form: 'unlike', seed: 0 }
  if (kind === 'staged') return { world: stagedWorld(seed), form: 'staged', seed: 0 }
  const world = drawnWorld(seed)
  return { world, form: world.form, seed: 0 }
}

async function play(name: string, strategy: Strategy): Promise<Outcome> {
  const { world, form, seed, space } = await open(name)
  const best = optimum(world, space.target, space.targetLimits)
  const asked = new Map<string, number>()
  const trainer: Trainer = {
    name,
    async train(config) {
      const identity = space.identity(config)
      asked.set(identity, (asked.get(identity) ?? 0) + 1)
      return outcomeOf(world.observe(config))
    },
  }
  const before = process.threadCpuUsage()
  const { prediction, spentFlops, queries } = await campaign({ trainer, strategy, seed, space })
  const { user, system } = process.threadCpuUsage(before)
  const truth = world.loss(prediction.config)
  const interval = prediction.interval.loss
  return {
    world: name,
    form,
    strategy: strategy.name,
    regret: regret(truth, best.loss),
    error: prediction.loss - truth,
    half: interval && (interval[1] - interval[0]) / 2,
    covers: interval && interval[0] <= truth && truth <= interval[1],
    queries,
    over: Math.max(0, spentFlops - space.budget),
    twice: [...asked.values()].filter((count) => count > 1).length,
    cpu: (user + system) / 1e6,
  }
}

async function work({ world, strategies: names }: Task): Promise<Outcome[]> {
  const outcomes: Outcome[] = []
  for (const strategy of strategies) if (names.includes(strategy.name)) outcomes.push(await play(world, strategy))
  return outcomes
}

/** Plays all tasks on so many threads; the outcomes do not depend on how many. */
async function playAll(tasks: readonly Task[], threads: number): Promise<Outcome[]> {
  const outcomes: Outcome[][] = []
  let next = 0
  let done = 0
  await Promise.all(
    Array.from({ length: threads }, async () => {
      const worker = new Worker(new URL(import.meta.url), { workerData: 'worker' })
      while (next < tasks.length) {
        const index = next++
        worker.postMessage(tasks[index])
        outcomes[index] = (await once(worker, 'message'))[0]
        process.stderr.write(`\r${++done} of ${tasks.length} worlds`)
      }
      await worker.terminate()
    }),
  )
  process.stderr.write('\n')
  return outcomes.flat()
}

const row = (name: string, list: readonly Outcome[]): string => {
  const of = (value: (outcome: Outcome) => number, digits: number) => {
    const values = list.map(value)
    return `${median(values).toFixed(digits)} / ${quantile(values, 0.9).toFixed(digits)}`
  }
  const covering = list.filter(({ covers }) => covers !== null)
  const covered = covering.filter(({ covers }) => covers).length
  const halves = list.flatMap(({ half }) => half ?? [])
  return [
    name.padEnd(28),
    String(list.length).padStart(6),
    of(({ regret }) => regret, 4).padStart(17),
    of(({ error }) => Math.abs(error), 3).padStart(15),
    median(list.map(({ error }) => error))
      .toFixed(3)
      .padStart(8),
    (covering.length > 0 ? `${((100 * covered) / covering.length).toFixed(1)} %` : '-').padStart(9),
    (halves.length > 0 ? median(halves).toFixed(3) : '-').padStart(7),
    median(list.map(({ queries }) => queries))
      .toFixed(0)
      .padStart(8),
    `${median(list.map(({ cpu }) => cpu)).toFixed(1)} / ${Math.max(...list.map(({ cpu }) => cpu)).toFixed(1)}`.padStart(
      12,
    ),
  ].join('')
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      worlds: { type: 'string', default: '96' },
      from: { type: 'string', default: '0' },
      unlike: { type: 'string', default: '24' },
      staged: { type: 'string', default: '32' },
      cs336: { type: 'string', default: '16' },
      llama: { type: 'string', default: '0' },
      ladder: { type: 'string', default: '0' },
      threads: { type: 'string', default: '2' },
      strategies: { type: 'string', default: strategies.map(({ name }) => name).join(',') },
      json: { type: 'boolean', default: false },
    },
  })
  const from = Number(values.from)
  const series = (kind: string, count: number, first: number) =>
    Array.from({ length: count }, (_, k) => `${kind}:${first + k}`)
  const worlds = [
    ...series('seed', Number(values.worlds), from),
    ...series('unlike', Number(values.unlike), from),
    ...series('staged', Number(values.staged), from),
    ...series('cs336', Number(values.cs336), from),
    ...series('llama', Number(values.llama), from),
    ...series('ladder', Number(values.ladder), from),
  ]
  const names = values.strategies.split(',')
  const outcomes = await playAll(
    worlds.map((world) => ({ world, strategies: names })),
    Number(values.threads),
  )
  if (values.json) {
    console.log(JSON.stringify(outcomes, null, 1))
    return
  }
  console.log(
    `${'strategy, form'.padEnd(28)}worlds  regret med / p90  |error| med/p90    bias  coverage   half  queries   CPU s med/max`,
  )
  for (const strategy of names) {
    const mine = outcomes.filter((outcome) => outcome.strategy === strategy)
    const drawn = mine.filter(({ world }) => world.startsWith('seed:'))
    if (drawn.length > 0) console.log(row(strategy, drawn))
    for (const form of [...new Set(mine.map((outcome) => outcome.form))].sort())
      console.log(
        row(
          `  ${form}`,
          mine.filter((outcome) => outcome.form === form),
        ),
      )
  }
  const over = outcomes.filter((outcome) => outcome.over > 0).length
  const twice = outcomes.reduce((sum, outcome) => sum + outcome.twice, 0)
  console.log(`campaigns over the budget: ${over}; queries paid twice: ${twice}`)
}

if (isMainThread) await main()
else if (workerData === 'worker')
  parentPort?.on('message', async (task: Task) => parentPort?.postMessage(await work(task)))
