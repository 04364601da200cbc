import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readRuns } from '../../src/input/read.ts'
import { assertNothingLost, listOf, readText, reasons, write } from './files.ts'

const run = (parameters: number, tokens: number, loss: number) => ({
  parameters,
  tokens,
  flops: 6 * parameters * tokens,
  loss,
})

test('checkpoints of named runs are curves; runs are the last ones', async () => {
  const data = await readText(
    'run_id,step,N,D,loss\na,1,1e8,1e9,4\nb,1,2e8,1e9,3.9\na,3,1e8,3e9,3\na,2,1e8,2e9,3.5\nb,2,2e8,2e9,3.4\nc,1,4e8,1e9,3.8\n',
  )
  assert.deepEqual(listOf(data.runs), [run(1e8, 3e9, 3), run(2e8, 2e9, 3.4), run(4e8, 1e9, 3.8)])
  assert.deepEqual(
    [0, 1, 2].map((i) => data.origin(i).row),
    [4, 6, 7],
  )
  assert.equal(data.curves?.checkpoints.size, 6)
  assert.deepEqual([...(data.curves?.curve ?? [])], [0, 1, 0, 0, 1, 2])
  assert.equal(data.curves?.curveCount, 3)
  assert.equal(data.checkpoints, 3)
  assert.deepEqual(listOf(data.curves!.checkpoints)[3], run(1e8, 2e9, 3.5))
  assert.match(
    data.notes.join('\n'),
    /3 rows have the "run_id" and N of a later row, so they are taken for earlier checkpoints/,
  )
  assertNothingLost(data)
})

test('run ids that name one row each are no curves', async () => {
  const data = await readText('id,steps,N,D,loss\n1,10,1e8,1e9,4\n2,20,1e8,2e9,3\n')
  assert.deepEqual([data.curves, data.runs.size, data.checkpoints], [null, 2, 0])
})

test('a name of an experiment, with several N, is no run', async () => {
  const data = await readText('name,N,D,loss\nx,1e8,1e9,4\nx,1e8,2e9,3.5\nx,2e8,1e9,3.9\n')
  assert.deepEqual([data.curves, data.runs.size], [null, 3])
  assert.match(data.notes.join('\n'), /run: "name" names no single run/)
})

test('a named run without steps, of one N and several D, is a curve', async () => {
  const data = await readText('run,N,C,loss\nx,1e8,6e17,4\nx,1e8,1.2e18,3.5\ny,2e8,1.2e18,3.9\n')
  assert.deepEqual(listOf(data.runs), [run(1e8, 2e9, 3.5), run(2e8, 1e9, 3.9)])
  assert.equal(data.curves?.curveCount, 2)
})

test('with steps, rows of one name and another N are another run', async () => {
  const data = await readText('run,step,N,D,loss\nx,1,1e8,1e9,4\nx,2,1e8,2e9,3.5\nx,1,2e8,1e9,3.9\nx,2,2e8,2e9,3.3\n')
  assert.deepEqual([...(data.curves?.curve ?? [])], [0, 0, 1, 1])
  assert.equal(data.runs.size, 2)
})

test('a told run column is believed', async () => {
  const text = 'group,N,D,loss\nx,1e8,1e9,4\nx,1e8,2e9,3.5\nx,2e8,1e9,3.9\n'
  assert.equal((await readText(text)).curves, null)
  assert.equal((await readText(text, { columns: { run: 'group' } })).curves?.curveCount, 2)
})

test('rows without a run are runs of their own', async () => {
  const data = await readText('run,step,N,D,loss\nx,1,1e8,1e9,4\nx,2,1e8,2e9,3.5\n,1,1e8,1e9,3.9\n,2,1e8,2e9,3.4\n')
  assert.deepEqual([...(data.curves?.curve ?? [])], [0, 0, 1, 2])
  assert.equal(data.runs.size, 3)
})

test('steps without a run column are not used, in a note', async () => {
  const data = await readText('step,N,D,loss\n1,1e8,1e9,4\n2,1e8,2e9,3.5\n')
  assert.deepEqual([data.curves, data.runs.size], [null, 2])
  assert.match(data.notes.join('\n'), /"step" was not used/)
})

test('earlier steps with the tokens of the whole run are left out: nobody knows what they had seen', async () => {
  const data = await readText('run,step,N,C,loss\nx,1,1e8,6e17,5\nx,2,1e8,6e17,4\nx,3,1e8,6e17,3\n')
  assert.deepEqual(listOf(data.runs), [run(1e8, 1e9, 3)])
  assert.deepEqual(reasons(data), [
    [2, 'step 1 of a run whose tokens are known only at its last step, in row 4'],
    [3, 'step 2 of a run whose tokens are known only at its last step, in row 4'],
  ])
  assert.equal(data.curves, null)
  assertNothingLost(data)
})

test('of checkpoints with equal tokens the one with the later step is the last', async () => {
  const data = await readText('run,step,N,D,loss\nx,1,1e8,1e9,5\nx,3,1e8,2e9,3\nx,2,1e8,2e9,4\n')
  assert.deepEqual(listOf(data.runs), [run(1e8, 2e9, 3)])
  const unplaced = await readText('run,step,N,C,loss\nx,2,1e8,6e17,4\nx,1,1e8,6e17,5\n')
  assert.deepEqual([unplaced.origin(0).row, unplaced.excluded[0].row], [2, 3])
})

test('a file with steps keeps its curves beside one whose names are no runs', async () => {
  const sure = write('a.csv', 'name,step,N,D,loss\nx,1,1e8,1e9,4\nx,2,1e8,2e9,3.5\nx,1,2e8,1e9,3.9\n')
  const unsure = write('b.csv', 'name,N,D,loss\ny,1e8,3e9,3.2\ny,1e8,4e9,3.1\ny,4e8,1e9,3.8\n')
  const data = await readRuns([sure, unsure])
  assert.deepEqual([...(data.curves?.curve ?? [])], [0, 0, 1, 2, 3, 4])
})

test('equal steps, tokens and names but other losses are repeats, each a run', async () => {
  const data = await readText('name,N,D,loss\nx,1e8,1e9,4\nx,1e8,1e9,4.01\n')
  assert.deepEqual([data.curves, data.runs.size], [null, 2])
})

test('a step that is not a number leaves the order to the tokens, in a note', async () => {
  const data = await readText('run,step,N,D,loss\nx,final,1e8,2e9,3\nx,1,1e8,1e9,4\n')
  assert.deepEqual(listOf(data.runs), [run(1e8, 2e9, 3)])
  assert.match(data.notes.join('\n'), /"step" is not a number in 1 rows/)
})

test('tokens_seen alone makes checkpoints of named runs', async () => {
  const data = await readText('name,N,tokens_seen,loss\nx,1e8,1e9,4\nx,1e8,2e9,3.5\ny,1e8,1e9,4.1\ny,1e8,2e9,3.6\n')
  assert.deepEqual(listOf(data.runs), [run(1e8, 2e9, 3.5), run(1e8, 2e9, 3.6)])
})

test('a JSON record of lists is one training run', async () => {
  const data = await readText(
    JSON.stringify([
      { parameters: 1e8, steps: [1, 2], tokens: [1e9, 2e9], loss: [4, 3] },
      { parameters: 1e8, steps: [1, 2], tokens: [1e9, 2e9], loss: [4.1, 3.1] },
      { parameters: 1e8, steps: 7, tokens: 7e9, loss: 2.5 },
    ]),
  )
  assert.deepEqual(listOf(data.runs), [run(1e8, 2e9, 3), run(1e8, 2e9, 3.1), run(1e8, 7e9, 2.5)])
  assert.deepEqual([...(data.curves?.curve ?? [])], [0, 0, 1, 1, 2])
  assert.deepEqual([data.read, data.checkpoints, data.origin(1).row], [5, 2, 2])
  assertNothingLost(data)
})

test('one JSON object of lists is one training run, or a table where N is a list too', async () => {
  const data = await readText('{"parameters": 1e8, "tokens": [1e9, 2e9], "loss": [4, 3]}')
  assert.deepEqual([data.runs.size, data.curves?.checkpoints.size], [1, 2])
  const table = await readText('{"parameters": [1e8, 2e8], "tokens": [1e9, 2e9], "loss": [4, 3]}')
  assert.deepEqual([table.runs.size, table.curves], [2, null])
})

test('lists that do not fit together, and a list where a number belongs, are left out', async () => {
  const records = [
    { parameters: 1e8, tokens: 1e9, loss: 4 },
    { parameters: 1e8, tokens: [1e9, 2e9], loss: [4, 3, 2] },
    { parameters: 1e8, tokens: [1e9, 2e9], loss: 4 },
    { parameters: 1e8, tokens: [], loss: [] },
    { parameters: 1e8, tokens: [1e9, 3e9], loss: [4.5, null] },
  ]
  assert.deepEqual(reasons(await readText(records.map((record) => JSON.stringify(record)).join('\n'))), [
    [2, 'loss lists 3 values, another column 2'],
    [3, 'tokens [1000000000,2000000000] is not a number'],
    [4, 'loss is missing'],
    [5, 'loss is missing'],
  ])
})

test('over several files a name is one run, and a plain count is a run of its own file', async () => {
  const part = (id: string, step: number) => `run,step,N,D,loss\n${id},${step},1e8,${step}e9,${5 - step}\n`
  const named = await readRuns([write('a.csv', part('x', 1)), write('b.csv', part('x', 2))])
  assert.deepEqual([named.runs.size, named.curves?.curveCount, named.origin(0).row], [1, 1, 2])
  assert.match(named.origin(0).source, /b\.csv$/)
  const counted = await readRuns([write('a.csv', part('1', 1)), write('b.csv', part('1', 2))])
  assert.deepEqual([counted.runs.size, counted.curves], [2, null])
})
