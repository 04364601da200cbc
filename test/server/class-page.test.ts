import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { paceOf } from '../../src/server/class-runs.ts'
import { addKey } from '../../src/server/keys.ts'
import { openStore } from '../../src/server/store/open.ts'
import { type Browser, instructorKey, lossPath, signedIn } from './browsers.ts'
import { countingBackend, lossOf, query, type Serving, serving } from './serving.ts'

let server: Serving
let staff: Browser
before(async () => {
  server = await serving({ truth: { loss: lossOf, bestLoss: 2.1 } })
  staff = await signedIn(server, await instructorKey(server))
})
after(() => server.close())

const names = (count: number) => Array.from({ length: count }, (_, k) => `Student ${k}`).join('\n')
const prediction = {
  ...{ d_model: 512, num_layers: 8, num_heads: 8, batch_size: 128, learning_rate: 0.001 },
  predicted_loss: 3.1,
}
const idOf = async (label: string) => (await server.store.listKeys()).find((key) => key.label === label)!.id

test('no route of the class is for students, by any method', async () => {
  const student = await signedIn(server, server.key)
  const { id } = (await server.store.listKeys())[0]
  const gets = [
    '',
    '/runs',
    '/spending',
    '/queue',
    '/events',
    `/keys/${id}`,
    '/keys.csv',
    '/class.csv',
    '/predictions.csv',
    '/runs.csv',
  ]
  const posts = [
    '/keys',
    '/settings',
    ...['revoke', 'restore', 'rekey', 'reset', 'budget', 'take-back', 'runs/x/cancel'].map(
      (what) => `/keys/${id}/${what}`,
    ),
  ]
  for (const path of gets) assert.equal((await student.ask('GET', `/web/class${path}`)).status, 403, path)
  for (const path of posts) {
    const { status, body } = await student.ask('POST', `/web/class${path}`, {
      list: 'Mallory',
      budget: '9e30',
      submissions: 99,
    })
    assert.equal(status, 403, path)
    assert.match(body.message, /for instructors/)
    const bare = await staff.ask(
      'POST',
      `/web/class${path}`,
      { list: 'Mallory', budget: '9e30', submissions: 99 },
      { 'x-csrf-token': student.csrf },
    )
    assert.equal(bare.status, 403, `${path} with the token of another session`)
  }
  assert.equal((await server.store.listKeys()).length, 2)
})

test('an instructor adds a list of 200, and each of them gets a key that works; the same list again adds nobody', async () => {
  const { status, body } = await staff.ask('POST', '/web/class/keys', { list: names(200), budget: '3e18' })
  assert.equal(status, 200)
  assert.deepEqual([body.made.length, body.known, body.twice], [200, 0, 0])
  assert.equal(body.csv.split('\n')[0], 'name,key_id,key,budget')
  const student = await signedIn(server, body.made[7].key)
  const me = (await student.ask('GET', '/web/me')).body
  assert.deepEqual([me.key.label, me.key.budget], ['Student 7', '3000000000000000000'])
  const again = (await staff.ask('POST', '/web/class/keys', { list: names(200) })).body
  assert.deepEqual([again.made.length, again.known], [0, 200])
})

test('a list that is none is told as the command tells it', async () => {
  const faults: [Record<string, unknown>, RegExp][] = [
    [{ list: '' }, /has no names/],
    [{ list: ' \n\n' }, /has no names/],
    [{ list: 'id,mail\n1,a@x' }, /no column of names/],
    [{ list: 'name,budget\nAda,lots' }, /budget of person 1 is "lots"/],
    [{ list: 'Ada', budget: '-1' }, /whole number of FLOPs, got "-1"/],
    [{ list: '"Ada' }, /quote that does not end/],
    [{ list: names(5001) }, /5001 names, more than 5000/],
  ]
  for (const [body, message] of faults) {
    const { status, body: answer } = await staff.ask('POST', '/web/class/keys', body)
    assert.equal(status, 422, JSON.stringify(body).slice(0, 60))
    assert.match(answer.message, message)
  }
})

test('the class is seen with what each spent and when, and is not sent again where nothing is new', async () => {
  const [{ id, key }] = (await staff.ask('POST', '/web/class/keys', { list: 'Ada', budget: '4e16' })).body.made
  const ada = await signedIn(server, key)
  for (const d_model of ['256', '320', '384']) await ada.ask('GET', lossPath({ d_model }))
  await ada.ask('POST', '/web/submission', prediction)
  const { body, headers } = await staff.ask('GET', '/web/class')
  const row = body.keys.find((one: { id: string }) => one.id === id)
  assert.deepEqual(
    [row.used, row.runs, row.attempts, row.late, row.predicted, row.busiestShare],
    ['30000000000000000', 3, 1, false, 3.1, 0.75],
  )
  assert.equal(row.grade.rank, 1)
  assert.ok(body.keys.every((one: { instructor: boolean }) => !one.instructor))
  const known = await staff.ask('GET', '/web/class', undefined, { 'if-none-match': headers.get('etag')! })
  assert.deepEqual([known.status, known.text], [304, ''])

  const drawn = (await staff.ask('GET', '/web/class/runs')).body
  assert.equal(drawn.total, 3)
  assert.deepEqual(
    drawn.key.map((k: number) => drawn.keys[k]),
    [id, id, id],
  )
  assert.deepEqual(new Set(drawn.flops), new Set([1e16]))
  const spent = (await staff.ask('GET', '/web/class/spending')).body
  assert.equal(spent.lines, null, 'of 200 students no lines are drawn')
  assert.deepEqual(spent.shares.at(-1), [0, 0, 0, 0, 0])
  const detail = (await staff.ask('GET', `/web/class/keys/${id}`)).body
  assert.deepEqual([detail.runs.length, detail.submissions.length], [3, 1])
})

test('keys are revoked, restored, replaced, reset and funded, one by one', async () => {
  const id = await idOf('Ada')
  const change = async (what: string, body: unknown = {}) => {
    const { status, body: answer } = await staff.ask('POST', `/web/class/keys/${id}/${what}`, body)
    assert.ok(status === 204 || status === 200, `${what}: ${status}`)
    return answer
  }
  await change('revoke')
  assert.equal((await server.store.getKey(id))!.revoked, true)
  await change('restore')
  assert.equal((await server.store.getKey(id))!.revoked, false)
  const { key } = await change('rekey')
  assert.equal((await (await signedIn(server, key)).ask('GET', '/web/me')).body.key.id, id)
  await change('budget', { budget: '5e18' })
  assert.equal((await server.store.getKey(id))!.budget, 5_000_000_000_000_000_000n)
  await change('reset')
  assert.deepEqual([(await server.store.getKey(id))!.used, (await server.store.submissions(id)).length], [0n, 1])
  assert.equal((await staff.ask('GET', '/web/class')).body.keys.find((one: { id: string }) => one.id === id).runs, 0)
  const detailOf = async () => (await staff.ask('GET', `/web/class/keys/${id}`)).body
  const { pasts } = await detailOf()
  assert.deepEqual(
    pasts.map(({ kind, runs }: { kind: string; runs: number }) => [kind, runs]),
    [
      ['reset', 3],
      ['rekey', 0],
    ],
  )
  await change('take-back', { what: 'reset' })
  await change('take-back', { what: 'rekey' })
  assert.deepEqual([(await detailOf()).runs.length, (await detailOf()).pasts], [3, []])
  assert.equal((await staff.ask('POST', `/web/class/keys/${id}/take-back`, { what: 'reset' })).status, 422)
  assert.equal((await staff.ask('POST', `/web/class/keys/${id}/take-back`, { what: 'all' })).status, 422)
  await change('reset', { submissions: true })
  assert.equal((await server.store.submissions(id)).length, 0)
  assert.equal((await staff.ask('POST', '/web/class/keys/nobody/revoke', {})).status, 422)
})

test('attempts, the leaderboard and the deadline change at once, for every server of the database, and outlive each', async () => {
  const store = await openStore(':memory:')
  const made = await addKey(store, { label: 'Ada', budget: 0n, now: 0 })
  const first = await serving({ store, submissions: 1 })
  const second = await serving({ store })
  try {
    const instructor = await signedIn(first, await instructorKey(first))
    const submitting = async (at: Serving, predicted_loss: number) =>
      (await (await signedIn(at, made.key)).ask('POST', '/web/submission', { ...prediction, predicted_loss })).status
    const change = async (body: unknown) =>
      assert.equal((await instructor.ask('POST', '/web/class/settings', body)).status, 204)
    assert.equal(await submitting(first, 3), 200)
    assert.equal(await submitting(first, 4), 403, 'as it was started')
    await change({ submissions: 2, leaderboard: true })
    assert.equal(await submitting(first, 4), 200)
    assert.equal(await submitting(second, 5), 403, 'the other one, started with 5, has 2 as well')
    assert.equal((await fetch(`${second.url}/leaderboard`)).status, 200)
    await change({ submissions: null, leaderboard: null })
    assert.equal(await submitting(second, 5), 200)
    assert.equal(await submitting(first, 6), 403)
    assert.equal((await fetch(`${second.url}/leaderboard`)).status, 404)
    const slip = await instructor.ask('POST', '/web/class/settings', { deadline: '2020-01-01T00:00:00+08:00' })
    assert.deepEqual([slip.status, /has passed already/.test(slip.body.message)], [422, true])
    await change({ deadline: '2020-01-01T00:00:00+08:00', atOnce: true })
    assert.equal(await submitting(second, 6), 403)
    const reopened = await instructor.ask('POST', '/web/class/settings', { deadline: null })
    assert.deepEqual([reopened.status, /has passed/.test(reopened.body.message)], [422, true])
    await change({ deadline: null, reopen: true })
    assert.equal((await instructor.ask('GET', '/web/class')).body.deadline, null)
    for (const body of [{ submissions: 0 }, { submissions: 'many' }, { deadline: 'soon' }, { leaderboard: 1 }])
      assert.equal((await instructor.ask('POST', '/web/class/settings', body)).status, 422, JSON.stringify(body))
  } finally {
    await second.close()
    await first.close().catch(() => {}) // the store is closed already
  }
})

test('everything is there as CSV, and a name that looks like a formula is text', async () => {
  await staff.ask('POST', '/web/class/keys', { list: '=HYPERLINK("x")\nBabbage' })
  const babbage = await idOf('Babbage')
  await server.store.setBudget(babbage, 10n ** 18n)
  const { key } = (await staff.ask('POST', `/web/class/keys/${babbage}/rekey`, {})).body
  const student = await signedIn(server, key)
  await student.ask('GET', lossPath())
  await student.ask('POST', '/web/submission', prediction)
  const rows = async (name: string) => {
    const { status, text, bytes, headers } = await staff.ask('GET', `/web/class/${name}.csv`)
    assert.equal(status, 200)
    assert.deepEqual([...bytes.subarray(0, 3)], [0xef, 0xbb, 0xbf], 'spreadsheets take it for UTF-8')
    assert.equal(headers.get('content-disposition'), `attachment; filename="${name}.csv"`)
    assert.ok(!/(^|,|")=HYP/m.test(text), name)
    return text.trimEnd().split('\n')
  }
  assert.equal((await rows('keys')).length, 1 + (await server.store.listKeys()).length)
  assert.equal(
    (await rows('class')).length,
    1 + (await server.store.listKeys()).filter((one) => !one.instructor).length,
  )
  assert.equal((await rows('predictions')).length, 2)
  const [head, run] = await rows('runs')
  assert.equal(head, 'key_id,label,run_at,loss,d_model,num_layers,num_heads,batch_size,learning_rate,train_flops')
  assert.match(run, new RegExp(`^${babbage},Babbage,[\\dT:.Z-]+,[\\d.]+,256,4,4,128,0.001,10000000000000000$`))
})

test('the busiest ten minutes are found wherever they are', () => {
  const run = (minute: number, cost: bigint) => ({ settledAt: minute * 60_000, cost, loss: 3, config: {} as never })
  const runs = [run(0, 1n), run(100, 2n), run(105, 3n), run(109.9, 4n), run(110, 5n), run(300, 6n)]
  assert.deepEqual(paceOf(100n, runs), { firstAt: 0, busiestShare: 0.12 })
  assert.deepEqual(paceOf(100n, []), { firstAt: null, busiestShare: 0 })
  assert.deepEqual(paceOf(0n, [run(5, 1n)]), { firstAt: 300_000, busiestShare: 0 })
})

test('what waits and runs is listed with its age and whose it is, and can be cancelled where nobody waits for it', async () => {
  const backend = countingBackend()
  let finish = () => {}
  backend.hold = new Promise((resolve) => {
    finish = resolve
  })
  const slow = await serving({ backend })
  try {
    const instructor = await signedIn(slow, await instructorKey(slow))
    const student = await signedIn(slow, slow.key)
    const { id } = (await slow.store.listKeys()).find((key) => !key.instructor)!
    const config = { ...query, d_model: 320 }
    const asked = (await student.ask('POST', '/web/v2/runs', config)).body
    const waiting = student.ask('GET', lossPath())
    const queue = async () => (await instructor.ask('GET', '/web/class/queue')).body
    while ((await queue()).total < 2) await new Promise(setImmediate)
    const { queued } = await queue()
    assert.deepEqual(
      queued.map((one: { key: string }) => one.key),
      [id, id],
    )
    const mine = queued.find((one: { run: { id: string } }) => one.run.id === asked.id)
    assert.ok(['waiting', 'running'].includes(mine.state) && Date.parse(mine.askedAt) > 0)
    assert.equal(queued.find((one: { state: string }) => one.state === 'query').run.d_model, 256)
    const cancel = (run: string) => instructor.ask('POST', `/web/class/keys/${id}/runs/${run}/cancel`, {})
    assert.equal((await cancel(asked.id)).status, 204)
    assert.equal((await cancel(asked.id)).status, 422)
    assert.equal((await cancel('nothing')).status, 422)
    assert.equal((await student.ask('GET', `/web/v2/runs/${asked.id}`)).body.state, 'cancelled')
    finish()
    assert.equal((await waiting).status, 200)
    assert.deepEqual(await queue(), { total: 0, queued: [] })
    assert.equal((await slow.store.getKey(id))!.used, 10n ** 16n)
  } finally {
    finish()
    await slow.close()
  }
})

test('two instructors who do the same at once do it once: the same list, and the same undo', async () => {
  const other = await signedIn(server, await instructorKey(server))
  const lists = await Promise.all(
    [staff, other].map((one) => one.ask('POST', '/web/class/keys', { list: 'Grace\nHedy' })),
  )
  assert.deepEqual(lists.map(({ body }) => [body.made.length, body.known]).sort(), [
    [0, 2],
    [2, 0],
  ])
  const [{ id, key }] = lists.find(({ body }) => body.made.length > 0)!.body.made
  const student = await signedIn(server, key)
  const at: string[] = []
  for (const d_model of ['448', '512']) {
    await student.ask('GET', lossPath({ d_model }))
    await staff.ask('POST', `/web/class/keys/${id}/reset`, {})
    const { pasts } = (await staff.ask('GET', `/web/class/keys/${id}`)).body
    at.push(pasts[0].at)
    await new Promise((resolve) => setTimeout(resolve, 2)) // a reset is known by its time
  }
  const undo = (one: Browser) => one.ask('POST', `/web/class/keys/${id}/take-back`, { what: 'reset', at: at[1] })
  const undone = await Promise.all([undo(staff), undo(other)])
  assert.deepEqual(undone.map(({ status }) => status).sort(), [204, 422], 'the reset before that one stays')
  assert.equal((await server.store.runs(id, 0n, 9)).runs.length, 1)
  assert.equal((await other.ask('POST', `/web/class/keys/${id}/take-back`, { what: 'reset', at: at[0] })).status, 204)
  assert.equal((await server.store.runs(id, 0n, 9)).runs.length, 2)
})
