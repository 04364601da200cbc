import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { startPostgres } from '../server/postgres.ts'

const bin = fileURLToPath(new URL('../../bin/isoflop.js', import.meta.url))

/** A way to a database that can be made to swallow everything without a word, as a router does that lost its mind. */
async function swallowingProxy(address: string) {
  const target = new URL(address)
  const sockets: Socket[] = []
  const server = createServer((client) => {
    const database = connect(Number(target.port), target.hostname)
    sockets.push(client, database)
    for (const socket of [client, database]) socket.on('error', () => {})
    client.pipe(database)
    database.pipe(client)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = new URL(address)
  url.port = String((server.address() as AddressInfo).port)
  return {
    url: url.href,
    swallow() {
      for (const socket of sockets) socket.unpipe().pause()
    },
    close() {
      for (const socket of sockets) socket.destroy()
      server.close()
    },
  }
}

test('SIGTERM ends a server within 12 s though its database, a client and a silent connection hold on', async (t) => {
  const postgres = await startPostgres()
  const proxy = await swallowingProxy(postgres.url)
  const child = spawn(process.execPath, [bin, 'serve', '--port', '0', '--db', proxy.url, '--key', 'course'])
  t.after(async () => {
    child.kill('SIGKILL')
    proxy.close()
    await postgres.stop()
  })
  let printed = ''
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk) => {
      printed += chunk
    })
  while (!/listening on/.test(printed)) await sleep(50)
  const { hostname, port, origin } = new URL(/listening on (\S+)/.exec(printed)![1])
  const silent = connect(Number(port), hostname)
  silent.on('error', () => {})
  const path =
    '/loss?d_model=256&num_layers=4&num_heads=4&batch_size=128&learning_rate=0.001&train_flops=1e16&api_key=course'
  assert.equal((await fetch(origin + path)).status, 200)
  proxy.swallow()
  const hanging = fetch(origin + path.replace('num_layers=4', 'num_layers=6')).then(
    ({ status }) => status,
    () => 'cut off',
  )
  await sleep(200)
  const started = performance.now()
  child.kill('SIGTERM')
  const [status] = await once(child, 'exit')
  const took = performance.now() - started
  assert.ok(took < 12_000, `${took} ms`)
  assert.equal(status, 1)
  assert.match(printed, /The server ends without waiting any longer/)
  assert.ok([503, 'cut off'].includes(await hanging), 'by the time-out of a statement, or by the end')
})
