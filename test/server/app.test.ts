import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import fc from 'fast-check'
import { configOfWire } from '../../src/api/contract.ts'
import { IsoflopError } from '../../src/core/errors.ts'
import { lossOf, query, type Serving, serving, spaceOfFlops } from './serving.ts'

let server: Serving
before(async () => {
  server = await serving()
})
after(() => server.close())

test("/loss answers with the handout's fields, and every digit of the total", async () => {
  const { status, text, body } = await server.get('/loss', query)
  assert.equal(status, 200)
  assert.deepEqual(Object.keys(body), ['loss', 'total_flops_used'])
  assert.equal(body.loss, lossOf(configOfWire({ ...query, train_flops: 1e16 })))
  assert.match(text, /"total_flops_used":10000000000000000\}$/)
})

test('a repeat is free and gives the same loss, also when written as 1e16', async () => {
  const runs = server.backend.runs
  const first = await server.get('/loss', query)
  const again = await server.get('/loss', { ...query, train_flops: '1e+16' })
  assert.equal(again.text, first.text)
  assert.equal(server.backend.runs, runs)
})

test('/total_flops_used and /previous_runs', async () => {
  assert.equal((await server.get('/total_flops_used')).text, '10000000000000000')
  const { text } = await server.get('/previous_runs')
  assert.match(
    text,
    /^\{"previous_runs":\[\{"d_model":256,"num_layers":4,"num_heads":4,"batch_size":128,"learning_rate":0\.001,"train_flops":10000000000000000,"loss":[\d.]+\}\]\}$/,
  )
})

test('a key without runs: 422 with a message for the total, no runs', async () => {
  const fresh = await serving()
  const total = await fresh.get('/total_flops_used')
  assert.equal(total.status, 422)
  assert.ok(total.body.message.length > 5)
  assert.deepEqual((await fresh.get('/previous_runs')).body, { previous_runs: [] })
  await fresh.close()
})

test('an unknown key, a revoked one and none: 422', async () => {
  const unknown = await server.get('/loss', { ...query, api_key: 'INVALID_API_KEY' })
  assert.equal(unknown.status, 422)
  assert.deepEqual(unknown.body, { message: 'Invalid API key provided: INVALID_API_KEY' })
  for (const path of ['/total_flops_used', '/previous_runs', '/submission'])
    assert.equal((await server.get(path, { api_key: 'no' })).status, 422)
  assert.equal((await server.get('/loss', { ...query, api_key: undefined })).status, 422)
  const other = await serving()
  const [{ id }] = await other.store.listKeys()
  await other.store.revokeKey(id, 1)
  assert.equal((await other.get('/loss', query)).status, 422)
  await other.close()
})

test('the header X-API-Key does as well', async () => {
  const address = new URL('/total_flops_used', server.url)
  const response = await fetch(address, { headers: { 'x-api-key': server.key } })
  assert.equal(response.status, 200)
})

test('a value out of range: 404 and the message, nothing charged', async () => {
  const before = (await server.get('/total_flops_used')).text
  const refused = await server.get('/loss', { ...query, d_model: 9999 })
  assert.equal(refused.status, 404)
  assert.deepEqual(refused.body, { message: 'd_model must be in range [64, 1024], got 9999' })
  const heads = await server.get('/loss', { ...query, num_heads: 3 })
  assert.equal(heads.status, 404)
  assert.match(heads.body.message, /divisible/)
  assert.equal((await server.get('/loss', { ...query, d_model: 'wide' })).status, 422)
  assert.equal((await server.get('/total_flops_used')).text, before)
})

test('over the budget: 403, what is left, nothing charged; the budget itself can be used to the last FLOP', async () => {
  const small = await serving({ budget: 40_000_000_000_000n })
  assert.equal((await small.get('/loss', { ...query, train_flops: 3e13 })).status, 200)
  const refused = await small.get('/loss', { ...query, train_flops: 3e13, num_layers: 6 })
  assert.equal(refused.status, 403)
  assert.match(refused.body.message, /only 1e13 of the budget of 4e13 FLOPs are left/)
  assert.equal((await small.get('/total_flops_used')).text, '30000000000000')
  assert.equal((await small.get('/loss', { ...query, train_flops: 1e13 })).status, 200)
  assert.equal((await small.get('/total_flops_used')).text, '40000000000000')
  await small.close()
})

test('equal queries in flight are one run, charged once', async () => {
  const own = await serving()
  let go = () => {}
  own.backend.hold = new Promise((resolve) => {
    go = resolve
  })
  const asked = Array.from({ length: 20 }, () => own.get('/loss', query))
  await new Promise((resolve) => setTimeout(resolve, 100))
  go()
  const answers = await Promise.all(asked)
  assert.equal(new Set(answers.map(({ text }) => text)).size, 1)
  assert.equal(own.backend.runs, 1)
  assert.equal((await own.get('/total_flops_used')).text, '10000000000000000')
  await own.close()
})

test('64 clients at the edge of the budget never overspend and never lose a FLOP', async () => {
  const edge = await serving({ budget: 100n * 10_000_000_000_000n })
  const answers = await Promise.all(
    Array.from({ length: 64 }, async (_, client) => {
      const statuses: number[] = []
      for (let k = 0; k < 4; k++) {
        const learning_rate = 1e-4 + 1e-6 * (4 * client + k)
        statuses.push((await edge.get('/loss', { ...query, learning_rate, train_flops: 1e13 })).status)
      }
      return statuses
    }),
  )
  const count = (status: number) => answers.flat().filter((s) => s === status).length
  assert.equal(count(200), 100)
  assert.equal(count(403), 156)
  assert.equal((await edge.get('/total_flops_used')).text, '1000000000000000')
  assert.equal((await edge.get('/previous_runs')).body.previous_runs.length, 100)
  await edge.close()
})

test('a run that fails is not charged, and can be asked again', async () => {
  const own = await serving({ onError: () => {} })
  own.backend.fail = new IsoflopError('NOT_RECORDED', 'no such run', 'none')
  assert.equal((await own.get('/loss', query)).status, 404)
  own.backend.fail = new Error('a secret path')
  const failed = await own.get('/loss', query)
  assert.equal(failed.status, 500)
  assert.match(failed.body.message, /^Internal server error\. Error [0-9a-f]{8}-1\.$/)
  assert.equal((await own.get('/total_flops_used')).status, 422)
  own.backend.fail = null
  assert.equal((await own.get('/loss', query)).status, 200)
  await own.close()
})

test('closing waits for the answer that is in flight', async () => {
  const own = await serving()
  let go = () => {}
  own.backend.hold = new Promise((resolve) => {
    go = resolve
  })
  const asked = own.get('/loss', query)
  await new Promise((resolve) => setTimeout(resolve, 50))
  const closed = own.close()
  const started = performance.now()
  setTimeout(go, 50)
  assert.equal((await asked).status, 200)
  await closed
  assert.ok(performance.now() - started < 5_000, 'a connection kept alive does not hold it up')
})

test('submission: sent, read, replaced, refused', async () => {
  const own = await serving()
  assert.equal((await own.get('/submission')).status, 404)
  const post = (body: unknown) =>
    fetch(`${own.url}/submission?api_key=${own.key}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
  const body = {
    d_model: 1536,
    num_layers: 8,
    num_heads: 16,
    batch_size: 128,
    learning_rate: 0.003,
    predicted_loss: 2.7,
  }
  assert.equal((await post(body)).status, 200)
  assert.equal((await post({ ...body, predicted_loss: 2.65 })).status, 200)
  const { predicted_loss, train_flops, attempts, attempts_left } = (await own.get('/submission')).body
  assert.deepEqual([predicted_loss, train_flops, attempts_left], [2.65, 1e19, 3])
  assert.deepEqual(
    attempts.map((attempt: { predicted_loss: number }) => attempt.predicted_loss),
    [2.7, 2.65],
  )
  assert.equal((await post({ ...body, batch_size: 512 })).status, 404)
  assert.equal((await post({ ...body, predicted_loss: undefined })).status, 422)
  assert.equal((await post('nonsense')).status, 422)
  await own.close()
})

test('/healthz, /metrics and /docs', async () => {
  assert.deepEqual((await server.get('/healthz')).body, {
    status: 'ok',
    backend: 'counting',
    version: '0.0.0',
    running: 0,
  })
  const metrics = (await server.get('/metrics')).text
  assert.match(metrics, /isoflop_queries_total\{outcome="settled"\} 1/)
  assert.ok(!metrics.includes(server.key))
  const docs = await server.get('/docs')
  assert.equal(docs.status, 200)
  assert.doesNotMatch(docs.text, /(src|href)="https?:/)
  const { paths } = (await server.get('/docs/json')).body
  const [first] = paths['/loss'].get.parameters
  assert.deepEqual([first.name, first.in, first.required, first.schema.type], ['d_model', 'query', true, 'integer'])
  assert.ok(paths['/previous_runs'] && paths['/total_flops_used'] && paths['/submission'].post)
})

test('every route is documented under whom it is for', async () => {
  const { paths } = (await server.get('/docs/json')).body as {
    paths: Record<string, Record<string, { tags: string[] }>>
  }
  const routes = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { tags }]) => `${tags}: ${method.toUpperCase()} ${path}`),
  )
  assert.deepEqual(routes, [
    'contract: GET /loss',
    'contract: GET /total_flops_used',
    'contract: GET /previous_runs',
    'runs: GET /v2',
    'runs: POST /v2/runs',
    'runs: GET /v2/runs',
    'runs: GET /v2/runs/{id}',
    'runs: DELETE /v2/runs/{id}',
    'runs: GET /v2/events',
    'assignment: GET /submission',
    'assignment: POST /submission',
    'assignment: GET /leaderboard',
    'service: GET /healthz',
  ])
})

test('a server with FLOPs of its own refuses others, and documents its own', async () => {
  const own = await serving({ space: spaceOfFlops([1e11, 3e11]) })
  assert.equal((await own.get('/loss', { ...query, train_flops: 3e11 })).status, 200)
  const refused = await own.get('/loss', { ...query, train_flops: 1e13 })
  assert.equal(refused.status, 404)
  assert.deepEqual(refused.body, {
    message: 'train_flops must be one of [100000000000, 300000000000], got 10000000000000',
  })
  const { paths } = (await own.get('/docs/json')).body
  const { schema } = paths['/loss'].get.parameters.find(({ name }: { name: string }) => name === 'train_flops')
  assert.deepEqual(schema.enum, ['1e11', '3e11'])
  await own.close()
})

test('runs of 1e19 and of 1e23 FLOPs are charged to the last digit', async () => {
  const own = await serving({ space: spaceOfFlops([1e19, 1e23]), budget: 10n ** 23n + 10n ** 20n })
  for (let k = 0; k < 10; k++) {
    const answer = await own.get('/loss', { ...query, learning_rate: 1e-4 + k * 1e-5, train_flops: 1e19 })
    assert.equal(answer.body.total_flops_used, (k + 1) * 1e19)
  }
  assert.match(
    (await own.get('/loss', { ...query, train_flops: 1e23 })).text,
    /"total_flops_used":100100000000000000000000}/,
  )
  assert.equal((await own.get('/total_flops_used')).text, '100100000000000000000000')
  assert.match((await own.get('/previous_runs')).text, /"train_flops":100000000000000000000000,/)
  const refused = await own.get('/loss', { ...query, learning_rate: 2.5e-4, train_flops: 1e19 })
  assert.equal(refused.status, 403)
  assert.match(refused.body.message, /costs 1e19 FLOPs, but only 0 of the budget of 1\.001e23 /)
  await own.close()
})

test('an unknown path: 404 without repeating the query', async () => {
  const { status, body } = await server.get('/losses')
  assert.equal(status, 404)
  assert.ok(!body.message.includes(server.key))
})

test('10,000 generated bad requests: 4xx with a message, never 5xx, never a charge', { timeout: 120_000 }, async () => {
  const runs = server.backend.runs
  const runsBefore = (await server.get('/previous_runs')).body.previous_runs.length
  const junk = fc.oneof(
    fc.string(),
    fc.integer().map(String),
    fc.double().map(String),
    fc.constantFrom(
      '',
      ' ',
      'NaN',
      'Infinity',
      '-0',
      '1e999',
      '0x10',
      'null',
      '[]',
      '{}',
      "'; drop table keys; --",
      '\u0000',
      '1,000',
      '１２８',
    ),
  )
  const name = fc.constantFrom(...Object.keys(query))
  const bad = fc.oneof(
    fc.tuple(name, junk).map(([field, value]) => ({ ...query, [field]: value })),
    fc.tuple(name, name).map(([p, q]) => ({ ...query, [p]: undefined, [q]: undefined })),
    fc.dictionary(name, junk),
    fc.tuple(name, junk).map(([field, value]) => ({ ...query, api_key: value, [field]: value })),
  )
  const requests = fc.sample(bad, { numRuns: 10_000, seed: 1 })
  const legalByChance = new Set<string>()
  const work = requests.values()
  await Promise.all(
    Array.from({ length: 16 }, async () => {
      for (const change of work) {
        const { status, body, text } = await server.get('/loss', change as Record<string, string>)
        if (status === 200) legalByChance.add(JSON.stringify(body))
        else {
          assert.ok(status >= 400 && status < 500, `${status} ${text} for ${JSON.stringify(change)}`)
          assert.ok(
            typeof body?.message === 'string' && body.message.length > 3,
            `${text} for ${JSON.stringify(change)}`,
          )
        }
      }
    }),
  )
  // A generated value can be a legal one; such a request is answered and charged as any other. No other charge happened.
  assert.ok(legalByChance.size < 100)
  const { previous_runs } = (await server.get('/previous_runs')).body
  const sum = previous_runs.reduce((total: bigint, run: { train_flops: number }) => total + BigInt(run.train_flops), 0n)
  assert.equal((await server.get('/total_flops_used')).text, String(sum))
  assert.equal(server.backend.runs - runs, previous_runs.length - runsBefore)
})
