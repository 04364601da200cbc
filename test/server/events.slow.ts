import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, type TestContext, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { configOfWire } from '../../src/api/contract.ts'
import { idOfConfig } from '../../src/api/v2.ts'
import { runsApi } from '../../src/client/runs.ts'
import type { CurvePoint } from '../../src/core/trainer.ts'
import { createEvents } from '../../src/server/events.ts'
import { until } from '../until.ts'
import { heldBackend, wire } from './asking.ts'
import { holding as holdingOf, quick } from './holding.ts'
import { postgresOfFile } from './postgres.ts'
import { serving } from './serving.ts'

const folder = mkdtempSync(join(tmpdir(), 'isoflop-events-'))
const postgres = postgresOfFile()
after(() => rmSync(folder, { recursive: true }))

const times = { progressEvery: 50, beatEvery: 150, unreadFor: 300 }
const holding = (t: TestContext, place: string) => holdingOf(t, place, { eventTimes: times })

interface Frame {
  readonly event: string
  readonly id: number | null
  // biome-ignore lint/suspicious/noExplicitAny: a test looks into bodies of every shape
  readonly data: any
}

/** Listens to a server; `frames` grows, `text` too. */
async function listening(t: TestContext, url: string, key: string, query = '', headers: Record<string, string> = {}) {
  const leaving = new AbortController()
  t.after(() => leaving.abort())
  const response = await fetch(`${url}/v2/events${query}`, {
    headers: { 'x-api-key': key, ...headers },
    signal: leaving.signal,
  })
  const heard = { text: '', frames: [] as Frame[], isOver: false }
  const reading = (async () => {
    const decoder = new TextDecoder()
    let rest = ''
    for await (const part of response.body ?? []) {
      const text = decoder.decode(part, { stream: true })
      heard.text += text
      const blocks = (rest + text).split('\n\n')
      rest = blocks.pop()!
      heard.frames.push(...blocks.flatMap(frameOf))
    }
  })()
  reading.then(
    () => {
      heard.isOver = true
    },
    () => {
      heard.isOver = true
    },
  )
  return { response, heard, leave: () => leaving.abort() }
}

type Heard = Awaited<ReturnType<typeof listening>>['heard']

function frameOf(block: string): Frame[] {
  const field = (name: string) => new RegExp(`^${name}: (.*)$`, 'm').exec(block)?.[1]
  const [data, id] = [field('data'), field('id')]
  return data === undefined
    ? []
    : [{ event: field('event')!, id: id === undefined ? null : Number(id), data: JSON.parse(data) }]
}

const statesOf = (frames: readonly Frame[]) =>
  frames.filter(({ event }) => event === 'run').map(({ data }) => `${data.learning_rate} ${data.state}`)
const rate = (k: number) => wire(k).learning_rate

let files = 0
for (const [name, place] of [
  ['SQLite', async () => join(folder, `${++files}.sqlite`)],
  ['PostgreSQL', () => postgres().database()],
] as const) {
  test(`${name}: queries of GET /loss are told on any server while they run, and once they have come to something or nothing`, async (t) => {
    const location = await place()
    const [one, two] = [await holding(t, location), await holding(t, location)]
    const { heard } = await listening(t, two.server.url, one.server.key)
    const asked = [1, 2].map((k) => one.server.get('/loss', { ...wire(k) }))
    await until(() => one.backend.running.length === 2)
    const told = () =>
      heard.frames.map(({ event, data }) => `${event} ${data.state ?? ''} ${data.learning_rate ?? data.id ?? ''}`)
    const wanted = async (...lines: string[]) => {
      await until(() => lines.every((line) => told().includes(line)), `not told ${lines}`)
    }
    await wanted(`progress running ${rate(1)}`, `progress running ${rate(2)}`)
    const [failing] = one.backend.running.filter(({ config }) => config.learningRate === rate(1))
    failing.outcome.reject(new Error('it broke'))
    await wanted(`gone  ${idOfConfig(failing.config)}`)
    for (const held of one.backend.running) held.finish()
    await Promise.all(asked)
    await wanted(`run finished ${rate(2)}`)
    assert.equal(told().length, new Set(told()).size, 'nothing is told twice')
  })

  test(`${name}: whoever listens on either of two servers hears how each run went on, in order and none twice, and what was missed`, async (t) => {
    const location = await place()
    const [one, two] = [await holding(t, location), await holding(t, location)]
    const key = one.server.key
    const first = await listening(t, one.server.url, key)
    assert.equal(first.response.headers.get('content-type'), 'text/event-stream; charset=utf-8')
    const elsewhere = await listening(t, two.server.url, key)
    for (const k of [1, 2]) await one.ask('POST', '/v2/runs', wire(k))
    await until(() => one.backend.running.length === 2)
    const [held] = one.backend.running
    const curve = (steps: number): CurvePoint[] =>
      Array.from({ length: steps }, (_, k) => ({ step: k + 1, tokens: 512 * (k + 1), loss: 5 }))
    held.request.onProgress?.({ kind: 'running', curve: curve(1) })
    held.request.onProgress?.({ kind: 'running', curve: curve(2) })
    await until(() => first.heard.frames.some(({ event, data }) => event === 'progress' && data.latest.step === 2))
    await until(() => elsewhere.heard.frames.some(({ event, data }) => event === 'progress' && data.latest.step === 2))
    await one.ask('DELETE', `/v2/runs/${(await one.ask('POST', '/v2/runs', wire(2))).body.id}`)
    held.finish()
    const expected = [
      `${rate(1)} waiting`,
      `${rate(2)} waiting`,
      `${rate(1)} running`,
      `${rate(2)} cancelled`,
      `${rate(1)} finished`,
    ]
    const isOver = (heard: Heard) =>
      [`${rate(2)} cancelled`, `${rate(1)} finished`].every((state) => statesOf(heard.frames).includes(state))
    for (const { heard } of [first, elsewhere]) {
      await until(() => isOver(heard), statesOf(heard.frames).join())
      // Who looks once in a while may see of two changes of a run the later one only; what is seen is in order, and none twice.
      const seen = statesOf(heard.frames)
      assert.deepEqual(
        seen,
        expected.filter((state) => seen.includes(state)),
      )
      const ids = heard.frames.flatMap(({ id }) => id ?? [])
      assert.deepEqual(
        ids,
        [...new Set(ids)].sort((p, q) => p - q),
      )
    }
    const before = first.heard.frames.findLast(
      ({ event, data }) => event === 'run' && ['waiting', 'running'].includes(String(data.state)),
    )!.id!

    // The server that made it all is gone; the other one knows what came after any event: the last change of each run.
    await one.close()
    await until(() => first.heard.isOver, 'the stream of a server that stops goes on')
    const after = [`${rate(2)} cancelled`, `${rate(1)} finished`]
    for (const [query, headers] of [
      [`?after=${before}`, {}],
      ['?after=9999', { 'last-event-id': String(before) }],
    ] as const) {
      const again = await listening(t, two.server.url, key, query, headers)
      await until(() => statesOf(again.heard.frames).length === 2)
      assert.deepEqual(statesOf(again.heard.frames), after)
      again.leave()
    }
  })
}

test('a stream lives where nothing happens, there are a few for a key, and closing frees them', async (t) => {
  const { server, ask } = await holding(t, join(folder, `${++files}.sqlite`))
  const streams = await Promise.all(Array.from({ length: 4 }, () => listening(t, server.url, server.key)))
  const many = await ask('GET', '/v2/events')
  assert.deepEqual([many.status, many.body.code], [429, 'STREAMS_TOO_MANY'])
  await until(() => streams.every(({ heard }) => heard.text.split(': beat\n\n').length > 3), 'no sign of life')
  const [first] = streams
  first.leave()
  await until(async () => {
    const next = await listening(t, server.url, server.key)
    if (next.response.status !== 200) return false
    next.leave()
    return true
  }, 'it is not freed')
  const [{ id }] = await server.store.listKeys()
  await server.store.revokeKey(id, 1)
  await until(() => streams.slice(1).every(({ heard }) => heard.isOver), 'a revoked key goes on to listen')
})

test('who listens by the library misses nothing when the server is away for a while', async (t) => {
  const location = join(folder, `${++files}.sqlite`)
  const one = await holding(t, location)
  const { key } = one.server
  const { port } = new URL(one.server.url)
  const leaving = new AbortController()
  t.after(() => leaving.abort())
  const heard: string[] = []
  const runs = runsApi({ url: one.server.url, apiKey: key, retries: 40, backoffMs: 20 })
  const hearing = (async () => {
    for await (const { kind, run } of runs.events({ after: 0, signal: leaving.signal }))
      if (kind === 'run') heard.push(`${run.config.learningRate} ${run.state}`)
  })()
  await runs.ask(configOfWire(wire(1)))
  await until(() => heard.length === 1)
  await one.close()

  const backend = heldBackend()
  const other = await serving({ place: location, ...quick, backend })
  t.after(() => Promise.all([other.close(), backend.close()]))
  await until(() => backend.running.length === 1, 'nobody goes on')
  backend.running[0].finish()
  // A server at the same address: what it answers is that of the other one.
  const { createServer } = await import('node:http')
  const proxy = createServer(async (request, response) => {
    const answer = await fetch(new URL(request.url!, other.url), { headers: { 'x-api-key': key } })
    response.writeHead(answer.status, { 'content-type': answer.headers.get('content-type')! })
    for await (const part of answer.body ?? []) response.write(part)
    response.end()
  })
  await new Promise<void>((resolve) => proxy.listen(Number(port), '127.0.0.1', resolve))
  t.after(() => proxy.closeAllConnections())
  t.after(() => proxy.close())
  await until(() => heard.at(-1) === `${rate(1)} finished`, 'the end was missed')
  leaving.abort()
  await hearing
})

test('a client that does not read is cut; whoever hangs up frees the stream', async (t) => {
  const { server, backend, ask } = await holding(t, join(folder, `${++files}.sqlite`))
  await Promise.all(Array.from({ length: 120 }, (_, k) => ask('POST', '/v2/runs', wire(k))))
  await until(() => backend.running.length === 120)
  const socket = connect(Number(new URL(server.url).port), '127.0.0.1')
  await once(socket, 'connect')
  const closed = once(socket, 'close')
  socket.on('error', () => {})
  socket.write(`GET /v2/events?after=0 HTTP/1.1\r\nhost: x\r\nx-api-key: ${server.key}\r\n\r\n`)
  await once(socket, 'readable')
  socket.pause() // what the system takes for it, some megabytes, has to be full first
  let step = 0
  const further = setInterval(() => {
    step++
    for (const { request } of backend.running)
      request.onProgress?.({ kind: 'running', curve: [{ step, tokens: 512 * step, loss: 5 }] })
  }, 10)
  t.after(() => clearInterval(further))
  const metric = async () => /isoflop_connections (\d+)/.exec((await server.get('/metrics')).text)?.[1]
  const before = Number(await metric())
  await until(async () => Number(await metric()) < before, 'a client that does not read is kept')
  clearInterval(further)
  socket.resume()
  await closed
  const streams = await Promise.all(Array.from({ length: 4 }, () => listening(t, server.url, server.key)))
  assert.ok(streams.every(({ response }) => response.status === 200))
})

test('what is told of runs is read when somebody takes it: slices are made one at a time', async () => {
  let reads = 0
  const run = (number: bigint) => ({ number, state: 'running' }) as never
  const events = createEvents({
    store: {
      requests: async (_, { after, states }) => {
        reads++
        return states ? [] : Array.from({ length: 100 }, (_, k) => run(after + BigInt(k) + 1n))
      },
      changes: async () => new Map(),
    },
    known: { one: async () => null, queries: async () => [] },
    changes: { watch: () => () => {} },
    shown: {
      run: async (_, { number }) => ({ number: Number(number) }) as never,
      withCurve: async () => assert.fail(),
    },
    times,
  })
  const stream = events.open('a', 0n, async () => true)
  for (let k = 0; k < 3; k++) assert.equal((await stream.slices.next()).done, false)
  const before = reads
  await sleep(5 * times.progressEvery)
  assert.equal(reads, before)
  stream.close()
  stream.close()
  assert.equal(events.streams, 0)
  assert.equal((await stream.slices.next()).done, true)
})
