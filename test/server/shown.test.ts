import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { IsoflopError } from '../../src/core/errors.ts'
import { createComplaints } from '../../src/server/complaints.ts'
import { unavailable } from '../../src/server/store/common.ts'
import { openStore } from '../../src/server/store/open.ts'
import { shownPlace } from '../../src/server/store/place.ts'
import { query, type Serving, serving } from './serving.ts'

const told: { error: Error; id: string }[] = []
let server: Serving
before(async () => {
  server = await serving({ onError: (error, { id }) => told.push({ error, id }) })
})
after(() => server.close())

test('every answer is kept by nobody, run by nobody, and tells no other site of its address', async () => {
  const paths = ['/loss', '/total_flops_used', '/previous_runs', '/healthz', '/metrics', '/nowhere', '/docs/json']
  for (const path of paths) {
    const { headers } = await fetch(new URL(path, server.url))
    assert.equal(headers.get('x-content-type-options'), 'nosniff', path)
    assert.equal(headers.get('cache-control'), 'no-store', path)
    assert.equal(headers.get('referrer-policy'), 'no-referrer', path)
    assert.match(headers.get('content-security-policy') ?? '', /^default-src '(none|self)'/, path)
  }
})

test('what is no request is answered as all others are, and not repeated', async () => {
  const { hostname, port } = new URL(server.url)
  const secret = 'hunter2-hunter2-hunter2'
  for (const [text, status] of [
    ['\0\x01\x02\r\n\r\n', 400],
    [`GET /?api_key=${secret} HTTP/1.1\r\nHost: x\r\nh: ${'a'.repeat(20_000)}\r\n\r\n`, 431],
    [
      `POST /submission?api_key=${secret} HTTP/1.1\r\nHost: x\r\ntransfer-encoding: chunked\r\ncontent-length: 3\r\n\r\nabc`,
      400,
    ],
    [`GET /%zz?api_key=${secret} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`, 400],
    [`PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n`, 400],
  ] as const) {
    const answer = await new Promise<string>((resolve, reject) => {
      let said = ''
      const socket = connect(Number(port), hostname, () => socket.write(text))
      socket.on('data', (chunk) => {
        said += chunk
      })
      socket.on('close', () => resolve(said)).on('error', reject)
    })
    assert.ok(answer.startsWith(`HTTP/1.1 ${status} `), answer)
    for (const header of [
      /^x-content-type-options: nosniff\r$/im,
      /^cache-control: no-store\r$/im,
      /^content-security-policy: default-src 'none'/im,
    ])
      assert.match(answer, header)
    assert.match(answer, /\r\n\r\n\{"message":"[^"]+"\}$/)
    assert.doesNotMatch(answer, /hunter2|zz/)
  }
})

test('/docs runs its own scripts alone', async () => {
  const page = await fetch(new URL('/docs', server.url))
  const policy = page.headers.get('content-security-policy') ?? ''
  assert.equal(page.headers.get('x-content-type-options'), 'nosniff')
  assert.match(policy, /script-src 'self'/)
  assert.doesNotMatch(policy, /unsafe-eval|script-src[^;]*unsafe-inline|https?:\/\/(?!validator)/)
  const scripts = [...(await page.text()).matchAll(/<script[^>]*src="([^"]+)"/g)].map(([, address]) => address)
  assert.ok(scripts.length > 0)
  for (const address of scripts) assert.equal((await fetch(new URL(address, page.url))).status, 200, address)
})

test('/docs and /metrics can be closed', async () => {
  const own = await serving({ closed: ['docs', 'metrics'] })
  for (const path of ['/docs', '/docs/json', '/docs/static/index.html', '/metrics']) {
    const { status, body } = await own.get(path)
    assert.equal(status, 404, path)
    assert.doesNotMatch(body.message, /see \/docs/)
  }
  assert.equal((await own.get('/loss', query)).status, 200)
  await own.close()
})

test('what is wrong with the server is told to the log alone, by the id that the caller gets', async () => {
  const secret = 'connect ECONNREFUSED 10.1.2.3:5432, database "class", /var/lib/secret'
  for (const [error, status] of [
    [unavailable(new Error(secret)), 503],
    [new IsoflopError('TRAINING_FAILED', 'It broke off', 'none', { cause: new Error(secret) }), 503],
    [new IsoflopError('OUTPUT_FAILED', secret, 'none'), 500],
    [new Error(secret), 500],
  ] as const) {
    server.backend.fail = error
    const answer = await server.get('/loss', { ...query, learning_rate: 0.0005 })
    assert.equal(answer.status, status)
    assert.doesNotMatch(answer.text, /10\.1|5432|class|secret|ECONN/)
    const id = /Error ([0-9a-f]{8}-1)\.$/.exec(answer.body.message)?.[1]
    assert.deepEqual(told.at(-1), { error, id })
  }
  server.backend.fail = null
})

test('errors that are alike are told once a minute, each by an id of its own', async () => {
  const said: string[] = []
  const { tell, flush } = createComplaints(
    (error, { id, last }) => said.push(`${id} ${last ?? ''} ${error.message}`),
    100,
  )
  const full = (k: number) => tell(new Error(`reservation ${k} failed: disk full`))
  const ids = Array.from({ length: 64_138 }, (_, k) => full(k))
  assert.equal(new Set(ids).size, 64_138)
  assert.ok(ids.every((id, k) => id === `${ids[0].slice(0, 8)}-${k + 1}`))
  const other = tell(new Error('another one'))
  assert.deepEqual(said, [`${ids[0]}  reservation 0 failed: disk full`, `${other}  another one`])
  while (said.length === 2) await sleep(1)
  const since = full(64_138)
  assert.deepEqual(said.slice(2), [`${ids[1]} ${ids.at(-1)} reservation 64137 failed: disk full`])
  while (said.length === 3) await sleep(1)
  assert.equal(said[3], `${since}  reservation 64138 failed: disk full`)
  await sleep(300) // a minute without any
  assert.match(full(7), /^[0-9a-f]{8}-1$/)
  assert.equal(said.length, 5, 'of a kind of which there were no more nothing is told, and the next one is a first one')
  const again = full(8)
  flush()
  assert.ok(said[5].startsWith(`${again} `), 'at the end, what was only counted')
})

test('errors that are all different do not fill the log either, and each is found there', () => {
  const said: string[] = []
  const { tell, flush } = createComplaints((_, { id, last }) => said.push(`${id} ${last ?? ''}`))
  const letters = (k: number) => `${k}`.replace(/\d/g, (digit) => 'abcdefghij'[Number(digit)])
  const ids = Array.from({ length: 1000 }, (_, k) => tell(new Error(`kind ${letters(k)}`)))
  flush()
  assert.equal(new Set(ids).size, 1000)
  assert.equal(said.length, 102)
  const told = said
    .map((line) => line.split(/[- ]/))
    .map(([name, first, , last]) => [name, Number(last ?? first)] as const)
  for (const id of ids) {
    const [name, k] = id.split('-')
    assert.ok(
      told.some(([there, last]) => there === name && Number(k) <= last),
      id,
    )
  }
})

test('no form of an address shows a password', () => {
  const shown = {
    'postgres://user:hunter2@host:5432/db': 'postgres://host:5432/db',
    'postgresql://user:hunter2@host/db?sslmode=require': 'postgres://host/db',
    'postgres://:hunter2@host/db': 'postgres://host/db',
    'postgres://user:hun@ter2@host/db': 'postgres://host/db',
    'postgres://user:hun:ter2@host/db': 'postgres://host/db',
    'postgres://host/db?user=user&password=hunter2': 'postgres://host/db',
    'POSTGRES://user:hunter2@host/db': 'postgres://host/db',
    'postgres://user:hunter2@/db?host=/run/postgresql': 'postgres://socket/db',
    'postgres://user:hun%40ter2@host/db': 'postgres://host/db',
    'isoflop.sqlite': 'isoflop.sqlite',
    'C:\\data\\isoflop.sqlite': 'C:\\data\\isoflop.sqlite',
  }
  for (const [place, expected] of Object.entries(shown)) assert.equal(shownPlace(place), expected)
})

test('an address whose password is not escaped is refused without repeating it, before anybody is asked', async () => {
  for (const place of [
    'postgres://user:hunter/2@host/db',
    'postgres://user:1/hunter2@host/db',
    'postgres://user:hunter?2@host/db',
    'postgres://user:1#hunter2@host/db',
    'postgres://user:1?hunter2@host/db',
    'mysql://user:hunter2@host/db',
    'postgress://user:hunter2@host/db',
    'postgres:user:hunter2@host/db',
    'postgresql:/user:hunter2@host/db',
    'user:hunter2@host/db',
    'user:hunter2@host:5432/db',
    'host=127.0.0.1 password=hunter2',
    "dbname=class user=me PASSWORD = 'hunter2'",
    'password=hunter2',
    'postgres://me:hunter2@localhost:1/db?sslkey=/no/such/file',
  ])
    await assert.rejects(openStore(place), (error: IsoflopError) => {
      assert.equal(error.code, 'BAD_OPTION', place)
      assert.doesNotMatch(`${error.message} ${error.advice} ${error.cause}`, /hunter/)
      return true
    })
})

test('a new database is readable by its owner alone, its log too', { skip: process.platform === 'win32' }, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'isoflop-modes-'))
  const own = await serving({ place: join(folder, 'private.sqlite') })
  await own.get('/loss', query)
  for (const name of ['private.sqlite', 'private.sqlite-wal', 'private.sqlite-shm'])
    assert.equal(statSync(join(folder, name)).mode & 0o777, 0o600, name)
  await own.close()
  rmSync(folder, { recursive: true })
})

test('what is no database of ours is refused and stays as it is, its rights too', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'isoflop-others-'))
  const place = (name: string) => join(folder, name)
  mkdirSync(place('folder'))
  writeFileSync(place('notes.txt'), 'no database '.repeat(100))
  const other = new DatabaseSync(place('other.sqlite'))
  other.exec('CREATE TABLE experiments (id INTEGER); PRAGMA user_version = 3')
  other.close()
  if (process.platform !== 'win32') spawnSync('mkfifo', [place('pipe')])
  const names = readdirSync(folder)
  assert.ok(names.length >= 3)
  const stateOf = (name: string) => {
    const { mode, size } = statSync(place(name))
    return [name, mode, size, size > 0 && name !== 'folder' ? readFileSync(place(name)) : null]
  }
  for (const name of names) chmodSync(place(name), 0o777)
  const before = names.map(stateOf)
  for (const name of names) await assert.rejects(openStore(place(name)), { code: 'STORE_UNAVAILABLE' })
  assert.deepEqual(names.map(stateOf), before)
  assert.deepEqual(readdirSync(folder), names)
  rmSync(folder, { recursive: true })
})

test("a database that everybody may read becomes its owner's when it is opened, said once; a group's stays", {
  skip: process.platform === 'win32',
}, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'isoflop-wide-'))
  const place = join(folder, 'wide.sqlite')
  const modeOf = (name: string) => (statSync(join(folder, name)).mode & 0o777).toString(8)
  const names = ['wide.sqlite', 'wide.sqlite-wal', 'wide.sqlite-shm']
  const holder = await openStore(place)
  for (const [mode, expected, notices] of [
    [0o644, '600', 1],
    [0o666, '600', 1],
    [0o604, '600', 1],
    [0o660, '660', 0],
    [0o640, '640', 0],
  ] as const) {
    for (const name of names) chmodSync(join(folder, name), mode)
    const said: string[] = []
    for (let k = 0; k < 2; k++) {
      const store = await openStore(place)
      said.push(...store.cautions)
      await store.close()
    }
    assert.deepEqual(names.map(modeOf), [expected, expected, expected])
    assert.equal(said.length, notices)
    if (notices > 0) assert.match(said[0], /could read .*wide\.sqlite-wal.* owner alone/)
  }
  await holder.close()
  rmSync(folder, { recursive: true })
})
