import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { postgresOfFile } from '../server/postgres.ts'
import { until } from '../until.ts'
import { configOf, lossOf, server, untilLeft, worker } from './pool.ts'

const postgres = postgresOfFile()

/** A cable to a database that can be cut so that nobody is told: what is sent is kept until it is mended. */
async function cable(url: string): Promise<{ url: string; cut(): void; mend(): void; close(): void }> {
  const { hostname, port } = new URL(url)
  const sockets = new Set<Socket>()
  const ends = createServer((near) => {
    const far = connect(Number(port), hostname)
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(from)
      from.pipe(to)
      from.on('error', () => to.destroy())
      from.on('close', () => to.destroy())
      if (isCut) from.pause()
    }
  })
  let isCut = false
  ends.listen(0, '127.0.0.1')
  await once(ends, 'listening')
  const through = new URL(url)
  through.port = String((ends.address() as { port: number }).port)
  return {
    url: through.href,
    cut() {
      isCut = true
      for (const socket of sockets) socket.unpipe().pause()
    },
    mend() {
      isCut = false
      for (const socket of sockets) socket.destroy()
    },
    close() {
      for (const socket of sockets) socket.destroy()
      ends.close()
    },
  }
}

test('a worker that is cut off trains on, loses what it has to another one, and is told when it is back', async (t) => {
  const url = await postgres().database()
  const line = await cable(url)
  t.after(() => line.close())
  const backend = await server(url, { patienceMs: 10_000 })
  const asked = backend.train(configOf(1), { asker: 'k' })
  const ends = new AbortController()
  const far = await worker(line.url, {
    name: 'far',
    make: async (config, request) => {
      await Promise.race([untilLeft(config, request), untilLeft(config, { signal: ends.signal })])
      return request.signal?.aborted
        ? { kind: 'interrupted', error: request.signal.reason }
        : { kind: 'finished', loss: 1 }
    },
  })
  await until(() => far.begun.length === 1, 'it trains')
  line.cut()
  const near = await worker(url, { name: 'near' })
  assert.deepEqual(await asked, { kind: 'finished', loss: lossOf(configOf(1)) })
  assert.equal(near.begun.length, 1)
  // It has its own answer while nobody hears it, and says it when it is back.
  ends.abort()
  await sleep(500)
  line.mend()
  await until(() => far.events.some(({ kind }) => kind === 'void'), 'it is told')
  assert.ok(!far.events.some(({ kind }) => kind === 'answered'))
  assert.deepEqual(await backend.train(configOf(1), { asker: 'k' }), { kind: 'finished', loss: lossOf(configOf(1)) })
  await Promise.all([far.stop(), near.stop()])
  await backend.close()
})
