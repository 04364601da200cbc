import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import fc from 'fast-check'
import { lossQueryOf, submissionBody } from '../../src/api/contract.ts'
import { exactInteger } from '../../src/core/exact-integer.ts'
import { assertLinear } from '../linear.ts'
import { query, type Serving, serving, spaceOfFlops } from './serving.ts'

let server: Serving
before(async () => {
  server = await serving({ onError: () => {} })
})
after(() => server.close())

const submission = {
  d_model: 1536,
  num_layers: 8,
  num_heads: 16,
  batch_size: 128,
  learning_rate: 0.003,
  predicted_loss: 2.7,
}
const post = (body: string, key: string | null = null) =>
  fetch(`${server.url}/submission${key === null ? '' : `?api_key=${key}`}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body,
  })

/** Texts that make a careless pattern try every way to read them. */
const longTexts = (length: number): Record<string, string> => ({
  digits: `${'1'.repeat(length)}x`,
  'digits and a point': `${'1'.repeat(length / 2)}.${'1'.repeat(length / 2)}x`,
  blanks: `${' '.repeat(length)}x${' '.repeat(length)}`,
  exponents: `1e${'1'.repeat(length)}x`,
  signs: '+-'.repeat(length / 2),
  points: '.'.repeat(length),
})

test('every number on the wire is read in linear time', async () => {
  const lossQuery = lossQueryOf([1e13])
  for (const name of Object.keys(longTexts(2)))
    for (const field of [...Object.keys(query), 'api_key'])
      await assertLinear(
        `${field} of ${name}`,
        20_000,
        (n) => longTexts(n)[name],
        (text) => {
          lossQuery.safeParse({ ...query, [field]: text })
          submissionBody.safeParse({ ...submission, [field]: text })
          exactInteger(text)
        },
      )
})

/** The longest of many small waits while a request is answered, ms: how long the server, which runs here, let nobody in. */
async function longestFreeze(request: () => Promise<Response>): Promise<[number, Response]> {
  let last = performance.now()
  let longest = 0
  const timer = setInterval(() => {
    longest = Math.max(longest, performance.now() - last)
    last = performance.now()
  }, 1)
  try {
    const response = await request()
    await response.arrayBuffer()
    await new Promise((resolve) => setTimeout(resolve, 5))
    return [longest, response]
  } finally {
    clearInterval(timer)
  }
}

test('nobody without a key makes the server work: none of these freezes it for 50 ms', async () => {
  const nested = (open: string, close: string) => `{"d_model":${open.repeat(10_000)}1${close.repeat(10_000)}}`
  const bodies = {
    ...Object.fromEntries(
      Object.entries(longTexts(60_000)).map(([name, text]) => [name, JSON.stringify({ ...submission, d_model: text })]),
    ),
    lists: nested('[', ']'),
    objects: nested('{"a":', '}'),
    keys: JSON.stringify(Object.fromEntries(Array.from({ length: 5_000 }, (_, i) => [`k${i}`, i]))),
  }
  for (const [name, body] of Object.entries(bodies)) {
    const freezes: number[] = []
    for (let round = 0; round < 5; round++) {
      const [freeze, response] = await longestFreeze(() => post(body.slice(0, 65_000)))
      assert.equal(response.status, 422, name)
      freezes.push(freeze)
    }
    assert.ok(Math.min(...freezes) < 50, `${name}: ${freezes.map(Math.round)} ms`)
  }
  for (const [name, text] of Object.entries(longTexts(6_000))) {
    const address = new URL('/loss', server.url)
    address.searchParams.set('d_model', text)
    const [freeze, response] = await longestFreeze(() => fetch(address))
    assert.equal(response.status, 422)
    assert.ok(freeze < 50, `${name}: ${freeze} ms`)
  }
})

test('a key is looked at before anything else is', async () => {
  const refused = await post('not even JSON')
  assert.equal(refused.status, 422)
  assert.match(((await refused.json()) as { message: string }).message, /No API key/)
  assert.equal((await server.get('/loss', { api_key: undefined, d_model: 9999 })).status, 422)
  const twice = await fetch(`${server.url}/total_flops_used?api_key=${server.key}&api_key=${server.key}`)
  assert.equal(twice.status, 422)
})

test('whoever has a key is told what is wrong with a value of any depth and length', async () => {
  for (const value of ['['.repeat(20_000) + ']'.repeat(20_000), `"${'9'.repeat(60_000)}x"`, '{"a":1}', '[]', 'null']) {
    const response = await post(`{"d_model":${value}}`, server.key)
    const { message } = (await response.json()) as { message: string }
    assert.equal(response.status, 422, message)
    assert.match(message, /^d_model must be a whole number, got /)
    assert.ok(message.length < 200)
  }
})

test('no body whatever is answered with 5xx', async () => {
  const body = fc.oneof(
    fc.json(),
    fc.string(),
    fc.dictionary(fc.constantFrom(...Object.keys(submission)), fc.jsonValue()),
  )
  for (const content of fc.sample(body, { numRuns: 500, seed: 1 })) {
    const response = await post(typeof content === 'string' ? content : JSON.stringify(content), server.key)
    assert.ok(response.status < 500, `${response.status} for ${JSON.stringify(content)}`)
    await response.arrayBuffer()
  }
})

test('a whole number that no double is is refused, not rounded', async () => {
  const own = await serving({ space: spaceOfFlops([9007199254740992]) })
  assert.equal((await own.get('/loss', { ...query, train_flops: '9007199254740992' })).status, 200)
  const { status, body } = await own.get('/loss', { ...query, train_flops: '9007199254740993' })
  assert.deepEqual(
    [status, body.message],
    [422, 'train_flops must be a whole number that a double holds, got 9007199254740993'],
  )
  await own.close()
})

test('HEAD charges nothing: only what has no cost answers it', async () => {
  const runs = server.backend.runs
  const head = async (path: string) => {
    const address = new URL(path, server.url)
    for (const [name, value] of Object.entries({ ...query, api_key: server.key }))
      address.searchParams.set(name, String(value))
    return (await fetch(address, { method: 'HEAD' })).status
  }
  assert.deepEqual(
    await Promise.all(['/loss', '/previous_runs', '/submission', '/healthz', '/'].map(head)),
    [405, 405, 405, 200, 200],
  )
  assert.equal(server.backend.runs, runs)
})
