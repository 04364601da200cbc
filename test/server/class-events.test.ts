import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { openStore } from '../../src/server/store/open.ts'
import { type Browser, instructorKey, lossPath, signedIn } from './browsers.ts'
import { type Serving, serving } from './serving.ts'

let server: Serving
let staff: Browser
before(async () => {
  server = await serving({ eventTimes: { progressEvery: 50, beatEvery: 1000, unreadFor: 60_000 } })
  staff = await signedIn(server, await instructorKey(server))
})
after(() => server.close())

interface Told {
  readonly event: string
  readonly id: string | undefined
}

/** Reads a stream as a browser does. */
async function following({ url }: Pick<Serving, 'url'>, { cookie }: Browser, path: string, lastId?: string) {
  const ending = new AbortController()
  const answer = await fetch(`${url}/web${path}`, {
    headers: { cookie, ...(lastId !== undefined && { 'last-event-id': lastId }) },
    signal: ending.signal,
  })
  async function* frames(): AsyncGenerator<Told> {
    let text = ''
    for await (const slice of answer.body!.pipeThrough(new TextDecoderStream())) {
      text += slice
      for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
        const lines = text.slice(0, end).split('\n')
        const field = (name: string) => lines.find((line) => line.startsWith(`${name}: `))?.slice(name.length + 2)
        text = text.slice(end + 2)
        if (field('event') !== undefined) yield { event: field('event')!, id: field('id') }
      }
    }
  }
  const read = frames()
  return {
    status: answer.status,
    /** The next event of one of these names. */
    async next(...names: string[]): Promise<Told> {
      for (;;) {
        const { value, done } = await read.next()
        assert.ok(!done, `the stream ended before ${names}`)
        if (names.includes(value.event)) return value
      }
    },
    isOver: async () => {
      for (;;) if ((await read.next().catch(() => ({ done: true }))).done) return true
    },
    close: () => ending.abort(),
  }
}

test('an instructor is told of every change of the class, and after a pause whether there was one', async () => {
  const student = await signedIn(server, server.key)
  const stream = await following(server, staff, '/class/events')
  const { id: before } = await stream.next('start')
  await student.ask('GET', lossPath())
  const { id: changed } = await stream.next('class')
  assert.notEqual(changed, before)
  await staff.ask('POST', '/web/class/settings', { submissions: 4 })
  const { id: set } = await stream.next('class')
  await stream.next('beat')
  stream.close()
  const again = await following(server, staff, '/class/events', set)
  assert.equal((await again.next('start', 'class')).event, 'start', 'nothing has changed since')
  again.close()
  const late = await following(server, staff, '/class/events', before)
  assert.deepEqual(await late.next('start', 'class'), { event: 'class', id: set })
  late.close()
})

test('changes by another server of the database are told within a second or two, and a mark is worth the same there', async () => {
  const store = await openStore(':memory:')
  const [first, second] = [await serving({ store }), await serving({ store })]
  try {
    const here = await signedIn(first, await instructorKey(first))
    const stream = await following(second, here, '/class/events')
    const { id } = await stream.next('start')
    await here.ask('POST', '/web/class/keys', { list: 'Ada' })
    const { id: changed } = await stream.next('class')
    stream.close()
    const elsewhere = await following(first, here, '/class/events', id)
    assert.deepEqual(await elsewhere.next('start', 'class'), { event: 'class', id: changed })
    elsewhere.close()
  } finally {
    await second.close()
    await first.close().catch(() => {}) // the store is closed already
  }
})

test('a key has four streams of the class, each ends with the session, and a student has none', async () => {
  const browser = await signedIn(server, await instructorKey(server))
  const streams = await Promise.all(Array.from({ length: 4 }, () => following(server, browser, '/class/events')))
  assert.deepEqual(new Set(streams.map(({ status }) => status)), new Set([200]))
  assert.equal((await following(server, browser, '/class/events')).status, 429)
  await browser.ask('DELETE', '/web/session')
  for (const stream of streams) assert.ok(await stream.isOver())
  const student = await signedIn(server, server.key)
  assert.equal((await following(server, student, '/class/events')).status, 403)
})

test('a learner is told of what else of the key has changed, once, and where it is up to', async () => {
  const browser = await signedIn(server, server.key)
  const { id } = (await server.store.listKeys()).find((key) => !key.instructor)!
  const stream = await following(server, browser, '/v2/events')
  await stream.next('start')
  await server.store.setBudget(id, 9n * 10n ** 18n)
  const { id: place } = await stream.next('key', 'run')
  await browser.ask('GET', lossPath({ d_model: 448 }))
  const run = await stream.next('key', 'run')
  assert.equal(run.event, 'run', 'a run is told as one')
  assert.ok(BigInt(run.id!) > BigInt(place!))
  stream.close()
  const again = await following(server, browser, '/v2/events', place)
  assert.equal((await again.next('key', 'run')).event, 'run', 'what was told before is not told again')
  again.close()
})
