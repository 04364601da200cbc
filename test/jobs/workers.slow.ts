import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import pg from 'pg'
import type { Backend } from '../../src/backend/backend.ts'
import type { Config } from '../../src/core/config.ts'
import type { Outcome, Progress } from '../../src/core/trainer.ts'
import type { TrainingConfig } from '../../src/cs336/config.ts'
import { openJobs } from '../../src/jobs/jobs.ts'
import { openStore } from '../../src/server/store/open.ts'
import { postgresOfFile } from '../server/postgres.ts'
import { until } from '../until.ts'
import { closeAll, configOf, lossOf, server, untilLeft, worker } from './pool.ts'

after(async () => {
  await closeAll()
})
const postgres = postgresOfFile()

/** Two servers over one database. */
async function twoServers(url: string): Promise<[Backend<Config>, Backend<Config>]> {
  const first = await server(url)
  return [first, await server(url)]
}

test('equal queries of several keys on several servers are one training, whose answer is kept when all servers have ended', async () => {
  const url = await postgres().database()
  const [one, two] = await twoServers(url)
  const asked = [one, two, one].map((backend, k) => backend.train(configOf(1), { asker: `k${k}` }))
  const here = await worker(url)
  const loss = lossOf(configOf(1))
  assert.deepEqual(await Promise.all(asked), Array(3).fill({ kind: 'finished', loss }))
  assert.equal(here.begun.length, 1)
  await Promise.all([one.close(), two.close(), here.stop()])

  const later = await server(url)
  assert.deepEqual(await later.train(configOf(1), { asker: 'another' }), { kind: 'finished', loss })
  await later.close()
})

test('what was asked for is made though its server ended, and the next server has the answer', async () => {
  const url = await postgres().database()
  const gone = await server(url)
  const asked = gone.train(configOf(1), { asker: 'k' })
  asked.catch(() => {})
  await until(async () => (await gone.jobs!()).length > 0, 'it waits')
  await gone.close()
  await assert.rejects(asked, { code: 'TRAINING_STOPPED' })
  const here = await worker(url)
  await until(() => here.events.some(({ kind }) => kind === 'answered'), 'it is made')
  await here.stop()
  const next = await server(url)
  assert.equal((await next.train(configOf(1), { asker: 'k' })).kind, 'finished')
  await next.close()
})

test('while a key waits no other one has two turns, and what two keys ask for has the earlier of their turns', async () => {
  const url = await postgres().database()
  const backend = await server(url)
  const [many, few, shared] = [[1, 2, 3, 4, 5, 6], [11, 12], 6]
  const asked: Promise<Outcome>[] = []
  const ask = async (asker: string, k: number) => {
    const before = count(await backend.jobs!())
    asked.push(backend.train(configOf(k), { asker }))
    if (asker !== 'third') await until(async () => count(await backend.jobs!()) > before, 'it waits')
  }
  for (const k of many) await ask('many', k)
  for (const k of few) await ask('few', k)
  await ask('third', shared)
  const jobs = await openJobs(url, { creates: false, supervises: false })
  await until(
    async () => (await jobs.office.list(99)).some(({ askers }) => askers.length === 2),
    'two ask for the same',
  )
  await jobs.close()

  const here = await worker(url)
  await Promise.all(asked)
  const order = here.begun.map(({ dModel }) => dModel - 64)
  // Turn 1: the first of `many` and of `few`, and what `third` shares with `many`; turn 2: the second ones; then the rest of `many`.
  assert.deepEqual(new Set(order.slice(0, 3)), new Set([1, 11, shared]))
  assert.deepEqual(new Set(order.slice(3, 5)), new Set([2, 12]))
  assert.deepEqual(order.slice(5), [3, 4, 5])
  await here.stop()
  await backend.close()
})

test('turns hold within each kind of training, whichever workers take it, and a worker that can do several kinds takes of each in turn', async () => {
  const url = await postgres().database()
  const kinds = [await server(url), await server(url, { tags: ['gpu'] })]
  const asked: Promise<Outcome>[] = []
  // Of each kind: four of one key, then two of another; of the second kind the widths are 100 more.
  const turns = [1, 2, 3, 4, 1, 2]
  for (const [kind, backend] of kinds.entries())
    for (const [k] of turns.entries()) {
      const before = count(await backend.jobs!())
      asked.push(backend.train(configOf(100 * kind + k), { asker: k < 4 ? 'many' : 'few' }))
      await until(async () => count(await backend.jobs!()) > before, 'it waits')
    }
  const begun: number[] = []
  const make = async (config: TrainingConfig): Promise<Outcome> => {
    begun.push(config.dModel - 64)
    return { kind: 'finished', loss: lossOf(config) }
  }
  const both = await worker(url, { tags: ['gpu', 'h100'], make })
  await until(() => begun.length >= 4, 'it has begun some')
  assert.equal(new Set(begun.slice(0, 4).map((k) => k >= 100)).size, 2)
  const alternates = begun.slice(1).every((k, at) => k >= 100 !== begun[at] >= 100)
  const plain = await worker(url, { make })
  await Promise.all(asked)
  assert.ok(alternates, begun.join(' '))
  for (const kind of [0, 1]) {
    const order = begun.filter((k) => k >= 100 === (kind === 1)).map((k) => turns[k % 100])
    const unfair = order.map((turn, at) => turn - Math.min(...order.slice(at)))
    // Two workers that take at once may begin in the other order.
    assert.ok(Math.max(...unfair) <= 1 && order.length === turns.length, order.join(' '))
  }
  for (const one of [both, plain]) await one.stop()
  for (const backend of kinds) await backend.close()
})

const count = (counts: readonly { count: number }[]): number => counts.reduce((sum, { count }) => sum + count, 0)

test('what nobody waits for any more, on no server, is dropped from the queue or ended where it runs', async () => {
  const url = await postgres().database()
  const [one, two] = await twoServers(url)
  const here = await worker(url, { make: untilLeft })
  const leaving = [new AbortController(), new AbortController()]
  const running = [one, two].map((backend, k) =>
    backend.train(configOf(1), { asker: `k${k}`, signal: leaving[k].signal }),
  )
  await until(() => here.begun.length === 1, 'it runs')
  const waitingEnds = new AbortController()
  const waiting = one.train(configOf(2), { asker: 'k0', signal: waitingEnds.signal })
  await until(async () => count(await one.jobs!()) === 2, 'the second waits')

  waitingEnds.abort()
  assert.equal((await waiting).kind, 'interrupted')
  leaving[0].abort()
  assert.equal((await running[0]).kind, 'interrupted')
  assert.deepEqual(await two.jobs!(), [{ state: 'running', tags: '', count: 1 }], 'the other key still waits for it')
  leaving[1].abort()
  assert.equal((await running[1]).kind, 'interrupted')
  await until(() => here.events.some(({ kind }) => kind === 'void'), 'the worker is told')
  assert.deepEqual(await two.jobs!(), [])
  assert.equal(here.begun.length, 1)
  await Promise.all([one.close(), two.close(), here.stop()])
})

test('a worker that is ended gives back what it has at once, and one whose leg is over later goes on with it', async () => {
  const url = await postgres().database()
  const backend = await server(url)
  const asked = backend.train(configOf(1), { asker: 'k' })
  const first = await worker(url, { name: 'first', make: untilLeft })
  await until(() => first.begun.length === 1, 'it runs')
  await first.stop()
  let legs = 0
  const second = await worker(url, {
    legMs: 200,
    make: async (config, request) =>
      ++legs < 3 ? untilLeft(config, request) : { kind: 'finished', loss: lossOf(config) },
  })
  assert.deepEqual(await asked, { kind: 'finished', loss: lossOf(configOf(1)) })
  assert.deepEqual(
    [first, second].map(({ events }) => events.map((event) => ('why' in event ? event.why : event.kind))),
    [
      ['took', 'stop'],
      ['took', 'leg', 'took', 'leg', 'took', 'answered'],
    ],
  )
  await second.stop()
  await backend.close()
})

test('a worker takes what it can do: its facts, all tags, and memory that is enough', async () => {
  const url = await postgres().database()
  const needs = (memory: number) => () => ({ memory })
  const servers = await Promise.all([
    server(url, { tags: ['gpu'] }),
    server(url, { producer: { backend: 'program', program: 'other' } }),
    server(url, { needs: needs(100e9) }),
    server(url),
  ])
  const asked = servers.map((backend, k) => backend.train(configOf(k), { asker: 'k' }))
  for (const promise of asked) promise.catch(() => {})
  const plain = await worker(url)
  assert.equal((await asked[3]).kind, 'finished')
  const gpu = await worker(url, { tags: ['gpu', 'h100'] })
  assert.equal((await asked[0]).kind, 'finished')
  const large = await worker(url, { memory: 200e9 })
  assert.equal((await asked[2]).kind, 'finished')
  const other = await worker(url, { facts: { backend: 'program', program: 'other' } })
  assert.equal((await asked[1]).kind, 'finished')
  assert.deepEqual(
    [plain, gpu, large, other].map(({ begun }) => begun.map(({ dModel }) => dModel - 64)),
    [[3], [0], [2], [1]],
  )
  for (const one of [plain, gpu, large, other]) await one.stop()
  for (const backend of servers) await backend.close()
})

test('a training that fails as often as it may is dead: asked again it says so, until an operator has it tried again', async () => {
  const url = await postgres().database()
  const backend = await server(url, { tries: 1 })
  let isBroken = true
  const here = await worker(url, {
    make: async (config) => {
      if (isBroken) throw new Error('out of memory')
      return { kind: 'finished', loss: lossOf(config) }
    },
  })
  await assert.rejects(backend.train(configOf(1), { asker: 'k' }), { code: 'TRAINING_FAILED' })
  await assert.rejects(backend.train(configOf(1), { asker: 'l' }), { code: 'TRAINING_FAILED' })
  assert.equal(here.begun.length, 1)
  const jobs = await openJobs(url, { creates: false, supervises: false })
  const [dead] = await jobs.office.list(10)
  assert.deepEqual([dead.state, dead.failures], ['dead', 1])
  assert.match(dead.words ?? '', /here: out of memory/)
  // Tried again it fails again, and then once more: one training is no reason for its worker to end.
  const deaths = () => here.events.filter((event) => event.kind === 'failed' && event.isDead).length
  for (const times of [2, 3]) {
    assert.equal(await jobs.office.retry(dead.id), true)
    await until(() => deaths() === times, 'it fails again')
  }
  isBroken = false
  assert.equal(await jobs.office.retry(dead.id), true)
  await until(() => here.events.some(({ kind }) => kind === 'answered'), 'it is made')
  assert.equal(await jobs.office.retry(dead.id), false, 'it is not dead any more')
  assert.equal((await backend.train(configOf(1), { asker: 'k' })).kind, 'finished')
  await jobs.close()
  await here.stop()
  await backend.close()
})

test('a machine where three trainings fail one after another takes no more of them', async () => {
  const url = await postgres().database()
  const backend = await server(url)
  const asked = [1, 2, 3, 4, 5].map((k) => backend.train(configOf(k), { asker: 'k' }))
  for (const promise of asked) promise.catch(() => {})
  const broken = await worker(url, {
    make: async () => {
      throw new Error('no space left on device')
    },
  })
  await assert.rejects(broken.done, { code: 'TRAINING_FAILED', message: /3 trainings .*no space left/ })
  assert.equal(broken.begun.length, 3)
  const sound = await worker(url)
  await Promise.all(asked)
  await sound.stop()
  await backend.close()
})

test('a worker that cannot open what is asked for ends with that, and gives back what it makes', async () => {
  const url = await postgres().database()
  const backend = await server(url)
  const asked = backend.train(configOf(1), { asker: 'k' })
  const here = await worker(url, { parallel: 2, make: untilLeft, brokenFor: 'unknown device' })
  await until(() => here.begun.length === 1, 'it runs')
  const other = await server(url, { producer: { backend: 'program', program: 'unknown device' } })
  const lost = other.train(configOf(2), { asker: 'k' })
  lost.catch(() => {})
  await assert.rejects(here.done, { code: 'DEVICE_UNAVAILABLE' })
  assert.ok(here.events.some(({ kind }) => kind === 'gave-back'))
  const sound = await worker(url)
  assert.equal((await asked).kind, 'finished')
  await sound.stop()
  await Promise.all([backend.close(), other.close()])
})

test('what an attempt says after another one has the training changes nothing', async () => {
  const url = await postgres().database()
  const backend = await server(url)
  const asked = backend.train(configOf(1), { asker: 'k' })
  const jobs = await openJobs(url, { creates: false, supervises: false })
  await until(async () => count(await jobs.office.counts()) === 1, 'it waits')
  const [queue] = await jobs.trainings.queues()
  const old = (await jobs.trainings.take(queue.name, 'old'))!
  const stale = { ...old, attempt: old.attempt }
  await sql(url, `UPDATE isoflop_jobs.trainings SET attempt = attempt + 1, worker = 'new'`)
  const current = { ...old, attempt: old.attempt + 1 }
  assert.equal(await jobs.trainings.beat(stale, [{ step: 1, tokens: 1, loss: 9 }]), false)
  assert.equal(await jobs.trainings.answer(stale, { kind: 'finished', loss: 9 }), false)
  assert.equal(await jobs.trainings.giveBack(stale, 'it failed'), 'void')
  assert.deepEqual((await jobs.trainings.standings([old.training])).get(old.training), { kind: 'running', curve: [] })
  assert.equal(await jobs.trainings.answer(current, { kind: 'finished', loss: 2 }), true)
  assert.equal(await jobs.trainings.answer(current, { kind: 'finished', loss: 3 }), false, 'once')
  assert.deepEqual(await asked, { kind: 'finished', loss: 2 })
  await jobs.close()
  await backend.close()
})

test('whoever waits hears how far a training is: its place in the line, then its curve', async () => {
  const url = await postgres().database()
  const backend = await server(url, { lookEveryMs: 50, patienceMs: 10_000 })
  const heard: Progress[] = []
  const ask = (k: number) =>
    backend.train(configOf(k), { asker: 'k', onProgress: (progress) => k === 2 && heard.push(progress) })
  const asked = [ask(1)]
  await until(async () => count(await backend.jobs!()) === 1, 'the first waits')
  asked.push(ask(2))
  await until(() => heard.some((progress) => progress.kind === 'waiting' && progress.ahead === 1), 'one is ahead')
  const end = new AbortController()
  const here = await worker(url, {
    make: async (config, { onProgress }) => {
      onProgress?.({ kind: 'running', curve: [{ step: 1, tokens: 65_536, loss: 10.4 }] })
      if (config.dModel === configOf(2).dModel) await untilLeft(config, { signal: end.signal })
      return { kind: 'finished', loss: lossOf(config) }
    },
  })
  await until(() => heard.some((progress) => progress.kind === 'running' && progress.curve.length === 1), 'the curve')
  end.abort()
  assert.deepEqual(
    (await Promise.all(asked)).map(({ kind }) => kind),
    ['finished', 'finished'],
  )
  await here.stop()
  await backend.close()
})

test('what nothing carries any more is sent again', async () => {
  const url = await postgres().database()
  const backend = await server(url)
  const asked = backend.train(configOf(1), { asker: 'k' })
  await until(async () => count(await backend.jobs!()) === 1, 'it waits')
  await sql(
    url,
    `DELETE FROM isoflop_boss.job; UPDATE isoflop_jobs.trainings SET changed_at = now() - interval '1 hour'`,
  )
  const jobs = await openJobs(url, { creates: false, supervises: false })
  assert.equal(await jobs.trainings.mend(), 1)
  assert.equal(await jobs.trainings.mend(), 0)
  await jobs.close()
  const here = await worker(url)
  assert.equal((await asked).kind, 'finished')
  await here.stop()
  await backend.close()
})

test('servers that start at once make one queue', async () => {
  const url = await postgres().database()
  const servers = await Promise.all(Array.from({ length: 6 }, () => server(url)))
  const asked = servers.map((backend, k) => backend.train(configOf(1), { asker: `k${k}` }))
  const here = await worker(url)
  await Promise.all(asked)
  assert.equal(here.begun.length, 1)
  await here.stop()
  for (const backend of servers) await backend.close()
})

test('a queue that another isoflop made is not touched', async () => {
  const url = await postgres().database()
  await (await server(url)).close()
  for (const version of [0, 99]) {
    await sql(url, `UPDATE isoflop_jobs.migrations SET version = ${version}`)
    await assert.rejects(openJobs(url, { creates: false }), {
      code: 'STORE_UNAVAILABLE',
      message: new RegExp(`schema ${version};`),
    })
  }
  await assert.rejects(server(url), { code: 'STORE_UNAVAILABLE', message: /schema 99;/ })
})

test('a worker needs no right but to the queue: it cannot read a key, a run or a budget', async () => {
  const url = await postgres().database()
  await (await openStore(url)).close()
  const backend = await server(url)
  await sql(
    url,
    `CREATE ROLE queue_worker LOGIN PASSWORD 'of-the-tests';
     GRANT USAGE ON SCHEMA isoflop_jobs, isoflop_boss TO queue_worker;
     GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA isoflop_jobs, isoflop_boss TO queue_worker;`,
  )
  const limited = new URL(url)
  ;[limited.username, limited.password] = ['queue_worker', 'of-the-tests']
  try {
    const here = await worker(limited.href)
    assert.equal((await backend.train(configOf(1), { asker: 'k' })).kind, 'finished')
    await here.stop()
    await assert.rejects(sql(limited.href, 'SELECT * FROM isoflop.keys'), /permission denied/)
  } finally {
    await backend.close()
    await sql(url, 'DROP OWNED BY queue_worker; DROP ROLE queue_worker')
  }
})

async function sql(url: string, text: string): Promise<void> {
  const client = new pg.Client(url)
  await client.connect()
  try {
    await client.query(text)
  } finally {
    await client.end()
  }
}
