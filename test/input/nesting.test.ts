import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readConfigs } from '../../src/input/configs.ts'
import { readRuns } from '../../src/input/read.ts'
import { assertNothingLost, readText, reasons, rejects, write } from './files.ts'
import { assertLaw, type LawRun, lawRuns } from './known-law.ts'

const listed = (runs: readonly LawRun[]) => ({
  N: runs.map(({ N }) => N),
  D: runs.map(({ D }) => D),
  loss: runs.map(({ loss }) => loss),
})
const keyed = <T>(values: readonly T[], key: (i: number) => string = (i) => `run${i}`) =>
  Object.fromEntries(values.map((value, i) => [key(i), value]))
const plain = lawRuns.map(({ N, D, loss }) => ({ N, D, loss }))
const budgets = [0, 1, 2, 3, 4].map((i) => lawRuns.slice(6 * i, 6 * i + 6))
/** What curves are made of: losses and tokens before the last. */
const history = ({ D, loss }: LawRun) =>
  [0.25, 0.5, 1].map((share) => ({ step: 400 * share, tokens: D * share, loss: loss - Math.log(share) / 4 }))

/** The 30 runs as people's programs write them; whatever the layout, they are the same runs. */
const documents: Readonly<Record<string, unknown>> = {
  'two deep': lawRuns.map(({ N, D, loss }, i) => ({
    name: `r${i}`,
    state: 'finished',
    config: { model: { n_params: N }, data: { train_tokens: D } },
    summary: { eval: { loss }, _step: 10, _wandb: { runtime: 3 } },
  })),
  'five deep': lawRuns.map(({ N, D, loss }) => ({
    a: { b: { c: { model: { n_params: N } } } },
    e: { f: { trainer: { state: { train_tokens: D } } } },
    m: { n: { o: { metrics: { val_loss: loss } } } },
  })),
  'outer fields and an array of results in each': budgets.map((runs) => ({
    experiment: { budget: runs[0].C },
    results: runs.map(({ N, loss }) => ({ n_params: N, val_loss: loss })),
  })),
  'an array of models with arrays of runs in one object': {
    author: 'x',
    models: lawRuns.map(({ N, ...run }) => ({ n_params: N, runs: [{ tokens: run.D, loss: run.loss }] })),
  },
  'requests beside responses': {
    experiment_id: 'x',
    request_plan: lawRuns.map(({ C }, i) => ({ request_id: String(i), params: { train_flops: C } })),
    responses: lawRuns.map(({ N, C, loss }, i) => ({
      request_id: String(i),
      params_without_api_key: { n_params: N, train_flops: C },
      status_code: 200,
      body_json: { loss, total_flops_used: 1e17 },
    })),
  },
  'people beside runs': { authors: [{ name: 'a' }, { name: 'b' }], sizes: [{ n_params: 1 }], table: plain },
  'runs by name': keyed(plain),
  'runs by name, under a key, beside other things': { version: 3, meta: { author: 'x' }, runs: keyed(plain) },
  'runs by name, two deep': keyed(
    lawRuns.map(({ N, D, loss }) => ({ config: { n_params: N, tokens: D }, eval: { loss } })),
  ),
  'by budget, then by name': keyed(
    budgets.map((runs) => keyed(runs.map(({ N, loss }) => ({ N, loss })))),
    (i) => `${budgets[i][0].C}`,
  ),
  'arrays by budget': keyed(
    budgets.map((runs) => runs.map(({ N, loss }) => ({ n_params: N, loss }))),
    (i) => budgets[i][0].C.toExponential(4),
  ),
  'a list a column': listed(lawRuns),
  'a list a column, under a key': { meta: { by: 'x' }, results: listed(lawRuns) },
  'a list a column, by group': keyed(budgets.map(listed), (i) => `group ${i}`),
  "a list a column, one size for all isn't one": { n_runs: 30, seed: 1, ...listed(lawRuns) },
  'an object a column, as pandas writes by itself': {
    N: keyed(
      lawRuns.map(({ N }) => N),
      String,
    ),
    D: keyed(
      lawRuns.map(({ D }) => D),
      String,
    ),
    loss: keyed(
      lawRuns.map(({ loss }) => loss),
      String,
    ),
  },
  'an object a column, rows by name': {
    n_params: keyed(lawRuns.map(({ N }) => N)),
    tokens: keyed(lawRuns.map(({ D }) => D)),
    loss: keyed(lawRuns.map(({ loss }) => loss)),
  },
  "pandas' split": {
    columns: ['N', 'D', 'loss'],
    index: lawRuns.map((_, i) => i),
    data: lawRuns.map(({ N, D, loss }) => [N, D, loss]),
  },
  "pandas' index": keyed(plain, String),
  "pandas' table": {
    schema: { fields: ['index', 'N', 'D', 'loss'].map((name) => ({ name, type: 'number' })), primaryKey: ['index'] },
    data: plain.map((run, index) => ({ index, ...run })),
  },
  "pandas' values under a header": [['N', 'D', 'loss'], ...lawRuns.map(({ N, D, loss }) => [N, D, loss])],
  "pandas' columns of two levels": {
    columns: [
      ['config', 'n_params'],
      ['config', 'tokens'],
      ['summary', 'loss'],
    ],
    data: lawRuns.map(({ N, D, loss }) => [N, D, loss]),
  },
  'a W&B table': { _type: 'table', header: ['N', 'D', 'loss'], rows: lawRuns.map(({ N, D, loss }) => [N, D, loss]) },
  'W&B, each setting with its value': lawRuns.map(({ N, D, loss }, i) => ({
    name: `r${i}`,
    config: { n_params: { value: N, desc: null }, tokens: { value: D, desc: null }, _wandb: { value: { cli: '1' } } },
    summary: { loss, _step: 4 },
  })),
  'W&B, objects as text': lawRuns.map(({ N, D, loss }, i) => ({
    name: `r${i}`,
    config: JSON.stringify({ n_params: N, tokens: D }),
    summary: JSON.stringify({ loss, _step: 4 }),
  })),
  'W&B, what its server answers': {
    data: {
      project: {
        runs: {
          edges: lawRuns.map(({ N, D, loss }, i) => ({
            node: {
              displayName: `r${i}`,
              state: 'finished',
              config: JSON.stringify({ n_params: { value: N }, tokens: { value: D } }),
              summaryMetrics: JSON.stringify({ eval: { loss }, _runtime: 3 }),
            },
          })),
        },
      },
    },
  },
  'MLflow, what its server answers': {
    runs: lawRuns.map(({ N, D, loss }, i) => ({
      info: { run_id: `r${i}`, status: 'FINISHED', experiment_id: '0' },
      data: {
        metrics: [
          { key: 'val_loss', value: loss, timestamp: 1.7e12, step: 9 },
          { key: 'lr', value: 1e-3, timestamp: 1.7e12, step: 9 },
        ],
        params: [
          { key: 'n_params', value: String(N) },
          { key: 'train_tokens', value: String(D) },
        ],
        tags: [{ key: 'mlflow.user', value: 'x' }],
      },
    })),
    next_page_token: 'abc',
  },
  'MLflow, search_runs as pandas writes it': {
    run_id: keyed(
      lawRuns.map((_, i) => `r${i}`),
      String,
    ),
    'params.n_params': keyed(
      lawRuns.map(({ N }) => String(N)),
      String,
    ),
    'params.train_tokens': keyed(
      lawRuns.map(({ D }) => String(D)),
      String,
    ),
    'metrics.val_loss': keyed(
      lawRuns.map(({ loss }) => loss),
      String,
    ),
  },
  'Aim, runs with their traces': {
    runs: lawRuns.map(({ N, D, loss }, i) => ({
      hash: `h${i}`,
      params: { hparams: { n_params: N, tokens: D } },
      traces: [
        { name: 'loss', context: { subset: 'val' }, last_value: { last: loss, last_step: 9 } },
        { name: 'lr', context: {}, last_value: { last: 1e-3, last_step: 9 } },
      ],
    })),
  },
  'Comet, experiments': lawRuns.map(({ N, D, loss }, i) => ({
    experimentKey: `k${i}`,
    parameters: [
      { name: 'n_params', valueCurrent: String(N), editable: false },
      { name: 'tokens', valueCurrent: String(D), editable: false },
    ],
    metrics: [{ name: 'val_loss', valueMin: String(loss), valueMax: '9', valueCurrent: String(loss), stepCurrent: 9 }],
  })),
  'Optuna, trials': {
    study_name: 'x',
    trials: lawRuns.map(({ N, D, loss }, number) => ({
      number,
      state: 'COMPLETE',
      value: loss,
      params: { n_params: N },
      user_attrs: { tokens: D },
      intermediate_values: { 1: loss + 2, 2: loss + 1 },
    })),
  },
  'the course, 2025': {
    previous_runs: lawRuns.map(({ N, C, loss }, i) => ({
      n_params: N,
      batch_size: 128,
      learning_rate: 1e-3 + i * 1e-6,
      train_flops: C,
      loss,
    })),
  },
  'an object under a name of its own, in an array': plain.map((run, i) => ({ [`run${i}`]: run })),
  'responses with an id each, in an experiment that has one': {
    experiment_id: 'x',
    results: plain.map((run, i) => ({ request_id: `${i}`, ...run })),
  },
  'a chart of Vega': { data: { values: plain }, layer: [{ mark: 'point' }, { mark: 'line' }] },
  "a page of a dataset's viewer": {
    features: [{ name: 'N', type: 'float' }],
    rows: plain.map((row, row_idx) => ({ row_idx, row, truncated_cells: [] })),
  },
  'lm-eval, a file for all': keyed(
    lawRuns.map(({ N, D, loss }) => ({
      results: { wikitext: { alias: 'wikitext', 'loss,none': loss, 'loss_stderr,none': 'N/A' } },
      config: { model: 'hf', model_num_parameters: N, n_params: N },
      train_tokens: D,
      higher_is_better: { wikitext: { loss: false } },
    })),
    (i) => `model-${i}`,
  ),
}

for (const [name, document] of Object.entries(documents))
  test(`JSON of people: ${name}`, async () => {
    const data = await readText(JSON.stringify(document, null, name.length % 2))
    assertNothingLost(data)
    assert.deepEqual(data.excluded, [])
    await assertLaw(data)
  })

const lines: Readonly<Record<string, string>> = {
  'an object under a name of its own a line': plain.map((run, i) => JSON.stringify({ [`run${i}`]: run })).join('\n'),
  'objects over several lines each, as jq prints them': plain.map((run) => JSON.stringify(run, null, 2)).join('\n'),
  'objects in one line, without a comma': plain.map((run) => JSON.stringify(run)).join(' '),
  'a list a line under a header': [['N', 'D', 'loss'], ...plain.map((run) => Object.values(run))]
    .map((row) => JSON.stringify(row))
    .join('\n'),
}

for (const [name, text] of Object.entries(lines))
  test(`JSON of people, in lines: ${name}`, async () => {
    const data = await readText(text)
    assertNothingLost(data)
    await assertLaw(data)
  })

test('what Python prints, and lists without names, are refused with what to write', async () => {
  const python = JSON.stringify(plain).replaceAll('"', "'")
  await rejects(readText(python), 'FILE_FORMAT', /line 1, column 3.*json\.dump/)
  const lists = plain.map((run) => JSON.stringify(Object.values(run)))
  await rejects(readText(`[${lists.join()}]`), 'FILE_FORMAT', /the first names the columns/)
  await rejects(readText(lists.join('\n')), 'FILE_FORMAT', /the first names the columns/)
})

test('the 2026 course answers experiments with a list of losses, the last of which counts', async () => {
  const experiments = lawRuns.map(({ N, D, loss }, i) => ({
    experiment_id: i,
    training_config: {
      architecture_config: { hidden_size: 64 + i, num_hidden_layers: 4, vocab_size: 32000, n_params: N },
      optimizer_config: { lr_scheduler: { peak_value: 3e-4 } },
      train_batch_size: 128,
      total_train_tokens: D,
    },
    status: { status_type: 'completed', used_runtime_seconds: 9.5, val_losses: [loss + 2, loss + 1, loss] },
  }))
  await assertLaw(await readText(JSON.stringify(experiments)))
  await assertLaw(await readText(JSON.stringify({ experiments })))
})

test('JSON lines with arrays of checkpoints: the outer fields belong to each, and the last is the run', async () => {
  const lines = lawRuns.map((run, i) => JSON.stringify({ run: `r${i}`, n_params: run.N, history: history(run) }))
  const data = await readText(lines.join('\n'))
  assert.equal(data.checkpoints, 60)
  assertNothingLost(data)
  await assertLaw(data)
  assert.ok(data.notes.includes('records: the rows are those of "history"'))
})

test('an array that only says losses and steps is the history of the record around it: the last step is the run', async () => {
  const states = lawRuns.map(({ N, D, loss }) => ({
    num_params: N,
    num_input_tokens_seen: D,
    global_step: 200,
    log_history: [
      { loss: loss + 1, step: 100, learning_rate: 1e-3 },
      { loss, step: 200, learning_rate: 1e-4 },
    ],
  }))
  for (const text of [JSON.stringify(states), JSON.stringify({ models: states })]) {
    const data = await readText(text)
    assertNothingLost(data)
    assert.equal(data.excluded.length, 30)
    assert.match(data.excluded[0].reason, /^step 100 of a run whose tokens are known only at its last step/)
    await assertLaw(data)
  }
  // One file a run, as trainers leave them.
  const files = states.slice(0, 3).map((state, i) => write(`trainer_state-${i}.json`, JSON.stringify(state)))
  assert.deepEqual(
    [...(await readRuns(files)).runs.loss],
    lawRuns.slice(0, 3).map(({ loss }) => loss),
  )
})

test('a record that is a run by itself is one, whatever arrays it has', async () => {
  const runs = lawRuns.map((run) => ({ n_params: run.N, tokens: run.D, loss: run.loss, history: history(run) }))
  const data = await readText(JSON.stringify(runs))
  assert.equal(data.checkpoints, 0)
  await assertLaw(data)
  const told = await readText(JSON.stringify(runs), { records: 'history' })
  assert.equal(told.read, 90)
})

const other = lawRuns.map(({ loss, ...run }) => ({ ...run, loss: loss + 1 }))

test('several tables that could be the runs are named, and --records chooses one', async () => {
  const text = JSON.stringify({ c4: lawRuns, pile: other, authors: [{ name: 'a' }] })
  await rejects(readText(text), 'FILE_FORMAT', /could be the runs: "c4", "pile"\. .*--records 'c4'/)
  await assertLaw(await readText(text, { records: 'c4' }))
  const deep = JSON.stringify({ sets: { c4: { runs: lawRuns }, pile: { runs: other } } })
  await rejects(readText(deep), 'FILE_FORMAT', /"sets\.c4\.runs", "sets\.pile\.runs"/)
  await assertLaw(await readText(deep, { records: 'sets.c4.runs' }))
  const named = JSON.stringify({ c4: keyed(plain), pile: keyed(other) })
  assert.equal((await readText(named)).read, 60)
})

test('a wrong --records is an error that lists what is there', async () => {
  const text = JSON.stringify({ c4: lawRuns, pile: other })
  await rejects(
    readText(text, { records: 'C4' }),
    'RECORDS_UNKNOWN',
    /no records "C4"\. Records are at "\.", "c4", "pile"/,
  )
  await rejects(readText(JSON.stringify(plain), { records: 'x' }), 'RECORDS_UNKNOWN', /at "\."/)
  await rejects(readText('N,D,loss\n1e9,1e9,3\n', { records: 'x' }), 'RECORDS_UNKNOWN', /no records "x"/)
})

test('with the columns told, the table that has them is taken', async () => {
  const odd = lawRuns.map(({ N, D, loss }) => ({ knob: N, food: D, pain: loss }))
  const text = JSON.stringify({ notes: [{ text: 'a' }], odd })
  await rejects(readText(text), 'FILE_FORMAT', /none of them has the usual names.*"notes", "odd"/)
  await assertLaw(await readText(text, { columns: { parameters: 'knob', tokens: 'food', loss: 'pain' } }))
})

test('records without the rows that others have are left out with that reason', async () => {
  const records = [
    { n_params: 1e9, results: [{ tokens: 1e9, loss: 3 }] },
    { n_params: 2e9 },
    { n_params: 3e9, results: [] },
    { n_params: 4e9, results: [7, { tokens: 1e9, loss: 2.9 }] },
    { n_params: 5e9, results: { tokens: 1e9, loss: 2.8 } },
  ]
  const data = await readText(JSON.stringify(records))
  assert.deepEqual(reasons(data), [
    [2, 'has no records in "results"'],
    [3, 'has no records in "results"'],
    [4, 'is not a JSON object'],
  ])
  assert.deepEqual([...data.runs.parameters], [1e9, 4e9, 5e9])
  assertNothingLost(data)
})

test('a field around a table does not hide one of the same name in it', async () => {
  const data = await readText(JSON.stringify({ name: 'sweep', loss: 99, tokens: 5e9, runs: plain }))
  await assertLaw(data)
})

test('of two values of one name neither is taken', async () => {
  const runs = lawRuns.map(({ N, D, loss }) => ({
    n_params: N,
    tokens: D,
    traces: ['train', 'val'].map((subset) => ({ name: 'loss', context: { subset }, last_value: { last: loss } })),
  }))
  await rejects(readText(JSON.stringify(runs)), 'COLUMN_MISSING', /records at "traces", too.*--records 'traces'/)
})

test('a square of losses, every size with every number of tokens, is not read as one loss of each size', async () => {
  const [N, D] = [
    [1e8, 2e8, 4e8],
    [1e9, 2e9, 4e9],
  ]
  const loss = N.map((size) => D.map((tokens) => 1.69 + 406.4 / size ** 0.34 + 410.7 / tokens ** 0.28))
  await rejects(readText(JSON.stringify({ N, D, loss })), 'NO_USABLE_RUNS', /is not a number/)
  // Of as many runs as each has losses in its history nobody can tell.
  const histories = await readText(JSON.stringify({ N, D, loss: loss.map((losses) => [9, ...losses]) }))
  assert.deepEqual(
    [...histories.runs.loss],
    loss.map((losses) => losses[2]),
  )
})

test('a sweep in each record that has its best beside it is asked about, and one told is read', async () => {
  const results = budgets.map((runs) => ({
    compute_budget: runs[0].C,
    sweep: runs.map(({ N, loss }) => ({ num_params: N, final_loss: loss })),
    best: { num_params: runs[2].N, final_loss: runs[2].loss },
  }))
  await rejects(readText(JSON.stringify(results)), 'FILE_FORMAT', /could be the runs: "\.", "sweep"/)
  await rejects(readText(JSON.stringify({ results })), 'FILE_FORMAT', /could be the runs: "results", "results\.sweep"/)
  await assertLaw(await readText(JSON.stringify({ results }), { records: 'results.sweep' }))
})

test('a mean and a deviation of each quantity are no rows', async () => {
  const records = lawRuns.map(({ N, D, loss }) => ({
    n_params: { mean: N, sd: 0 },
    tokens: { mean: D, sd: 0 },
    loss: { mean: loss, sd: 0.01 },
  }))
  await rejects(readText(JSON.stringify(records)), 'COLUMN_MISSING', /loss\.mean/)
  const columns = { parameters: 'n_params.mean', tokens: 'tokens.mean', loss: 'loss.mean' }
  await assertLaw(await readText(JSON.stringify(records), { columns }))
})

test('keys that every object has from the beginning are cells like others', async () => {
  const text = `[{"__proto__":{"N":5},"constructor":1,"toString":2,"N":1e9,"D":1e9,"loss":3},{"N":2e9,"D":1e9,"loss":2.9}]`
  const data = await readText(text)
  assert.deepEqual([...data.runs.parameters], [1e9, 2e9])
  const byName = '{"__proto__":{"N":1e9,"D":1e9,"loss":3},"constructor":{"N":2e9,"D":1e9,"loss":2.9}}'
  assert.deepEqual([...(await readText(byName)).runs.parameters], [1e9, 2e9])
  assert.equal(({} as Record<string, unknown>).N, undefined)
})

test('configurations are found at any depth, and what is in a config has its own name', async () => {
  const configs = [1, 2].map((k) => ({
    d_model: 64 * k,
    num_layers: 2,
    num_heads: 2,
    batch_size: 128,
    learning_rate: 1e-3,
    train_flops: 1e13,
  }))
  for (const document of [
    configs,
    { runs: configs },
    configs.map((config) => ({ config, loss: { average: 3 } })),
    keyed(configs),
  ]) {
    const { rows } = await readConfigs(write('configs.json', JSON.stringify(document)))
    assert.deepEqual(
      rows.map(({ config }) => config.dModel),
      [64, 128],
    )
  }
})
