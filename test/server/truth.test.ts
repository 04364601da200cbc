import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { configOfWire } from '../../src/api/contract.ts'
import { trainingApi } from '../../src/client/client.ts'
import { random } from '../../src/core/random.ts'
import type { TrainingConfig } from '../../src/cs336/config.ts'
import { claimDeadline, setDeadline } from '../../src/server/deadline.ts'
import { addKey } from '../../src/server/keys.ts'
import { lossOf, query, type Serving, serving } from './serving.ts'

/** Who may know what is true, and how often anybody may guess. */

const deadline = Date.UTC(2026, 11, 15, 23, 59)
const folder = mkdtempSync(join(tmpdir(), 'isoflop-truth-'))
after(() => rmSync(folder, { recursive: true }))
let now = deadline - 86_400_000
let server: Serving
let instructor: string
before(async () => {
  server = await serving({
    ...{ truth: { loss: lossOf, bestLoss: 2 }, leaderboard: true, deadline },
    clock: { now: () => now },
  })
  instructor = (await addKey(server.store, { label: 'staff', budget: 0n, now: 0, instructor: true })).key
})
after(() => server.close())

const body = {
  d_model: 1024,
  num_layers: 8,
  num_heads: 16,
  batch_size: 128,
  learning_rate: 0.001,
  predicted_loss: 2.7,
}

async function submit(change: object = {}, key = server.key, to = server) {
  const response = await fetch(`${to.url}/submission`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-api-key': key },
    body: JSON.stringify({ ...body, ...change }),
  })
  return { status: response.status, body: (await response.json()) as Record<string, unknown> }
}

const trueLoss = lossOf(configOfWire({ ...body, train_flops: 1e19 }))

/** Every page that somebody with this key, or nobody, can look at. */
const pages = async (to: Serving, api_key: string | undefined) => {
  const paths = [
    '/submission',
    '/leaderboard',
    '/healthz',
    '/previous_runs',
    '/total_flops_used',
    '/metrics',
    '/docs/json',
  ]
  return (await Promise.all(paths.map((path) => to.get(path, { api_key })))).map(({ text }) => text).join('\n')
}

test('before the deadline nothing that is true is shown to students or strangers, to an instructor all', async () => {
  assert.equal((await submit()).status, 200)
  for (const key of [server.key, undefined]) {
    const shown = await pages(server, key)
    assert.doesNotMatch(shown, /"(trueLoss|regret|rank)":[^{]|counting runs/)
    assert.ok(!shown.includes(String(trueLoss)))
    const { leaderboard, deadline: told } = (await server.get('/leaderboard', { api_key: key })).body
    assert.equal(told, '2026-12-15T23:59:00.000Z')
    assert.deepEqual(Object.keys(leaderboard[0]), ['key', 'label', 'submitted_at'])
    assert.deepEqual([leaderboard.length, leaderboard[0].label], [1, 'test'])
    assert.equal((await server.get('/healthz', { api_key: key })).body.backend, 'counting')
  }
  const [row] = (await server.get('/leaderboard', { api_key: instructor })).body.leaderboard
  assert.deepEqual([row.rank, row.trueLoss, row.regret, row.attempts], [1, trueLoss, trueLoss - 2, 1])
  assert.equal((await server.get('/healthz', { api_key: instructor })).body.backend, 'counting runs')
  assert.equal((await server.get('/leaderboard', { api_key: 'nobody' })).status, 422)
})

test('600 submissions climb nowhere: five are taken, kept with their times, and answered with nothing new', async () => {
  const { key, id } = await addKey(server.store, { label: 'climber', budget: 0n, now: 0 })
  const { uniform } = random(3)
  const answers = []
  for (let k = 0; k < 600; k++) {
    now += 1000
    const learning_rate = 1e-4 * 10 ** uniform()
    const { status, body } = await submit({ learning_rate }, key)
    answers.push({ status, fields: Object.keys(body).join() })
  }
  assert.equal(answers.filter(({ status }) => status === 200).length, 5)
  assert.equal(answers.filter(({ status }) => status === 403).length, 595)
  assert.equal(new Set(answers.map(({ fields }) => fields)).size, 2)
  const kept = await server.store.submissions(id)
  assert.equal(new Set(kept.map(({ submittedAt }) => submittedAt)).size, 5)
  const { attempts, attempts_left } = (await server.get('/submission', { api_key: key })).body
  assert.deepEqual([attempts.length, attempts_left], [5, 0])
  const last = { learning_rate: kept[4].config.learningRate }
  const refused = trainingApi({ url: server.url, apiKey: key }).submit(kept[0].config as TrainingConfig, 3)
  await assert.rejects(refused, { code: 'API_REFUSED', message: /all of its 5 predictions/ })
  assert.equal((await submit(last, key)).status, 200, 'the last one again, as a client does whose connection broke')
})

test('from the deadline on everybody knows, and nobody predicts any more', async () => {
  const before = now
  now = deadline
  const { leaderboard } = (await server.get('/leaderboard', { api_key: undefined })).body
  assert.equal(leaderboard.length, 2)
  const own = leaderboard.find(({ label }: { label: string }) => label === 'test')
  assert.deepEqual([own.trueLoss, own.regret, own.config.d_model], [trueLoss, trueLoss - 2, 1024])
  assert.ok(leaderboard[0].regret <= leaderboard[1].regret)
  assert.ok(!JSON.stringify(leaderboard).includes(server.key))
  assert.equal((await server.get('/healthz', { api_key: undefined })).body.backend, 'counting runs')
  const late = await submit({ predicted_loss: 2.6 })
  assert.equal(late.status, 403)
  assert.match(String(late.body.message), /until 2026-12-15T23:59:00.000Z/)
  assert.equal((await server.get('/submission')).body.attempts_left, 0)
  assert.equal((await server.get('/loss', { ...query, train_flops: 1e13 })).status, 200, 'questions go on')
  now = before
  // The truth was told: a clock that jumps back lets nobody predict who knows it.
  assert.equal((await submit({ predicted_loss: 2.6 })).status, 403)
  assert.equal((await server.get('/leaderboard', { api_key: undefined })).body.leaderboard[0].rank, 1)
})

test('every server of a database has its deadline, also one that was told none, and when it is changed', async () => {
  const place = join(folder, 'shared.sqlite')
  const options = { truth: { loss: lossOf, bestLoss: 2 }, leaderboard: true, clock: { now: () => now }, place }
  const one = await serving({ ...options, deadline })
  const two = await serving(options)
  const shown = async (to: Serving) => (await to.get('/leaderboard', { api_key: undefined })).body
  const states = async () => [(await submit({}, one.key, one)).status, (await submit({}, one.key, two)).status]
  now = deadline - 1
  assert.deepEqual(await states(), [200, 200])
  for (const to of [one, two]) assert.equal((await shown(to)).deadline, '2026-12-15T23:59:00.000Z')
  now = deadline
  assert.deepEqual(await states(), [403, 403])
  for (const to of [one, two]) assert.equal((await shown(to)).leaderboard[0].trueLoss, trueLoss)

  await assert.rejects(claimDeadline(one.store, deadline + 1), {
    code: 'DEADLINE_DIFFERS',
    message: /23:59:00.000Z.*00.001Z/,
  })
  await assert.rejects(setDeadline(two.store, deadline + 60_000, options.clock), { code: 'DEADLINE_PASSED' })
  now = deadline - 1
  await assert.rejects(setDeadline(two.store, null, options.clock), { code: 'DEADLINE_PASSED' }, 'it was told')
  await setDeadline(two.store, deadline + 60_000, options.clock, { reopen: true })
  now = deadline + 1
  assert.deepEqual(await states(), [200, 200])
  for (const to of [one, two]) assert.equal((await shown(to)).leaderboard[0].trueLoss, undefined)
  await setDeadline(one.store, null, options.clock)
  assert.equal(await claimDeadline(one.store, null), null)
  assert.equal((await shown(two)).deadline, null)
  assert.equal(await claimDeadline(two.store, deadline + 2), deadline + 2, 'where there is none, one may be given')
  await Promise.all([one.close(), two.close()])
})

test('a damaged deadline is no deadline that anybody believes', async () => {
  for (const text of ['2026-12-15T23:59:00.000', '2026-12-15', 'x', '']) {
    const own = await serving({ leaderboard: true, truth: { loss: lossOf, bestLoss: 2 } })
    await own.store.note('deadline', text)
    assert.equal((await own.get('/leaderboard')).status, 500, text)
    assert.equal((await submit({}, own.key, own)).status, 500, text)
    await own.close()
  }
})

test('without a deadline only an instructor ever knows; without --leaderboard students see none', async () => {
  const own = await serving({ truth: { loss: lossOf, bestLoss: 2 }, clock: { now: () => 1e15 } })
  const staff = (await addKey(own.store, { label: '', budget: 0n, now: 0, instructor: true })).key
  assert.equal((await submit({}, own.key, own)).status, 200)
  assert.equal((await own.get('/leaderboard')).status, 404)
  assert.equal((await own.get('/leaderboard', { api_key: undefined })).status, 404)
  assert.equal((await own.get('/leaderboard', { api_key: staff })).body.leaderboard[0].trueLoss, trueLoss)
  assert.doesNotMatch(await pages(own, own.key), /"trueLoss":[^{]|counting runs/)
  await own.close()
})

test('where nobody knows the truth the list says who has predicted, also after the deadline', async () => {
  const own = await serving({ leaderboard: true, deadline: 5, clock: { now: () => now } })
  const answer = (await own.get('/leaderboard', { api_key: undefined })).body
  assert.deepEqual(answer, { deadline: '1970-01-01T00:00:00.005Z', leaderboard: [] })
  await own.close()
})
