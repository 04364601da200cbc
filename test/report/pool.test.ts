import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { PoolView } from '../../src/campaign/pool/view.ts'
import { renderFigures } from '../../src/report/draw/svg.ts'
import { poolFigures } from '../../src/report/pool/figures.ts'
import { jsonLines, nextRows, poolJson, purchaseRows } from '../../src/report/pool/json.ts'
import { renderPool } from '../../src/report/pool/report.ts'
import { choiceText } from '../../src/report/pool/text.ts'
import { englishOf } from './english.ts'
import { advised, opening, played, purchases } from './pools.ts'
import { matchesSnapshot } from './snapshot.ts'

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

test('figures of a pool have no English sentence where they are Chinese', () => {
  for (const view of [played, advised]) assert.deepEqual(englishOf(poolFigures, view), [])
})
