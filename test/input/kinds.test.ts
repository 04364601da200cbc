import assert from 'node:assert/strict'
import { test } from 'node:test'
import { IsoflopError } from '../../src/core/errors.ts'
import type { Runs } from '../../src/core/run.ts'
import { bestOfEach } from '../../src/input/best.ts'
import { dataDiagnostics } from '../../src/input/diagnostics.ts'
import { parseColumns, type ReadOptions, type RunData } from '../../src/input/read.ts'
import { assertNothingLost, readText, reasons, rejects } from './files.ts'

/** Runs as people have them in tables, by one law: what each table has to be read as. */
const truth = [1e18, 1e19, 1e20].flatMap((C, k) =>
  [0.15, 0.4, 1, 2.5, 6].map((share, j) => {
    const N = Math.round(share * 1e8 * 3.2 ** k + j)
    const D = Math.round(C / (6 * N))
    return { N, D, C: 6 * N * D, loss: 1.69 + 406.4 / N ** 0.34 + 410.7 / D ** 0.28 }
  }),
)

type Row = (typeof truth)[number] & { readonly i: number }
const rows: Row[] = truth.map((run, i) => ({ ...run, i }))

/** A table of these columns, by what each has for a run. */
const csv = (
  columns: Readonly<Record<string, (run: Row) => unknown>>,
  delimiter = ',',
  of: readonly Row[] = rows,
): string =>
  [Object.keys(columns), ...of.map((run) => Object.values(columns).map((cell) => String(cell(run))))]
    .map((cells) => cells.map((cell) => (cell.includes(delimiter) ? `"${cell}"` : cell)).join(delimiter))
    .join('\n')

/** Asserts that runs are those of the truth to a relative error, which is what a notation of four digits leaves. */
function assertTruth({ size, parameters, tokens, loss }: Runs, off = 1e-9, expected: readonly Row[] = rows): void {
  assert.equal(size, expected.length)
  for (const [i, run] of expected.entries())
    for (const [name, value, right] of [
      ['N', parameters[i], run.N],
      ['D', tokens[i], run.D],
      ['loss', loss[i], run.loss],
    ] as const)
      assert.ok(Math.abs(value / right - 1) <= off, `${name} of run ${i} is ${value}, expected ${right}`)
}

const N = (run: Row) => run.N
const D = (run: Row) => run.D
const C = (run: Row) => run.C
const loss = (run: Row) => run.loss

// Units

for (const [title, columns] of [
  [
    'millions and billions in brackets',
    { 'Params (M)': (r: Row) => r.N / 1e6, 'Tokens (B)': (r: Row) => r.D / 1e9, loss },
  ],
  ['in words', { 'Parameters in millions': (r: Row) => r.N / 1e6, 'Tokens (billions)': (r: Row) => r.D / 1e9, loss }],
  ['at the end of names', { params_m: (r: Row) => r.N / 1e6, tokens_b: (r: Row) => r.D / 1e9, val_loss: loss }],
  ['powers of ten', { 'N [1e6]': (r: Row) => r.N / 1e6, 'D (10^9)': (r: Row) => r.D / 1e9, L: loss }],
  ['GFLOPs of a tracker', { n_params: N, 'throughput/total_gflops': (r: Row) => r.C / 1e9, 'eval/loss': loss }],
  ['exaFLOPs', { Params: N, exaFLOPs: (r: Row) => r.C / 1e18, loss }],
  ['PF-days', { 'Model size (B)': (r: Row) => r.N / 1e9, 'Compute (PF-days)': (r: Row) => r.C / 8.64e19, loss }],
  ['petaflop/s-days', { N, 'petaflop/s-days': (r: Row) => r.C / 8.64e19, loss }],
] as const)
  test(`units are read: ${title}`, async () => {
    const data = await readText(csv(columns))
    assertTruth(data.runs)
    assert.match(data.notes[0], /times 1e|times 8\.64e19/)
  })

/** Reads, follows the advice of the error to the letter, and gives what comes then. */
async function following(text: string, code: string, options: ReadOptions = {}): Promise<RunData> {
  const error = await readText(text, options).then(
    () => assert.fail('it was read at once'),
    (caught: unknown) => caught,
  )
  assert.ok(error instanceof IsoflopError, String(error))
  assert.equal(error.code, code, error.message)
  const columns = /--columns '(.+?)'/.exec(error.advice)?.[1]
  const lossUnit = /--loss-unit (\S+?)[;.]/.exec(error.advice)?.[1]
  assert.ok(columns ?? lossUnit, error.advice)
  return readText(text, { ...options, columns: columns ? parseColumns(columns) : {}, lossUnit })
}

for (const [title, columns, unit] of [
  ['millions beside FLOPs', { params: (r: Row) => r.N / 1e6, flops: C, loss }, /"params" looks like millions/],
  ['millions and billions', { N: (r: Row) => r.N / 1e6, D: (r: Row) => r.D / 1e9, loss }, /millions.*billions/],
  ['billions of tokens', { N, tokens: (r: Row) => r.D / 1e9, loss }, /"tokens" looks like billions/],
  ['GFLOPs that say FLOPs', { N, D, flops: (r: Row) => r.C / 1e9, loss }, /"flops" looks like GFLOPs/],
  ['exaFLOPs as compute', { N, compute: (r: Row) => r.C / 1e18, loss }, /"compute" looks like exaFLOPs/],
  ['PF-days as C', { N, D, C: (r: Row) => r.C / 8.64e19, loss }, /"C" looks like PF-days/],
] as const)
  test(`numbers in other units are an error, whose advice reads them: ${title}`, async () => {
    await rejects(readText(csv(columns)), 'UNIT_IMPLAUSIBLE', unit)
    assertTruth((await following(csv(columns), 'UNIT_IMPLAUSIBLE')).runs)
  })

test('a perplexity that is called a loss is an error, whose advice reads it', async () => {
  const text = csv({ N, D, loss: (r) => Math.exp(r.loss) })
  await rejects(readText(text), 'UNIT_IMPLAUSIBLE', /"loss" looks like perplexity/)
  assertTruth((await following(text, 'UNIT_IMPLAUSIBLE')).runs)
})

test('numbers that a person says are right are read as they stand', async () => {
  const data = await readText('N,D,loss\n1,2,3\n2,3,2.9\n', { columns: { parameters: 'N*1' } })
  assert.deepEqual([...data.runs.parameters], [1, 2])
})

test('a factor can be told as a number or a unit, and a column of that very name is taken first', async () => {
  const text = csv({ p: (r) => r.N / 1e6, 't*2': (r) => r.D, loss })
  assertTruth((await readText(text, { columns: { parameters: 'p*M', tokens: 't*2' } })).runs)
  assertTruth((await readText(text, { columns: { parameters: 'p*1e6', tokens: 't*2' } })).runs)
})

// Notations

const comma = (x: number) => String(x).replace('.', ',')
const engineering = (x: number) => (x >= 1e9 ? `${(x / 1e9).toPrecision(4)}B` : `${(x / 1e6).toPrecision(4)}M`)
for (const [title, text, off] of [
  ['suffixes', csv({ model_size: (r) => engineering(r.N), tokens: (r) => engineering(r.D), loss }), 1e-3],
  ['lower-case suffixes', csv({ params: (r) => engineering(r.N).toLowerCase(), D, loss }), 1e-3],
  ['suffixes and words', csv({ N: (r) => `${r.N / 1e6} million`, tokens: (r) => `${r.D / 1e9}B tokens`, loss }), 1e-9],
  ['groups of three', csv({ N: (r) => r.N.toLocaleString('en'), D: (r) => r.D.toLocaleString('en'), loss }), 1e-9],
  ['groups by blanks', csv({ N: (r) => r.N.toLocaleString('en').replaceAll(',', ' '), D, loss }), 1e-9],
  ['groups by underscores', csv({ N: (r) => r.N.toLocaleString('en').replaceAll(',', '_'), D, loss }), 1e-9],
  ['decimal commas', csv({ N, D, loss: (r) => comma(r.loss) }, ';'), 1e-9],
  ['decimal commas behind tabs', csv({ N, D, loss: (r) => comma(r.loss) }, '\t'), 1e-9],
  ['decimal commas of three digits', csv({ N, D, loss: (r) => r.loss.toFixed(3).replace('.', ',') }, ';'), 1e-3],
  ['points as groups', csv({ N: (r) => r.N.toLocaleString('de'), D, loss: (r) => comma(r.loss) }, ';'), 1e-9],
  ['units in cells', csv({ N, compute: (r) => `${r.C.toExponential()} FLOPs`, loss }), 1e-9],
  ['GFLOPs in cells', csv({ N, compute: (r) => `${r.C / 1e9} GFLOPs`, loss: (r) => `${r.loss} nats` }), 1e-9],
] as const)
  test(`numbers are read as they are written: ${title}`, async () => {
    const data = await readText(text)
    assertTruth(data.runs, off)
    assert.match(data.notes[0], /written like/)
    assertNothingLost(data)
  })

test('a cell that is written otherwise than its column is left out by row', async () => {
  const data = await readText(csv({ N: (r) => (r.i === 3 ? r.N : engineering(r.N)), D, loss }))
  assert.equal(data.runs.size, rows.length - 1)
  assert.match(
    reasons(data)[0][1],
    /^N "\d+" is written otherwise than the other cells, which are numbers like 15\.00M$/,
  )
  assert.equal(reasons(data)[0][0], 5)
})

// Losses

for (const [name, of, unit] of [
  ['perplexity', (x: number) => Math.exp(x), 'nats/token'],
  ['val_ppl', (x: number) => Math.exp(x), 'nats/token'],
  ['eval/perplexity', (x: number) => Math.exp(x), 'nats/token'],
  ['bits_per_token', (x: number) => x / Math.LN2, 'nats/token'],
  ['val_bpb', (x: number) => x, 'bits/byte'],
  ['bits_per_byte,none', (x: number) => x, 'bits/byte'],
  ['byte_perplexity', (x: number) => 2 ** x, 'bits/byte'],
  ['metrics.bpc', (x: number) => x, 'bits/character'],
  ['Loss (bits/byte)', (x: number) => x, 'bits/byte'],
] as const)
  test(`a loss called ${name} is in ${unit}`, async () => {
    const { runs } = await readText(csv({ N, D, [name]: (r) => of(r.loss) }))
    assertTruth(runs)
    assert.equal(runs.lossUnit ?? 'nats/token', unit)
  })

test('--loss-unit says what a loss is in, and two files in two units are no data set', async () => {
  const { runs } = await readText(csv({ N, D, loss }), { lossUnit: 'bits/byte' })
  assert.equal(runs.lossUnit, 'bits/byte')
  assertTruth((await readText(csv({ N, D, loss: (r) => r.loss / Math.LN2 }), { lossUnit: 'bits' })).runs)
  await rejects(readText(csv({ N, D, loss }), { lossUnit: 'trits' }), 'BAD_OPTION', /nats, bits, perplexity/)
})

// Names

for (const [tracker, columns] of [
  [
    'W&B',
    {
      Name: (r: Row) => `run-${r.i}`,
      State: () => 'finished',
      'model/num_params': N,
      'train/tokens': D,
      'eval/loss': loss,
      'train/loss': (r: Row) => r.loss + 0.1,
      _step: () => 1000,
    },
  ],
  [
    'MLflow',
    {
      run_id: (r: Row) => `a${r.i}`,
      experiment_id: () => 1,
      status: () => 'FINISHED',
      'metrics.val_loss': loss,
      'metrics.train_loss': (r: Row) => r.loss + 0.1,
      'params.n_params': N,
      'params.train_tokens': D,
      'params.lr': () => 0.001,
    },
  ],
  [
    'Optuna',
    {
      number: (r: Row) => r.i,
      value: loss,
      params_n_layer: () => 8,
      user_attrs_tokens: D,
      user_attrs_params: N,
      state: () => 'COMPLETE',
    },
  ],
  [
    'Aim',
    {
      'run.hash': (r: Row) => `h${r.i}`,
      'hparams.n_params': N,
      'hparams.tokens': D,
      'loss.subset:val': () => 'x',
      'metrics.val_loss': loss,
    },
  ],
  [
    'nanochat',
    {
      flops_budget: C,
      depth: (r: Row) => r.i,
      params_total: N,
      tokens_trained: D,
      val_bpb: loss,
      core_score: () => 0.2,
    },
  ],
  ['a sweep of our own', { params_total: N, compute_flops: C, final_val_loss: loss, data: () => 'c4' }],
  ['tokens called data', { N, data: D, loss }],
] as const)
  test(`the names of ${tracker} are known`, async () => {
    const data = await readText(csv(columns))
    assertTruth(data.runs)
    assert.equal(data.curves, null)
  })

test('columns with no usual name are advised by what they hold, and the advice reads them', async () => {
  const text = csv({ id: (r) => r.i, width: () => 512, weights: N, seen: D, score: loss })
  assertTruth((await following(text, 'COLUMN_MISSING')).runs)
  const noLoss = csv({ N, D, 'throughput/total_tokens': D, speed: () => 3.5 })
  await rejects(readText(noLoss), 'COLUMN_MISSING', /None of the other columns looks like/)
})

// Content

test('an empty column of a preferred name is left for a full one, and named', async () => {
  const data = await readText(csv({ Params: (r) => (r.i === 0 ? '20M' : ''), loss, D, N }))
  assertTruth(data.runs)
  assert.match(data.notes.join('\n'), /parameters: took "N" and left "Params" \(usable in 1 of 15 rows\)/)
})

test('of a mixture of experts N are the active parameters, and all of them are kept', async () => {
  const columns = { total_params: (r: Row) => 8 * r.N, active_params: N, tokens: D, loss }
  const data = await readText(csv(columns))
  assertTruth(data.runs)
  assert.deepEqual(
    [...data.allParameters!],
    rows.map((r) => 8 * r.N),
  )
  assert.match(data.notes.join('\n'), /mixture of experts: N are the active parameters.*"total_params" is kept/)
  // Where no name says it, C does.
  const byCompute = await readText(csv({ params: (r) => 8 * r.N, n_params: N, tokens: D, flops: C, loss }))
  assertTruth(byCompute.runs)
  assert.deepEqual(
    [...byCompute.allParameters!],
    rows.map((r) => 8 * r.N),
  )
  assert.equal((await readText(csv({ total_params: N, tokens: D, loss }))).allParameters, null)
})

test('a name that all rows share is the name of no run, unless steps say so', async () => {
  const text = csv({ experiment_id: () => 'x', N: () => 1e8, D, loss })
  assert.equal((await readText(text)).runs.size, rows.length)
  const both = csv({ experiment_id: () => 'x', run_name: (r) => `r${r.i}`, N, D, loss })
  assert.match((await readText(both)).notes[0], /run from "run_name"/)
  const one = await readText(csv({ run: () => 'x', step: (r) => r.i, N: () => 1e8, D: (r) => 1e9 * (r.i + 1), loss }))
  assert.deepEqual([one.runs.size, one.checkpoints], [1, rows.length - 1])
})

test('a quantity can be left out: C is 6ND then', async () => {
  const text = csv({ N, D, C: (r) => 1.5 * r.C, loss })
  assert.ok((await readText(text)).runs.flops[0] > 1.4 * rows[0].C)
  assert.equal((await readText(text, { columns: { flops: '-' } })).runs.flops[0], rows[0].C)
})

// States

test('runs that did not finish are left out by their state, unless they are to be kept', async () => {
  const states = ['finished', 'crashed', 'RUNNING', 'TrialState.PRUNED', 'killed', 'FAILED', 'COMPLETE', 'preempted']
  const text = csv({ N, D, loss, State: (r) => states[r.i % states.length] })
  const data = await readText(text)
  const isDone = (r: Row) => ['finished', 'COMPLETE'].includes(states[r.i % states.length])
  assertTruth(data.runs, 1e-9, rows.filter(isDone))
  assert.deepEqual(reasons(data)[0], [3, 'State is "crashed"'])
  assertNothingLost(data)
  assertTruth((await readText(text, { keepState: true })).runs)
})

// Data sets

const shifted = (r: Row) => (r.i % 2 === 0 ? r.loss : r.loss - 0.9)
const twice: Row[] = rows.flatMap((run, k) => [
  { ...run, i: 2 * k },
  { ...run, i: 2 * k + 1 },
])
const mixed = csv({ N, D, loss: shifted, dataset: (r) => (r.i % 2 === 0 ? 'c4' : 'code'), lr: () => 0.001 }, ',', twice)

test('a column that splits the losses into data sets is named, with the remedy', async () => {
  const data = await readText(mixed)
  const found = dataDiagnostics(data).find(({ code }) => code === 'data-sets-pooled')
  assert.match(found?.message ?? '', /"dataset" \("c4", "code"\)/)
  assert.match(found?.advice ?? '', /--group-by 'dataset'.*--where 'dataset=c4'/)
  assert.deepEqual(
    dataDiagnostics(await readText(csv({ N, D, loss, model: (r) => `m${r.N}` }))).filter(
      ({ code }) => code === 'data-sets-pooled',
    ),
    [],
  )
  const even = await readText(csv({ N, D, loss, dataset: (r) => (r.i % 2 === 0 ? 'a' : 'b') }))
  assert.equal(even.groups, null)
})

test('--where reads the rows of one value, --group-by tells the groups, and --best stays inside them', async () => {
  const some = await readText(mixed, { where: [{ column: 'dataset', value: 'c4' }] })
  assertTruth(some.runs)
  assertNothingLost(some)
  const all = await readText(mixed, { groupBy: 'dataset' })
  assert.deepEqual([all.groups!.names, all.groups!.isAsked], [['c4', 'code'], true])
  assert.deepEqual([...all.groups!.of].slice(0, 4), [0, 1, 0, 1])
  assert.equal(bestOfEach(all).runs.size, twice.length)
  assert.equal(bestOfEach(await readText(mixed)).runs.size, twice.length)
  await rejects(readText(mixed, { groupBy: 'corpus' }), 'COLUMN_UNKNOWN', /--group-by/)
  await rejects(
    readText(mixed, { where: [{ column: 'dataset', value: 'pile' }] }),
    'NO_USABLE_RUNS',
    /--where asks for/,
  )
})

// Lists

test('a list of losses alone is a history, whose last number is the loss', async () => {
  const records = rows.map((r) => ({ N: r.N, D: r.D, loss: [r.loss + 2, r.loss + 1, r.loss] }))
  const data = await readText(JSON.stringify(records))
  assertTruth(data.runs)
  assert.equal(data.curves, null)
  assert.match(data.notes.join('\n'), /last number is the run's loss/)
  assertNothingLost(data)
})

test('a list with its own tokens or steps is a series; lists of N too are runs', async () => {
  const series = rows.map((r) => ({ N: r.N, D: [r.D / 2, r.D], loss: [r.loss + 1, r.loss] }))
  const curves = await readText(JSON.stringify(series))
  assertTruth(curves.runs)
  assert.equal(curves.checkpoints, rows.length)
  const columns = { N: rows.map(N), D: rows.map(D), loss: rows.map(loss) }
  const table = await readText(JSON.stringify(columns))
  assertTruth(table.runs)
  assert.equal(table.curves, null)
})

// Checkpoints

const logged = rows.flatMap((run) => [1, 2, 3, 4].map((quarter) => ({ ...run, quarter })))
const log = (of: typeof logged, more: Record<string, (r: (typeof logged)[number]) => unknown> = {}) =>
  csv(
    {
      ...{ total_steps: () => 4000, current_steps: (r: Row) => 1000 * (r as (typeof logged)[number]).quarter, N },
      ...{ D: (r: Row) => (r.D * (r as (typeof logged)[number]).quarter) / 4 },
      loss: (r: Row) => r.loss + 0.3 * (4 - (r as (typeof logged)[number]).quarter),
      ...(more as Record<string, (r: Row) => unknown>),
    },
    ',',
    of,
  )

test('checkpoints without a name of the run are told by their total steps, and a run that stopped is left out', async () => {
  const data = await readText(log(logged))
  assertTruth(data.runs)
  assert.equal(data.checkpoints, 3 * rows.length)
  const stopped = await readText(log(logged.filter(({ i, quarter }) => i !== 2 || quarter < 4)))
  assert.equal(stopped.runs.size, rows.length - 1)
  assert.match(reasons(stopped)[0][1], /stops here, at step 3000 of 4000/)
  assertNothingLost(stopped)
})

test('--checkpoints as-runs takes each checkpoint for a run', async () => {
  const data = await readText(log(logged), { checkpoints: 'as-runs' })
  assert.deepEqual([data.runs.size, data.checkpoints, data.curves], [logged.length, 0, null])
})

test('several columns can name a run together', async () => {
  const text = csv(
    {
      group: () => 'sweep',
      lr: (r) => ((r as (typeof logged)[number]).i % 2 ? 0.001 : 0.002),
      N,
      D: (r) => (r.D * (r as (typeof logged)[number]).quarter) / 4,
      loss: (r) => r.loss + 0.3 * (4 - (r as (typeof logged)[number]).quarter),
    },
    ',',
    logged,
  )
  const data = await readText(text, { columns: { run: 'group+lr' } })
  assertTruth(data.runs)
  assert.equal(data.checkpoints, 3 * rows.length)
})

// What stands around a table

const plainRows = rows.map((r) => [r.N, r.D, r.loss])
for (const [title, text] of [
  ['comments before the header', `# my runs\n# of last week\n${csv({ N, D, loss })}`],
  ['a header behind a #, as NumPy writes it', `# N D loss\n${plainRows.map((cells) => cells.join(' ')).join('\n')}`],
  ['the same with commas', `#N,D,loss\n${plainRows.join('\n')}`],
  [
    'columns that are aligned by blanks',
    ['N', ...plainRows.map((cells) => cells[0])]
      .map(
        (cell, i) =>
          `  ${String(cell).padEnd(14)}${String(i === 0 ? 'D' : plainRows[i - 1][1]).padEnd(16)} ${i === 0 ? 'loss' : plainRows[i - 1][2]} `,
      )
      .join('\n'),
  ],
  [
    'a table of Markdown',
    `| N | D | loss |\n|---|---|---|\n${plainRows.map((cells) => `| ${cells.join(' | ')} |`).join('\n')}`,
  ],
  [
    'German',
    csv(
      {
        'Parameter (Mio)': (r) => comma(r.N / 1e6),
        'Tokens (Mrd)': (r) => comma(r.D / 1e9),
        Verlust: (r) => comma(r.loss),
      },
      ';',
    ),
  ],
  ['Chinese', csv({ '参数量 (亿)': (r) => r.N / 1e8, '训练token数 (亿)': (r) => r.D / 1e8, 验证损失: loss })],
  ['logarithms', csv({ log10_N: (r) => Math.log10(r.N), 'log10(D)': (r) => Math.log10(r.D), loss })],
  ['errors behind numbers', csv({ N, D, loss: (r) => `${r.loss} ± 0.01` })],
  ['what a loss is of in brackets', csv({ size: N, tokens: D, 'ppl (val)': (r) => Math.exp(r.loss) })],
] as const)
  test(`read as it is: ${title}`, async () => {
    const data = await readText(text)
    assertTruth(data.runs)
    assertNothingLost(data)
  })

test('advice on columns of unknown names tells their unit, too', async () => {
  const text = csv({ weights_mm: (r) => r.N / 1e6, 'text tokens, bn.': (r) => r.D / 1e9, loss })
  assertTruth((await following(text, 'COLUMN_MISSING')).runs)
})

test('--best keeps runs of equal N and D that repeated other data', async () => {
  const text =
    'N,D,unique_tokens,lr,loss\n1e8,4e9,4e9,1e-3,3.0\n1e8,4e9,1e9,1e-3,3.1\n1e8,4e9,1e9,2e-3,3.2\n1e8,8e9,8e9,1e-3,2.9\n'
  const best = bestOfEach(await readText(text))
  assert.deepEqual([...best.runs.loss], [3.0, 3.1, 2.9])
})
