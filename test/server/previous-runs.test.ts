import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { deferred } from '../../src/core/deferred.ts'
import { addKey, findKey } from '../../src/server/keys.ts'
import { createLongAnswers } from '../../src/server/long-answer.ts'
import { query, type Serving, serving } from './serving.ts'
import { changeBehind } from './store/behind.ts'

const folder = mkdtempSync(join(tmpdir(), 'isoflop-runs-'))
after(() => rmSync(folder, { recursive: true }))

/** A server whose key has made so many runs, all different. */
async function servingRuns(name: string, runs: number): Promise<Serving> {
  const place = join(folder, name)
  const server = await serving({ place, budget: 10n ** 20n })
  const { id } = (await findKey(server.store, server.key))!
  changeBehind(
    place,
    `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${runs})
     INSERT INTO runs (key_id, config, cost, loss)
     SELECT '${id}', '256/4/4/128/' || (0.0001 + i * 1e-8) || '/10000000000000', '10000000000000', 3 + i / 1e5 FROM n;
     UPDATE keys SET used = '${BigInt(runs) * 10n ** 13n}'`,
  )
  return server
}

const lossesIn = ({ previous_runs }: { previous_runs: { loss: number }[] }) => previous_runs.map(({ loss }) => loss)
const expected = (runs: number) => Array.from({ length: runs }, (_, i) => 3 + (i + 1) / 1e5)

test('all runs in the form of the contract, however many; the same in pages', async (t) => {
  const server = await servingRuns('pages.sqlite', 2_345)
  t.after(() => server.close())
  const { text, body } = await server.get('/previous_runs')
  assert.match(text, /^\{"previous_runs":\[\{"d_model":256,.*,"loss":3\.00001\},\{"d_model":256,.*\}\]\}$/)
  assert.deepEqual(lossesIn(body), expected(2_345))

  const all: number[] = []
  let next: number | null = 0
  let pages = 0
  while (next !== null) {
    const page = await server.get('/previous_runs', { limit: 1000, ...(next > 0 && { after: next }) })
    assert.deepEqual(Object.keys(page.body), ['previous_runs', 'next'])
    all.push(...lossesIn(page.body))
    next = page.body.next
    pages++
  }
  assert.equal(pages, 3)
  assert.deepEqual(all, expected(2_345))
  const tail = await server.get('/previous_runs', {
    after: (await server.get('/previous_runs', { limit: 1000 })).body.next,
  })
  assert.deepEqual(lossesIn(tail.body), expected(2_345).slice(1000))
})

test('pages that cannot be: 404 and 422 as for every number', async (t) => {
  const server = await servingRuns('bad.sqlite', 3)
  t.after(() => server.close())
  for (const [change, status] of [
    [{ limit: 0 }, 404],
    [{ limit: 1001 }, 404],
    [{ after: -1 }, 404],
    [{ limit: 'x' }, 422],
    [{ limit: '1.5' }, 422],
    [{ after: '9007199254740993' }, 422],
  ] as const)
    assert.equal((await server.get('/previous_runs', change)).status, status, JSON.stringify(change))
  assert.deepEqual((await server.get('/previous_runs', { limit: 3 })).body.next, null)
  assert.deepEqual((await server.get('/previous_runs', { limit: 5, after: 1e9 })).body, {
    previous_runs: [],
    next: null,
  })
})

test('a reset in the middle of an answer leaves whole JSON', async (t) => {
  const server = await servingRuns('reset.sqlite', 20_000)
  t.after(() => server.close())
  const { id } = (await findKey(server.store, server.key))!
  const response = await fetch(`${server.url}/previous_runs?api_key=${server.key}`)
  await server.store.resetKey(id, { submissions: false }, 5)
  const { previous_runs } = (await response.json()) as { previous_runs: unknown[] }
  assert.ok(previous_runs.length > 0 && previous_runs.length < 20_000, `${previous_runs.length}`)
})

test("long answers, asked for without end, leave the neighbours' queries quick", { timeout: 60_000 }, async (t) => {
  const server = await servingRuns('neighbours.sqlite', 47_556)
  t.after(() => server.close())
  const neighbour = await addKey(server.store, { label: 'neighbour', budget: 10n ** 20n, now: 1 })
  let isOver = false
  let answers = 0
  const greedy = Array.from({ length: 4 }, async () => {
    while (!isOver) {
      const response = await fetch(`${server.url}/previous_runs?api_key=${server.key}`)
      assert.equal(response.status, 200)
      assert.ok((await response.arrayBuffer()).byteLength > 5e6)
      answers++
    }
  })
  await sleep(200)
  const took: number[] = []
  for (let k = 0; k < 100; k++) {
    const started = performance.now()
    const { status } = await server.get('/loss', { ...query, learning_rate: 2e-4 + 1e-7 * k, api_key: neighbour.key })
    took.push(performance.now() - started)
    assert.equal(status, 200)
  }
  isOver = true
  await Promise.all(greedy)
  const median = took.sort((a, b) => a - b)[50]
  t.diagnostic(`median ${median.toFixed(1)} ms, slowest ${took[99].toFixed(1)} ms, ${answers} long answers`)
  assert.ok(median < 250, `the neighbour's median is ${median} ms`)
})

test('a client that reads no further makes no slices and is cut off', async () => {
  let made = 0
  const slices = (async function* () {
    for (;;) yield `${++made}`
  })()
  const { promise, resolve } = deferred<void>()
  const answer = createLongAnswers(100)(slices, resolve)
  answer.read()
  await promise
  assert.ok(made < 10, `${made} slices`)
  answer.destroy()
})
