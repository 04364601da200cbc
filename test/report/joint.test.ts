import assert from 'node:assert/strict'
import { test } from 'node:test'
import { selectRuns } from '../../src/core/run.ts'
import { analyse } from '../../src/fit/analysis.ts'
import type { Analysis } from '../../src/fit/result.ts'
import { drawFigure } from '../../src/report/draw/figure.ts'
import { newDocument, svgText } from '../../src/report/draw/svg.ts'
import { fitFigures } from '../../src/report/fit/figures.ts'
import { jointGroups } from '../../src/report/fit/joint-text.ts'
import { fitPage } from '../../src/report/fit/report.ts'
import { remarkGroup } from '../../src/report/fit/text.ts'
import { htmlOf } from '../../src/report/page/html.ts'
import { textOf as asText } from '../../src/report/page/text.ts'
import { madeRuns } from '../fit/tuned-runs.ts'
import { englishOf } from './english.ts'
import { onGrid } from './settings-analyses.ts'
import { assertTables } from './tables.ts'

const options = { targets: [1e21, 1e22], methods: ['joint'] as const, resamples: 20 }
const swept = madeRuns(['rate', 'batch'], { seed: 11, noise: 0.003 })
const textOf = (analysis: Analysis) => asText(jointGroups({ analysis, truth: null }))
const diagnosticsText = (analysis: Analysis) => asText([remarkGroup({ analysis, truth: null })])
const codes = (analysis: Analysis) => analysis.diagnostics.map(({ code }) => code)

test('the text names size, settings and loss with intervals, the formulas, and every target, in 100 columns', async () => {
  const text = textOf(await analyse({ runs: swept }, options))
  assert.match(text, /^At 1e22 FLOPs \(.* times the largest budget\), by joint with 95 % intervals:$/m)
  assert.match(text, /learning rate = \S+ \[\S+, \S+\], batch = \S+ \[\S+, \S+\] sequences/)
  assert.match(text, /best learning rate r\* = \S+ N\^-0\.\d+ D\^0\.\d+ at the best batch; exponents of N -0\.\d+ \[/)
  assert.match(text, /best batch B\* = \S+ D\^0\.\d+ sequences; exponent of D 0\.\d+ \[/)
  assert.match(text, /^ 1e21 .*\n 1e22 /m)
  for (const line of text.split('\n')) assert.ok(line.length <= 100, line)
  assert.doesNotMatch(text, /NaN|Infinity|undefined|null/)
})

test('repeated data: what epochs are worth, and no learning rate', async () => {
  const analysis = await analyse({ runs: madeRuns(['repeats'], { seed: 12, noise: 0.003 }) }, options)
  const text = textOf(analysis)
  assert.match(text, / 4 as 3\.\d+ \[3\.\d+,\s+[34]\.\d+\]/)
  assert.match(text, /a unique token\s+supports/)
  assert.doesNotMatch(text, /learning rate|batch/)
  assert.equal(analysis.joint?.rate, null)
})

test('runs on one ray get formulas and no prediction', async () => {
  const ray = swept.tokens.map((_, i) => 30 * swept.parameters[i])
  const runs = { ...swept, tokens: ray, flops: ray.map((D, i) => 6 * D * swept.parameters[i]) }
  const analysis = await analyse({ runs }, options)
  assert.deepEqual(analysis.joint?.predictions, [])
  assert.equal(analysis.headline.determined, false)
  assert.match(
    textOf(analysis),
    /^These runs do not determine N, D or the loss at a budget: the runs all lie on the line/,
  )
  assert.match(textOf(analysis), /best learning rate r\*/)
})

test('diagnostics: a best rate at the end of the range, a batch that never varies, missing cells, few runs', async () => {
  const order = Array.from({ length: swept.size }, (_, i) => i)
  const { rate, batch } = swept.tuning!
  const low = selectRuns(
    swept,
    order.filter((i) => rate![i] < 0.9e-3 * (swept.parameters[i] / 3e8) ** -0.5),
  )
  const end = (await analyse({ runs: low }, options)).diagnostics.find(({ code }) => code === 'setting-at-end')
  assert.equal(end?.evidence.setting, 'rate')
  assert.match(end?.message ?? '', /beyond the highest that was tried/)
  assert.ok(!codes(await analyse({ runs: swept }, options)).includes('setting-at-end'))

  const fixed = { ...swept, tuning: { ...swept.tuning!, batch: batch!.map(() => 256) } }
  assert.ok(codes(await analyse({ runs: fixed }, options)).includes('setting-fixed'))
  const holes = { ...swept, tuning: { ...swept.tuning!, rate: rate!.map((r, i) => (i % 9 ? r : Number.NaN)) } }
  assert.ok(codes(await analyse({ runs: holes }, options)).includes('settings-incomplete'))
  const few = selectRuns(
    swept,
    order.filter((i) => i % 12 === 0),
  )
  assert.ok(codes(await analyse({ runs: few }, options)).includes('few-for-settings'))
})

test('a fit by N and D alone says what it leaves unused, and that it counts repeats as fresh', async () => {
  const plain = { ...options, methods: ['surface'] as const }
  assert.ok(codes(await analyse({ runs: swept }, plain)).includes('settings-unused'))
  const repeated = await analyse({ runs: madeRuns(['repeats'], { seed: 12 }) }, plain)
  assert.ok(codes(repeated).includes('repeats-counted-fresh'))
  assert.equal(repeated.joint, null)
  const fresh = await analyse({ runs: madeRuns([], { seed: 12 }) }, plain)
  assert.ok(!codes(fresh).some((code) => code === 'settings-unused' || code === 'repeats-counted-fresh'))
  assert.match(diagnosticsText(repeated), /--method joint/)
})

test('the figure of rates has a curve, points and a best rate for each sweep, and the page holds it', async () => {
  const analysis = await analyse({ runs: onGrid(swept) }, options)
  const figure = fitFigures.find(({ name }) => name === 'rates')!
  const subject = { analysis, truth: null }
  const svg = svgText(drawFigure(figure, subject, newDocument())!)
  assert.doesNotMatch(svg, /NaN|Infinity|undefined|null/)
  assert.ok(svg.includes('>learning rate (labels: N, D)</text>') && svg.includes('>loss (nats/token)</text>'))
  const drawn = Math.min(8, analysis.joint!.sweeps.length)
  assert.ok(drawn >= 4)
  assert.equal(svg.match(/<circle[^>]* r="6"/g)?.length, drawn)
  assert.deepEqual(englishOf(fitFigures, subject), [])
  assertTables(fitFigures, subject)
  assert.match(figure.caption(subject), /r\* = \S+ N\^-0/)
  const page = htmlOf(
    fitPage({
      ...subject,
      title: 'Sweeps',
      data: { read: swept.size, excluded: [], notes: [], sources: [] },
      command: 'isoflop fit sweeps.csv --method joint',
      versions: {},
    }),
  )
  assert.match(page, /The joint law of size, tokens, learning rate and batch/)
  assert.match(page, /id="figure-rates"/)
  assert.doesNotMatch(page, /No method could be fitted|NaN|undefined/)
})
