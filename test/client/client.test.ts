import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { trainingApi } from '../../src/client/client.ts'
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

test('a refusal is not tried again and gives the server its word', async () => {
  for (const status of [403, 404, 422]) {
    const { url, asked, server } = await scripted([[status, { message: 'because' }]])
    await assert.rejects(trainingApi({ url, ...quick }).loss(config), { code: 'API_REFUSED', message: /because/ })
    assert.equal(asked.length, 1)
    server.close()
  }
})

test('silence ends at the time-out', async () => {
  const { url, asked, server } = await scripted(['silence'])
  await assert.rejects(trainingApi({ url, ...quick, timeoutMs: 50, retries: 1 }).loss(config), {
    code: 'API_UNREACHABLE',
  })
  assert.equal(asked.length, 2)
  server.closeAllConnections()
  server.close()
})

test('an answer outside the contract is refused, not believed', async () => {
  for (const body of [{ loss: 'low' }, {}, 'text', { loss: null }]) {
    const { url, server } = await scripted([[200, body]])
    await assert.rejects(trainingApi({ url, ...quick }).loss(config), { code: 'API_REFUSED' })
    server.close()
  }
})

test('the record answers again without asking, survives a torn last line, and is readable', async () => {
  const record = join(folder, 'deep', 'answers.jsonl')
  const first = await scripted([[200, { loss: 3.25 }]])
  assert.equal(await trainingApi({ url: first.url, ...quick, record }).loss(config), 3.25)
  first.server.close()
  writeFileSync(record, `${readFileSync(record, 'utf8')}{"d_model": 51`)
  const second = await scripted([[200, { loss: 9 }]])
  const api = trainingApi({ url: second.url, ...quick, record })
  assert.equal(await api.loss(config), 3.25)
  assert.equal(await api.loss({ ...config, numLayers: 6 }), 9)
  assert.equal(second.asked.length, 1)
  second.server.close()
  const lines = readFileSync(record, 'utf8').trim().split('\n')
  assert.deepEqual(JSON.parse(lines[0]), {
    d_model: 256,
    num_layers: 4,
    num_heads: 4,
    batch_size: 128,
    learning_rate: 0.001,
    train_flops: 1e16,
    loss: 3.25,
  })
  assert.equal(JSON.parse(lines.at(-1)!).loss, 9)
})
