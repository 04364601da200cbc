import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import fc from 'fast-check'
import { lossQueryOf } from '../../src/api/contract.ts'
import { apiLimits } from '../../src/cs336/limits.ts'
import { query, type Serving, serving } from './serving.ts'

/** What a server says of itself, and to who asks it in another way than it wants. */

let server: Serving
before(async () => {
  server = await serving({ leaderboard: true })
})
after(() => server.close())

interface Parameter {
  readonly name: string
  readonly in: string
  readonly required: boolean
  readonly schema: { readonly example?: unknown }
}

interface Operation {
  readonly parameters?: readonly Parameter[]
  readonly requestBody?: {
    readonly content: { 'application/json': { schema: { properties: Record<string, { example?: unknown }> } } }
  }
  readonly responses: Record<string, { readonly description: string }>
}

const document = async () =>
  (await server.get('/docs/json')).body as { paths: Record<string, Record<string, Operation>> }
const operations = async () =>
  Object.entries((await document()).paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method: method.toUpperCase(), operation })),
  )

/** Asks with this server's key, or another one. */
const ask = (path: string, init: RequestInit = {}, key = server.key) =>
  fetch(new URL(path, server.url), { ...init, headers: { 'x-api-key': key, ...init.headers } })
const textOf = (fields: object) =>
  Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, String(value)]))
const json = { 'content-type': 'application/json' }

test('/ says what this is, to people and to programs, without a key', async () => {
  const page = await fetch(server.url, { headers: { accept: 'text/html,application/xhtml+xml;q=0.9,*/*;q=0.8' } })
  assert.match(page.headers.get('content-type')!, /^text\/html/)
  const text = await page.text()
  assert.match(text, /what loss a language model would reach/)
  assert.match(text, /<a href="docs">/)
  const about = (await (await fetch(server.url)).json()) as { routes: Record<string, string> }
  for (const { path, method } of await operations()) {
    assert.ok(`${method} ${path}` in about.routes, path)
    assert.ok(text.includes(`<code>${method} ${path}</code>`), path)
  }
  const head = await fetch(server.url, { method: 'HEAD' })
  assert.deepEqual([head.status, await head.text()], [200, ''])
  const closed = await serving({ closed: ['docs'] })
  for (const accept of ['text/html', '*/*'])
    assert.doesNotMatch(await (await fetch(closed.url, { headers: { accept } })).text(), /docs/)
  await closed.close()
})

test('every route says which method it takes, charges nothing for another one and repeats no key', async () => {
  const runs = server.backend.runs
  const paths = [...new Set((await operations()).map(({ path }) => path)), '/', '/metrics', '/docs', '/docs/json']
  const methods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']
  for (const path of paths) {
    const allow = (await ask(path, { method: 'PUT' })).headers.get('allow')!.split(', ')
    assert.ok(allow.includes('GET'), path)
    for (const method of methods.filter((one) => !allow.includes(one))) {
      const full = `${path}?api_key=${server.key}&${new URLSearchParams(textOf(query))}`
      const answer = await ask(full, {
        method,
        ...(method !== 'HEAD' && method !== 'OPTIONS' && { body: '{}', headers: json }),
      })
      assert.equal(answer.status, method === 'OPTIONS' ? 204 : 405, `${method} ${path}`)
      assert.deepEqual(answer.headers.get('allow')!.split(', '), allow)
      const text = await answer.text()
      assert.ok(!text.includes(server.key))
      if (method === 'POST') assert.match(text, /does not take POST: ask GET/)
    }
  }
  assert.equal(server.backend.runs, runs)
  for (const method of methods) assert.equal((await ask('/losses', { method })).status, 404)
})

test('a prediction that is sent in another way is told how', async () => {
  const example = {
    d_model: 64,
    num_layers: 2,
    num_heads: 2,
    batch_size: 128,
    learning_rate: 1e-4,
    predicted_loss: 9.9,
  }
  const fields = new URLSearchParams(textOf(example))
  const wrong: Record<string, [string, RequestInit, number]> = {
    'in the query': [`/submission?${fields}`, {}, 422],
    'in the query, with the header': [`/submission?${fields}`, { headers: json }, 400],
    'as a form': ['/submission', { body: fields }, 415],
    'as text, without the header': ['/submission', { body: JSON.stringify(example) }, 422],
    'as a list': ['/submission', { body: '[]', headers: json }, 422],
    'as JSON that is none': ['/submission', { body: '{d_model: 64}', headers: json }, 400],
  }
  for (const [what, [path, init, status]] of Object.entries(wrong)) {
    const answer = await ask(path, { method: 'POST', ...init })
    const { message } = (await answer.json()) as { message: string }
    assert.equal(answer.status, status, `${what}: ${message}`)
    assert.match(
      message,
      /as JSON in the body of POST \/submission, with the header Content-Type: application\/json/,
      what,
    )
    const shown = JSON.parse(message.slice(message.indexOf('{')))
    assert.equal((await ask('/submission', { method: 'POST', headers: json, body: JSON.stringify(shown) })).status, 200)
  }
  const long = await ask('/submission', { method: 'POST', headers: json, body: `"${'x'.repeat(70_000)}"` })
  assert.deepEqual([long.status, await long.json()], [413, { message: 'The body is longer than 64 KiB.' }])
})

test('FLOPs that are not on offer are answered with the two on offer that are nearest', () => {
  const onOffer: readonly number[] = apiLimits.trainFlops
  const schema = lossQueryOf(onOffer)
  const nearestTo = (train_flops: number) => {
    const [issue] = schema.safeParse({ ...query, train_flops: String(train_flops) }).error!.issues
    return issue.message
      .match(/; the nearest are (\S+) and (\S+)$/)!
      .slice(1)
      .map(Number)
  }
  assert.deepEqual(nearestTo(2e14), [1e14, 3e14])
  assert.deepEqual(nearestTo(1e30), [6e17, 1e18])
  for (const few of [0, -5, 7]) assert.deepEqual(nearestTo(few), [1e13, 3e13])
  const off = fc.integer({ min: 1, max: 2 ** 52 }).filter((x) => !onOffer.includes(x))
  fc.assert(
    fc.property(off, (x) => {
      const told = nearestTo(x)
      const far = (value: number) => Math.abs(Math.log(value / x))
      const others = onOffer.filter((value) => !told.includes(value))
      assert.ok(told[0] < told[1] && others.every((value) => told.every((one) => far(one) <= far(value))))
    }),
    { seed: 1, numRuns: 300 },
  )
})

/** A request made of an operation's examples alone. */
function requestOf({ path, method, operation }: { path: string; method: string; operation: Operation }) {
  const inPath = (operation.parameters ?? []).filter(({ in: place }) => place === 'path')
  const filled = inPath.reduce((text, { name, schema }) => text.replace(`{${name}}`, String(schema.example)), path)
  const address = new URL(filled, server.url)
  for (const { name, in: place, required, schema } of operation.parameters ?? []) {
    assert.ok(place === 'query' || place === 'path')
    if (required) assert.notEqual(schema.example, undefined, `${path} has an example of ${name}`)
    if (place === 'query' && schema.example !== undefined) address.searchParams.set(name, String(schema.example))
  }
  const fields = operation.requestBody?.content['application/json'].schema.properties
  const body =
    fields && JSON.stringify(Object.fromEntries(Object.entries(fields).map(([name, { example }]) => [name, example])))
  return [address.href, { method, ...(body && { body, headers: json }) }] as const
}

test('the examples of the documentation run, as they stand and with either kind of key', async () => {
  const { components } = (await server.get('/docs/json')).body
  assert.deepEqual(
    Object.values(components.securitySchemes)
      .map((scheme) => (scheme as { name: string }).name)
      .sort(),
    ['X-API-Key', 'api_key'],
  )
  const all = await operations()
  const order = (method: string, path: string) => (path === '/loss' ? 0 : method === 'POST' ? 1 : 2)
  for (const one of all.sort((p, q) => order(p.method, p.path) - order(q.method, q.path))) {
    const [address, init] = requestOf(one)
    const answer = await ask(address, init)
    const expected = one.method === 'DELETE' ? [409] : [200, 202] // the example has ended by then
    assert.ok(expected.includes(answer.status), `${one.method} ${address}: ${answer.status}`)
    await answer.body!.cancel() // a stream has no end
    const withQuery = new URL(address)
    withQuery.searchParams.set('api_key', server.key)
    const again = await fetch(withQuery, init)
    assert.ok([...expected, 200].includes(again.status))
    await again.body!.cancel()
  }
})

test('every status that a route answers is described, each in words of its own', async () => {
  const all = await operations()
  for (const { path, operation } of all) {
    const told = Object.values(operation.responses).map(({ description }) => description)
    assert.ok(!told.includes('Default Response') && new Set(told).size === told.length, path)
  }
  const seen = new Set<string>()
  for (const one of all) {
    const [address, init] = requestOf(one)
    const bad = `${address}${address.includes('?') ? '&' : '?'}`
    const asked: [string, RequestInit, string?][] = [
      [address, init],
      [address, init, 'nobody'],
      [`${one.path}?limit=0&d_model=1`, init],
      [`${bad}limit=x&d_model=y`, init],
      [address.replace('d_model=256', 'd_model=9999'), init],
      [address, { ...init, ...(init.body && { body: '{"d_model": 99999999}' }) }],
      [address, { ...init, ...(init.body && { body: '{' }) }],
      [
        address,
        { ...init, ...(init.body && { body: 'x' }), headers: { 'content-type': 'application/x-www-form-urlencoded' } },
      ],
      [address, { ...init, ...(init.body && { body: 'x'.repeat(99_999) }) }],
    ]
    for (const [path, how, key] of asked) {
      const { status, body } = await ask(path, how, key)
      await body?.cancel()
      seen.add(`${one.method} ${one.path} ${status}`)
      assert.ok(String(status) in one.operation.responses, `${one.method} ${path} answers ${status}`)
    }
  }
  for (const one of [
    'GET /loss 404',
    'POST /submission 400',
    'POST /submission 413',
    'POST /submission 415',
    'GET /healthz 422',
    'POST /v2/runs 422',
    'GET /v2/runs/{id} 404',
    'DELETE /v2/runs/{id} 409',
  ])
    assert.ok(seen.has(one), one)
})
