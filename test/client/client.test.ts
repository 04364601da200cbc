import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { trainingApi } from '../../src/client/client.ts'
import { openRecord } from '../../src/client/record.ts'
import { apiCodec } from '../../src/cs336/config.ts'
import { readRuns } from '../../src/input/read.ts'
import { lossOf, serving } from '../server/serving.ts'

const config = { dModel: 256, numLayers: 4, numHeads: 4, batchSize: 128, learningRate: 0.001, trainFlops: 1e16 }
const folder = mkdtempSync(join(tmpdir(), 'isoflop-client-'))
after(() => rmSync(folder, { recursive: true }))

/** A server that gives these answers in turn: a status with a body, or null for a connection cut. */
async function scripted(
  answers: ([number, unknown] | null | 'silence')[],
): Promise<{ url: string; asked: string[]; server: Server }> {
  const asked: string[] = []
  const server = createServer((request, response) => {
    asked.push(request.url!)
    const answer = answers[Math.min(asked.length, answers.length) - 1]
    if (answer === null) return void request.socket.destroy()
    if (answer === 'silence') return
    response.writeHead(answer[0], { 'content-type': 'application/json' }).end(JSON.stringify(answer[1]))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked, server }
}

const quick = { apiKey: 'k', backoffMs: 1 }

test('against the real server: loss, total, runs, submission', async () => {
  const server = await serving()
  const api = trainingApi({ url: server.url, apiKey: server.key })
  assert.equal(await api.totalFlopsUsed(), 0n)
  assert.equal(await api.loss(config), lossOf(config))
  assert.equal(await api.totalFlopsUsed(), 10_000_000_000_000_000n)
  assert.deepEqual(await api.previousRuns(), [{ config, loss: lossOf(config) }])
  await api.submit({ ...config, dModel: 1536, numHeads: 12 }, 2.7)
  assert.equal((await server.get('/submission')).body.predicted_loss, 2.7)
  await server.close()
})

test('totals beyond 2^53 keep every digit', async () => {
  const { url, server } = await scripted([])
  server.removeAllListeners('request')
  server.on('request', (_, response) => response.end('1999999999999999999'))
  assert.equal(await trainingApi({ url, ...quick }).totalFlopsUsed(), 1_999_999_999_999_999_999n)
  server.close()
})

test('lost connections and 5xx are tried again with growing pauses, then given up', async () => {
  const flaky = await scripted([null, [503, { message: 'busy' }], [500, {}], [200, { loss: 3.5, total_flops_used: 1 }]])
  assert.equal(await trainingApi({ url: flaky.url, ...quick }).loss(config), 3.5)
  assert.equal(flaky.asked.length, 4)
  assert.match(flaky.asked[0], /train_flops=10000000000000000&api_key=k$/)
  flaky.server.close()
  const down = await scripted([[503, { message: 'busy' }]])
  await assert.rejects(trainingApi({ url: down.url, ...quick, retries: 2 }).loss(config), {
    code: 'API_UNREACHABLE',
    message: /in 3 tries: status 503/,
  })
  assert.equal(down.asked.length, 3)
  down.server.close()
})

test('a refusal is not tried again, gives the server its word, and its code says what it is about', async () => {
  for (const [status, message, code] of [
    [403, 'because', 'BUDGET_EXCEEDED'],
    [400, 'That would exceed the budget of this key', 'BUDGET_EXCEEDED'],
    [404, 'd_model must be in range [64, 1024], got 9999', 'CONFIG_INVALID'],
    [422, 'Invalid API key provided: wrong', 'KEY_INVALID'],
    [401, 'because', 'KEY_INVALID'],
    [422, 'd_model is missing', 'API_REFUSED'],
    [409, 'because', 'API_REFUSED'],
  ] as const) {
    const { url, asked, server } = await scripted([[status, { message }]])
    const refusal = { code, message: `The API refused (${status}): ${message}.` }
    await assert.rejects(trainingApi({ url, ...quick }).loss(config), refusal)
    assert.equal(asked.length, 1)
    server.close()
  }
})

test('a 404 without a message is a wrong address, not a wrong configuration', async () => {
  const { url, server } = await scripted([[404, { detail: 'Not Found' }]])
  await assert.rejects(trainingApi({ url, ...quick }).loss(config), { code: 'API_REFUSED', message: /Not Found/ })
  server.close()
})

test('a key that the server repeats is not shown', async () => {
  const apiKey = 'secret-key-1'
  const { url, server } = await scripted([[422, { message: `Invalid API key provided: ${apiKey}` }]])
  const api = trainingApi({ url, apiKey })
  for (const ask of [api.loss(config), api.totalFlopsUsed(), api.previousRuns()])
    await assert.rejects(ask, { code: 'KEY_INVALID', message: /provided: \*\*\*\./ })
  server.close()
})

test('a key without runs has used nothing, and a total may be written as a float', async () => {
  const { url, server } = await scripted([[422, { message: 'This API key has not made any queries yet' }]])
  assert.equal(await trainingApi({ url, ...quick }).totalFlopsUsed(), 0n)
  assert.deepEqual(await trainingApi({ url, ...quick }).previousRuns(), [])
  server.removeAllListeners('request')
  server.on('request', (_, response) => response.end('1.3e+18'))
  assert.equal(await trainingApi({ url, ...quick }).totalFlopsUsed(), 1_300_000_000_000_000_000n)
  server.close()
})

test('429 is waited out as long as the server asks, and is no failure', async () => {
  const asked: number[] = []
  const server = createServer((_, response) => {
    const waits = [{ 'retry-after': '0' }, { date: second(7), 'retry-after': second(8) }, {}]
    const wait = waits[asked.push(performance.now()) - 1]
    if (wait) response.writeHead(429, wait).end()
    else response.end('{"loss":3.5,"total_flops_used":1}')
  })
  const second = (n: number) => `Wed, 21 Oct 2026 07:28:0${n} GMT`
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  assert.equal(await trainingApi({ url, ...quick, retries: 0 }).loss(config), 3.5)
  assert.equal(asked.length, 4)
  assert.ok(asked[1] - asked[0] < 500)
  assert.ok(asked[2] - asked[1] >= 950, `${asked[2] - asked[1]} ms`)
  server.close()
})

test('silence ends at the time-out', async () => {
  const { url, asked, server } = await scripted(['silence'])
  await assert.rejects(trainingApi({ url, ...quick, timeoutMs: 50, retries: 1 }).loss(config), {
    code: 'API_UNREACHABLE',
  })
  assert.equal(asked.filter((url) => url.startsWith('/loss')).length, 2)
  server.closeAllConnections()
  server.close()
})

test('a loss that takes long is waited for, as long as the server answers something else', async () => {
  const server = await serving()
  let go = () => {}
  server.backend.hold = new Promise((resolve) => {
    go = resolve
  })
  const api = trainingApi({ ...quick, url: server.url, apiKey: server.key, timeoutMs: 100, retries: 0 })
  const asked = api.loss(config)
  await new Promise((resolve) => setTimeout(resolve, 450))
  go()
  assert.equal(await asked, lossOf(config))
  assert.equal(server.backend.runs, 1)
  await server.close()
})

test('an answer outside the contract is refused, not believed', async () => {
  for (const body of [{ loss: 'low' }, {}, 'text', { loss: null }, null]) {
    const { url, server } = await scripted([[200, body]])
    await assert.rejects(trainingApi({ url, ...quick }).loss(config), { code: 'API_REFUSED' })
    server.close()
  }
})

test('the record answers again without asking, survives a torn last line, and is readable', async () => {
  const record = join(folder, 'deep', 'answers.jsonl')
  const server = await scripted([
    [200, { loss: 3.25 }],
    [200, { loss: 9 }],
  ])
  assert.equal(await trainingApi({ url: server.url, ...quick, record }).loss(config), 3.25)
  writeFileSync(record, `${readFileSync(record, 'utf8')}{"d_model": 51`)
  const api = trainingApi({ url: `${server.url}/`, ...quick, record })
  assert.equal(await api.loss(config), 3.25)
  assert.equal(await api.loss({ ...config, numLayers: 6 }), 9)
  assert.equal(server.asked.length, 2)
  server.server.close()
  const lines = readFileSync(record, 'utf8').split('\n')
  assert.deepEqual([lines.length, lines[2]], [3, '']) // the torn line is gone
  const { checksum, ...written } = JSON.parse(lines[0])
  assert.match(checksum, /^[0-9a-f]{12}$/)
  assert.deepEqual(written, {
    d_model: 256,
    num_layers: 4,
    num_heads: 4,
    batch_size: 128,
    learning_rate: 0.001,
    train_flops: 1e16,
    loss: 3.25,
    api: server.url,
  })
  assert.equal(JSON.parse(lines[1]).loss, 9)
})

test('a record of one API is refused for another, with both names and no secret; one of an earlier version says no name', async () => {
  const record = join(folder, 'mixed.jsonl')
  const old = openRecord(record, apiCodec)
  const five = { ...config, numLayers: 5 }
  old.add(five, 3.5)
  const { url, server, asked } = await scripted([[200, { loss: 3.25 }]])
  const mine = trainingApi({ url, ...quick, record })
  assert.deepEqual([await mine.loss(five), await mine.loss(config), asked.length], [3.5, 3.25, 1])
  server.close()
  for (const other of ['http://localhost:1', `${url}/v2`, 'https://me:hunter2@elsewhere.test/?key=hunter2'])
    assert.throws(
      () => trainingApi({ url: other, ...quick, record }),
      ({ code, message }: { code: string; message: string }) => {
        assert.equal(code, 'RECORD_DIFFERS')
        assert.ok(message.includes(url), message)
        assert.doesNotMatch(message, /hunter2/)
        return true
      },
    )
  assert.equal(openRecord(record, apiCodec).answers().length, 2, 'whoever asks for no API reads them all')
  assert.equal((await readRuns([record])).runs.size, 2)
})

test('the record is cut at any byte and never gives a wrong answer', () => {
  const file = join(folder, 'cut.jsonl')
  const record = openRecord(file, apiCodec)
  const configs = [4, 5, 6].map((numLayers) => ({ ...config, numLayers }))
  const losses = [3.5, Number.NaN, 2.25]
  configs.forEach((each, k) => {
    record.add(each, losses[k], { round: k, reason: 'why: "so"\nand so' })
  })
  const bytes = readFileSync(file)
  for (let size = 0; size <= bytes.length; size++) {
    writeFileSync(file, bytes.subarray(0, size))
    const whole = bytes.subarray(0, size).toString().split('\n').length - 1
    const cut = openRecord(file, apiCodec)
    assert.deepEqual(
      cut.answers(),
      configs.slice(0, whole).map((each, k) => ({ config: each, loss: losses[k] })),
    )
    if (size % 40 !== 0) continue
    for (const [k, each] of configs.entries()) if (k >= whole) cut.add(each, losses[k], { round: k, reason: 'again' })
    assert.equal(openRecord(file, apiCodec).answers().length, 3)
  }
})

test('a record that cannot be written says so before an answer counts', () => {
  const file = join(folder, 'a-file')
  writeFileSync(file, '')
  assert.throws(() => openRecord(join(file, 'record.jsonl'), apiCodec), { code: 'OUTPUT_FAILED' })
})

test('an answer that never ends, or unpacks to gigabytes, is given up before it fills the memory', async () => {
  const { url, server } = await scripted([])
  const bomb = gzipSync(Buffer.alloc(1 << 28)) // 256 MiB in 260 kB
  server.removeAllListeners('request')
  server.on('request', (_, response) => response.setHeader('content-encoding', 'gzip').end(bomb))
  const before = process.memoryUsage.rss()
  await assert.rejects(trainingApi({ ...quick, url, retries: 0 }).previousRuns(), /more than 64 MiB/)
  assert.ok(process.memoryUsage.rss() - before < 400e6)
  server.removeAllListeners('request')
  const piece = Buffer.alloc(1 << 20, ' ')
  server.on('request', async (_, response) => {
    while (!response.destroyed) {
      response.write(piece)
      await new Promise((resolve) => setImmediate(resolve))
    }
  })
  await assert.rejects(trainingApi({ ...quick, url, retries: 0 }).previousRuns(), /more than 64 MiB/)
  server.closeAllConnections()
  server.close()
})
