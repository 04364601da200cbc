import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assertNothingLost, listOf, readText, reasons, rejects } from './files.ts'

const handout = [
  { parameters: 1e9, compute_budget: 6e18, final_loss: 2.5 },
  { parameters: 2e9, compute_budget: 6e18, final_loss: 2.4 },
]
const runs = [
  { parameters: 1e9, tokens: 1e9, flops: 6e18, loss: 2.5 },
  { parameters: 2e9, tokens: 5e8, flops: 6e18, loss: 2.4 },
]

for (const [title, text] of [
  ['the array of the handout', JSON.stringify(handout, null, 2)],
  ['an array in one line, behind a byte order mark', `\ufeff${JSON.stringify(handout)}`],
  ['JSONL', handout.map((run) => JSON.stringify(run)).join('\n')],
  ['JSONL with blank lines and CRLF', `\r\n${handout.map((run) => JSON.stringify(run)).join('\r\n\r\n')}\r\n`],
  ['an object that holds the runs, in lines', JSON.stringify({ key: 'k', previous_runs: handout }, null, 2)],
  ['an object that holds the runs, in one line', `${JSON.stringify({ runs: handout })}\n`],
  ['numbers as text', JSON.stringify(handout.map((run) => ({ ...run, compute_budget: '6e18' })))],
] as const) {
  test(`JSON: ${title}`, async () => {
    const data = await readText(text)
    assert.deepEqual(listOf(data.runs), runs)
    assertNothingLost(data)
  })
}

test('one object is one run', async () => {
  assert.deepEqual(listOf((await readText(JSON.stringify(handout[0]))).runs), [runs[0]])
  assert.deepEqual(listOf((await readText(JSON.stringify(handout[0], null, 1))).runs), [runs[0]])
})

test('the training API: N = 12 n d^2, D = C / 6N', async () => {
  const shape = { d_model: 64, num_layers: 2, num_heads: 2, batch_size: 128, learning_rate: 1e-4 }
  const data = await readText(JSON.stringify({ previous_runs: [{ ...shape, train_flops: 1e13, loss: 10.5 }] }))
  assert.deepEqual(listOf(data.runs), [{ parameters: 98304, tokens: 1e13 / (6 * 98304), flops: 1e13, loss: 10.5 }])
  assert.match(data.notes.join('\n'), /N = 12 n d\^2 of "num_layers" n and "d_model" d; the embedding is not counted/)
})

test('records that are not runs are left out by their place', async () => {
  const bad = [3, null, [1], { ...handout[0], final_loss: null }, { ...handout[0], parameters: { n: 1 } }, {}]
  const data = await readText(JSON.stringify([handout[0], ...bad]))
  assert.deepEqual(reasons(data), [
    [2, 'is not a JSON object'],
    [3, 'is not a JSON object'],
    [4, 'is not a JSON object'],
    [5, 'final_loss is missing'],
    [6, 'parameters {"n":1} is not a number'],
    [7, 'final_loss is missing'],
  ])
  assertNothingLost(data)
})

test('keys may come late', async () => {
  const data = await readText('{"N":1e9,"D":1e9}\n{"N":1e9,"D":1e9,"loss":3}')
  assert.deepEqual(reasons(data), [[1, 'loss is missing']])
  assert.equal(data.origin(0).row, 2)
})

test('more records than are looked at for keys', async () => {
  const lines = Array.from({ length: 25_000 }, (_, i) => `{"N":${i + 1},"D":1e9,"loss":3}`)
  const data = await readText(lines.join('\n'))
  assert.equal(data.runs.size, 25_000)
  assert.deepEqual([data.runs.parameters[24_999], data.origin(24_999).row], [25_000, 25_000])
})

test('the rows of JSONL are lines, over blocks and leading blank lines', async () => {
  const pad = 'x'.repeat(1000)
  const lines = Array.from({ length: 9000 }, (_, i) => `{"N":${i + 1},"D":1e9,"loss":3,"pad":"${pad}"}`)
  const data = await readText(`\n\n${lines.join('\n')}\n`)
  assert.deepEqual([data.read, data.origin(0).row, data.origin(8999).row], [9000, 3, 9002])
})

test('a broken line of JSONL is left out, and counted', async () => {
  const data = await readText(
    `${JSON.stringify(handout[0])}\n{"parameters": 1e9, \n\n${JSON.stringify(handout[1])}\n{"par`,
  )
  assert.deepEqual(reasons(data), [
    [2, 'is not valid JSON'],
    [5, 'is not valid JSON'],
  ])
  assert.deepEqual(listOf(data.runs), runs)
  assertNothingLost(data)
})

test('a first line that is broken is left out too', async () => {
  const data = await readText(`{"parameters": 1e9,\n${JSON.stringify(handout[1])}\n`)
  assert.deepEqual(reasons(data), [[1, 'is not valid JSON']])
})

test("Python's bare NaN and Infinity are reasons, not broken JSON", async () => {
  const line = (loss: string) => `{"note": "NaN \\" NaN", "N": 1e9, "D": 1e9, "loss": ${loss}}`
  const lines = [line('2.5'), line('NaN'), line('-Infinity')]
  for (const text of [lines.join('\n'), `[${lines.join(',')}]`]) {
    assert.deepEqual(reasons(await readText(text)), [
      [2, 'loss is missing ("NaN")'],
      [3, 'loss is -Infinity, expected a positive number'],
    ])
  }
})

test('broken JSON is an error that says where', async () => {
  await rejects(readText('[{"N": 1e9,\n "D": 1e9 "loss": 3}]'), 'FILE_FORMAT', /line 2, column 11/)
  await rejects(readText('[{"N": 1e9, "D": 1e9,\n "loss": 3}'), 'FILE_FORMAT', /line 2, column 12/)
  await rejects(
    readText('[{"N": 1e9, "D": 1e9,\n "loss": oops, "more": 12345678901234567890}]'),
    'FILE_FORMAT',
    /line 2, column 10/,
  )
  await rejects(readText('[oops]'), 'FILE_FORMAT', /line 1, column 2/)
  await rejects(readText('{"N": 1\n{"N": 2\n'), 'FILE_FORMAT', /no line of it is a JSON object/)
  await rejects(readText('[1, 2]'), 'FILE_FORMAT', /without an object/)
  await rejects(readText('{"a": [{"N": 1}], "b": [{"N": 1}]}'), 'FILE_FORMAT', /"a", "b"/)
  await rejects(readText('[]'), 'FILE_EMPTY', /empty array/)
  await rejects(readText('{"runs": []}'), 'FILE_EMPTY', /empty array/)
})
