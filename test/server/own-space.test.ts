import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { exampleOf } from '../../src/api/asked.ts'
import { simulateBackend } from '../../src/backend/simulate.ts'
import { apiTrainer } from '../../src/campaign/api-trainer.ts'
import { runsApi } from '../../src/client/runs.ts'
import type { Config } from '../../src/core/config.ts'
import { apiSpace } from '../../src/cs336/space.ts'
import { addKey } from '../../src/server/keys.ts'
import { notedSpace, noteSpace } from '../../src/server/noted-space.ts'
import { claimStore, producerOf } from '../../src/server/producer.ts'
import { openStore } from '../../src/server/store/open.ts'
import { anyCodec } from '../../src/space/any.ts'
import { spaceOfDocument } from '../../src/space/file.ts'
import { targetSpaceOf, withTrainFlops } from '../../src/space/own.ts'
import type { Space } from '../../src/space/space.ts'
import { drawnWorld } from '../../src/world/drawn.ts'
import { optimum } from '../../src/world/optimum.ts'
import { ladder, llama } from '../space/examples.ts'
import { instructorKey, signedIn } from './browsers.ts'
import { type Serving, serving } from './serving.ts'

const own = [llama, ladder]
const worlds = new Map(own.map((space) => [space.name, drawnWorld(7, space)]))
const servers = new Map<string, Serving>()
for (const space of own) {
  const world = worlds.get(space.name)!
  const truth = {
    loss: (config: Config) => world.loss(config),
    bestLoss: optimum(world, space.target, space.targetLimits).loss,
  }
  const backend = simulateBackend(world, space)
  servers.set(space.name, await serving({ space, backend, truth, budget: 10n ** 24n, leaderboard: true }))
}
after(() => Promise.all([...servers.values()].map((server) => server.close())))

/** Something with a key of a server: its status and its body. */
async function ask({ url, key }: Serving, method: string, path: string, body?: unknown) {
  const response = await fetch(new URL(path, url), {
    method,
    headers: { 'x-api-key': key, ...(body !== undefined && { 'content-type': 'application/json' }) },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  })
  // biome-ignore lint/suspicious/noExplicitAny: a test looks into bodies of every shape
  return { status: response.status, body: (await response.json()) as any }
}

for (const space of own) {
  const server = servers.get(space.name)!
  const config = exampleOf(space)
  const record = anyCodec.record(config)
  const loss = worlds.get(space.name)!.observe(config)

  test(`${space.name}: runs are asked for, shown, listed and told by the fields of the space, in both versions`, async () => {
    const asked = await ask(server, 'POST', '/v2/runs?wait=10', record)
    assert.deepEqual([asked.status, asked.body.state], [200, 'finished'])
    const { id } = asked.body
    assert.equal(id, space.folderName(config))
    for (const shown of [asked.body, (await ask(server, 'GET', `/v2/runs/${id}`)).body])
      assert.deepEqual({ ...shown, ...record, loss }, shown)
    assert.deepEqual((await ask(server, 'GET', '/v2/runs')).body.runs[0].id, id)
    const queried = await server.get('/loss', { ...record, train_flops: config.trainFlops.toExponential() } as never)
    assert.deepEqual([queried.status, queried.body], [200, { loss, total_flops_used: config.trainFlops }])
    const previous = await server.get('/previous_runs')
    assert.deepEqual(previous.body.previous_runs, [{ ...record, loss }])
    assert.deepEqual((await ask(server, 'POST', '/v2/runs', { ...record, ...space.constants })).body.id, id)
  })

  test(`${space.name}: what is no run of the space is refused with the field, what it may be and what came`, async () => {
    const refused = async (body: unknown, message: RegExp) => {
      const answer = await ask(server, 'POST', '/v2/runs', body)
      assert.deepEqual([answer.status, answer.body.code], [422, 'CONFIG_INVALID'], JSON.stringify(answer.body))
      assert.match(answer.body.message, message)
    }
    for (const { name, kind } of space.fields) {
      const { [name]: _, ...without } = record
      await refused(without, new RegExp(`^${name} is missing`))
      await refused({ ...record, [name]: {} }, new RegExp(`^${name} must be .*got an object`))
      const wrong = kind === 'text' ? 'none-of-them' : name === 'learning_rate' ? 11 : 5000
      await refused({ ...record, [name]: wrong }, new RegExp(`^${name} .*(must|none-of-them|does not fit)`))
    }
    const [[constant, value]] = Object.entries(space.constants)
    await refused(
      { ...record, [constant]: 'other' },
      new RegExp(`^${constant} is ${JSON.stringify(value)} in every run`),
    )
    await refused([], new RegExp(`"${space.fields[0].name}": .*"train_flops": `))
    const outside = await server.get('/loss', { ...record, learning_rate: 11 } as never)
    assert.deepEqual([outside.status, /^learning_rate must be/.test(outside.body.message)], [404, true])
    const free = await ask(server, 'GET', '/v2/runs?state=failed')
    assert.deepEqual(free.body.runs, [], 'nothing was charged')
  })

  test(`${space.name}: a prediction is one of the target of the space, and is judged`, async () => {
    const target = targetSpaceOf(space)
    const { train_flops: _, ...body } = anyCodec.record(exampleOf(target))
    const sent = await ask(server, 'POST', '/submission', { ...body, predicted_loss: 2.5 })
    assert.equal(sent.status, 200, JSON.stringify(sent.body))
    assert.deepEqual({ ...sent.body, ...body, train_flops: space.target, predicted_loss: 2.5 }, sent.body)
    const rate = await ask(server, 'POST', '/submission', { ...body, learning_rate: 9, predicted_loss: 2.5 })
    assert.match(rate.body.message, /^learning_rate must be from/)
    const { body: listed } = await ask({ ...server, key: await instructorKey(server) }, 'GET', '/leaderboard')
    const [{ regret, config }] = listed.leaderboard
    assert.ok(regret > 0 && regret < 3)
    assert.deepEqual(config, { ...body, train_flops: space.target })
  })

  test(`${space.name}: the class has its runs in figures and exports by the fields of the space`, async () => {
    const browser = await signedIn(server, await instructorKey(server))
    const [head, line] = (await browser.ask('GET', '/web/class/runs.csv')).text.trim().split('\n')
    assert.equal(head, `key_id,label,run_at,loss,${space.fields.map(({ name }) => name).join(',')}`)
    assert.ok(line.endsWith(`,${loss},${Object.values(record).join(',')}`), line)
    const { parameters } = (await browser.ask('GET', '/web/class/runs')).body
    const size = space.measure(config, 'none').core
    assert.deepEqual(parameters, [size])
    const me = (await browser.ask('GET', '/web/me')).body
    assert.deepEqual(me.space, { name: space.name, target: String(space.target) })
    const learner = await signedIn(server, server.key)
    const { runs } = (await learner.ask('GET', '/web/runs')).body
    assert.deepEqual(
      runs.map(({ config, parameters }: { config: unknown; parameters: number }) => ({ config, parameters })),
      [{ config: record, parameters: size }],
    )
  })

  test(`${space.name}: what it documents has the space's fields with what they may be`, async () => {
    const { paths } = (await server.get('/docs/json')).body
    const { properties, required } = paths['/v2/runs'].post.requestBody.content['application/json'].schema
    const names = space.fields.map(({ name }) => name)
    assert.deepEqual(required, names)
    assert.deepEqual(
      names.filter((name) => !properties[name].enum && properties[name].maximum === undefined),
      [],
    )
    const answered = paths['/v2/runs/{id}'].get.responses[200].content['application/json'].schema.properties
    assert.deepEqual(
      names.filter((name) => !(name in answered)),
      [],
    )
    const queried = paths['/loss'].get.parameters.map(({ name }: { name: string }) => name)
    assert.deepEqual(queried, names)
    const example = Object.fromEntries(names.map((name) => [name, properties[name].example]))
    assert.equal((await ask(server, 'POST', '/v2/runs', example)).body.id, space.folderName(config))
  })

  test(`${space.name}: a client of the library and a campaign's trainer ask for its runs; what a server tells of its space is that space`, async () => {
    const { url, key } = server
    const { document } = { document: (await ask(server, 'GET', '/v2/space')).body }
    const told = spaceOfDocument(document, 'told')
    assert.equal(told.fingerprint, space.fingerprint)
    const runs = runsApi<Config>({ url, apiKey: key })
    assert.deepEqual((await runs.about())!.space, {
      ...{ name: space.name, fingerprint: space.runsFingerprint, trainFlops: space.trainFlops },
    })
    assert.deepEqual((await runs.run(config)).config, config)
    const trainer = apiTrainer(url, key, 2, told)
    assert.deepEqual(await trainer.previous!(), [{ config, loss }])
    const other = { ...config, learningRate: space.limits.learningRate.least }
    const outcome = await trainer.train(other)
    assert.deepEqual(outcome, { kind: 'finished', loss: worlds.get(space.name)!.observe(other) })
  })

  test(`${space.name}: a campaign of another space is told so before it reads or asks anything`, async () => {
    const { url, key } = server
    const richer = withTrainFlops(space, [...space.trainFlops, 1e23])
    const strangers: readonly [Space, RegExp][] = [
      [space === llama ? ladder : llama, /v2\/space/],
      [apiSpace as unknown as Space, /v2\/space/],
      [spaceOfDocument({ ...space.spec, vocabulary: 100 }, 'other'), /v2\/space/],
      [richer, /--train-flops-grid/],
    ]
    const before = (await ask(server, 'GET', '/v2/runs')).body.last
    for (const [stranger, advice] of strangers) {
      const trainer = apiTrainer(url, key, 1, stranger)
      for (const asked of [() => trainer.previous!(), () => trainer.train(exampleOf(stranger))])
        await assert.rejects(asked, (error: { code: string; advice: string }) => {
          assert.equal(error.code, 'SPACE_DIFFERS')
          assert.match(error.advice, advice)
          return true
        })
    }
    assert.equal((await ask(server, 'GET', '/v2/runs')).body.last, before)
    const aimed = spaceOfDocument({ ...space.spec, budget: 2 * space.budget }, 'aimed')
    await apiTrainer(url, key, 1, aimed).previous!()
  })
}

test('a server of the course is no server of another space', async () => {
  const course = await serving()
  try {
    assert.equal((await ask(course, 'GET', '/v2')).body.space.name, 'cs336')
    assert.equal((await ask(course, 'GET', '/v2/space')).status, 404)
    for (const space of own)
      await assert.rejects(apiTrainer(course.url, course.key, 1, space).previous!(), { code: 'SPACE_DIFFERS' })
    await apiTrainer(course.url, course.key).previous!()
  } finally {
    await course.close()
  }
})

test('a database is of one space: it knows which, and another one is refused', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'isoflop-own-space-'))
  const confirm = async () => false
  const backendOf = (space: Space) => simulateBackend(drawnWorld(7, space), space)
  const claim = async (space: Space) => {
    const store = await openStore(join(folder, 'ledger.sqlite'))
    try {
      await claimStore(store, backendOf(space), space.trainFlops, { confirm })
      await noteSpace(store, space)
      return (await notedSpace(store, await producerOf(store))).fingerprint
    } finally {
      await store.close()
    }
  }
  try {
    assert.equal(await claim(ladder), ladder.fingerprint)
    const aimed = spaceOfDocument({ ...ladder.spec, budget: 2 * ladder.budget }, 'aimed')
    assert.equal(await claim(aimed), aimed.fingerprint, 'what is aimed at may change')
    for (const other of [
      llama,
      apiSpace as unknown as Space,
      spaceOfDocument({ ...ladder.spec, context: 64 }, 'other'),
    ])
      await assert.rejects(claim(other), { code: 'PRODUCER_DIFFERS', message: new RegExp(ladder.runsFingerprint) })
    const old = await openStore(':memory:')
    const { id } = await addKey(old, { label: 'old', budget: 10n ** 20n, now: 0 })
    const asked = await old.reserve(id, exampleOf(apiSpace as unknown as Space), 1n, 0)
    assert.ok(asked.kind === 'reserved' && (await old.settle(asked.ticket, 3, 0)))
    const served = claimStore(old, backendOf(ladder), ladder.trainFlops, { confirm: async () => true })
    await assert.rejects(served, { code: 'PRODUCER_DIFFERS', message: /older isoflop.*course/ })
    await old.close()
    const course = await openStore(':memory:')
    await claimStore(course, backendOf(apiSpace as unknown as Space), apiSpace.trainFlops, { confirm })
    assert.equal((await producerOf(course))!.space, undefined, 'as databases of older versions have it')
    assert.equal((await notedSpace(course, await producerOf(course))).name, 'cs336')
    await course.close()
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test('a database that was given to another space shows what failed before in none of its lists, and keeps answering', async () => {
  const store = await openStore(':memory:')
  const { id, key } = await addKey(store, { label: 'kept', budget: 10n ** 24n, now: 0 })
  const before = exampleOf(llama)
  const asked = await store.ask(id, { config: before, cost: 1n, name: null, most: 9 }, 0)
  assert.ok(
    asked.kind === 'opened' && (await store.end(asked.ticket!, 'failed', { code: 'TRAINING_FAILED', message: 'x' }, 0)),
  )
  const world = worlds.get(ladder.name)!
  const server = { ...(await serving({ store, space: ladder, backend: simulateBackend(world, ladder) })), key }
  try {
    const { body } = await ask(server, 'GET', '/v2/runs')
    assert.deepEqual([body.runs, body.last > 0], [[], true])
    const gone = await ask(server, 'GET', `/v2/runs/${llama.folderName(before)}`)
    assert.deepEqual([gone.status, gone.body.code], [404, 'RUN_UNKNOWN'])
  } finally {
    await server.close()
  }
})
