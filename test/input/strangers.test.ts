import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ReadOptions, RunData } from '../../src/input/read.ts'
import { assertNothingLost, readText, reasons, rejects } from './files.ts'
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

// What stands around and within a table

const plain = lines({ params: N, tokens: D, val_loss: loss })

for (const [title, text] of [
  ['a title and a date', ['My experiments', 'exported, yesterday, by me', '', ...plain]],
  ['a title in a row of blank cells', ['Sweep v3 (May),,', ',,', ...plain]],
  ['what Excel takes for the delimiter', ['sep=;', ...plain.map((line) => line.replaceAll(',', ';'))]],
  ['a row of groups', ['Size,Data,Result', ...plain]],
  ['prose', ['# Results', '', 'Our runs, all of them:', '', ...plain]],
  ['a frame of a table', ['+--+--+--+', ...plain.map((line) => `| ${line.replaceAll(',', ' | ')} |`), '+--+--+--+']],
  [
    'commands of TeX',
    ['\\begin{tabular}{lll}', ...plain.map((l) => `${l.replaceAll(',', ' & ')} \\\\`), '\\bottomrule'],
  ],
] as const)
  test(`the names of columns are found below or within ${title}`, async () => {
    await read(text.join('\n'))
  })

for (const [title, text] of [
  ['commas behind every row', plain.map((line, i) => (i === 0 ? line : `${line},`))],
  ['commas behind the header', plain.map((line, i) => (i === 0 ? `${line},,` : line))],
  ['an index without a name, as pandas and R write it', plain.map((line, i) => (i === 0 ? line : `${i - 1},${line}`))],
  ['names of rows without one', plain.map((line, i) => (i === 0 ? line : `"run ${i}",${line}`))],
  [
    'two and more blanks, names of several words',
    ['Params      Tokens  Val loss', ...plain.slice(1).map((line) => line.replaceAll(',', '    '))],
  ],
  ['names that begin with a number sign', ['# params,# tokens,loss', ...plain.slice(1)]],
  [
    'a comma in names, semicolons between them',
    ['Params, M;Tokens, B;Loss', ...lawRuns.map((run) => `${run.N / 1e6};${run.D / 1e9};${run.loss}`)],
  ],
] as const)
  test(`read as it is: ${title}`, async () => {
    await read(text.join('\n'))
  })

test('a row of too many fields that are not blank stays out', async () => {
  const data = await read([...plain, '1e8,1e10,3.1,4'].join('\n'))
  assert.deepEqual(reasons(data), [[32, 'has 4 fields, expected 3 as in the header']])
})

test('a header that comes again in another order is followed', async () => {
  const rest = lines({ val_loss: loss, params: N, tokens: D })
  const data = await read(
    [...plain.slice(0, 11), rest[0], ...rest.slice(11, 21), plain[0], ...plain.slice(21)].join('\n'),
  )
  assert.equal(data.excluded.length, 2)
})

for (const [title, first, second] of [
  ['headings', 'C4,,', 'Code,,'],
  ['tables one below the other', '', `\n${plain[0]}`],
] as const)
  test(`data sets are told apart by ${title}`, async () => {
    const other = lawRuns.map((run) => `${run.N},${run.D},${run.loss - 1}`)
    const text = [plain[0], first, ...plain.slice(1), second, ...other].join('\n')
    const pooled = await readText(text)
    assert.equal(pooled.groups?.column, 'section')
    const grouped = await readText(text, { groupBy: 'section' })
    assert.deepEqual([grouped.groups?.names.length, grouped.runs.size], [2, 60])
    const one = first === '' ? 'table 1' : 'C4'
    await read(text, { where: [{ column: 'section', value: one }] })
  })

test('checkpoints under keys of steps are those of the run around them', async () => {
  const runs = lawRuns.map((run, i) => {
    const checkpoints = { step10: { tokens: run.D / 2, loss: 5 }, step20: { tokens: run.D, loss: run.loss } }
    return [`r${i}`, { n_params: run.N, checkpoints }]
  })
  const data = await read(JSON.stringify(Object.fromEntries(runs)), {}, 'runs.json')
  assert.equal(data.checkpoints, lawRuns.length)
})

// Numbers as papers, spreadsheets and people write them

/** A number as its digits and its power of ten. */
const parts = (value: number, write: (digits: string, exponent: number) => string): string => {
  const [digits, exponent] = value.toExponential(6).split('e')
  return write(digits, Number(exponent))
}
const raised = (exponent: number) => [...String(exponent)].map((digit) => '⁰¹²³⁴⁵⁶⁷⁸⁹'[Number(digit)]).join('')
const millions = (value: number) => `${(value / 1e6).toFixed(4)}M`
const signed = (text: string, i: number) => `${text}${['', '*', '†', '[1]', '^a', '²', ' ‡'][i % 7]}`
const wide = (value: number) => String(value).replace(/\d/g, (digit) => '０１２３４５６７８９'[Number(digit)])

for (const [title, column] of [
  ['TeX', (r) => parts(r.C, (digits, exponent) => `$${digits} \\times 10^{${exponent}}$`)],
  ['1.5x10^18', (r) => parts(r.C, (digits, exponent) => `${digits}x10^${exponent}`)],
  ['1.5 × 10^18 FLOPs', (r) => parts(r.C, (digits, exponent) => `${digits} × 10^${exponent} FLOPs`)],
  ['1.5 × 10¹⁸', (r) => parts(r.C, (digits, exponent) => `${digits} × 10${raised(exponent)}`)],
  ['1.5·10**18', (r) => parts(r.C, (digits, exponent) => `${digits}·10**${exponent}`)],
  ['10^18 in part', (r, i) => (i % 2 ? r.C : `10^${Math.log10(r.C)}`)],
  ['2^60', (r) => `2^${Math.log2(r.C)}`],
] as const satisfies readonly (readonly [string, Column])[])
  test(`powers are read: ${title}`, async () => {
    await read(csv({ N, C: column, loss }))
  })

for (const [title, columns] of [
  ['footnotes behind units', { N: (r, i) => signed(millions(r.N), i), D, loss }],
  ['footnotes behind a loss', { N, D, loss: (r, i) => signed(r.loss.toFixed(6), i) }],
  ['estimates', { N: (r) => `~${millions(r.N)}`, D: (r) => `≈ ${r.D}`, loss }],
  ['the best in bold', { N, D, loss: (r, i) => (i % 6 === 3 ? `**${r.loss}**` : r.loss) }],
  ['the best in bold of TeX', { N, D, loss: (r, i) => (i % 6 === 3 ? `\\textbf{${r.loss}}` : r.loss) }],
  ['errors in brackets', { N, D, loss: (r, i) => `${r.loss.toFixed(5)}${i % 2 ? '(12)' : ' (0.012)'}` }],
  ['numbers that a spreadsheet keeps as text', { N: (r) => `'${r.N}`, D, loss }],
  ['groups of India', { N: (r) => r.N.toLocaleString('en-IN'), D: (r) => r.D.toLocaleString('en-IN'), loss }],
  ['wide digits', { N: (r) => wide(r.N), D, loss }],
  ['decimal commas before units', { N: (r) => `${String(r.N / 1e6).replace('.', ',')} Mio`, D, loss }],
  ['an exponent with a minus of print', { N, D, loss: (r) => `${(r.loss * 10).toFixed(6)}e−1` }],
] as const satisfies readonly (readonly [string, Readonly<Record<string, Column>>])[])
  test(`numbers are read: ${title}`, async () => {
    await read(csv(columns))
  })

test('what stands for nothing is nothing: the third of N, D and C is derived', async () => {
  const nothing = ['-', '—', 'N/A', 'None', 'nan', '?', '#N/A', 'n.a.', '...']
  await read(csv({ N, D: (r, i) => (i % 3 === 0 ? nothing[(i / 3) % nothing.length] : r.D), C, loss }))
})

test('what is no number stays none', async () => {
  const cells = ['<3.1', '3.1 or 3.2', '3.1/3.2', '10^', '3×', '1.2.3', '--3.1', 'a*']
  const data = await read(`${csv({ N, D, loss })}\n${cells.map((cell, i) => `1e8,${i + 1}e10,${cell}`).join('\n')}`)
  assert.equal(data.excluded.length, cells.length)
})

test('groups of India do not mix with those of three', async () => {
  const grouped = { N: (r: LawRun) => r.N.toLocaleString('en'), D, loss }
  const data = await read(`${csv(grouped)}\n"1,23,45,678",1e10,3`)
  assert.match(reasons(data).join(), /written otherwise/)
})

for (const [title, columns] of [
  ['ln_N', { ln_N: (r) => Math.log(r.N), 'ln(D)': (r) => Math.log(r.D), loss }],
  ['log_N, which is natural by its size', { log_N: (r) => Math.log(r.N), 'log tokens': (r) => Math.log(r.D), loss }],
  [
    'log(N), which is decimal by its size',
    { 'log(N)': (r) => Math.log10(r.N), 'log(D)': (r) => Math.log10(r.D), loss },
  ],
  ['log_flops', { N, log_flops: (r) => Math.log(r.C), loss }],
  ['the logarithm of a perplexity', { N, D, 'ln(ppl)': loss }],
  ['bits', { N, D, loss_bits: (r) => r.loss / Math.LN2 }],
  [
    'a held-out perplexity beside a loss of training',
    {
      ...{ N, D, train_loss: (r: LawRun) => r.loss + 0.3 },
      val_ppl: (r: LawRun) => Math.exp(r.loss),
    },
  ],
] as const satisfies readonly (readonly [string, Readonly<Record<string, Column>>])[])
  test(`logarithms and units of losses are read: ${title}`, async () => {
    await read(csv(columns))
  })

for (const name of ['D/N', 'tokens_per_param', 'tokens per parameter', 'chinchilla_multiplier'])
  test(`"${name}" is not advised as a number of tokens`, async () => {
    await rejects(readText(csv({ params: N, [name]: (r) => r.D / r.N, loss })), 'COLUMN_MISSING', /None of the other/)
  })

test('losses of several data sets side by side are all named by the advice', async () => {
  const text = csv({ N, D, loss_c4: loss, loss_code: (r) => r.loss - 1, loss_wiki: (r) => r.loss + 0.4 })
  await rejects(readText(text), 'COLUMN_MISSING', /loss=loss_c4'.*"loss_code", "loss_wiki"/)
})

for (const planned of ['tokens_total', 'target_tokens', 'data/max_tokens'])
  test(`checkpoints without a name of the run are told by the tokens seen of "${planned}"`, async () => {
    const rows = lawRuns.flatMap((run) => [
      `${run.N},${run.D / 2},${run.D},${run.loss + 0.3}`,
      `${run.N},${run.D},${run.D},${run.loss}`,
    ])
    const stopped = '1e8,3e9,9e9,4.1'
    const data = await read([`params,tokens_seen,${planned},loss`, ...rows, stopped].join('\n'))
    assert.deepEqual([data.checkpoints, data.excluded.length], [lawRuns.length, 1])
  })

test('tokens that are planned are no end of what is counted in steps', async () => {
  await read(
    csv({ run: (_, i) => `r${i}`, params: N, step: () => 1000, tokens_seen: D, total_tokens: (r) => 2 * r.D, loss }),
  )
})

test('fields that W&B wraps in a value are read', async () => {
  await read(
    csv({
      Name: (_, i) => `r${i}`,
      'config.n_params.value': N,
      'config.train_tokens.value': D,
      'summary.val_loss': loss,
    }),
  )
})

test('a number of a phase tells data sets apart', async () => {
  const rows = lawRuns.flatMap((run) => [`1,${run.N},${run.D},${run.loss}`, `2,${run.N},${run.D},${run.loss - 1}`])
  assert.equal((await readText(['phase,N,D,loss', ...rows].join('\n'))).groups?.column, 'phase')
})

test('planned tokens that no run reaches end none', async () => {
  await read(csv({ params: N, tokens_seen: D, target_tokens: (r) => 1.5 * r.D, loss }))
})
