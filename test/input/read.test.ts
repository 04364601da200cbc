import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { readRuns } from '../../src/input/read.ts'
import { assertNothingLost, listOf, readText, reasons, rejects, write } from './files.ts'

test('the third of N, D and C is derived, in a note', async () => {
  const expected = [{ parameters: 1e9, tokens: 2e10, flops: 1.2e20, loss: 2.5 }]
  for (const [text, note] of [
    ['N,D,loss\n1e9,2e10,2.5\n', 'flops: derived, C = 6ND'],
    ['N,C,loss\n1e9,1.2e20,2.5\n', 'tokens: derived, D = C / 6N'],
    ['C,D,loss\n1.2e20,2e10,2.5\n', 'parameters: derived, N = C / 6D'],
  ]) {
    const data = await readText(text)
    assert.deepEqual(listOf(data.runs), expected)
    assert.ok(data.notes.includes(note), data.notes.join('\n'))
  }
})

test('notes say which column was taken for which quantity', async () => {
  const data = await readText('Model Size,Training FLOP,loss\n1e9,6e18,2.5\n')
  assert.equal(data.notes[0], 'columns: parameters from "Model Size", flops from "Training FLOP", loss from "loss"')
})

test('N, D and C are kept as given; C that is not 6ND is noted with its median ratio', async () => {
  const data = await readText('N,D,C,loss\n1e9,1e9,7e18,2.5\n1e9,2e9,1.38e19,2.4\n1e9,3e9,1.98e19,2.3\n')
  assert.deepEqual([...data.runs.flops], [7e18, 1.38e19, 1.98e19])
  assert.match(data.notes.at(-1) ?? '', /C is not 6ND within 1 % in 3 of 3 runs, there C \/ 6ND has the median 1\.150/)
  const close = await readText('N,D,C,loss\n1e9,1e9,6.01e18,2.5\n')
  assert.equal(close.notes.length, 1)
})

test('one blank of N, D and C in a row is derived for that row; two are missing', async () => {
  const data = await readText('N,D,C,loss\n1e9,,6e18,2.5\n1e9,,,2.4\n,1e9,,2.3\n2e9,1e9,,2.2\n')
  assert.deepEqual(listOf(data.runs), [
    { parameters: 1e9, tokens: 1e9, flops: 6e18, loss: 2.5 },
    { parameters: 2e9, tokens: 1e9, flops: 1.2e19, loss: 2.2 },
  ])
  assert.deepEqual(reasons(data), [
    [3, 'D and C are missing'],
    [4, 'N and C are missing'],
  ])
  assert.match(data.notes.join('\n'), /D = C \/ 6N in 1 rows where "D" is empty/)
})

test('a shape that is missing or bad', async () => {
  const data = await readText('d_model,num_layers,C,loss\n64,2,1e13,9\n64,,1e13,9\n64,-2,1e13,9\nx,2,1e13,9\n')
  assert.deepEqual(reasons(data), [
    [3, 'num_layers is missing'],
    [4, 'num_layers is -2, expected a positive number'],
    [5, 'd_model "x" is not a number'],
  ])
})

test('every unusable value is a reason that names its column', async () => {
  const values = ['-3', '0', 'n/a', '', 'NaN', 'inf', 'Infinity', '0x10', '1 000']
  const data = await readText(`params,D,loss\n1e9,2e10,3\n${values.map((value) => `${value},1e9,2.5`).join('\n')}\n`)
  assert.deepEqual(reasons(data), [
    [3, 'params is -3, expected a positive number'],
    [4, 'params is 0, expected a positive number'],
    [5, 'params is missing'],
    [6, 'params is missing'],
    [7, 'params is missing'],
    [8, 'params "inf" is not a number'],
    [9, 'params is Infinity, expected a finite number'],
    [10, 'params "0x10" is not a number'],
    [11, 'params "1 000" is written otherwise than the other cells, which are plain numbers'],
  ])
  assertNothingLost(data)
})

test('a derived value that no number can hold', async () => {
  const data = await readText('N,D,loss\n1e9,2e10,3\n1e200,1e200,3\n')
  assert.deepEqual(reasons(data), [[3, 'C = 6ND is Infinity, expected a finite positive number']])
})

test('a repeated row is left out, and says of which', async () => {
  const data = await readText('N,D,loss\n1e9,1e9,2.5\n1e9,1e9,2.4\n1e9,1e9,2.5\n1000000000,1e9,2.50\n1e9,1e9,0\n')
  assert.deepEqual(reasons(data), [
    [4, 'duplicate of row 2'],
    [5, 'duplicate of row 2'],
    [6, 'loss is 0, expected a positive number'],
  ])
  assert.deepEqual([data.origin(0).row, data.origin(1).row], [2, 3])
  assertNothingLost(data)
})

test('rows that differ in a setting, a step or a run are no duplicates', async () => {
  assert.equal((await readText('N,D,loss,lr\n1e9,1e9,2.5,1e-3\n1e9,1e9,2.5,2e-3\n1e9,1e9,2.5,0.001\n')).runs.size, 2)
  assert.equal((await readText('N,D,loss,run\n1e9,1e9,2.5,a\n1e9,1e9,2.5,b\n')).runs.size, 2)
  assert.equal((await readText('N,D,loss,host\n1e9,1e9,2.5,a\n1e9,1e9,2.5,b\n')).runs.size, 1)
  const curves = await readText('run,step,N,D,loss\nx,1,1e8,1e9,4\nx,1,1e8,1e9,4\nx,2,1e8,2e9,4\n')
  assert.deepEqual([curves.curves?.checkpoints.size, curves.excluded.length], [2, 1])
})

test('settings are compared by name and value, across files and formats', async () => {
  const a = write('a.csv', 'N,D,loss,lr,batch_size,optimizer\n1e9,1e9,2.5,1e-3,128,adam\n')
  const b = write('b.json', '[{"optimizer":"adam","batch_size":128,"lr":0.001,"N":1e9,"D":1e9,"loss":2.5}]')
  const c = write('c.json', '[{"optimizer":"sgd","batch_size":128,"lr":0.001,"N":1e9,"D":1e9,"loss":2.5}]')
  assert.deepEqual([(await readRuns([a, b])).runs.size, (await readRuns([a, c])).runs.size], [1, 2])
})

test('several files are one data set; duplicates are found between them', async () => {
  const a = write('a.csv', 'N,D,loss\n1e9,1e9,2.5\nx,1,1\n')
  const b = write('b.json', '[{"parameters":2e9,"tokens":1e9,"loss":2.4},{"parameters":1e9,"tokens":1e9,"loss":2.5}]')
  const data = await readRuns([a, b])
  assert.equal(data.runs.size, 2)
  assert.deepEqual(data.excluded, [
    { source: a, row: 3, reason: 'N "x" is not a number' },
    { source: b, row: 2, reason: `duplicate of row 2 of ${a}` },
  ])
  assert.deepEqual(
    data.sources.map(({ name, rows }) => [name, rows]),
    [
      [a, 2],
      [b, 2],
    ],
  )
  assert.deepEqual(data.origin(1), { source: b, row: 1 })
  assert.ok(data.notes.includes('flops: derived, C = 6ND'))
  assert.ok(data.notes.some((note) => note.startsWith(`${b}: columns: parameters from "parameters"`)))
  assertNothingLost(data)
})

test('the same file twice is all duplicates, with numbered runs and lists too', async () => {
  const counted = write('a.csv', 'id,N,D,loss\n1,1e9,1e9,2.5\n2,2e9,1e9,2.4\n')
  assert.deepEqual([(await readRuns([counted, counted])).runs.size, (await readRuns([counted])).runs.size], [2, 2])
  const lists = write('b.json', '[{"N": 1e9, "D": [1e9, 2e9], "loss": [3, 2]}]')
  const data = await readRuns([lists, lists])
  assert.deepEqual([data.runs.size, data.curves?.checkpoints.size, data.excluded.length], [1, 2, 2])
})

test('no usable run is an error that shows the first reasons', async () => {
  const text = 'N,D,loss\n-1,1,1\n1,x,1\n1,1,\n1,1,0\n'
  await rejects(
    readText(text),
    'NO_USABLE_RUNS',
    /None of 4 rows.*row 2: N is -1.*row 3: D "x".*row 4: loss is missing; \.\.\./,
  )
})

test('one budget is read; whether it is enough is for the fit to say', async () => {
  assert.equal((await readText('N,C,loss\n1e8,6e18,2.5\n2e8,6e18,2.4\n')).runs.size, 2)
})

test('told columns hold for every file', async () => {
  const text = 'size;seen;score\n1e9;2e10;2.5\n'
  const columns = { parameters: 'size', tokens: 'seen', loss: 'score' }
  assert.equal((await readText(text, { columns })).runs.loss[0], 2.5)
  const other = write('other.csv', 'N,D,loss\n1,2,3\n')
  await rejects(
    readRuns([write('a.csv', text), other], { columns }),
    'COLUMN_UNKNOWN',
    /other\.csv has no column "score"/,
  )
})

for (const [file, read] of [
  ['isoflops_curves.json', 72],
  ['chinchilla_svg_extracted.csv', 245],
  ['misfitting_isoflops.csv', 176],
  ['steplaw_dense.csv', 1911],
  ['training_api_values.csv', 3843],
] as const) {
  const path = join(import.meta.dirname, '../../../shared/data', file)
  test(`published runs: ${file}`, { skip: existsSync(path) ? false : `${file} is not here` }, async () => {
    const data = await readRuns([path])
    assert.deepEqual([data.read, data.runs.size, data.curves, reasons(data)], [read, read, null, []])
  })
}
