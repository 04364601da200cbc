import assert from 'node:assert/strict'
import { request } from 'node:http'
import { after, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { loadAssets } from '../../src/pages/assets.ts'
import { languageOf } from '../../src/pages/document.ts'
import { type Host, type HostOptions, startHost } from '../../src/pages/host.ts'
import { isLoopback, isOwnName, nameOfHost } from '../../src/pages/names.ts'
import { createSessions } from '../../src/pages/sessions.ts'

const hosts: Host[] = []
after(() => Promise.all(hosts.map((host) => host.close())))

const token = 'a-secret-that-is-long-enough'

async function start(options: Partial<HostOptions> = {}): Promise<Host> {
  const host = await startHost({
    entrance: 'campaign',
    routes(app) {
      app.get('/thing', async () => ({ shown: true }))
      app.post('/thing', async () => ({ changed: true }))
    },
    ...options,
  })
  hosts.push(host)
  return host
}

interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: string
}

/** Asks as anything may ask: fetch would not let a test choose Host or Origin. */
const ask = (host: Host, path: string, headers: Record<string, string> = {}, body?: unknown): Promise<Answer> =>
  new Promise((done, fail) => {
    const text = body === undefined ? undefined : JSON.stringify(body)
    const all = { ...(text !== undefined && { 'content-type': 'application/json' }), ...headers }
    const asking = request(`${host.origin}${path}`, { method: text === undefined ? 'GET' : 'POST', headers: all })
    asking.on('error', fail)
    asking.on('response', (response) => {
      const parts: Buffer[] = []
      response.on('data', (part) => parts.push(part))
      response.on('end', () =>
        done({ status: response.statusCode!, headers: response.headers, body: Buffer.concat(parts).toString() }),
      )
    })
    asking.end(text)
  })

const secretOf = (host: Host): string => host.link.slice(host.link.indexOf('#') + 1)

/** The cookie and what a write needs, as a browser that opens the link has them. */
async function enter(host: Host) {
  const { status, headers } = await ask(host, '/session', {}, { token: secretOf(host) })
  assert.equal(status, 204)
  const [setCookie] = headers['set-cookie'] as string[]
  const cookie = setCookie.split(';')[0]
  const { csrf, canWrite } = JSON.parse((await ask(host, '/session', { cookie })).body)
  return { setCookie, cookie, csrf: csrf as string, canWrite: canWrite as boolean }
}

test('a link works once, its cookie from then on, and the next link is told', async () => {
  const links: string[] = []
  const host = await start({ onLink: (link) => links.push(link) })
  const first = host.link
  const { setCookie, cookie } = await enter(host)
  assert.match(setCookie, /; Path=\/; HttpOnly; SameSite=Strict$/)
  assert.equal((await ask(host, '/api/thing', { cookie })).status, 200)
  const again = await ask(host, '/session', {}, { token: first.slice(first.indexOf('#') + 1) })
  assert.equal(again.status, 401)
  assert.match(again.body, /SESSION_INVALID/)
  assert.deepEqual(links, [host.link])
  assert.notEqual(host.link, first)
  await enter(host)
})

test('without a session nothing that a page shows is told, and nothing is changed', async () => {
  const host = await start()
  for (const [path, body] of [
    ['/api/thing', undefined],
    ['/api/thing', {}],
    ['/session', undefined],
  ] as const)
    for (const cookie of ['', 'isoflop=1', `isoflop-${new URL(host.origin).port}=nonsense`]) {
      const { status, body: told } = await ask(host, path, { cookie }, body)
      assert.equal(status, 401)
      assert.doesNotMatch(told, /shown|changed/)
    }
  for (const wrong of [{}, { token: 7 }, { token: '' }, { token: 'x'.repeat(9999) }, [], null])
    assert.equal((await ask(host, '/session', {}, wrong)).status, 401)
})

test('a write needs the page: neither a form of another site nor one without its token is heard', async () => {
  const host = await start()
  const { cookie, csrf } = await enter(host)
  const good = { cookie, 'x-csrf-token': csrf }
  assert.equal((await ask(host, '/api/thing', good, {})).status, 200)
  const own = { origin: host.origin, 'sec-fetch-site': 'same-origin' }
  assert.equal((await ask(host, '/api/thing', { ...good, ...own }, {})).status, 200)
  const bad: Record<string, string>[] = [
    { cookie },
    { cookie, 'x-csrf-token': `${csrf}x` },
    { ...good, origin: 'http://evil.example' },
    { ...good, 'sec-fetch-site': 'cross-site' },
    { ...good, 'sec-fetch-site': 'same-site' },
  ]
  for (const headers of bad) assert.equal((await ask(host, '/api/thing', headers, {})).status, 401)
})

test('under a name that is not its own nothing is served: a site cannot point its name here', async () => {
  const host = await start()
  const { port } = new URL(host.origin)
  for (const name of [`evil.example:${port}`, 'evil.example', '192.168.1.7', `localhost.evil.example:${port}`]) {
    const { status, body } = await ask(host, '/', { host: name })
    assert.equal(status, 421, name)
    assert.doesNotMatch(body, /<script/)
  }
  for (const name of [`localhost:${port}`, `127.0.0.1:${port}`, `[::1]:${port}`])
    assert.equal((await ask(host, '/', { host: name })).status, 200, name)
})

test('the document has no secret and no script of its own, and asks for nothing elsewhere', async () => {
  const host = await start()
  const { body, headers } = await ask(host, '/')
  assert.ok(!body.includes(secretOf(host)))
  assert.doesNotMatch(body, /<script[^>]*>[^<]/)
  assert.doesNotMatch(body, /<style|style=|\son[a-z]+=|https?:\/\/(?!www\.w3\.org)/)
  const policy = String(headers['content-security-policy'])
  assert.match(policy, /^default-src 'none'; script-src 'self'; /)
  assert.doesNotMatch(policy, /unsafe|\*/)
  assert.match(String(headers['content-security-policy']), /frame-ancestors 'none'/)
  for (const [, path] of body.matchAll(/(?:src|href)="([^"]+)"/g)) {
    const { status, headers: told } = await ask(host, path)
    assert.equal(status, 200, path)
    if (path.startsWith('/assets/')) assert.match(String(told['cache-control']), /immutable/)
    if (path.startsWith('/assets/'))
      assert.equal((await ask(host, path, { 'if-none-match': String(told.etag) })).status, 304)
  }
  for (const path of ['/assets/..%2fpackage.json', '/assets/none.js', '/etc/passwd'])
    assert.equal((await ask(host, path)).status, 404, path)
})

test('served to other machines it only shows, and its link works for whoever has it', async () => {
  const host = await start({ host: '0.0.0.0', token })
  const { cookie, csrf, canWrite } = await enter(host)
  assert.equal(canWrite, false)
  await enter(host)
  assert.equal((await ask(host, '/api/thing', { cookie })).status, 200)
  const { status, body } = await ask(host, '/api/thing', { cookie, 'x-csrf-token': csrf }, {})
  assert.equal(status, 403)
  assert.match(body, /READ_ONLY/)
})

test('names of hosts are told apart', () => {
  const names = { 'A.example:80': 'a.example', '[::1]:80': '::1', '127.0.0.1': '127.0.0.1', '[::1]': '::1' }
  for (const [header, name] of Object.entries(names)) assert.equal(nameOfHost(header), name)
  assert.equal(nameOfHost(undefined), '')
  for (const name of ['localhost', '127.0.0.1', '127.1.2.3', '::1']) assert.ok(isLoopback(name))
  for (const name of ['127.0.0.1.evil.example', '10.0.0.1', '127.evil', '']) assert.ok(!isLoopback(name))
  assert.ok(isOwnName('10.0.0.1', '0.0.0.0') && isOwnName('box.example', 'BOX.example'))
  assert.ok(!isOwnName('evil.example', '0.0.0.0') && !isOwnName('10.0.0.1', '127.0.0.1'))
})

test('sessions end, the oldest first, where there are a thousand more', () => {
  const sessions = createSessions({ token })
  const cookies = Array.from({ length: 1001 }, () => sessions.begin(token))
  assert.equal(sessions.find(cookies[0]), null)
  assert.ok(sessions.find(cookies[1]) && sessions.find(cookies[1000]))
  assert.equal(sessions.find(undefined), null)
})

test('the language is the one that is asked for, else the first that the browser names', () => {
  assert.equal(languageOf('zh', 'en'), 'zh')
  assert.equal(languageOf('xx', 'zh-CN,zh;q=0.9,en;q=0.8'), 'zh')
  assert.equal(languageOf(undefined, 'en-US,zh;q=0.9'), 'en')
  assert.equal(languageOf(undefined, undefined), 'en')
})

test('what the browser loads of a page is one script of less than 150 kB and one style sheet, packed, and a worker where somebody supposes something', async () => {
  const assets = await loadAssets()
  assert.deepEqual([...assets.keys()].sort(), [
    ...['analyse.js', 'campaign.en.js', 'campaign.zh.js', 'class.en.js', 'class.zh.js', 'fit.en.js', 'fit.zh.js'],
    ...['refit.js', 'style.css'],
  ])
  for (const [name, { body }] of assets) {
    const size = gzipSync(body, { level: 9 }).length
    assert.ok(size > 500 && size < 150_000, `${name} has ${size} bytes packed`)
  }
  // A script has the words of its own language alone.
  const text = (name: string) => new TextDecoder().decode(assets.get(name)!.body)
  for (const entrance of ['campaign', 'class', 'fit']) {
    assert.doesNotMatch(text(`${entrance}.en.js`), /[\u4e00-\u9fff]{3}/)
    assert.match(text(`${entrance}.zh.js`), /[\u4e00-\u9fff]{3}/)
  }
})
