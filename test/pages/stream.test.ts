import assert from 'node:assert/strict'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, test } from 'node:test'
import { type Source, Streams } from '../../src/pages/stream.ts'

/** A source that counts: its place is how much is known. */
class Counter implements Source {
  count = 0
  size = 1
  readonly listeners = new Set<() => void>()
  since(place: string | null) {
    const known = Number(place ?? 0) || 0
    if (known === this.count) return null
    return { place: String(this.count), data: { from: known, to: this.count, more: 'x'.repeat(this.size) } }
  }
  onNews(tell: () => void) {
    this.listeners.add(tell)
    return () => this.listeners.delete(tell)
  }
  add(size = 1) {
    this.count++
    this.size = size
    for (const tell of this.listeners) tell()
  }
}

const closing: (() => void)[] = []
after(() => {
  for (const close of closing) close()
})

async function serve() {
  const source = new Counter()
  const streams = new Streams(source)
  const server = createServer((request, response) => {
    const { searchParams } = new URL(request.url!, 'http://x')
    streams.open(response, searchParams.get('tab')!, searchParams.get('after'))
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const { port } = server.address() as AddressInfo
  closing.push(() => {
    streams.close()
    server.closeAllConnections()
    server.close()
  })
  return { source, streams, origin: `http://127.0.0.1:${port}` }
}

/** The data of events as they come. */
async function* events(response: Response): AsyncGenerator<{ from: number; to: number }> {
  let text = ''
  for await (const part of response.body!.pipeThrough(new TextDecoderStream())) {
    text += part
    for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
      const data = /^data: (\{.*)$/m.exec(text.slice(0, end))
      text = text.slice(end + 2)
      if (data) yield JSON.parse(data[1])
    }
  }
}

test('a stream tells where things stand, what is new, and to whoever comes back what was missed', async () => {
  const { source, origin } = await serve()
  source.add()
  const first = events(await fetch(`${origin}/?tab=a`))
  assert.deepEqual((await first.next()).value, { from: 0, to: 1, more: 'x' })
  source.add()
  assert.deepEqual((await first.next()).value, { from: 1, to: 2, more: 'x' })
  for (let k = 0; k < 5; k++) source.add()
  const later = events(await fetch(`${origin}/?tab=b&after=2`))
  assert.deepEqual((await later.next()).value, { from: 2, to: 7, more: 'x' })
})

test('a tab has one stream: a second one ends the first', async () => {
  const { source, streams, origin } = await serve()
  source.add()
  const first = events(await fetch(`${origin}/?tab=a`))
  await first.next()
  const second = events(await fetch(`${origin}/?tab=a`))
  await second.next()
  assert.equal((await first.next()).done, true)
  assert.equal(streams.size, 1)
})

test('whoever does not read is told no more than it takes, and then the rest at once', async () => {
  const { source, origin } = await serve()
  const slow = await new Promise<IncomingMessage>((done) => {
    import('node:http').then(({ get }) => get(`${origin}/?tab=slow`, (response) => done(response.pause())))
  })
  for (let k = 0; k < 400; k++) {
    source.add(100_000)
    if (k % 20 === 0) await new Promise((done) => setImmediate(done))
  }
  let text = ''
  let most = 0
  const seen = new Promise<void>((done) => {
    slow.on('data', (part) => {
      text += part
      most += part.length
      if (text.includes('"to":400')) done()
      text = text.slice(-200_000)
    })
  })
  slow.resume()
  await seen
  // 400 events were 40 MB: it was told a few of them, and the rest in one.
  assert.ok(most < 20_000_000, `${most} bytes`)
  slow.destroy()
})

test('memory is flat over 100,000 events, and nothing is left of streams that closed', async () => {
  const { source, streams, origin } = await serve()
  const ending = new AbortController()
  const response = await fetch(`${origin}/?tab=a`, { signal: ending.signal })
  const reading = (async () => {
    for await (const { to } of events(response)) if (to === 100_000) return
  })()
  for (let k = 0; k < 100_000; k++) {
    source.add()
    if (k % 1000 === 0) await new Promise((done) => setImmediate(done))
  }
  await reading
  ending.abort()
  while (streams.size > 0) await new Promise((done) => setImmediate(done))
  assert.equal(source.listeners.size, 0)
})
