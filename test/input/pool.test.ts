import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { IsoflopError } from '../../src/core/errors.ts'
import { readPool, readRuns } from '../../src/input/read.ts'
import { parseColumns } from '../../src/input/told.ts'

const folder = mkdtempSync(join(tmpdir(), 'isoflop-pool-input-'))
after(() => rmSync(folder, { recursive: true }))

let files = 0
function table(...lines: string[]): string {
  const file = join(folder, `pool-${files++}.csv`)
  writeFileSync(file, `${lines.join('\n')}\n`)
  return file
}

const code = (expected: string) => (error: unknown) => error instanceof IsoflopError && error.code === expected

test('a run without a loss could be made, one that diverged is told, and what is no loss is excluded with its reason', async () => {
  const losses = ['2.5', '', 'nan', 'NA', 'inf', 'diverged', '-1', '0', 'abc']
  const { runs, excluded } = await readPool([table('N,D,loss', ...losses.map((loss, i) => `1e8,${1 + i}e9,${loss}`))])
  assert.deepEqual(
    [...runs.loss],
    [2.5, Number.NaN, Number.NaN, Number.NaN, Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY],
  )
  assert.deepEqual(
    excluded.map(({ row, reason }) => [row, reason]),
    [
      [8, 'loss is -1, expected a positive number'],
      [9, 'loss is 0, expected a positive number'],
      [10, 'loss "abc" is not a number'],
    ],
  )
})

test('no column of losses is needed, and the other quantities are as strict as in a fit', async () => {
  const { runs, excluded } = await readPool([table('N,D', '1e8,1e9', '-5,1e9', '1e8,')])
  assert.deepEqual([...runs.loss], [Number.NaN])
  assert.deepEqual(
    excluded.map(({ reason }) => reason),
    ['N is -5, expected a positive number', 'D is missing'],
  )
  await assert.rejects(readPool([table('N,loss', '1e8,2')]), code('COLUMN_MISSING'))
  await assert.rejects(readRuns([table('N,D', '1e8,1e9')]), code('COLUMN_MISSING'))
})

test('costs are read in any unit under their usual names, blank and zero told apart, and others are excluded', async () => {
  for (const name of ['cost', 'GPU hours', 'gpu_hours', 'Cost (TPU-days)', 'price']) {
    const lines = ['5', '', '0', '-1', 'free'].map((cost, i) => `1e8,${1 + i}e9,2,${cost}`)
    const { cost, costColumn, excluded } = await readPool([table(`N,D,loss,${name}`, ...lines)])
    assert.deepEqual([...cost], [5, Number.NaN, 0])
    assert.equal(costColumn, name)
    assert.deepEqual(
      excluded.map(({ reason }) => reason),
      [`${name} is -1, expected a positive number`, `${name} "free" is not a number`],
    )
  }
  const file = table('N,D,loss,hours', '1e8,1e9,2,7')
  assert.deepEqual([...(await readPool([file], { columns: parseColumns('cost=hours', 'pool') })).cost], [7])
  const { cost, costColumn } = await readPool([file])
  assert.deepEqual([...cost, costColumn], [6e17, null])
})

test('a fit does not know of costs: their column is no note, and --columns does not take it', async () => {
  const { notes } = await readRuns([table('N,D,loss,cost', '1e8,1e9,2,-1')])
  assert.doesNotMatch(notes.join(), /cost/)
  assert.throws(() => parseColumns('cost=hours'), code('BAD_OPTION'))
})

test('files of one pool have their costs in one column', async () => {
  const first = table('N,D,loss,cost', '1e8,1e9,2,7')
  await assert.rejects(readPool([first, table('N,D,loss', '1e8,2e9,2')]), code('COLUMN_MISSING'))
  await assert.rejects(readPool([first, table('N,D,loss,gpu_hours', '1e8,2e9,2,1')]), code('COLUMN_MISSING'))
  assert.deepEqual([...(await readPool([first, table('Cost,N,D', '3,1e8,2e9')])).cost], [7, 3])
})

test('runs to make are told apart by every setting, repeats are told once, and they are no checkpoints of a run', async () => {
  const settings = await readPool([
    table('N,D,lr,unique_tokens', '1e8,1e9,1e-3,1e9', '1e8,1e9,2e-3,1e9', '1e8,1e9,1e-3,1e8'),
  ])
  assert.equal(settings.runs.size, 3)
  const told = await readPool([table('N,D,pace', '1e8,1e9,1e-3', '1e8,1e9,2e-3', '1e8,1e9,1e-3')], {
    columns: { learning_rate: 'pace' },
  })
  assert.deepEqual([told.runs.size, told.excluded.map(({ reason }) => reason)], [2, ['duplicate of row 2']])
  const longer = await readPool([table('run,step,N,D,loss', 'a,1,1e8,1e9,3', 'a,2,1e8,2e9,2.8', 'a,3,1e8,4e9,')])
  assert.deepEqual([longer.runs.size, longer.checkpoints, [...longer.runs.loss]], [2, 1, [2.8, Number.NaN]])
})

test('for runs to predict a told column of losses or costs need not be there, and no cost is looked at', async () => {
  const columns = parseColumns('loss=L2,cost=hours', 'pool')
  const file = table('N,D,hours', '1e8,1e9,-4')
  const { runs, excluded } = await readPool([table('N,D', '1e8,1e9')], { columns, purpose: 'target' })
  assert.deepEqual([runs.size, excluded.length], [1, 0])
  assert.equal((await readPool([file], { columns, purpose: 'target' })).runs.size, 1)
  await assert.rejects(readPool([table('N,D', '1e8,1e9')], { columns }), code('COLUMN_UNKNOWN'))
})
