import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import { openStore } from '../../src/server/store/open.ts'
import { postgresOfFile } from '../server/postgres.ts'
import { everyStep, mortal, survivesEveryStep, wishesOf } from '../server/steps.ts'
import { until } from '../until.ts'
import { closeAll, configOf, lossOf, server, untilLeft, worker } from './pool.ts'

after(async () => {
  await closeAll()
})
const postgres = postgresOfFile()

const entry = (name: string) => fileURLToPath(new URL(name, import.meta.url))

/** Nobody waits for anything, and nothing is carried. */
async function assertEmpty(url: string): Promise<void> {
  const client = new pg.Client(url)
  await client.connect()
  try {
    const left = async () => {
      const { rows } = await client.query(
        `SELECT (SELECT count(*)::int FROM isoflop_jobs.askers) AS askers, (SELECT count(*)::int FROM isoflop_boss.job) AS jobs,
           (SELECT count(*)::int FROM isoflop_jobs.trainings WHERE state IN ('waiting', 'running', 'dead')) AS open`,
      )
      return rows[0]
    }
    await until(async () => {
      const { askers, jobs, open } = await left()
      return askers + jobs + open === 0
    }, 'the queue is empty').catch(async () => assert.deepEqual(await left(), { askers: 0, jobs: 0, open: 0 }))
  } finally {
    await client.end()
  }
}

test('a worker that dies between any two of its steps, from taking a training to having answered it, loses nothing', {
  timeout: 300_000,
}, async (t) => {
  const url = await postgres().database()
  const backend = await server(url, { patienceMs: 10_000, tries: 20 })
  const trainings = 40 // more than there are victims, so that each takes one at once
  const asked = Array.from({ length: trainings }, (_, k) =>
    ['one', 'other'].map((asker) => backend.train(configOf(k), { asker })),
  )
  await until(async () => (await backend.jobs!()).some(({ count }) => count === trainings), 'all wait')
  const deaths = await everyStep(6, async (steps) => {
    const victim = await mortal([entry('./mortal-worker.ts'), url], steps, {
      STEPS_BEGIN: 'FROM isoflop_jobs.queues ORDER BY',
    })
    return victim.died
  })
  t.diagnostic(`${deaths.length} steps: ${deaths.join('; ')}`)
  assert.ok(deaths.length >= 6, 'taken, beaten, given back, taken again, answered') // and told

  const sound = await worker(url, { parallel: 8 })
  for (const [k, outcomes] of asked.entries())
    assert.deepEqual(await Promise.all(outcomes), Array(2).fill({ kind: 'finished', loss: lossOf(configOf(k)) }))
  await assertEmpty(url)
  await sound.stop()
  await backend.close()
})
test('a server whose trainings workers make, and that dies between any two of its steps, loses nothing and leaves nothing in the queue', {
  timeout: 300_000,
}, async (t) => {
  const location = await postgres().database()
  await (await openStore(location)).close()
  await (await server(location)).close() // the tables of the queue
  const sound = await worker(location, {
    parallel: 64,
    make: async (config, request) => {
      request.onProgress?.({ kind: 'running', curve: [{ step: 1, tokens: 512, loss: 9.5 }] })
      return config.numLayers === 24 ? untilLeft(config, request) : { kind: 'finished', loss: lossOf(config) }
    },
  })
  t.after(() => sound.stop())
  const start = (steps: number) =>
    mortal([entry('./mortal-server.ts'), location, Number.isFinite(steps) ? '600000' : '100'], steps)
  // Each victim has runs of its own: an answer that is there is not trained again.
  const deaths = await survivesEveryStep(t, { location, start, lossOf, wishes: wishesOf })
  t.diagnostic(`${deaths.length} steps: ${deaths.join('; ')}`)
  assert.ok(deaths.length >= 16)
  await assertEmpty(location)
})
