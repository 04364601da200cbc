import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Advised, Played, PoolView, ViewedPrediction, ViewedPurchase } from '../../src/campaign/pool/view.ts'
import { renderFigures } from '../../src/report/draw/svg.ts'
import { poolFigures } from '../../src/report/pool/figures.ts'
import { jsonLines, nextRows, poolJson, purchaseRows } from '../../src/report/pool/json.ts'
import { renderPool } from '../../src/report/pool/report.ts'
import { choiceText } from '../../src/report/pool/text.ts'
import { matchesSnapshot } from './snapshot.ts'

/** A small choice of every kind of run, with numbers that are easy to find again. */
const sizes = [1e8, 2e8, 4e8]
const run = (N: number, D: number, row: number) => ({
  ...{ source: '<runs> & more.csv', row, parameters: N, tokens: D, flops: 6 * N * D },
  ...{ rate: 1e-3, batch: 256, unique: row === 3 ? D / 4 : null },
})
const purchases: ViewedPurchase[] = sizes.flatMap((N, k) =>
  [1e9, 3e9].map((D, j): ViewedPurchase => {
    const diverged = k === 2 && j === 1
    return {
      ...run(N, D, 2 + 2 * k + j),
      ...{
        cost: 10 * (k + 1) + j,
        round: k,
        reason: 'because',
        worth: k === 0 ? null : 1e-4,
        share: k === 0 ? null : 0.123,
      },
      ...{ outcome: diverged ? 'diverged' : 'finished', loss: diverged ? null : 3.5 - 0.1 * k - 0.05 * j },
    }
  }),
)
const prediction: ViewedPrediction = {
  ...{ runs: 5, features: ['rate', 'batch', 'repeats'], best: null, undetermined: null },
  target: [
    { ...run(2e9, 4e10, 2), predicted: 2.51, interval: [2.45, 2.57], loss: 2.5 },
    { ...run(2e9, 8e10, 3), predicted: 2.41, interval: [2.36, 2.46], loss: 2.3 },
    { ...run(4e9, 8e10, 4), predicted: 2.31, interval: [2.2, 2.42], loss: null },
  ],
  scores: { runs: 2, rmse: 0.0781, bias: 0.06, r2: 0.39, covered: 0.5 },
}
const estimate = (value: number) => ({ value, interval: [0.9 * value, 1.1 * value] as const })
const budgetPrediction: ViewedPrediction = {
  ...{ runs: 5, features: ['rate'], target: [], undetermined: null, scores: null },
  best: {
    ...{ flops: 1e22, parameters: estimate(5e9), tokens: estimate(3.3e11), rate: estimate(5e-4) },
    ...{ batch: null, loss: estimate(2.1) },
  },
}

const played: PoolView<Played> = {
  task: {
    sources: ['<runs> & more.csv'],
    target: { kind: 'runs', sources: ['large.csv'], runs: 3 },
    ...{ unit: 'gpu_hours', budget: 150, seed: 4, confidence: 0.95, batchUnit: 'sequences', lossUnit: 'nats/token' },
  },
  pool: {
    ...{ runs: 9, finished: 8, diverged: 1, open: 0, cost: 400 },
    places: sizes.flatMap((N) => [1e9, 3e9, 9e9].map((D) => ({ parameters: N, tokens: D }))),
  },
  result: {
    ...{ kind: 'played', spent: 123, purchases, prediction },
    rounds: [
      { round: 0, runs: 2, cost: 21, sdBefore: null, sdAfter: null },
      { round: 1, runs: 2, cost: 41, sdBefore: 0.0612, sdAfter: 0.0301 },
      { round: 2, runs: 2, cost: 61, sdBefore: 0.0298, sdAfter: 0.0203 },
    ],
    hindsight: {
      rest: { runs: 3, rmse: 0.0123, bias: -0.004, r2: 0.97, covered: 1 },
      all: { ...prediction, runs: 8, scores: { runs: 2, rmse: 0.0211, bias: 0.01, r2: 0.9, covered: 1 } },
    },
  },
  diagnostics: [
    { code: 'far-extrapolation', severity: 'warning', message: 'It is far.', evidence: {}, advice: 'Believe it less.' },
  ],
  read: [
    {
      ...{ read: 11, used: 9, checkpoints: 0, notes: ['columns: so and so'] },
      excluded: [{ source: '<runs> & more.csv', row: 12, reason: 'cost is -1, expected a positive number' }],
      sources: [{ name: '<runs> & more.csv', rows: 11, sha256: 'abc' }],
    },
  ],
}

const advised: PoolView<Advised> = {
  ...played,
  task: { ...played.task, target: { kind: 'budget', flops: 1e22 }, unit: 'cost', budget: null },
  pool: { ...played.pool, finished: 5, diverged: 1, open: 3 },
  result: {
    ...{ kind: 'advised', spent: 77, stopped: { kind: 'none-left' }, prediction: budgetPrediction },
    ...{ sdBefore: 0.05, sdAfter: 0.04 },
    next: purchases.slice(2, 4).map(({ loss: _l, outcome: _o, round: _r, ...plan }) => plan),
  },
}
const opening: PoolView<Advised> = {
  ...advised,
  pool: { ...advised.pool, finished: 0, diverged: 0, open: 9 },
  result: {
    ...{ kind: 'advised', spent: 0, stopped: { kind: 'opening' }, prediction: null, sdBefore: null, sdAfter: null },
    next: purchases.slice(0, 2).map(({ loss: _l, outcome: _o, round: _r, ...plan }) => plan),
  },
}
const reportOf = (view: PoolView) =>
  renderPool({ view, title: 'A choice', command: 'isoflop campaign --pool', versions: { isoflop: '0' } })

test('on a terminal the prediction comes first, then the purchases in order with why, then what the rest says', () => {
  const text = choiceText(played)
  assert.match(text, /^3 runs of large\.csv, from 6 runs for 123 of 150 gpu_hours, 95 % intervals:\n/)
  const order = [
    '2.510 [2.450, 2.570]',
    'off by 0.0781',
    'opening',
    '0.0612 to 0.0301',
    'In this order',
    '12 %',
    '3 runs not bought',
    'From all 8 runs with a loss, 400 gpu_hours',
    'far-extrapolation',
  ]
  const places = order.map((words) => text.indexOf(words))
  assert.ok(
    places.every((place) => place >= 0),
    `${places}`,
  )
  assert.deepEqual(
    places,
    places.toSorted((a, b) => a - b),
  )
  assert.match(text, / 31 +diverged +12 %\n/)
  assert.match(text, /2\s+2\.00e9\s+4\.00e10\s+0\.001\s+256\s+-\s+2\.510 \[2\.450, 2\.570\]\s+2\.500\s+\+0\.010\n/)
  assert.match(text, /4\s+4\.00e9\s+8\.00e10\s+0\.001\s+256\s+-\s+2\.310 \[2\.200, 2\.420\]\s+-\s+-\n/)
})

test('what to make next comes before what is known, and an opening predicts nothing', () => {
  const text = choiceText(advised)
  assert.match(text, /^To make next, 2 runs for 41 units of cost: they lower [\s\S]* from 0\.0500 to 0\.0400 nats:\n/)
  assert.match(text, /Every run of the pool is made or named\./)
  assert.match(
    text,
    /The best run of 1e22 FLOPs, from 5 runs with a loss, 95 % intervals:\n {2}N +5\.00e9 \[4\.50e9, 5\.50e9\]/,
  )
  assert.match(text, /5 with a loss, 1 diverged and 3 not made yet/)
  const first = choiceText(opening)
  assert.match(first, /an opening, which spreads/)
  assert.match(first, /No prediction yet: a law needs 8 runs with a loss, and there are 0\./)
})

test('long tables are cut on a terminal and closed in the report, and say where the rest is', () => {
  const many = Array.from({ length: 60 }, (_, k) => ({ ...purchases[k % 6], row: k + 2 }))
  const view = { ...played, result: { ...played.result, purchases: many } }
  assert.match(choiceText(view), /And 20 more runs: in purchases\.jsonl and the report\./)
  assert.match(reportOf(view)['report.html'], /<details><summary>All 60 runs<\/summary>/)
})

test('the report has the same in HTML and Markdown, escapes names, and lists the rows that were left out', () => {
  for (const view of [played, advised, opening]) {
    const files = reportOf(view)
    for (const name of ['report.html', 'report.md']) {
      const page = files[name]
      assert.doesNotMatch(page, /<runs>|NaN|undefined|\[object|Infinity/, name)
      assert.match(page, /cost is -1, expected a positive number/)
      assert.match(page, /(&lt;|&#60;)runs(&gt;|&#62;) (&amp;|&#38;) more/)
    }
    assert.ok(files['figures/places.svg'].startsWith('<svg'))
  }
  assert.match(reportOf(played)['report.md'], /## Which runs were bought, and why/)
  assert.match(reportOf(advised)['report.md'], /## Which runs to make next/)
})

test('the JSON has everything but the places of the pool, and its rows are tables', () => {
  const json = JSON.parse(JSON.stringify(poolJson(played)))
  assert.equal(json.pool.places, undefined)
  assert.deepEqual(json.result.purchases, JSON.parse(JSON.stringify(purchaseRows(played))))
  assert.deepEqual(json.result.purchases[5], {
    ...{ source: '<runs> & more.csv', row: 7, parameters: 4e8, tokens: 3e9, flops: 7.2e18, learning_rate: 1e-3 },
    ...{
      batch_size: 256,
      cost: 31,
      loss: null,
      outcome: 'diverged',
      round: 2,
      worth: 1e-4,
      share: 0.123,
      reason: 'because',
    },
  })
  assert.equal(json.result.prediction.target[1].unique_tokens, 2e10)
  const inTokens = purchaseRows({ ...played, task: { ...played.task, batchUnit: 'tokens' } })
  assert.equal(inTokens[0].batch_tokens, 256)
  assert.equal(jsonLines(nextRows(advised)).split('\n').length, 3)
  assert.deepEqual([purchaseRows(advised), nextRows(played)], [[], []])
})

for (const { name, svg } of renderFigures<PoolView>(poolFigures, played))
  test(`snapshot of a choice's ${name}`, () => {
    matchesSnapshot(`pool-${name}`, svg)
    assert.doesNotMatch(svg, /NaN|Infinity|undefined|null/)
  })

test('figures leave out what is not known, and say in words what they show', () => {
  assert.deepEqual(
    renderFigures<PoolView>(poolFigures, opening).map(({ name }) => name),
    ['places'],
  )
  const [places, errors] = renderFigures<PoolView>(poolFigures, played)
  assert.match(places.alt, /the 6 runs that were bought/)
  assert.match(errors.alt, /2 runs whose loss is on record/)
})

test('in Chinese text and report have the same parts, and no English sentence', () => {
  for (const view of [played, advised]) {
    const report = { view, title: 'x', command: 'isoflop', versions: {} }
    const [chinese, english] = (['zh', 'en'] as const).map(
      (language) => renderPool({ ...report, language })['report.md'],
    )
    const marks = (text: string) => text.split('\n').map((line) => /^(#+ |\||- |!\[)?/.exec(line)![0])
    assert.deepEqual(marks(chinese), marks(english))
    const text = choiceText({ ...view, diagnostics: [] }, { language: 'zh' })
    assert.match(text, /\p{Script=Han}/u)
    assert.deepEqual(
      text.split('\n').filter((line) => /[a-z]{3,} [a-z]{2,} [a-z]{3,}/.test(line) && !/\p{Script=Han}/u.test(line)),
      [],
    )
  }
})
