import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ReadOptions, RunData } from '../../src/input/read.ts'
import { assertNothingLost, readText, reasons } from './files.ts'
import { type LawRun, lawRuns } from './known-law.ts'

// Tables as strangers have them: each has to be read as the runs of the law, or to say why not.

type Column = (run: LawRun, i: number) => unknown
const [N, D, C, loss]: Column[] = [(r) => r.N, (r) => r.D, (r) => r.C, (r) => r.loss]

/** Lines of a table of these columns, by what each has for a run. */
const lines = (columns: Readonly<Record<string, Column>>, of: readonly LawRun[] = lawRuns): string[] =>
  [Object.keys(columns), ...of.map((run, i) => Object.values(columns).map((cell) => String(cell(run, i))))].map(
    (cells) => cells.map((cell) => (cell.includes(',') ? `"${cell}"` : cell)).join(','),
  )

const csv = (columns: Readonly<Record<string, Column>>): string => lines(columns).join('\n')

/** Asserts that the runs are those of the law in their order, to what a notation of some digits leaves. */
function assertRuns(data: RunData, off = 1e-9): void {
  const { size, parameters, tokens, loss: losses } = data.runs
  assert.equal(size, lawRuns.length, reasons(data).join('; '))
  for (const [i, run] of lawRuns.entries())
    for (const [name, value, right] of [
      ['N', parameters[i], run.N],
      ['D', tokens[i], run.D],
      ['loss', losses[i], run.loss],
    ] as const)
      assert.ok(Math.abs(value / right - 1) <= off, `${name} of run ${i} is ${value}, expected ${right}`)
  assertNothingLost(data)
}

async function read(text: string, options?: ReadOptions, name?: string): Promise<RunData> {
  const data = await readText(text, options, name)
  assertRuns(data, 1e-4)
  return data
}

// States

const unfinished = ['1e8,1e10,6.5', '2e8,1e10,5.9', '3e8,1e10,6.9']

for (const [column, good, bad] of [
  ['Status', 'Completed', ['OOM-killed', 'Node failure', 'Failed: CUDA OOM']],
  ['State', 'COMPLETED', ['CANCELLED by 1001', 'TIMEOUT', 'OUT_OF_MEMORY']],
  ['trial_status', 'TERMINATED', ['ERROR', 'RUNNING', 'PENDING']],
  ['state', 'TrialState.COMPLETE', ['TrialState.PRUNED', 'TrialState.FAIL', 'terminated']],
  ['phase', 'Succeeded', ['Failed', 'Error', 'Running']],
  ['result', 'ok', ['failed (NaN)', 'crashed at step 300', 'stopped']],
  ['状态', '完成', ['崩溃', '失败', '运行中']],
  ['Status', 'fertig', ['abgebrochen', 'fehlgeschlagen', 'läuft']],
  ['estado', 'terminado', ['fallido', 'cancelado', 'en curso']],
  ['status', '✅', ['❌', '⚠️', '❌']],
  ['is_finished', '1', ['0', '0', '0']],
  ['completed', 'yes', ['no', 'no', 'no']],
  ['config/diverged', 'False', ['True', 'True', 'true']],
  ['ExitCode', '0:0', ['1:0', '137:0', '0:9']],
  ['progress', '100%', ['25%', '50%', '97%']],
  ['fraction', '1.0', ['0.25', '0.5', '0.1']],
  ['notes', '', ['DIVERGED', 'diverged at 2k', 'killed by me']],
] as const)
  test(`runs that did not finish are left out by "${column}": ${bad.join(', ')}`, async () => {
    const text = [csv({ N, D, loss, [column]: () => good }), ...unfinished.map((row, i) => `${row},${bad[i]}`)].join(
      '\n',
    )
    const data = await read(text)
    assert.equal(data.excluded.length, 3)
    for (const [, reason] of reasons(data)) assert.ok(reason.startsWith(`${column} is "`), reason)
    assert.equal((await readText(text, { keepState: true })).runs.size, lawRuns.length + 3)
  })

for (const [column, values] of [
  ['phase', ['1', '2']],
  ['result', ['good enough', 'see paper']],
  ['notes', ['not diverged', 'rerun of a crashed one', 'nan']],
  ['status', ['not crashed', 'finished after a crash', 'finished']],
  ['progress', ['0.3', '0.4']],
  ['failed', ['3', '4']],
] as const)
  test(`"${column}" of ${values.join(', ')} leaves no run out`, async () => {
    await read(csv({ N, D, loss, [column]: (_, i) => values[i % values.length] }))
  })

// Rows that sum up others

test('rows of totals and means are left out, in several languages', async () => {
  const text = csv({ name: (_, i) => `m${i}`, params: N, tokens: D, val_loss: loss })
  const sums = ['Mean', 'AVERAGE', 'std.', 'Total:', 'Mittelwert', '合计', '50%'].map((word) => `${word},1e8,1e10,3.3`)
  const data = await read([text, ...sums].join('\n'))
  assert.equal(data.excluded.length, sums.length)
  for (const [, reason] of reasons(data)) assert.match(reason, /sums up others/)
})

test('a total without a name of its column, as pandas prints an index, is left out', async () => {
  await read(`${csv({ '': (_, i) => i, params: N, flops: C, loss })}\nmean,1e8,1e18,3.3`)
})

test('a column whose rows are all means names what they are', async () => {
  await read(csv({ statistic: () => 'mean', params: N, tokens: D, loss }))
})

// Mixtures of experts, losses

for (const [total, active, unit] of [
  ['params', 'num_active_parameters', 1],
  ['params', 'active', 1],
  ['N_total', 'N_act', 1],
  ['params_total(M)', 'params_activated(M)', 1e6],
  ['Total (B)', 'Activated (B)', 1e9],
  ['model/total_params', 'model/params_active', 1],
] as const)
  test(`of "${total}" and "${active}" the latter is N`, async () => {
    const data = await read(csv({ [total]: (r) => (8 * r.N) / unit, [active]: (r) => r.N / unit, tokens: D, loss }))
    assert.match(data.notes.join(), /mixture of experts/)
  })

test('a column of yes and no called active is no N', async () => {
  await read(csv({ active: () => 'True', params: N, tokens: D, loss }))
  await read(csv({ active: () => 1, params: N, tokens: D, loss }))
})

test('a held-out loss is taken before one that does not say what it is of', async () => {
  const data = await read(csv({ N, D, loss: (r) => r.loss + 0.3, val_loss: loss }))
  assert.match(data.notes.join(), /took "val_loss" and left "loss"/)
})

test('L is no loss where it counts layers', async () => {
  await read(csv({ N, D, L: (_, i) => 6 + (i % 6), val_ppl: (r) => Math.exp(r.loss) }))
})
