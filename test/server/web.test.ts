import assert from 'node:assert/strict'
import { hash } from 'node:crypto'
import { after, before, test } from 'node:test'
import { replaceKey } from '../../src/server/keys.ts'
import { sessionMs } from '../../src/server/sessions.ts'
import { openStore } from '../../src/server/store/open.ts'
import { browserWith, instructorKey, lossPath, signedIn } from './browsers.ts'
import { type Serving, serving } from './serving.ts'

let now = 1_800_000_000_000
let server: Serving
before(async () => {
  server = await serving({ clock: { now: () => now } })
})
after(() => server.close())

const prediction = {
  ...{ d_model: 512, num_layers: 8, num_heads: 8, batch_size: 128, learning_rate: 0.001 },
  predicted_loss: 3.1,
}

test('a key makes a session once, and the session asks what the key may', async () => {
  const browser = await signedIn(server, server.key)
  const before = (await browser.ask('GET', '/web/me')).body
  assert.equal(before.key.used, '0')
  assert.equal(before.trainFlops.length, 16)
  assert.deepEqual([before.attempts, before.submissions, before.leaderboard], [0, 5, false])

  const { status, body } = await browser.ask('GET', lossPath())
  assert.equal(status, 200)
  assert.equal(body.total_flops_used, 1e16)
  assert.equal((await browser.ask('GET', '/web/me')).body.key.used, '10000000000000000')
  const { runs, next } = (await browser.ask('GET', '/web/runs')).body
  assert.deepEqual(
    [runs.length, runs[0].loss, runs[0].settledAt, next],
    [1, body.loss, new Date(now).toISOString(), null],
  )

  const submitted = await browser.ask('POST', '/web/submission', prediction)
  assert.equal(submitted.status, 200, submitted.text)
  assert.equal(submitted.body.attempts_left, 4)
  assert.equal((await browser.ask('GET', '/web/submission')).body.predicted_loss, 3.1)
  assert.equal((await server.get('/total_flops_used')).body, 1e16, 'programs see the same')
})

test('the cookie is for the page alone: scripts and other sites have none, and the key is not in it', async () => {
  const answer = await fetch(`${server.url}/web/session`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ key: server.key }),
  })
  const cookie = answer.headers.get('set-cookie')!
  assert.match(cookie, /^isoflop-[0-9a-f]{8}=[\w-]+; Path=\/web; HttpOnly; SameSite=Strict$/)
  const value = cookie.split(/[=;]/)[1]
  assert.ok(!Buffer.from(value, 'base64url').includes(server.key))
  const again = await signedIn(server, server.key)
  assert.notEqual(again.cookie, cookie.split(';')[0], 'two sessions of a key are not told to be alike')
})

test('nobody without a session, or with a changed one, is told anything', async () => {
  const { cookie } = await signedIn(server, server.key)
  const [name, value] = cookie.split('=')
  const flipped = `${value.slice(0, 30)}${value[30] === 'A' ? 'B' : 'A'}${value.slice(31)}`
  const cookies = [
    '',
    `${name}=`,
    `${name}=${flipped}`,
    `${name}=${value.slice(0, -4)}`,
    `${name}=${'A'.repeat(5000)}`,
    `${name}=%00`,
  ]
  cookies.push(`${name}=${Buffer.from(server.key).toString('base64url')}`, `other=${value}`)
  for (const cookie of cookies)
    for (const path of ['/web/me', '/web/runs', lossPath(), `${lossPath()}&api_key=${server.key}`, '/web/class']) {
      const { status, text } = await browserWith(server.url, cookie, '').ask('GET', path)
      assert.equal(status, 401, `${path} with ${cookie.slice(0, 40)}: ${text}`)
    }
})

test('a wrong key counts as the gate counts it, and says when to come again', async () => {
  const strict = await serving({ patience: { atOnce: 3, everyMs: 60_000 } })
  try {
    const statuses: number[] = []
    for (let k = 0; k < 5; k++) {
      const answer = await fetch(`${strict.url}/web/session`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ key: `guess-${k}` }),
      })
      statuses.push(answer.status)
      assert.equal(answer.headers.get('set-cookie'), null)
      if (answer.status === 429) assert.match(answer.headers.get('retry-after')!, /^\d+$/)
    }
    assert.deepEqual(statuses, [422, 422, 422, 429, 429])
  } finally {
    await strict.close()
  }
})

test('what changes something needs the token of the page, and comes from a page of this server', async () => {
  const browser = await signedIn(server, server.key)
  const other = await signedIn(server, server.key)
  const foreign: Record<string, string>[] = [
    { 'x-csrf-token': '' },
    { 'x-csrf-token': 'x'.repeat(43) },
    { 'x-csrf-token': other.csrf },
    { origin: 'https://evil.example' },
    { origin: 'null' },
    { origin: 'http://127.0.0.1:1' },
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site' },
  ]
  const used = (await server.get('/total_flops_used')).text
  for (const headers of foreign) {
    for (const [method, path, body] of [
      ['GET', lossPath({ d_model: 320 }), undefined],
      ['POST', '/web/submission', { ...prediction, predicted_loss: 4 }],
    ] as const) {
      const { status, text } = await browser.ask(method, path, body, headers)
      assert.equal(status, 403, `${method} ${JSON.stringify(headers)} ${text}`)
    }
  }
  assert.equal((await server.get('/total_flops_used')).text, used)
  assert.equal((await browser.ask('GET', '/web/submission')).body.predicted_loss, 3.1)
  for (const headers of [{ origin: 'https://evil.example' }, { 'sec-fetch-site': 'cross-site' }]) {
    const { status } = await browser.ask('POST', '/web/session', { key: server.key }, headers)
    assert.equal(status, 403, 'nobody is signed in by another site, with a key of its choice')
  }
})

test('a proxy that asks under another name keeps nobody out whose browser says that it is our own page', async () => {
  const browser = await signedIn(server, server.key)
  const headers = { origin: 'https://class.example.edu', 'sec-fetch-site': 'same-origin' }
  assert.equal((await browser.ask('POST', '/web/submission', prediction, headers)).status, 200)
})

test('a key that is replaced or revoked ends its sessions at once, and for good', async () => {
  const { id } = (await server.store.listKeys())[0]
  const browser = await signedIn(server, server.key)
  await server.store.revokeKey(id, 1)
  const revoked = await browser.ask('GET', '/web/me')
  assert.equal(revoked.status, 401)
  assert.match(revoked.headers.get('set-cookie')!, /Max-Age=0/)
  await server.store.restoreKey(id)
  assert.equal((await browser.ask('GET', '/web/me')).status, 401, 'a cookie of before is worth nothing')
  const later = await signedIn(server, server.key)
  const next = await replaceKey(server.store, id, 5)
  assert.equal((await later.ask('GET', '/web/me')).status, 401)
  const last = await signedIn(server, next!)
  assert.equal((await last.ask('GET', '/web/me')).status, 200)
  await server.store.takeBack(id, 'rekey')
  assert.equal((await last.ask('GET', '/web/me')).status, 401)
  assert.equal((await (await signedIn(server, server.key)).ask('GET', '/web/me')).status, 200)
})

test('a session ends after a day', async () => {
  const key = await instructorKey(server)
  const browser = await signedIn(server, key)
  now += sessionMs - 1
  assert.equal((await browser.ask('GET', '/web/me')).status, 200)
  now += 1
  assert.equal((await browser.ask('GET', '/web/me')).status, 401)
})

test('a session goes on after a restart and on another server of the database, and is none of another one', async () => {
  const store = await openStore(':memory:')
  const first = await serving({ store })
  const browser = await signedIn(first, first.key)
  const second = await serving({ store })
  const other = await serving()
  try {
    const elsewhere = (url: string) => browserWith(url, browser.cookie, browser.csrf).ask('GET', '/web/me')
    assert.equal((await elsewhere(second.url)).status, 200)
    assert.equal((await elsewhere(other.url)).status, 401)
    const renamed = (await signedIn(other, other.key)).cookie.split('=')[0]
    const forged = browserWith(other.url, `${renamed}=${browser.cookie.split('=')[1]}`, browser.csrf)
    assert.equal((await forged.ask('GET', '/web/me')).status, 401)
    assert.notEqual(
      renamed,
      browser.cookie.split('=')[0],
      "two servers of one machine do not take away each other's sessions",
    )
  } finally {
    await other.close()
    await second.close()
    await first.close().catch(() => {}) // the store is closed already
  }
})

test('signing out ends the session, its copies and its streams, on every server, and no other session of the key', async () => {
  const store = await openStore(':memory:')
  const [first, second] = [await serving({ store }), await serving({ store })]
  try {
    const [browser, other] = [await signedIn(first, first.key), await signedIn(first, first.key)]
    const stream = await fetch(`${second.url}/web/v2/events`, { headers: { cookie: browser.cookie } })
    assert.equal(stream.status, 200)
    const { status, headers } = await browser.ask('DELETE', '/web/session')
    assert.equal(status, 204)
    assert.match(headers.get('set-cookie')!, /^isoflop-[0-9a-f]{8}=; Path=\/web; Max-Age=0$/)
    for (const { url } of [first, second])
      assert.equal((await browserWith(url, browser.cookie, browser.csrf).ask('GET', '/web/me')).status, 401)
    assert.equal((await other.ask('GET', '/web/me')).status, 200)
    await stream.text().catch(() => {}) // it ends, or is cut where it does not end by itself
    assert.equal((await browser.ask('DELETE', '/web/session')).status, 204, 'again is nothing')
  } finally {
    await second.close()
    await first.close().catch(() => {}) // the store is closed already
  }
})

test('what the database has of a session makes no cookie', async () => {
  const { cookie } = await signedIn(server, server.key)
  const [name, value] = cookie.split('=')
  const stored = hash('sha256', value, 'base64url')
  assert.notEqual(await server.store.session(stored), null)
  for (const made of [stored, `${value.slice(0, 32)}${stored}`, `${stored}${value.slice(32)}`])
    assert.equal((await browserWith(server.url, `${name}=${made}`, '').ask('GET', '/web/me')).status, 401)
})

test('/docs does not show the routes of the pages', async () => {
  const { paths } = (await server.get('/docs/json')).body
  assert.deepEqual(
    Object.keys(paths).filter((path) => path.startsWith('/web')),
    [],
  )
})
