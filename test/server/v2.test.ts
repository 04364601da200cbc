import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { configOfId, idOfConfig } from '../../src/api/v2.ts'
import { IsoflopError } from '../../src/core/errors.ts'
import { openStore } from '../../src/server/store/open.ts'
import type { TakenRequest } from '../../src/server/store/requests.ts'
import { until } from '../until.ts'
import { asking, type HeldBackend, wire } from './asking.ts'
import { holding, quick } from './holding.ts'
import { postgresOfFile } from './postgres.ts'
import { lossOf, type Serving } from './serving.ts'
import { audit } from './store/conformance.ts'

const folder = mkdtempSync(join(tmpdir(), 'isoflop-v2-'))
const postgres = postgresOfFile()
after(() => rmSync(folder, { recursive: true }))

let files = 0
const places = [
  ['SQLite', async () => join(folder, `${++files}.sqlite`)],
  ['PostgreSQL', () => postgres().database()],
] as const

const finishAll = ({ running }: HeldBackend) => {
  for (const held of [...running]) held.finish()
}
const lossOfWire = (k: number) => lossOf(configOfId(idOfWire(k))!)
const idOfWire = (k: number) => {
  const { d_model, num_layers, num_heads, batch_size, learning_rate, train_flops } = wire(k)
  return idOfConfig({
    ...{ dModel: d_model, numLayers: num_layers, numHeads: num_heads, batchSize: batch_size },
    ...{ learningRate: learning_rate, trainFlops: train_flops },
  })
}
const keyOf = async ({ store }: Serving) => (await store.listKeys())[0]

for (const [name, place] of places) {
  test(`${name}: a run is asked for, looked at while it waits and runs, and answered; asking again is free`, async (t) => {
    const { server, backend, ask } = await holding(t, await place())
    const asked = await ask('POST', '/v2/runs', wire(1))
    assert.equal(asked.status, 202)
    const { id } = asked.body
    assert.deepEqual([id, asked.headers.get('location')], [idOfWire(1), `/v2/runs/${idOfWire(1)}`])
    assert.deepEqual(
      [asked.body.state, asked.body.loss, asked.body.flops_charged, asked.body.error],
      ['waiting', null, 0, null],
    )
    assert.equal((await keyOf(server)).reserved, 10n ** 16n)
    await until(() => backend.running.length === 1)
    backend.running[0].request.onProgress?.({ kind: 'waiting', ahead: 3 })
    assert.equal((await ask('GET', `/v2/runs/${id}`)).body.ahead, 3)
    const curve = [1, 2].map((step) => ({ step, tokens: 512 * step, loss: 5 - step }))
    backend.running[0].request.onProgress?.({ kind: 'running', curve })
    await until(async () => (await ask('GET', `/v2/runs/${id}`)).body.state === 'running')
    const running = (await ask('GET', `/v2/runs/${id}`)).body
    assert.deepEqual([running.curve, running.latest, running.ahead], [curve, curve[1], null])
    assert.equal((await ask('POST', '/v2/runs', wire(1))).status, 200)
    assert.match((await server.get('/metrics')).text, /isoflop_requests\{state="running"\} 1\n/)

    const waits = ask('GET', `/v2/runs/${id}?wait=30`)
    backend.running[0].finish()
    const finished = (await waits).body
    const { state, loss, flops_charged, asked_at, started_at, ended_at } = finished
    assert.deepEqual([state, loss, flops_charged], ['finished', lossOfWire(1), 1e16])
    assert.ok(asked_at <= started_at && started_at <= ended_at)
    const again = await ask('POST', '/v2/runs', wire(1))
    assert.deepEqual([again.status, again.body.state, again.body.loss], [200, 'finished', loss])
    assert.deepEqual([(await keyOf(server)).used, (await keyOf(server)).reserved], [10n ** 16n, 0n])
    assert.equal(backend.begun.size, 1)
    await audit(server.store)
  })

  test(`${name}: cancelled, a run gives back what was reserved; what has ended cannot be; it may be asked for anew`, async (t) => {
    const { server, backend, ask } = await holding(t, await place())
    const { id } = (await ask('POST', '/v2/runs', wire(1), { 'idempotency-key': 'first' })).body
    await until(() => backend.running.length === 1)
    const cancelled = await ask('DELETE', `/v2/runs/${id}`)
    assert.deepEqual([cancelled.status, cancelled.body.state], [200, 'cancelled'])
    await until(() => backend.running.length === 0, 'the training was not ended')
    assert.equal((await keyOf(server)).reserved, 0n)
    const twice = await ask('DELETE', `/v2/runs/${id}`)
    assert.deepEqual([twice.status, twice.body.code], [409, 'RUN_ENDED'])
    for (const unknown of [idOfWire(2), 'x', 'd1e3-n4', '..%2f', 'x'.repeat(400)]) {
      const answer = await ask('DELETE', `/v2/runs/${unknown}`)
      assert.deepEqual([answer.status, answer.body.code], [404, 'RUN_UNKNOWN'])
    }
    const late = await ask('POST', '/v2/runs', wire(1), { 'idempotency-key': 'first' })
    assert.deepEqual([late.status, late.body.state], [200, 'cancelled'], 'a late repeat wakes nothing')
    const anew = await ask('POST', '/v2/runs', wire(1))
    assert.deepEqual([anew.status, anew.body.state], [202, 'waiting'])
    await until(() => backend.running.length === 1)
    finishAll(backend)
    assert.equal((await ask('GET', `/v2/runs/${id}?wait=30`)).body.state, 'finished')
    assert.equal((await ask('DELETE', `/v2/runs/${id}`)).status, 409)
  })

  test(`${name}: what diverges, is refused or breaks off says so and is not charged`, async (t) => {
    const { server, backend, ask } = await holding(t, await place())
    const outcomes = [
      ['diverged', null, (held: HeldBackend) => held.running[0].outcome.resolve({ kind: 'diverged', at: 3 })],
      [
        'failed',
        'NOT_RECORDED',
        (held: HeldBackend) =>
          held.running[0].outcome.resolve({
            kind: 'refused',
            error: new IsoflopError('NOT_RECORDED', 'Not there.', ''),
          }),
      ],
      [
        'failed',
        'TRAINING_FAILED',
        (held: HeldBackend) => held.running[0].outcome.reject(new IsoflopError('TRAINING_FAILED', 'It broke', '')),
      ],
      [
        'failed',
        'INTERNAL',
        (held: HeldBackend) => held.running[0].outcome.reject(new Error('/etc/secret is not there')),
      ],
    ] as const
    for (const [k, [state, code, end]] of outcomes.entries()) {
      const { id } = (await ask('POST', '/v2/runs', wire(k))).body
      await until(() => backend.running.length === 1)
      end(backend)
      const { body } = await ask('GET', `/v2/runs/${id}?wait=30`)
      assert.deepEqual([body.state, body.error?.code ?? null, body.flops_charged], [state, code, 0])
      assert.ok(!JSON.stringify(body).includes('secret'))
    }
    assert.deepEqual([(await keyOf(server)).used, (await keyOf(server)).reserved], [0n, 0n])
    assert.equal((await ask('POST', '/v2/runs', wire(0))).status, 200, 'it would diverge again')
    assert.equal((await ask('POST', '/v2/runs', wire(2))).status, 202)
  })

  test(`${name}: GET /loss and POST /v2/runs of one configuration are one run and one charge, whichever came first`, async (t) => {
    const { server, backend, ask } = await holding(t, await place())
    const loss = (k: number) => server.get('/loss', { ...wire(k) })
    const first = loss(1)
    await until(() => backend.running.length === 1)
    const { status, body } = await ask('POST', '/v2/runs', wire(1))
    assert.deepEqual([status, body.state], [202, 'running'])
    finishAll(backend)
    assert.equal((await first).body.loss, lossOfWire(1))
    assert.equal((await ask('GET', `/v2/runs/${body.id}?wait=30`)).body.loss, lossOfWire(1))

    await ask('POST', '/v2/runs', wire(2))
    await until(() => backend.running.length === 1)
    const second = loss(2)
    await sleep(50)
    finishAll(backend)
    assert.equal((await second).body.loss, lossOfWire(2))
    assert.deepEqual([...backend.begun.values()], [1, 1])
    assert.equal((await keyOf(server)).used, 2n * 10n ** 16n)

    // Cancelling one leaves the other alone.
    const third = loss(3)
    await until(() => backend.running.length === 1)
    assert.equal((await ask('POST', '/v2/runs', wire(3))).status, 202)
    assert.equal((await ask('DELETE', `/v2/runs/${idOfWire(3)}`)).status, 200)
    finishAll(backend)
    assert.equal((await third).body.loss, lossOfWire(3))
    assert.equal((await ask('GET', `/v2/runs/${idOfWire(3)}`)).body.state, 'finished')
    await ask('POST', '/v2/runs', wire(4))
    await until(() => backend.running.length === 1)
    const fourth = loss(4)
    await sleep(50)
    assert.equal((await ask('DELETE', `/v2/runs/${idOfWire(4)}`)).status, 200)
    await until(() => backend.running.length === 1 && backend.running[0].request.signal === undefined)
    finishAll(backend)
    assert.equal((await fourth).body.loss, lossOfWire(4))
    assert.equal((await keyOf(server)).used, 4n * 10n ** 16n)
    await audit(server.store)
  })

  test(`${name}: a query of GET /loss is seen while it waits and runs, from any server; it cannot be cancelled, and one that fails is gone`, async (t) => {
    const location = await place()
    const [one, two] = [await holding(t, location), await holding(t, location)]
    const there = asking(two.server.url, one.server.key)
    await one.ask('POST', '/v2/runs', wire(1))
    const asked = [2, 3].map((k) => one.server.get('/loss', { ...wire(k) }))
    await until(() => one.backend.running.length === 3)
    const [first] = one.backend.running.filter(({ config }) => idOfConfig(config) === idOfWire(2))
    first.request.onProgress?.({ kind: 'waiting', ahead: 4 })
    const statesAt = async (ask: typeof there, query: string) =>
      (await ask('GET', `/v2/runs${query}`)).body.runs.map(({ id, state, ahead }: Record<string, unknown>) => [
        id,
        state,
        ahead,
      ])
    const [waits, runs] = [
      [idOfWire(2), 'waiting', 4],
      [idOfWire(3), 'running', null],
    ]
    assert.deepEqual(await statesAt(one.ask, '?limit=1'), [[idOfWire(1), 'waiting', null], waits, runs])
    assert.deepEqual(await statesAt(one.ask, '?state=running'), [runs])
    assert.deepEqual((await statesAt(there, '?state=running')).sort(), [[idOfWire(2), 'running', null], runs].sort())
    assert.deepEqual(await statesAt(there, '?state=finished'), [])
    const refused = await there('DELETE', `/v2/runs/${idOfWire(2)}`)
    assert.deepEqual([refused.status, refused.body.code], [409, 'QUERY_OPEN'])

    // One whose request was cancelled goes on as the query that it is, too.
    await there('POST', '/v2/runs', wire(3))
    assert.equal((await there('DELETE', `/v2/runs/${idOfWire(3)}`)).status, 200)
    assert.equal((await there('GET', `/v2/runs/${idOfWire(3)}`)).body.state, 'running')
    first.outcome.reject(new IsoflopError('TRAINING_FAILED', 'It broke', ''))
    assert.equal((await asked[0]).status, 503)
    assert.equal((await there('GET', `/v2/runs/${idOfWire(2)}`)).body.code, 'RUN_UNKNOWN')
    const ends = there('GET', `/v2/runs/${idOfWire(3)}?wait=30`)
    finishAll(one.backend)
    assert.equal((await ends).body.loss, lossOfWire(3))
    assert.equal((await asked[1]).body.loss, lossOfWire(3))
    await audit(two.server.store)
  })

  test(`${name}: a query of GET /loss that fails leaves what it held to the run that was asked for`, async (t) => {
    const { server, backend, ask } = await holding(t, await place())
    const first = server.get('/loss', { ...wire(1) })
    await until(() => backend.running.length === 1)
    await ask('POST', '/v2/runs', wire(1))
    backend.running[0].outcome.reject(new IsoflopError('TRAINING_FAILED', 'It broke', ''))
    assert.equal((await first).status, 503)
    assert.equal((await keyOf(server)).reserved, 10n ** 16n)
    await until(() => backend.running.length === 1, 'nobody goes on with it')
    finishAll(backend)
    assert.equal((await ask('GET', `/v2/runs/${idOfWire(1)}?wait=30`)).body.state, 'finished')
    assert.deepEqual([(await keyOf(server)).used, (await keyOf(server)).reserved], [10n ** 16n, 0n])
  })

  test(`${name}: a server that stops or dies leaves its runs to another one, which alone goes on with them; cancelled there they end`, async (t) => {
    const location = await place()
    const one = await holding(t, location)
    const two = await holding(t, location)
    const three = await holding(t, location)
    const all = Array.from({ length: 12 }, (_, k) => k)
    for (const k of all) assert.equal((await one.ask('POST', '/v2/runs', wire(k))).status, 202)
    await until(() => one.backend.running.length === 12)
    one.backend.running[0].finish()
    await until(() => one.backend.running.length === 11)
    await one.close()
    const others = [two, three]
    const runningThere = () => others.flatMap(({ backend }) => backend.running)
    await until(() => runningThere().length === 11, 'nobody goes on')
    await sleep(10 * quick.upkeep.lookEvery)
    assert.equal(runningThere().length, 11)
    const names = runningThere().map(({ config }) => idOfConfig(config))
    assert.deepEqual(names.sort(), all.slice(1).map(idOfWire).sort())

    const [victim] = names
    const asker = asking(two.server.url, one.server.key)
    assert.equal((await asker('DELETE', `/v2/runs/${victim}`)).status, 200)
    await until(() => runningThere().length === 10, 'the other server goes on with what was cancelled')
    for (const { backend } of others) finishAll(backend)
    for (const k of all) {
      const id = idOfWire(k)
      const { state, loss } = (await asker('GET', `/v2/runs/${id}?wait=30`)).body
      assert.deepEqual([state, loss], id === victim ? ['cancelled', null] : ['finished', lossOfWire(k)])
    }
    const [{ used, reserved }] = (await two.server.store.listKeys()).filter(({ used }) => used > 0n)
    assert.deepEqual([used, reserved], [11n * 10n ** 16n, 0n])
    await audit(two.server.store)
  })

  test(`${name}: what a server goes on with after it was taken for dead counts for nothing`, async (t) => {
    const location = await place()
    const store = await openStore(location)
    const one = await holding(t, location)
    t.after(() => store.close())
    await one.ask('POST', '/v2/runs', wire(1))
    await until(() => one.backend.running.length === 1)
    // As another server would that sees it stand still: the ticket of the first one counts no more.
    let taken: readonly TakenRequest[] = []
    await until(async () => {
      taken = await store.takeOver(await store.reservations())
      return taken.length === 1
    })
    const [held] = one.backend.running
    await until(() => held.request.signal!.aborted, 'it was not told')
    assert.equal((await keyOf(one.server)).used, 0n)
    assert.deepEqual((await store.settle(taken[0].ticket, 3, 9))?.used, 10n ** 16n)
    assert.equal((await one.ask('GET', `/v2/runs/${idOfWire(1)}`)).body.loss, 3)
    await audit(store)
  })

  test(`${name}: a key that is reset or revoked has no runs left, and what ran is ended`, async (t) => {
    const { server, backend, ask } = await holding(t, await place())
    for (const k of [1, 2]) await ask('POST', '/v2/runs', wire(k))
    await until(() => backend.running.length === 2)
    const { id } = await keyOf(server)
    await server.store.resetKey(id, { submissions: false }, 5)
    await until(() => backend.running.length === 0)
    assert.deepEqual((await ask('GET', '/v2/runs')).body.runs, [])
    await ask('POST', '/v2/runs', wire(1))
    await until(() => backend.running.length === 1)
    await server.store.revokeKey(id, 5)
    await until(() => backend.running.length === 0)
    assert.equal((await ask('GET', '/v2/runs')).body.code, 'KEY_INVALID')
    await server.store.restoreKey(id)
    const [{ state }] = (await ask('GET', '/v2/runs')).body.runs
    assert.equal(state, 'cancelled')
    assert.deepEqual([(await keyOf(server)).used, (await keyOf(server)).reserved], [0n, 0n])
  })

  test(`${name}: lists are in the order of changes, in pages and by state; older queries of GET /loss are in them`, async (t) => {
    const { server, backend, ask } = await holding(t, await place())
    const asked = server.get('/loss', { ...wire(9) })
    await until(() => backend.running.length === 1)
    finishAll(backend)
    await asked
    for (const k of [1, 2, 3, 4]) await ask('POST', '/v2/runs', wire(k))
    await until(() => backend.running.length === 4)
    backend.running.find(({ config }) => idOfConfig(config) === idOfWire(2))!.finish()
    await ask('GET', `/v2/runs/${idOfWire(2)}?wait=30`)
    await ask('DELETE', `/v2/runs/${idOfWire(1)}`)
    const list = async (query: string) => (await ask('GET', `/v2/runs${query}`)).body
    const idsOf = ({ runs }: { runs: { id: string }[] }) => runs.map(({ id }) => id)
    assert.deepEqual(idsOf(await list('')), [9, 3, 4, 2, 1].map(idOfWire))
    assert.deepEqual(idsOf(await list('?state=waiting,running')), [3, 4].map(idOfWire))
    assert.deepEqual(idsOf(await list('?state=finished')), [9, 2].map(idOfWire))
    const first = await list('?limit=3')
    assert.deepEqual([idsOf(first), first.more], [[9, 3, 4].map(idOfWire), true])
    const rest = await list(`?limit=3&after=${first.last}`)
    assert.deepEqual([idsOf(rest), rest.more], [[2, 1].map(idOfWire), false])
    assert.deepEqual(await list(`?after=${rest.last}`), { runs: [], last: rest.last, more: false })
    for (const wrong of ['?state=done', '?limit=0', '?limit=1001', '?after=-1', '?after=x'])
      assert.equal((await ask('GET', `/v2/runs${wrong}`)).body.code, 'CONFIG_INVALID', wrong)
  })
}

test('a key has so many open runs and no more; its budget holds what is open', async (t) => {
  const { server, backend, ask } = await holding(t, await places[0][1](), { budget: 10n ** 30n })
  const answers = await Promise.all(Array.from({ length: 300 }, (_, k) => ask('POST', '/v2/runs', wire(k))))
  const statuses = answers.map(({ status }) => status)
  assert.equal(statuses.filter((status) => status === 202).length, 256)
  const refused = answers.find(({ status }) => status === 429)!
  assert.deepEqual([refused.body.code, refused.headers.get('retry-after')], ['RUNS_TOO_MANY', '1'])
  finishAll(backend)
  await until(async () => (await keyOf(server)).reserved === 0n)
  await server.store.setBudget((await keyOf(server)).id, (await keyOf(server)).used + 2n * 10n ** 16n)
  const last = await Promise.all([400, 401, 402].map((k) => ask('POST', '/v2/runs', wire(k))))
  assert.deepEqual(last.map(({ status }) => status).sort(), [202, 202, 403])
  assert.equal(last.find(({ status }) => status === 403)!.body.code, 'BUDGET_EXCEEDED')
})

test('what is no run is refused in words, and charges nothing', async (t) => {
  const { server, backend, ask } = await holding(t, await places[0][1]())
  const bodies: [object, RegExp][] = [
    [{ ...wire(1), d_model: 250, num_heads: 3 }, /divisible/],
    [{ ...wire(1), d_model: 9999 }, /d_model must be in range/],
    [{ ...wire(1), train_flops: 7 }, /train_flops must be one of/],
    [{ ...wire(1), batch_size: undefined }, /batch_size is missing/],
    [[], /as JSON in the body of POST \/v2\/runs/],
  ]
  for (const [body, message] of bodies) {
    const answer = await ask('POST', '/v2/runs', body)
    assert.deepEqual([answer.status, answer.body.code], [422, 'CONFIG_INVALID'])
    assert.match(answer.body.message, message)
  }
  assert.equal((await ask('POST', '/v2/runs', wire(1), { 'idempotency-key': 'x'.repeat(201) })).status, 422)
  const none = await asking(server.url, 'nobody')('POST', '/v2/runs', wire(1))
  assert.deepEqual([none.status, none.body.code], [422, 'KEY_INVALID'])
  assert.equal(backend.begun.size, 0)
  const about = (await (await fetch(new URL('/v2', server.url))).json()) as { api: number; longest_wait: number }
  assert.deepEqual([about.api, about.longest_wait], [2, 30])
})

test('who waits is answered when the time is over, and at once when the server stops', async (t) => {
  const { ask, close } = await holding(t, await places[0][1]())
  await ask('POST', '/v2/runs', wire(1))
  assert.equal((await ask('GET', `/v2/runs/${idOfWire(1)}?wait=1`)).body.state, 'waiting')
  const waits = ask('GET', `/v2/runs/${idOfWire(1)}?wait=30`)
  await sleep(50)
  const began = performance.now()
  await close()
  assert.equal((await waits).body.state, 'waiting')
  assert.ok(performance.now() - began < 5_000)
})
