import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readText, rejects } from './files.ts'
import { assertLaw, lawRuns } from './known-law.ts'

const runs = lawRuns.map((run, i) => ({ ...run, name: `isoflop-${i}` }))
const steps = [1000, 2000, 3000]
const table = (head: readonly string[], row: (step: number) => readonly (number | string)[]) =>
  [head.join(','), ...steps.map((step) => [step, ...row(step)].join(','))].join('\n')
const at = (loss: number, step: number) => loss + (3000 - step) / 1000

const charts: Readonly<Record<string, string>> = {
  'a chart with least and most': table(
    [
      'train/global_step',
      ...runs.flatMap(({ name }) => ['', '__MIN', '__MAX'].map((end) => `${name} - eval/loss${end}`)),
    ],
    (step) => runs.flatMap(({ loss }) => [at(loss, step), at(loss, step), at(loss, step)]),
  ),
  'a chart with the least name of a step': table(
    ['Step', ...runs.flatMap(({ name }) => [`${name} - _step`, `${name} - loss`])],
    (step) => runs.flatMap(({ loss }) => [step, at(loss, step)]),
  ),
  'a chart of one run over time': table(['Relative Time (Process)', '"big - run, 3 - val/loss"'], () => [3.1]),
  'a chart grouped by a setting': table(
    ['"tokens"', ...[1e8, 2e8].map((N) => `n_params: ${N} - train/loss`)],
    (step) => [at(3, step), step === 1000 ? '' : at(2.9, step)],
  ),
}

for (const [name, text] of Object.entries(charts))
  test(`Weights & Biases, the export of a chart is told from a table of runs: ${name}`, () =>
    rejects(readText(text), 'FILE_FORMAT', /export of a chart.*one column a run.*Export the table of runs/))

test('what the advice says gives a file that is read', async () => {
  const cells = runs.map(({ name, N, D, loss }) =>
    [name, 'finished', '-', '', '3', N, D, loss].map((cell) => `"${cell}"`),
  )
  const head = ['Name', 'State', 'Notes', 'Tags', 'Runtime', 'n_params', 'tokens', 'eval/loss'].map(
    (cell) => `"${cell}"`,
  )
  await assertLaw(await readText([head, ...cells].map((row) => row.join(',')).join('\n')))
})

test('a column a run under any name is told, and so is the curve of one run', async () => {
  const plain = table(['step', ...runs.map(({ name }) => name)], (step) => runs.map(({ loss }) => at(loss, step)))
  await rejects(readText(plain), 'FILE_FORMAT', /one column a run \("isoflop-0" and 29 more\) and one row a step/)
  const board = table(['Wall time,Step', 'Value'], (step) => [step, at(3, step)])
  await rejects(readText(board), 'FILE_FORMAT', /TensorBoard.*neither N nor D/)
  const json = JSON.stringify(steps.map((step) => [1.7e9, step, at(3, step)]))
  await rejects(readText(json), 'FILE_FORMAT', /TensorBoard.*neither N nor D/)
})

test('the history of one run is no chart, and a table with steps neither', async () => {
  await rejects(readText('step,train_loss,val_loss\n1,4.1,4.2\n2,3.5,3.6\n'), 'COLUMN_MISSING')
  const text = `step,run - name,N,D,loss\n${runs.map(({ name, N, D, loss }) => [400, name, N, D, loss].join(',')).join('\n')}`
  assert.equal((await readText(text)).runs.size, 30)
})
