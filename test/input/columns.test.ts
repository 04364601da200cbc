import assert from 'node:assert/strict'
import { test } from 'node:test'
import { IsoflopError } from '../../src/core/errors.ts'
import { matchesOf } from '../../src/input/names.ts'
import { parseColumns } from '../../src/input/told.ts'
import { planOf } from './files.ts'

/** Which of the file's columns each quantity was found in. */
function found(columns: string[], told = {}): Record<string, string> {
  const plan = planOf(columns, told)
  const entries = Object.entries(plan.at).filter(([, place]) => place >= 0)
  return Object.fromEntries(entries.map(([quantity, place]) => [quantity, columns[plan.wanted[place]]]))
}

const throwsCode = (run: () => unknown, code: string, pattern: RegExp) =>
  assert.throws(run, (error) => error instanceof IsoflopError && error.code === code && pattern.test(error.message))

const usual: [string, string[]][] = [
  [
    'parameters',
    ['parameters', 'params', 'N', 'Model Size', 'n_params', 'num_params', 'non_embedding_params', 'Num-Params'],
  ],
  [
    'tokens',
    ['tokens', 'D', 'n_tokens', 'num_tokens', 'train_tokens', 'dataset_size', 'tokens_seen', 'Tokens (tokens)'],
  ],
]
for (const [quantity, names] of usual) {
  for (const name of names) {
    test(`${name} is ${quantity}`, () => {
      assert.equal(found([name, 'C', 'loss', 'other'])[quantity], name)
    })
  }
}

for (const name of [
  'compute_budget',
  'flops',
  'budget',
  'C',
  'Training FLOP',
  'train_flops',
  'compute',
  'Compute (FLOPs)',
]) {
  test(`${name} is flops`, () => {
    assert.equal(found(['other', 'N', name, 'loss']).flops, name)
  })
}

for (const name of ['loss', 'final_loss', 'val_loss', 'eval_loss', 'train/loss', 'loss_final', 'L', 'Loss (nats)']) {
  test(`${name} is loss`, () => {
    assert.equal(found([name, 'N', 'D']).loss, name)
  })
}

test('single letters are capitals only', () => {
  throwsCode(() => found(['n', 'd', 'loss']), 'COLUMN_MISSING', /parameters, tokens, flops/)
  assert.deepEqual(found(['n', 'd', 'loss'], { parameters: 'n', tokens: 'd' }), {
    parameters: 'n',
    tokens: 'd',
    loss: 'loss',
  })
})

for (const [name, quantity, factor] of [
  ...([
    ['Params (M)', 'parameters', 1e6],
    ['params_m', 'parameters', 1e6],
    ['Params in millions', 'parameters', 1e6],
  ] as const),
  ...([
    ['NParamsB', 'parameters', 1e9],
    ['paramsB', 'parameters', 1e9],
    ['N [1e6]', 'parameters', 1e6],
  ] as const),
  ...([
    ['Tokens (B)', 'tokens', 1e9],
    ['tokens_billions', 'tokens', 1e9],
    ['D (billion tokens)', 'tokens', 1e9],
  ] as const),
  ...([
    ['train/total_gflops', 'flops', 1e9],
    ['Compute (PF-days)', 'flops', 8.64e19],
    ['exaFLOPs', 'flops', 1e18],
  ] as const),
  ...([
    ['compute_pf_days', 'flops', 8.64e19],
    ['C (10^18)', 'flops', 1e18],
    ['FLOPs (1e18)', 'flops', 1e18],
  ] as const),
  ...([
    ['petaflop/s-days', 'flops', 8.64e19],
    ['Loss (M)', null, 0],
    ['lr_m', null, 0],
  ] as const),
] as const)
  test(`the unit in "${name}" is ${quantity === null ? 'not one' : `${factor} ${quantity}`}`, () => {
    const [match] = [...matchesOf([name]).values()].flat().filter((one) => one.factor !== null)
    assert.deepEqual([match?.quantity ?? null, match?.factor?.value ?? 0], [quantity, factor])
  })

test('of two columns of one quantity the preferred name is taken, in a note', () => {
  const plan = planOf(['loss', 'val_loss', 'N', 'D'])
  assert.equal(plan.named.loss, 'val_loss')
  assert.match(plan.notes.join('\n'), /loss: took "val_loss" and left "loss"/)
})

test('tokens_seen is both the tokens and the step', () => {
  const columns = found(['run', 'N', 'tokens_seen', 'loss'])
  assert.deepEqual([columns.tokens, columns.step], ['tokens_seen', 'tokens_seen'])
  const both = planOf(['run', 'step', 'N', 'tokens_seen', 'loss'])
  assert.deepEqual([both.named.step, both.notes.length], ['step', 1])
})

test('a told column wins over the usual name, and is not used twice', () => {
  const columns = found(['loss', 'val_loss', 'params', 'size', 'D'], { loss: 'val_loss', parameters: 'size' })
  assert.deepEqual(columns, { parameters: 'size', tokens: 'D', loss: 'val_loss' })
  assert.deepEqual(found(['loss', 'N', 'D', 'params'], { tokens: 'N' }).parameters, 'params')
})

test('a told shape is N', () => {
  const columns = found(['loss', 'N', 'C', 'w', 'h'], { d_model: 'w', num_layers: 'h' })
  assert.deepEqual(columns, { flops: 'C', loss: 'loss', d_model: 'w', num_layers: 'h' })
})

test('a told column that is not there is an error that lists the columns', () => {
  throwsCode(() => found(['N', 'D', 'loss'], { loss: 'ppl' }), 'COLUMN_UNKNOWN', /no column "ppl".*N, D, loss/)
})

test('a missing column is an error that says what is needed, what is there, and how to name it', () => {
  throwsCode(() => found(['N', 'D', 'score']), 'COLUMN_MISSING', /^runs\.csv has no column for loss\. .*N, D, score/)
  throwsCode(() => found(['N', 'loss']), 'COLUMN_MISSING', /no column for tokens, flops/)
  throwsCode(() => found(['1e9', '2e10', '3.1']), 'COLUMN_MISSING', /first line must name the columns/)
})

test('--columns is parsed', () => {
  assert.deepEqual(parseColumns('parameters=N, loss = val_loss'), { parameters: 'N', loss: 'val_loss' })
  assert.deepEqual(parseColumns('loss="loss, nats",tokens=D\\,B'), { loss: 'loss, nats', tokens: 'D,B' })
  assert.deepEqual(parseColumns('loss=a=b'), { loss: 'a=b' })
  assert.deepEqual(parseColumns('loss="say ""'.replace('""', '\\""')), { loss: 'say "' })
})

for (const [text, pattern] of [
  ['params=N', /"params" is not a quantity/],
  ['loss', /"loss" has no "="/],
  ['', /"" has no "="/],
  ['loss=', /loss has no column/],
  ['loss=a,loss=b', /named twice/],
  ['loss=a,', /"" has no "="/],
] as const) {
  test(`--columns '${text}' is refused`, () => {
    throwsCode(() => parseColumns(text), 'BAD_OPTION', pattern)
  })
}
