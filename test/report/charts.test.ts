import assert from 'node:assert/strict'
import { test } from 'node:test'
import { runsOf } from '../../src/core/run.ts'
import type { Analysis } from '../../src/fit/result.ts'
import type { SurfaceLaw } from '../../src/law/surface.ts'
import { drawFigure, drawingAt } from '../../src/report/draw/figure.ts'
import { textWidth } from '../../src/report/draw/labels.ts'
import { sized, titleLines } from '../../src/report/draw/narrow.ts'
import { type Panel, scalesOf } from '../../src/report/draw/panel.ts'
import { figureWidth, fontSize } from '../../src/report/draw/style.ts'
import { newDocument, renderFigures, svgText } from '../../src/report/draw/svg.ts'
import { lowestPoints } from '../../src/report/fit/figures/lowest.ts'
import { optimum } from '../../src/report/fit/figures/optimum.ts'
import { fitFigures } from '../../src/report/fit/figures.ts'
import { withInterval } from '../../src/report/number.ts'
import { handoutLaw } from '../../src/world/handout.ts'
import { handout, noisy, nothing } from './analyses.ts'
import { assertLegible } from './contrast.ts'
import { englishOf } from './english.ts'
import { matchesSnapshot } from './snapshot.ts'
import { assertTables } from './tables.ts'

const drawFigures = (analysis: Analysis, truth: SurfaceLaw | null = null) =>
  renderFigures(fitFigures, { analysis, truth })

const drawnOf = (analysis: Analysis, name: string) => {
  const figure = fitFigures.find((candidate) => candidate.name === name)!
  const svg = drawFigure(figure, { analysis, truth: null }, newDocument())
  return svg && svgText(svg)
}

// Without noise the residuals are rounding, which is no snapshot's business.
for (const { name, svg } of drawFigures(handout))
  if (name !== 'residuals') test(`snapshot of ${name}`, () => matchesSnapshot(name, svg))

for (const name of ['residuals', 'exponents', 'agreement'])
  test(`snapshot of ${name} with noise`, () => matchesSnapshot(`${name}-noisy`, drawnOf(noisy, name)!))

test('every word in a figure can be read, on white paper and in the dark', () => {
  for (const analysis of [handout, noisy]) assert.ok(assertLegible(fitFigures, { analysis, truth: handoutLaw }) > 30)
})

const axisTitles: Record<string, string[]> = {
  profiles: ['parameters N', 'loss (nats/token)'],
  optimum: ['training compute C (FLOPs)', 'compute-optimal parameters N', 'compute-optimal tokens D'],
  lowest: ['training compute C (FLOPs)', 'parameters N'],
  agreement: ['training compute C (FLOPs)', 'N over the N of norm'],
  frontier: ['training compute C (FLOPs)', 'loss (nats/token)'],
  residuals: ['training compute C (FLOPs)', 'parameters N', 'measured \u2212 fitted (nats/token)'],
  exponents: ['exponent alpha of N', 'exponent beta of D'],
  backtest: ['predicted N / shown N'],
  rates: ['learning rate (labels: N, D)', 'loss (nats/token)'],
  'repeats-worth': ['epochs over the same tokens', 'epochs of fresh tokens they are worth'],
  'repeats-cost': ['epochs over the unique tokens', 'loss (nats/token)'],
}

test('on a wide screen panels that stand below each other stand side by side, each with the axis that they shared', () => {
  const drawing = optimum.draw({ analysis: noisy, truth: null })!
  const wide = sized(drawing, 1100)!
  assert.ok(wide.height < drawing.height * 0.7)
  const panels = wide.parts.map(({ content }) => content as Panel)
  assert.deepEqual(
    wide.parts.map(({ x, y }) => [x, y]),
    [
      [0, 0],
      [550, 0],
    ],
  )
  for (const { width, height, x } of panels)
    assert.deepEqual([width, height, x.label], [550, wide.height, panels[1].x.label])
  assert.ok(panels[1].x.label.length > 0)
  // Where there is no such room they stay as on paper.
  assert.deepEqual(
    sized(drawing, 900)!.parts.map(({ y }) => y),
    drawing.parts.map(({ y }) => y),
  )
})

test('every figure tells a number to those who do not see it', () => {
  for (const { name, alt } of drawFigures(noisy)) assert.match(alt, /\d/, `${name}: ${alt}`)
  const { alt } = drawFigures(handout, handoutLaw).find(({ name }) => name === 'optimum')!
  assert.match(alt, /At 1e\d\d FLOPs norm has N = \d\.\d\de\d+ .*D = /)
})

test('every figure names its axes with their units', () => {
  assert.deepEqual(new Set(Object.keys(axisTitles)), new Set(fitFigures.map(({ name }) => name)))
  for (const { name, svg } of drawFigures(noisy))
    for (const title of axisTitles[name]) assert.ok(svg.includes(`>${title}</text>`), `${name}: ${title}`)
})

test('no figure has a number that is none, more than three decimals, an id or a style sheet', () => {
  for (const analysis of [handout, noisy])
    for (const { name, svg } of drawFigures(analysis, handoutLaw)) {
      assert.doesNotMatch(svg, /NaN|Infinity|undefined|null/, name)
      assert.doesNotMatch(svg, / (d|x|y|cx|cy|r|transform)="[^"]*\d\.\d{4}/, name)
      assert.doesNotMatch(svg, / id=| class=|<style/, name)
    }
})

test('figures open stand-alone, on white, with words for those who do not see them', () => {
  for (const { name, svg, alt, caption } of drawFigures(handout)) {
    assert.match(svg, /^<svg [^>]*xmlns="http:\/\/www\.w3\.org\/2000\/svg"/, name)
    assert.match(svg, /<rect [^>]*fill="#fff"/, name)
    assert.ok(alt.length > 30 && caption.length > 80, name)
    assert.doesNotMatch(caption, /NaN|undefined|null| {2}/, name)
  }
})

test('the points of the handout\u2019s recipe are the lowest run of each budget', () => {
  const { runs } = handout
  const expected = handout.profiles.map(({ profile }) => {
    const best = [...profile.runs].sort((i, j) => runs.loss[i] - runs.loss[j])[0]
    return { x: profile.budget, y: runs.parameters[best] }
  })
  assert.equal(expected.length, 9)
  assert.deepEqual(lowestPoints(handout), expected)
})

test('for a narrow screen figures are drawn anew: in full size, each panel below the last, with no title cut off', () => {
  for (const { name, narrow } of drawFigures(noisy, handoutLaw)) {
    if (name === 'backtest') continue // names and columns are one table: it scrolls
    const [, width, height] = /^<svg [^>]*viewBox="0 0 (\d+) ([\d.]+)"/.exec(narrow ?? '') ?? []
    assert.ok(Number(width) === 320 && Number(height) > 250, `${name}: ${width} x ${height}`)
    for (const [, size] of narrow!.matchAll(/font-size="([\d.]+)"/g)) assert.ok(Number(size) >= 11, `${name}: ${size}`)
    for (const [, titles] of narrow!.matchAll(/aria-label="axis titles">(.*?)<\/g>/g))
      for (const [, text] of titles.matchAll(/>([^<]+)<\/text>/g)) assert.ok(textWidth(text, fontSize) <= 320, text)
  }
})

test('however wide a column is, no tick of a panel stands in another or is cut, and no title in the next panel', () => {
  const fault = (name: string, width: number) => {
    const figure = fitFigures.find((one) => one.name === name)!
    const drawing = drawingAt(figure, { analysis: noisy, truth: null }, width)
    const panels = (drawing?.parts ?? []).flatMap(({ content, ...place }) =>
      typeof content === 'function' ? [] : [{ ...content, place }],
    )
    for (const panel of panels) {
      const across = scalesOf(panel).x
      let end = 0
      for (const tick of panel.x.ticks) {
        const half = textWidth(panel.x.format(tick), fontSize) / 2
        if (across(tick) - half < end) return `a tick of ${panel.x.label}`
        end = across(tick) + half
      }
      if (end > panel.width) return `the last tick of ${panel.x.label}`
      const beside = panels.filter(({ place }) => place.y === panel.place.y && place.x > panel.place.x)
      const room = Math.min(drawing?.width ?? figureWidth, ...beside.map(({ place }) => place.x)) - panel.place.x
      for (const line of panel.y.label.split('\n')) if (textWidth(line, fontSize) > room) return line
    }
    return null
  }
  for (let width = 230; width < 900; width += 45)
    for (const { name } of fitFigures) assert.equal(fault(name, width), null, `${name} at ${width}`)
})

test('a title in several lines has room for all of them', () => {
  assert.deepEqual(titleLines('loss (nats/token)'), ['loss (nats/token)'])
  const lines = titleLines('measured \u2212 predicted from cheaper runs (nats)')
  assert.equal(lines.length, 2)
  assert.equal(lines.join(' '), 'measured \u2212 predicted from cheaper runs (nats)')
})

test('the same analysis gives the same bytes', () => {
  assert.deepEqual(drawFigures(noisy, handoutLaw), drawFigures(noisy, handoutLaw))
})

test('a figure whose data are missing is not drawn', () => {
  assert.deepEqual(drawFigures(nothing), [])
  const without = { ...handout, profiles: [], frontier: null, backtests: [] }
  assert.deepEqual(
    drawFigures(without).map(({ name }) => name),
    ['optimum', 'agreement', 'residuals', 'exponents'],
  )
  const alone = { ...handout, bands: handout.bands.filter(({ method }) => method === 'norm') }
  assert.equal(drawnOf(alone, 'agreement'), null)
})

test('every method and every target is labelled', () => {
  const svg = drawnOf(handout, 'optimum')!
  for (const method of ['surface', 'huber', 'parabola', 'lowest-log', 'lowest-raw'])
    assert.match(svg, new RegExp(`>${method} [\\d.]+e11</text>`))
  assert.ok(svg.includes('>target 1e23</text>') && svg.includes('>1e24</text>'))
})

test('every budget is labelled, and minima inside and at the edge are told apart', () => {
  const svg = drawnOf(handout, 'profiles')!
  for (const budget of ['6e18', '1e19', '3e19', '6e19', '1e20', '3e20', '6e20', '1e21', '3e21'])
    assert.ok(svg.includes(`>${budget}</text>`), budget)
  assert.equal(svg.match(/r="6"/g)?.length, 9)
  const [first, ...others] = handout.profiles
  const minimum = first.minimum
  assert.ok(minimum.kind === 'interior')
  const edge = { kind: 'edge', side: 'small', parabola: minimum.parabola } as const
  const changed = { ...handout, profiles: [{ ...first, minimum: edge }, ...others] }
  const open = /<g (?=[^>]*fill="#fff")(?=[^>]*stroke-width="2")[^>]*><circle/g
  assert.equal(drawnOf(changed, 'profiles')!.match(open)?.length, 1)
  assert.equal(svg.match(open), null)
})

test('darker is a larger budget: the lightness of the curves falls', () => {
  const curves = drawnOf(handout, 'profiles')!.matchAll(
    /stroke="#([0-9a-f]{6})"[^>]*stroke-width="1.8"|stroke-width="1.8"[^>]*stroke="#([0-9a-f]{6})"/g,
  )
  const lightness = Array.from(curves, ([, a, b]) => Number.parseInt((a ?? b).slice(2, 4), 16)) // green weighs most
  assert.equal(lightness.length, 9)
  for (let k = 1; k < 9; k++) assert.ok(lightness[k] < lightness[k - 1])
})

test('residuals without noise have a unit that shows them, and the caption says what they are', () => {
  assert.match(drawnOf(handout, 'residuals')!, /measured \u2212 fitted \(1e-9 nats\/token\)/)
  const { caption } = fitFigures.find(({ name }) => name === 'residuals')!
  assert.match(caption({ analysis: handout, truth: null }), /no noise/)
  assert.doesNotMatch(caption({ analysis: noisy, truth: null }), /no noise/)
})

test('a region smaller than a symbol is said to be so', () => {
  const { caption } = fitFigures.find(({ name }) => name === 'exponents')!
  assert.match(caption({ analysis: handout, truth: null }), /smaller than the symbol/)
  assert.doesNotMatch(caption({ analysis: noisy, truth: null }), /smaller than the symbol/)
})

test('very many runs are thinned, the farthest kept at the border', () => {
  const { parameters, tokens, flops, loss } = noisy.runs
  const many = Array.from({ length: 5000 }, (_, i) => ({
    parameters: parameters[i % 72],
    tokens: tokens[i % 72],
    flops: flops[i % 72],
    loss: loss[i % 72] + (i === 4321 ? 9 : 0),
  }))
  const svg = drawnOf({ ...noisy, runs: runsOf(many) }, 'residuals')!
  const circles = svg.match(/<circle/g)!.length
  assert.ok(circles > 3000 && circles <= 4000, String(circles))
  assert.equal(svg.match(/stroke-width="1.6"[^>]*><path/g)?.length, 2)
})

test('every figure of a fit that is not of single runs can be read as a table, very many runs too', () => {
  for (const analysis of [noisy, handout, nothing]) assertTables(fitFigures, { analysis, truth: null }, ['residuals'])
  const { columns, rows } = optimum.table!({ analysis: noisy, truth: null })!
  const last = noisy.bands.find(({ method }) => method === 'norm')!.points.at(-1)!
  const cell = rows.at(-1)![columns.indexOf('norm: N')]
  assert.equal(cell, withInterval(last.parameters, last.interval.parameters))
})

test('figures of a fit have no English sentence where they are Chinese', () => {
  for (const analysis of [noisy, handout, nothing])
    assert.deepEqual(englishOf(fitFigures, { analysis, truth: null }), [])
})
