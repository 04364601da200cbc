import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { versionOf } from '../../src/backend/simulate.ts'
import { workersBackend } from '../../src/backend/workers.ts'
import type { TrainingConfig } from '../../src/cs336/config.ts'
import { openJobs } from '../../src/jobs/jobs.ts'
import { queueOf } from '../../src/jobs/kinds.ts'
import { median } from '../../src/numeric/quantile.ts'
import { openWorld } from '../../src/world/worlds.ts'
import { startPostgres } from '../../test/server/postgres.ts'
import { type Measure, type Section, type SectionOptions, timed } from './section.ts'

const world = 'seed:7'
const program = fileURLToPath(new URL('../../bin/isoflop.js', import.meta.url))
/** Trainings that are asked for at once, by so many keys. */
const [asked, keys] = [600, 8]
const workerCounts = [1, 2, 4, 8]
/** Trainings that wait while a claim is timed, and how many claims are. */
const [few, many, claims] = [100, 10_000, 200]

/** What waits for workers in PostgreSQL: how many empty trainings come through, and what a long line costs. */
export const section: Section = {
  about: `the queue in PostgreSQL, ${asked} empty trainings of ${keys} keys by real workers, from asking to hearing the answer`,
  async measure({ rounds }: SectionOptions) {
    const postgres = await startPostgres()
    try {
      const measures: Measure[] = []
      for (const count of workerCounts) {
        const values: number[] = []
        for (let round = 0; round < rounds; round++) values.push(await throughput(await postgres.database(), count))
        const aim = count === 8 ? { aim: { above: 150 } } : {}
        measures.push({ what: `${count} ${count === 1 ? 'worker' : 'workers'}`, unit: 'trainings/s', values, ...aim })
      }
      const short = await claimMs(await postgres.database(), few)
      const long = await claimMs(await postgres.database(), many)
      return [
        ...measures,
        { what: `claim and answer, ${few} waiting`, unit: 'ms', values: [short] },
        { what: `claim and answer, ${many} waiting`, unit: 'ms', values: [long] },
        { what: 'how much slower that is', unit: 'times', values: [long / short], aim: { below: 2 } },
      ]
    } finally {
      await postgres.stop()
    }
  },
}

const configOf = (k: number): TrainingConfig => ({
  ...{
    dModel: 256,
    numLayers: 4,
    numHeads: 4,
    batchSize: 128,
    learningRate: 1e-4 * (1 + k / 20_000),
    trainFlops: 1e14,
  },
})

async function producer() {
  return { backend: 'simulate', world, version: versionOf(await openWorld(world)) }
}

async function throughput(url: string, count: number): Promise<number> {
  const backend = await workersBackend({ url, name: 'bench', producer: await producer() })
  const workers = await Promise.all(Array.from({ length: count }, () => startWorker(url)))
  try {
    // The first one makes the queue, and every worker learns of it.
    await Promise.all(workers.map((_, k) => backend.train(configOf(k), { asker: 'first' })))
    const ms = await timed(() =>
      Promise.all(
        Array.from({ length: asked }, (_, k) => backend.train(configOf(100 + k), { asker: `key${k % keys}` })),
      ),
    )
    return (1000 * asked) / ms
  } finally {
    for (const worker of workers) await end(worker)
    await backend.close()
  }
}

async function startWorker(url: string): Promise<ChildProcess> {
  const child = spawn(process.execPath, [program, 'worker', '--db', url, '--world', world], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  child.stderr!.resume()
  for await (const line of createInterface(child.stdout!)) if (line.startsWith('worker ')) return child
  throw new Error('a worker ended before it began')
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return
  const ended = once(child, 'exit')
  child.kill('SIGTERM')
  await ended
}

/** Median of taking and answering a training while so many wait. */
async function claimMs(url: string, waiting: number): Promise<number> {
  const jobs = await openJobs(url, { creates: true, supervises: false, connections: 6 })
  try {
    const queue = queueOf({ facts: await producer(), tags: [], memory: 0 })
    await jobs.trainings.prepare(queue, 60)
    const ask = (k: number) => jobs.trainings.ask(queue, `${k}/4/4/128/0.001/100000000000000`, `key${k % keys}`, 3)
    const total = waiting + claims
    for (let from = 0; from < total; from += 100)
      await Promise.all(Array.from({ length: Math.min(100, total - from) }, (_, k) => ask(from + k)))
    const times: number[] = []
    for (let k = 0; k < claims; k++)
      times.push(
        await timed(async () => {
          const taken = await jobs.trainings.take(queue.name, 'bench')
          await jobs.trainings.answer(taken!, { kind: 'finished', loss: 3 })
        }),
      )
    return median(times)
  } finally {
    await jobs.close()
  }
}
