import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { addKey, replaceKey } from '../../src/server/keys.ts'
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
  // biome-ignore lint/suspicious/noExplicitAny: a test looks into data of every shape
  readonly data: any
}

/** Reads a stream as a browser does. */
const following = ({ url }: Pick<Serving, 'url'>, { cookie }: Browser, path: string, lastId?: string) =>
  streamOf(`${url}/web${path}`, { cookie, ...(lastId !== undefined && { 'last-event-id': lastId }) })

async function streamOf(address: string, headers: Record<string, string>) {
  const ending = new AbortController()
  const answer = await fetch(address, { headers, signal: ending.signal })
  async function* frames(): AsyncGenerator<Told> {
    let text = ''
    for await (const slice of answer.body!.pipeThrough(new TextDecoderStream())) {
      text += slice
      for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
        const lines = text.slice(0, end).split('\n')
        const field = (name: string) => lines.find((line) => line.startsWith(`${name}: `))?.slice(name.length + 2)
        text = text.slice(end + 2)
        if (field('event') !== undefined)
          yield { event: field('event')!, id: field('id'), data: JSON.parse(field('data')!) }
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

const idsOf = ({ data }: Told): string[] => data.keys.map(({ id }: { id: string }) => id)

test('an instructor is told the whole class once, then what has changed, and after a pause what did meanwhile', async () => {
  const student = await signedIn(server, server.key)
  await addKey(server.store, { label: 'idle', budget: 1n, now: 5 })
  const { id: own } = (await server.store.listKeys()).find(({ instructor, label }) => !instructor && label !== 'idle')!
  const stream = await following(server, staff, '/class/events')
  const whole = await stream.next('class')
  assert.equal(whole.data.isWhole, true)
  assert.equal(idsOf(whole).length, 2)
  assert.equal(whole.id, whole.data.mark)
  await student.ask('GET', lossPath())
  let changed = await stream.next('class')
  // What is reserved for a run is told, too, where somebody looks just then.
  while (changed.data.keys[0]?.runs !== 1) changed = await stream.next('class')
  assert.deepEqual([changed.data.isWhole, idsOf(changed)], [false, [own]])
  const { id: before } = changed
  await staff.ask('POST', '/web/class/settings', { submissions: 4 })
  const set = await stream.next('class')
  assert.deepEqual([set.data.settings.submissions, idsOf(set)], [4, []])
  await stream.next('beat')
  stream.close()
  const again = await following(server, staff, '/class/events', set.id)
  assert.equal((await again.next('start', 'class')).event, 'start', 'nothing has changed since')
  again.close()
  const late = await following(server, staff, `/class/events?after=${whole.id}`, before)
  const missed = await late.next('start', 'class')
  assert.deepEqual(
    [missed.id, missed.data.isWhole, idsOf(missed)],
    [set.id, false, []],
    'the last id that was seen counts',
  )
  late.close()
  const asked = (await staff.ask('GET', `/web/class?after=${whole.id}`)).body
  assert.deepEqual([asked.mark, asked.isWhole, asked.keys.length, asked.keys[0].id], [set.id, false, 1, own])
  for (const mark of ['0123-4', 'x', '-', `${set.id}-1`.slice(1), '%00']) {
    const stream = await following(server, staff, `/class/events?after=${mark}`)
    assert.equal((await stream.next('start', 'class')).data.isWhole, true, `all of it since ${mark}, which is no mark`)
    stream.close()
  }
})

test('changes by another server of the database are told within a second or two; of its marks nothing is believed', async () => {
  const store = await openStore(':memory:')
  const [first, second] = [await serving({ store }), await serving({ store })]
  try {
    const here = await signedIn(first, await instructorKey(first))
    const stream = await following(second, here, '/class/events')
    const { id } = await stream.next('class')
    await here.ask('POST', '/web/class/keys', { list: 'Ada' })
    const changed = await stream.next('class')
    assert.deepEqual(
      [changed.data.isWhole, changed.data.keys.map(({ label }: { label: string }) => label)],
      [false, ['Ada']],
    )
    stream.close()
    const elsewhere = await following(first, here, '/class/events', id)
    const told = await elsewhere.next('start', 'class')
    assert.equal(told.data.isWhole, true)
    assert.ok(told.data.keys.some(({ label }: { label: string }) => label === 'Ada'))
    elsewhere.close()
  } finally {
    await second.close()
    await first.close().catch(() => {}) // the store is closed already
  }
})

test('of a burst of changes each student is told how they are at last, at most four times a second', async () => {
  const stream = await following(server, staff, '/class/events')
  await stream.next('class')
  const { made } = (await staff.ask('POST', '/web/class/keys', { list: 'A\nB\nC' })).body
  const begun = performance.now()
  const burst = (async () => {
    for (let k = 1; k <= 90; k++)
      await staff.ask('POST', `/web/class/keys/${made[k % 3].id}/budget`, { budget: String(k) })
  })()
  const budgets = new Map<string, string>()
  let sent = 0
  while (!['88', '89', '90'].every((last) => [...budgets.values()].includes(last))) {
    for (const { id, budget } of (await stream.next('class')).data.keys) budgets.set(id, budget)
    sent++
  }
  await burst
  const seconds = (performance.now() - begun) / 1000
  assert.ok(sent <= 4 * seconds + 2, `${sent} in ${seconds} s`)
  stream.close()
})

test('a session that has ended is told nothing more, however its key goes on', async () => {
  const { id, key } = await addKey(server.store, { label: 'Aide', budget: 0n, now: 0, instructor: true })
  const browser = await signedIn(server, key)
  const stream = await following(server, browser, '/class/events')
  await stream.next('class')
  await server.store.rekey(id, 'hash of another key', 1)
  const { made } = (await staff.ask('POST', '/web/class/keys', { list: 'Secret' })).body
  assert.equal(made.length, 1)
  await assert.rejects(stream.next('class'), /ended before/)
})

for (const [how, change] of [
  ['replaced', (id: string) => replaceKey(server.store, id, 1)],
  ['revoked', (id: string) => server.store.revokeKey(id, 1)],
] as const)
  test(`a key that is ${how} ends what was opened with it, by programs and pages, before more is told`, async () => {
    const { id, key } = await addKey(server.store, { label: how, budget: 10n ** 18n, now: 5 })
    const streams = [
      await streamOf(`${server.url}/v2/events`, { 'x-api-key': key }),
      await streamOf(`${server.url}/v2/events?api_key=${key}`, {}),
      await following(server, await signedIn(server, key), '/v2/events'),
    ]
    for (const stream of streams) await stream.next('start')
    await change(id)
    await server.store.setBudget(id, 5n)
    for (const stream of streams) await assert.rejects(stream.next('key', 'run'), /ended before|terminated/)
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
