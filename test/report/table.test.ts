import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Diagnostic } from '../../src/core/diagnostic.ts'
import type { Analysis } from '../../src/fit/result.ts'
import type { SurfaceLaw } from '../../src/law/surface.ts'
import { comparisonGroups, remarkGroup, summaryGroup } from '../../src/report/fit/text.ts'
import { type TextOptions, textOf, wrap } from '../../src/report/page/text.ts'
import { handoutLaw } from '../../src/world/handout.ts'
import { handout, noisy, nothing } from './analyses.ts'

const comparisonTable = (analysis: Analysis, truth: SurfaceLaw | null = null, options: TextOptions = {}) =>
  textOf(comparisonGroups({ analysis, truth }), options)
const summaryText = (analysis: Analysis, truth: SurfaceLaw | null = null) => textOf([summaryGroup({ analysis, truth })])
const diagnosticsText = (analysis: Analysis) => textOf([remarkGroup({ analysis, truth: null })])

const widest = (text: string) => Math.max(...text.split('\n').map((line) => line.length))

test('all text fits 100 columns', () => {
  for (const analysis of [handout, noisy, nothing, extreme()])
    for (const truth of [null, handoutLaw])
      for (const text of [comparisonTable(analysis, truth), summaryText(analysis, truth), diagnosticsText(analysis)])
        assert.ok(widest(text) <= 100, text)
})

/** Numbers as wide as they come. */
function extreme(): Analysis {
  const wide = [-1.234, 2.7775] as const
  return {
    ...handout,
    methods: handout.methods.map((result) => ({
      ...result,
      modelSize: result.modelSize && { ...result.modelSize, exponent: -0.7775, interval: wide },
      predictions: result.predictions.map((prediction) => ({
        ...prediction,
        excessLoss: 0.001234,
        interval: { ...prediction.interval, parameters: [1.513e5, 4.56e14] as const },
      })),
    })),
  }
}

test('the table has the numbers of the fits', () => {
  const table = comparisonTable(handout)
  const row = (name: string) => table.split('\n').find((line) => line.startsWith(name))!
  assert.match(table, /^At 1e24 FLOPs, 333 times the largest budget:\nmethod +a +interval +N/)
  assert.match(row('lowest-raw'), /^lowest-raw +0\.404 +\[.+\] +1\.27e11 +\[.+\] +1\.33e12 +2\.624 +0\.0178$/)
  assert.match(row('parabola'), /^parabola +0\.515 +\[.+\] +2\.98e11 +\[.+\] +5\.59e11 +- +<1e-5$/)
  assert.match(row('envelope'), /^envelope: it needs/)
  assert.match(row('frontier'), /^frontier( +-)+ +3\.078 +-$/)
  assert.equal(table.match(/At 1e2[34] FLOPs/g)?.length, 2)
})

test('with the true law, N stands beside the true N', () => {
  const table = comparisonTable(handout, handoutLaw)
  assert.match(table, /lowest-raw .* 0\.422 +0\.0178\n/)
  assert.match(table, /lowest-log .* 0\.686 +0\.00339\n/)
})

test('columns line up', () => {
  const lines = comparisonTable(noisy).split('\n').slice(1, 7)
  const ends = (line: string) => line.indexOf('[', 25)
  for (const line of lines.slice(1)) assert.equal(ends(line), ends(lines[1]))
})

test('the summary answers first, in a few lines', () => {
  const lines = summaryText(noisy).split('\n')
  assert.match(lines[0], /^At 1e24 FLOPs \(333 times the largest budget\), by norm/)
  assert.match(lines[1], /^ {2}N = [23]\.\d\de11 \[.+\] parameters, D = [567]\.\d\de11 \[.+\] tokens/)
  assert.match(lines[2], /^ {2}loss = 3\.\d{3} \[.+\] nats\/token$/)
  assert.ok(lines.length >= 3 && lines.length <= 8, lines.join('\n'))
  assert.match(summaryText(nothing), /^No method could be fitted/)
})

test('without targets the answer is at the largest budget', () => {
  const untold = { ...handout, targets: [], methods: handout.methods.map((result) => ({ ...result, predictions: [] })) }
  const cut = { ...untold, bands: handout.bands.map((band) => ({ ...band, points: band.points.map(atLargest) })) }
  assert.match(summaryText(cut), /^At 3e21 FLOPs \(the largest budget\)/)
})

const atLargest = (point: Analysis['bands'][number]['points'][number]) => ({ ...point, flops: 3e21 })

test('diagnostics say what was found and what to do, warnings first', () => {
  const note: Diagnostic = {
    code: 'flat-valley',
    severity: 'info',
    message: 'A note.',
    evidence: {},
    advice: 'Read it.',
  }
  const warning: Diagnostic = { ...note, code: 'outliers', severity: 'warning', message: 'A warning.' }
  const text = diagnosticsText({ ...handout, diagnostics: [note, warning] })
  assert.equal(text, 'warning outliers: A warning.\n  Read it.\nnote flat-valley: A note.\n  Read it.')
  assert.equal(diagnosticsText({ ...handout, diagnostics: [] }), '')
})

test('bold is for terminals that ask for it', () => {
  const code = '\u001b['
  assert.ok(!comparisonTable(handout).includes(code) && !summaryText(handout).includes(code))
  assert.ok(comparisonTable(handout, null, { bold: true }).startsWith(`${code}1mAt 1e24`))
})

test('words wrap at the width, and none is lost', () => {
  const text = 'The quick brown fox jumps over the lazy dog'
  const lines = wrap(text, '', '  ', 16)
  assert.ok(lines.every((line) => line.length <= 16))
  assert.equal(lines.map((line) => line.trim()).join(' '), text)
})
