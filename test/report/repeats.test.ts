import assert from 'node:assert/strict'
import { test } from 'node:test'
import { repeatsWorld } from '../../bench/repeats-worlds.ts'
import { analyse } from '../../src/fit/analysis.ts'
import type { Analysis } from '../../src/fit/result.ts'
import { drawFigure } from '../../src/report/draw/figure.ts'
import { newDocument, svgText } from '../../src/report/draw/svg.ts'
import { fitFigures } from '../../src/report/fit/figures.ts'
import { fitPage } from '../../src/report/fit/report.ts'
import { fitText } from '../../src/report/fit/text.ts'
import { htmlOf } from '../../src/report/page/html.ts'
import { markdownOf } from '../../src/report/page/markdown.ts'
import { englishOf } from './english.ts'
import { assertTables } from './tables.ts'

const many = repeatsWorld(4, 'as-fitted', 32).runs
const few = repeatsWorld(4, 'as-fitted', 4).runs
const repeats = { unique: [2e9, 2e10, 1e13] }
const analysisOf = (runs = many, targets = [1e21, 1e22]): Promise<Analysis> =>
  analyse({ runs }, { targets, repeats, resamples: 60 })
const textOf = (analysis: Analysis) => fitText({ analysis, truth: null })
const flat = (text: string) => text.replace(/\s+/g, ' ')
const pageOf = (analysis: Analysis) =>
  fitPage({
    analysis,
    truth: null,
    title: 'Repeats',
    data: { read: many.size, excluded: [], notes: [], sources: [] },
    command: 'isoflop fit epochs.csv --repeats',
    versions: {},
  })

test('a terminal has the best runs on fresh and on repeated data, what repeats are worth, and a table, in 100 columns', async () => {
  const text = textOf(await analysisOf())
  assert.match(text, /^At 1e22 FLOPs \(.* times the largest budget\), by repeats with 95 % intervals:$/m)
  assert.match(flat(text), /fresh data: N = \S+ \[\S+, \S+\] parameters, D = \S+ \[\S+, \S+\] tokens, loss = /)
  const line =
    /2e10 unique tokens: N = .*? epochs, loss = .*? nats worse than fresh; the \S+ seen again are worth \S+ \[/
  assert.match(flat(text), line)
  assert.match(flat(text), /1e13 unique tokens are enough for that/)
  assert.match(flat(text), /a repeated token is worth 90 % of a fresh one or more up to epoch \d\S+ \[/)
  assert.match(flat(text), / 4 as 3\.\d+ \[3\.\d+, [34]\.\d+\]/)
  assert.match(flat(text), /R\* of tokens = \S+ \[\S+, \S+\]: ever more epochs teach at most as/)
  assert.match(text, /^ 1e21 +2e10 .* \[\d\.\d+, \d\.\d+\]$/m)
  for (const each of text.split('\n')) assert.ok(each.length <= 100, each)
  assert.doesNotMatch(text, /NaN|Infinity|undefined|null|not lie|parabola/)
})

test('where the runs leave R* open the text says at least, and which best runs are not told', async () => {
  const text = flat(textOf(await analysisOf(few, [1e23])))
  assert.match(text, /up to epoch at least \d/)
  assert.match(text, /R\* of tokens at least \d\S* /)
  assert.match(
    text,
    /Not told is the best run with 1e23 FLOPs and 2e9 tokens.*: it has more epochs than the 4\.00 of the runs/,
  )
  assert.match(text, /warning repeats-open: Up to 4\.00 epochs/)
  assert.doesNotMatch(text, /2e9 unique tokens: N/)
})

test('a report has the same as tables, in HTML and Markdown', async () => {
  const page = pageOf(await analysisOf())
  for (const text of [htmlOf(page), markdownOf(page, 'figures')]) {
    assert.match(text, /The data-constrained law/)
    assert.match(text, /1e22, fresh data/)
    assert.match(text, /worse than fresh/)
    assert.match(text, /Loss against epochs/)
    assert.doesNotMatch(text, /NaN|Infinity|undefined/)
  }
})

test('a report says before the tables what shakes its answer', async () => {
  const html = htmlOf(pageOf(await analysisOf(few, [1e23])))
  assert.match(html, /Before relying on this:[\s\S]*do not tell where repeats stop to teach[\s\S]*<table/)
  assert.doesNotMatch(htmlOf(pageOf(await analysisOf())), /Before relying on this/)
})

test('its figures: what repeats are worth, and loss against epochs for the unique tokens that do not suffice', async () => {
  const subject = { analysis: await analysisOf(), truth: null }
  const drawn = fitFigures.flatMap((figure) => {
    const svg = drawFigure(figure, subject, newDocument())
    return svg ? [{ name: figure.name, svg: svgText(svg), caption: figure.caption(subject) }] : []
  })
  assert.deepEqual(
    drawn.map(({ name }) => name),
    ['repeats-worth', 'repeats-cost'],
  )
  const [worth, cost] = drawn
  assert.match(worth.svg, />as fresh</)
  assert.match(worth.caption, /worth 90 % of a fresh one up to epoch \d\S+ \[/)
  assert.match(cost.svg, />2e9 tokens<[\s\S]*>2e10 tokens</)
  assert.doesNotMatch(cost.svg, /1e13 tokens/)
  assert.match(cost.caption, /^The loss of 1e22 FLOPs .*with 2e9 at \S+ epochs \d\.\d{3}, with 2e10 at/)
  for (const { svg, caption } of drawn) assert.doesNotMatch(svg + caption, /NaN|Infinity|undefined/)
  assert.deepEqual(englishOf(fitFigures, subject), [])
  assertTables(fitFigures, subject)
})

test('bits per byte stay so', async () => {
  const text = flat(textOf(await analysisOf({ ...many, lossUnit: 'bits/byte' })))
  assert.match(text, /loss = \S+ \[\S+, \S+\] bits\/byte/)
  assert.match(text, /bits\/byte worse than fresh/)
  assert.doesNotMatch(text, /nats/)
})

test('too few runs are told as such', async () => {
  const analysis = await analysisOf(many)
  const none = { ...analysis, repeats: { kind: 'unavailable', reason: '5 runs, it needs 8' } as const }
  assert.match(textOf(none), /^repeats: 5 runs, it needs 8\./)
  assert.match(htmlOf(pageOf(none)), /The data-constrained law: 5 runs, it needs 8/)
})
