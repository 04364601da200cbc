import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { startPostgres } from '../server/postgres.ts'
import { stoppedHolder } from '../server/stopped-holder.ts'

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

/** Starts a server; gives what it printed so far, too. */
async function serve(t: TestContext, db: string) {
  const child = spawn(process.execPath, [bin, 'serve', '--port', '0', '--db', db, '--key', 'course'])
  t.after(() => child.kill('SIGKILL'))
  let printed = ''
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk) => {
      printed += chunk
    })
  while (!/listening on/.test(printed)) await sleep(50)
  const { hostname, port, origin } = new URL(/listening on (\S+)/.exec(printed)![1])
  /** A connection that says something and nothing more. */
  const say = (text: string): Socket => {
    const socket = connect(Number(port), hostname, () => socket.write(text))
    socket.on('error', () => {})
    return socket.pause() // what comes is not read
  }
  return { child, origin, say, printed: () => printed }
}

/** SIGTERM: how it ended, and after how many milliseconds. */
async function terminated(child: ChildProcess) {
  const started = performance.now()
  child.kill('SIGTERM')
  const [status, signal] = await once(child, 'exit')
  return { status, signal, took: performance.now() - started }
}

const path =
  '/loss?d_model=256&num_layers=4&num_heads=4&batch_size=128&learning_rate=0.001&train_flops=1e16&api_key=course'
const other = path.replace('num_layers=4', 'num_layers=6')

test('SIGTERM ends a server within 12 s though its database, a client and a silent connection hold on', async (t) => {
  const postgres = await startPostgres()
  const proxy = await swallowingProxy(postgres.url)
  t.after(async () => {
    proxy.close()
    await postgres.stop()
  })
  const { child, origin, say, printed } = await serve(t, proxy.url)
  say('')
  assert.equal((await fetch(origin + path)).status, 200)
  proxy.swallow()
  const hanging = fetch(origin + other).then(
    ({ status }) => status,
    () => 'cut off',
  )
  await sleep(200)
  const { status, took } = await terminated(child)
  assert.ok(took < 12_000, `${took} ms`)
  assert.equal(status, 1)
  assert.match(printed(), /The server ends without waiting any longer/)
  assert.ok([503, 'cut off'].includes(await hanging), 'by the time-out of a statement, or by the end')
})

test('SIGTERM ends a server within 12 s though another process was stopped with its file locked, and clients read or write no further', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'isoflop-stopping-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const file = join(folder, 'held.sqlite')
  const { child, origin, say } = await serve(t, file)
  assert.equal((await fetch(origin + path)).status, 200)
  const holder = await stoppedHolder(file)
  t.after(() => holder.kill())
  say('')
  say('GET /loss?d_mod')
  say('POST /submission HTTP/1.1\r\nHost: x\r\nX-API-Key: course\r\nContent-Length: 500\r\n\r\n{"d_model": 2')
  say('GET /docs/json HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(200))
  for (let k = 0; k < 3; k++) fetch(origin + other).catch(() => {})
  await sleep(200)
  const { took } = await terminated(child)
  assert.ok(took < 12_000, `${took} ms`)
})
