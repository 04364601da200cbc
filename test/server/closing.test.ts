import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { deferred } from '../../src/core/deferred.ts'
import { type ConnectionLimits, usualLimits } from '../../src/server/connections.ts'
import { amongAddresses, networkOf } from '../../src/server/network.ts'
import { query, type Serving, serving } from './serving.ts'

const limits: ConnectionLimits = { requestMs: 300, graceMs: 800, most: 20, mostByAddress: 10 }

/** A connection, and what came over it so far. */
async function open({ url }: Serving, sent = '') {
  const { hostname, port } = new URL(url)
  const socket = connect(Number(port), hostname)
  const all = { socket, received: '', ended: new Promise((resolve) => socket.once('close', resolve)) }
  socket.on('error', () => {})
  socket.on('data', (chunk) => {
    all.received += chunk
  })
  await once(socket, 'connect')
  socket.write(sent)
  return all
}

const get = (path: string, more = '') => `GET ${path} HTTP/1.1\r\nHost: x\r\n${more}\r\n`

const lossPath = (key: string) =>
  `/loss?${new URLSearchParams({ ...Object.fromEntries(Object.entries(query).map(([k, v]) => [k, `${v}`])), api_key: key })}`

/** How long it took, ms. */
async function timed(work: Promise<unknown>): Promise<number> {
  const started = performance.now()
  await work
  return performance.now() - started
}

test('closing ends idle connections at once: silent, half a request, kept alive', async () => {
  const server = await serving({ limits })
  const silent = await open(server)
  const half = await open(server, 'GET /healthz HTTP/1.1\r\nHost:')
  const kept = await open(server, get('/healthz'))
  while (!kept.received.includes('"status"')) await sleep(5)
  assert.ok((await timed(server.close())) < limits.graceMs / 2)
  await Promise.all([silent, half, kept].map(({ ended }) => ended))
})

test('closing waits for an answer, and then ends its connection', async () => {
  const server = await serving({ limits })
  const { promise, resolve } = deferred<void>()
  server.backend.hold = promise
  const asked = await open(server, get(lossPath(server.key)))
  while (server.backend.runs === 0) await sleep(5)
  const closed = server.close()
  await assert.rejects(open(server), { code: 'ECONNREFUSED' })
  setTimeout(resolve, 200)
  assert.ok((await timed(closed)) < limits.graceMs)
  await asked.ended
  assert.match(asked.received, /^HTTP\/1.1 200 .*\r\nconnection: close\r\n.*"loss":/s)
})

test('closing waits no longer than that: an answer that does not come, one that nobody reads, half a body', async () => {
  const server = await serving({ limits: { ...limits, requestMs: 30_000 } })
  server.backend.hold = new Promise(() => {})
  const asked = await open(server, get(lossPath(server.key)))
  while (server.backend.runs === 0) await sleep(5)
  const body = await open(
    server,
    `POST /submission?api_key=${server.key} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{`,
  )
  const deaf = await open(server)
  deaf.socket.pause()
  for (let k = 0; k < 200; k++) deaf.socket.write(get('/docs/json'))
  await sleep(200)
  const took = await timed(server.close())
  assert.ok(took > 0.8 * limits.graceMs && took < limits.graceMs + 1500, `${took} ms`)
  deaf.socket.resume()
  await Promise.all([asked, body, deaf].map(({ ended }) => ended))
})

test('a request that is slow to arrive is cut off; an answer may be slow', async () => {
  const server = await serving({ limits })
  const { promise, resolve } = deferred<void>()
  server.backend.hold = promise
  const patient = await open(server, get(lossPath(server.key)))
  const slow: Awaited<ReturnType<typeof open>>[] = []
  for (const first of [
    'GET /healthz HTT',
    `POST /submission?api_key=${server.key} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 500\r\n\r\n{`,
  ])
    slow.push(await open(server, first))
  const dripping = setInterval(() => {
    for (const { socket } of slow) socket.write(' ')
  }, 50)
  const took = await timed(Promise.all(slow.map(({ ended }) => ended)))
  clearInterval(dripping)
  assert.ok(took < 5 * limits.requestMs, `${took} ms`)
  resolve()
  while (!patient.received.includes('"loss"')) await sleep(5)
  patient.socket.destroy()
  await server.close()
})

test('connections beyond the limit of an address: the oldest idle one makes room; where all are busy, 503', async () => {
  const server = await serving({ limits: { ...limits, requestMs: 30_000 } })
  const idle: Awaited<ReturnType<typeof open>>[] = []
  for (let k = 0; k < limits.mostByAddress; k++) idle.push(await open(server, get('/healthz')))
  while (!idle.every(({ received }) => received.includes('"status"'))) await sleep(5)
  const next = await open(server, get('/healthz'))
  while (!next.received.includes('"status"')) await sleep(5)
  await idle[0].ended
  for (const { socket } of [...idle, next]) socket.destroy()
  await sleep(50)

  const { promise, resolve } = deferred<void>()
  server.backend.hold = promise
  const busy: Awaited<ReturnType<typeof open>>[] = []
  for (let k = 0; k < limits.mostByAddress; k++) busy.push(await open(server, get(lossPath(server.key))))
  while (server.backend.runs === 0) await sleep(5)
  await sleep(50)
  const refused = await open(server, get('/healthz'))
  await refused.ended
  assert.match(refused.received, /^HTTP\/1.1 503 .*\{"message":"This server has as many connections/s)
  resolve()
  await Promise.all(
    busy.map(async (one) => {
      while (!one.received.includes('"loss"')) await sleep(5)
    }),
  )
  await server.close()
})

test('a reverse proxy may have all connections', async () => {
  const server = await serving({ limits: { ...limits, requestMs: 30_000 }, proxies: ['127.0.0.0/8'] })
  const many: Awaited<ReturnType<typeof open>>[] = []
  for (let k = 0; k < limits.most; k++) many.push(await open(server, get('/healthz')))
  await Promise.all(
    many.map(async (one) => {
      while (!one.received.includes('"status"')) await sleep(5)
    }),
  )
  assert.ok(many.every(({ socket }) => !socket.destroyed))
  await server.close()
  const isOne = amongAddresses(['10.0.0.0/8', '::1', '192.0.2.7'])
  for (const address of ['10.1.2.3', '::ffff:10.1.2.3', '::1', '192.0.2.7']) assert.equal(isOne(address), true, address)
  for (const address of ['11.1.2.3', '::2', '192.0.2.8', '']) assert.equal(isOne(address), false, address)
})

test('limits are below the descriptors that the process may have', () => {
  const { most, mostByAddress, requestMs, graceMs } = usualLimits(1024)
  assert.deepEqual([most, mostByAddress, requestMs, graceMs], [768, 384, 30_000, 10_000])
  assert.ok(usualLimits().most > 100)
})

test('an IPv6 address stands for its network of 64 bits, an IPv4 address for itself', () => {
  for (const [address, network] of [
    ['192.0.2.7', '192.0.2.7'],
    ['::ffff:192.0.2.7', '192.0.2.7'],
    ['::1', '0:0:0:0'],
    ['2001:db8::7', '2001:db8:0:0'],
    ['2001:db8:0:1:2:3:4:5', '2001:db8:0:1'],
    ['2001:db8:1::4:5:6:7', '2001:db8:1:0'],
    ['fe80::1%eth0', 'fe80:0:0:0'],
  ])
    assert.equal(networkOf(address), network)
})
