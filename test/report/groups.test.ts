import assert from 'node:assert/strict'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { test } from 'node:test'
import { version } from '../../src/core/version.ts'
import type { GroupsAnalysis, PairComparison } from '../../src/fit/groups/result.ts'
import { drawFigure, drawingOf } from '../../src/report/draw/figure.ts'
import { newDocument, renderFigures } from '../../src/report/draw/svg.ts'
import { predictionAt } from '../../src/report/fit/facts.ts'
import { laws } from '../../src/report/fit/groups/figures/laws.ts'
import { multiples } from '../../src/report/fit/groups/figures/multiples.ts'
import { groupsFigures } from '../../src/report/fit/groups/figures.ts'
import { groupsJson } from '../../src/report/fit/groups/json.ts'
import { groupsPage } from '../../src/report/fit/groups/report.ts'
import { groupsText } from '../../src/report/fit/groups/text.ts'
import { pairTexts } from '../../src/report/fit/groups/words.ts'
import { nats, significant } from '../../src/report/number.ts'
import { htmlOf } from '../../src/report/page/html.ts'
import { markdownOf } from '../../src/report/page/markdown.ts'
import { englishIn, englishOf } from './english.ts'
import { analysis, hostile, input } from './groups-analysis.ts'
import { assertTables } from './tables.ts'

const data = {
  read: input.runs.size,
  excluded: [],
  notes: [],
  sources: [{ name: 'runs.csv', rows: 100, sha256: 'ab' }],
}
const page = groupsPage({
  analysis,
  diagnostics: [],
  title: 'Groups',
  data,
  command: 'isoflop fit',
  versions: { isoflop: version },
})

/** The pair of the comparison with some of it told otherwise. */
const pairWith = (changes: Partial<PairComparison>): string =>
  pairTexts({ ...analysis.comparison.pairs[0], ...changes }, 'nats').join('. ')
const estimate = (value: number, low: number, high: number) => ({ value, interval: [low, high] as const })

test('the answer is a factor of tokens with its interval where plateaus and exponents allow it', () => {
  const text = groupsText(analysis).replace(/\s+/g, ' ')
  assert.match(text, /"books" needs 1\.[67]\dx \[1\.6\d, 1\.7\d\] the tokens of "web" for the same loss\./)
  assert.match(text, /the plateau E of "<b>\*_`" is 0\.\d{3} \[0\.\d{3}, 0\.\d{3}\] nats higher/)
  assert.doesNotMatch(text, /"<b>\*_`" needs [^.]* for the same loss/)
  assert.match(text, /"tiny" \(6 runs\) is not fitted: Expected runs of at least two compute budgets/)
})

test('each way to differ has its words, and none but one claims tokens for the same loss', () => {
  const factor = estimate(2.5, 2, 4)
  const worth = [{ flops: 1e20, parameters: 5e8, tokens: 3e10, loss: 2.6, factor }]
  const tokens = estimate(1.2, 1.1, 1.3)
  const plateau = estimate(-0.3, -0.4, -0.2)
  const said = {
    one: pairWith({ kept: 'one', tokens: estimate(1.01, 0.97, 1.05), plateau }),
    tokens: pairWith({ kept: 'tokens', tokens, plateau }),
    plateau: pairWith({ kept: 'plateau', tokens, plateau, worth }),
    exponents: pairWith({ kept: 'exponents', tokens, plateau, sizes: estimate(0.8, 0.7, 0.9), worth }),
    own: pairWith({
      kept: 'own',
      tokens: null,
      plateau,
      differences: { alpha: estimate(0.05, 0.02, 0.08), beta: estimate(-0.01, -0.03, 0.01) },
      worth,
    }),
  }
  assert.match(said.one, /1\.01x \[0\.970, 1\.05\] the tokens .* no difference that these runs show/)
  for (const [name, text] of Object.entries(said)) {
    const claims =
      /needs [^.]*the tokens of "web" for the same loss|needs \S+ \[\S+ \S+\] the tokens of "web" for the same loss/
    assert.equal(claims.test(text), name === 'one' || name === 'tokens', `${name}: ${text}`)
    if (name !== 'one' && name !== 'tokens') {
      assert.match(text, /0\.300 \[0\.200, 0\.400\] nats lower/)
      assert.match(text, /To reach 2\.600.*needs 2\.5x \[2\.0, 4\.0\] its tokens/)
    }
  }
  for (const text of [said.one, said.tokens])
    assert.match(text, /holds if both have one plateau E, which .* within -0\.400 to -0\.200 nats/)
  assert.match(said.exponents, /0\.80x \[0\.70, 0\.90\] the parameters/)
  assert.match(said.own, /Alpha of "books" is 0\.050 \[0\.020, 0\.080\] higher, beta 0\.010 \[-0\.010, 0\.030\] lower/)
})

test('tokens without end are said, not printed as infinity', () => {
  const worth = (factor: PairComparison['worth'][number]['factor']) =>
    pairWith({
      kept: 'plateau',
      plateau: estimate(1, 1, 1),
      worth: [{ flops: 1e20, parameters: 5e8, tokens: 3e10, loss: 2.6, factor }],
    })
  const no = Number.POSITIVE_INFINITY
  assert.match(worth(estimate(no, no, no)), /needs more tokens than any\./)
  assert.match(worth(estimate(no, 30, no)), /needs at least 30x its tokens, or more than any/)
  assert.match(worth(estimate(40, 5, no)), /needs at least 5\.0x its tokens, or more than any/)
  assert.match(
    worth(estimate(40, 0.2, no)),
    /needs a number of tokens that these runs do not tell: from 0\.20x to no end/,
  )
  assert.match(worth(estimate(4e5, 5e3, 7e7)), /needs >1000x \[>1000, >1000\] its tokens/)
  assert.doesNotMatch(JSON.stringify(worth(estimate(no, no, no))), /Infinity/)
})

test('the terminal has a row a group in at most 100 columns', () => {
  const lines = groupsText(analysis).split('\n')
  for (const line of lines) assert.ok(line.length <= 100, line)
  for (const name of ['web', 'books', hostile])
    assert.ok(
      lines.some((line) => line.startsWith(`${name} `)),
      name,
    )
})

test('a page has both forms of the figure, and names of groups are no markup', () => {
  const text = htmlOf(page)
  assert.equal(text.match(/class="broad"/g)?.length, groupsFigures.length)
  assert.equal(text.match(/class="narrow"/g)?.length, groupsFigures.length)
  assert.match(text, /viewBox="0 0 320 /)
  assert.doesNotMatch(text, /<b>/)
  const markdown = markdownOf(page, 'figures')
  assert.match(markdown, /!\[.*\]\(figures\/groups\.svg\)/)
  assert.doesNotMatch(markdown, /<b>/)
})

test('every p of the tests is on the page, and the sharing that is kept', () => {
  const markdown = markdownOf(page, 'figures')
  const { together, pairs } = analysis.comparison
  assert.equal(markdown.match(/\| (given up|kept|) \|$/gm)?.length, 4 * (pairs.length + 1))
  assert.equal(
    markdown.match(/\| kept \|$/gm)?.length,
    [together!, ...pairs].filter(({ kept }) => kept !== 'own').length,
  )
})

test('JSON has every group, what they share, and null for what is infinite', () => {
  const infinite: GroupsAnalysis = {
    ...analysis,
    comparison: {
      ...analysis.comparison,
      pairs: analysis.comparison.pairs.map((pair) => ({
        ...pair,
        worth: pair.worth.map((each) => ({ ...each, factor: estimate(3, 2, Number.POSITIVE_INFINITY) })),
      })),
    },
  }
  const run = { ...data, runs: input.runs, curves: null, checkpoints: 0, origin: () => ({ source: '', row: 0 }) }
  const json = JSON.parse(JSON.stringify(groupsJson(infinite, run as never, [], version)))
  assert.equal(json.groupBy, 'dataset')
  assert.deepEqual(
    json.groups.map(({ name, methods }: { name: string; methods: { method: string }[] }) => [name, methods[0].method]),
    ['web', 'books', hostile].map((name) => [name, 'norm']),
  )
  assert.deepEqual(
    json.left.map(({ name }: { name: string }) => name),
    ['tiny'],
  )
  assert.deepEqual(json.comparison.pairs[0].worth[0].factor.interval, [2, null])
  assert.deepEqual(Object.keys(json.comparison.together), ['kept', 'tests', 'exponents'])
})

test('panels stand in two columns, on a narrow screen below each other', () => {
  const figure = multiples
  const places = (form: 'draw' | 'narrow') => drawingOf(figure, analysis, form)!.parts.map(({ x, y }) => [x > 0, y > 0])
  assert.deepEqual(places('draw'), [
    [false, false],
    [true, false],
    [false, true],
  ])
  assert.deepEqual(places('narrow'), [
    [false, false],
    [false, true],
    [false, true],
  ])
  const labels = [...drawFigure(figure, analysis, newDocument())!.querySelectorAll('text')].map(
    ({ outerHTML }) => outerHTML,
  )
  for (const name of ['web', 'books'])
    assert.ok(
      labels.some((text) => text.includes(`${name}: loss`)),
      name,
    )
})

const escaped = (name: string): string => name.replaceAll('<', '&lt;').replaceAll('>', '&gt;')

test('the laws of all groups stand on the same axes, named at the end of lines that differ in grey, too', () => {
  const texts = [...drawFigure(laws, analysis, newDocument())!.querySelectorAll('text')].map(
    ({ outerHTML }) => outerHTML,
  )
  for (const { name, analysis: own } of analysis.groups) {
    const at = predictionAt(own, 'norm', 1e21)!
    for (const number of [nats(at.loss!), significant(at.parameters)])
      assert.ok(
        texts.some((text) => text.includes(`${escaped(name)} ${number}`)),
        `${name} ${number}`,
      )
    assert.ok(laws.alt(analysis).includes(`${name} N ${significant(at.parameters)}, loss ${nats(at.loss!)}`))
  }
  const lines = [...drawFigure(laws, analysis, newDocument())!.querySelectorAll('[aria-label=line]')]
  assert.equal(new Set(lines.map((line) => line.getAttribute('stroke-dasharray'))).size, analysis.groups.length)
  assert.equal(laws.draw({ ...analysis, groups: analysis.groups.slice(0, 1) }), null)
})

test('the best runs beside each other are told at the largest target', () => {
  const optima = [
    {
      flops: 1e22,
      parameters: estimate(0.8, 0.7, 0.95),
      tokens: estimate(1.25, 1.05, 1.43),
      loss: estimate(0.1, 0, 0.2),
    },
    { flops: 1e21, parameters: estimate(0.9, 0.8, 1), tokens: estimate(1.1, 1, 1.2), loss: estimate(0.2, 0, 0.3) },
  ]
  assert.match(
    pairWith({ optima }),
    /For 1e22 FLOPs, by .* the best N of "books" is 0\.80x \[0\.70, 0\.95\] that of "web", its best D 1\.3x \[1\.1, 1\.4\], and its best loss 0\.100 \[0\.000, 0\.200\] nats higher/,
  )
  assert.doesNotMatch(pairWith({ optima: [] }), /best D/)
})

test('snapshots of the groups', () => {
  const drawings = renderFigures(groupsFigures, analysis).flatMap(({ name, svg, narrow }) => [
    [name, svg],
    [`${name}-narrow`, narrow!],
  ])
  assert.equal(drawings.length, 2 * groupsFigures.length)
  for (const [name, drawn] of drawings) {
    const file = new URL(`../snapshots/${name}.svg`, import.meta.url)
    if (process.env.UPDATE_SNAPSHOTS) {
      mkdirSync(new URL('.', file), { recursive: true })
      writeFileSync(file, drawn)
    }
    assert.equal(drawn, readFileSync(file, 'utf8'), `${name}.svg changed; look at it, then set UPDATE_SNAPSHOTS=1`)
  }
})

test('in Chinese the report has the same parts, and says all of it', () => {
  const chinese = groupsPage({
    analysis,
    diagnostics: [],
    title: 'Groups',
    data,
    command: 'isoflop fit',
    versions: { isoflop: version },
    language: 'zh',
  })
  const kinds = ({ blocks }: typeof page) => blocks.map(({ kind }) => kind)
  assert.deepEqual(kinds(chinese), kinds(page))
  assert.deepEqual(englishOf(groupsFigures, analysis), [])
  assertTables(groupsFigures, analysis)
  assert.deepEqual(englishIn(groupsText(analysis, [], { language: 'zh' })), [])
  const text = groupsText(analysis, [], { language: 'zh' }).replace(/\s+/g, '')
  assert.match(text, /要达到同样的loss，“books”需要“web”的1\.[67]\dx\[1\.6\d,1\.7\d\]token数。/)
  assert.match(text, /“tiny”.*没有拟合：|“tiny”已拟合但不参与比较：/)
})
