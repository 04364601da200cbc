import assert from 'node:assert/strict'
import { test } from 'node:test'
import { spending, spendingPoints } from '../../src/report/class/figures/spending.ts'
import { classFigures } from '../../src/report/class/figures.ts'
import { drawDrawing } from '../../src/report/draw/figure.ts'
import { sized } from '../../src/report/draw/narrow.ts'
import type { Panel } from '../../src/report/draw/panel.ts'
import { newDocument, renderFigures, svgText } from '../../src/report/draw/svg.ts'
import { timeAxis } from '../../src/report/draw/time.ts'
import { inLanguage } from '../../src/report/words/words.ts'
import { begun, day, measured, threeStudents as subject } from './class-spending.ts'
import { englishOf } from './english.ts'
import { matchesSnapshot } from './snapshot.ts'
import { assertTables } from './tables.ts'

test('snapshot of who has spent what and when', () => {
  const [{ svg, alt }] = renderFigures([spending], subject)
  matchesSnapshot('class-spending', svg)
  assert.equal(
    alt,
    'Share of the budget that 3 students spent from Nov 21 00:00 to Nov 27 00:00. At the end the median is 50 %; a tenth of them spent at most 10 %, a tenth 90 % or more.',
  )
})

test('ticks are midnights where the reader is, and hours of a short time; a narrow figure keeps some that are round', () => {
  const texts = (span: number) => {
    const axis = timeAxis('time', [begun, begun + span], 2 * 3_600_000)
    return axis.ticks.map(axis.format)
  }
  assert.deepEqual(texts(4 * day), ['Nov 21', 'Nov 22', 'Nov 23', 'Nov 24', 'Nov 25'])
  assert.deepEqual(texts(5 * 3_600_000), ['Nov 21', '01:00', '02:00', '03:00', '04:00', '05:00'])
  assert.ok(texts(400 * day).length >= 4)
  assert.ok(texts(0).length >= 1)
  const narrow = sized(spending.draw(subject)!, 300)!
  const svg = svgText(drawDrawing(narrow, 'x', newDocument()))
  const shown = [...svg.matchAll(/>(Nov \d+)</g)].map(([, text]) => text)
  assert.ok(shown.length >= 2 && shown.length < 7, shown.join())
})

test('what came after the deadline is within the axes, and a deadline far away is not drawn', () => {
  const until = subject.until
  const panelOf = (deadline: number) => spending.draw({ ...subject, deadline })!.parts[0].content as Panel
  for (const days of [-9, 2, 7, 99]) {
    const { x, marks } = panelOf(begun + days * day)
    assert.ok(x.domain[0] < begun && x.domain[1] > until && x.domain[1] < until + 2 * day, `${days} days`)
    assert.equal(marks.length, days === 2 || days === 7 ? 8 : 6, `${days} days`)
  }
})

test('a class too large for lines is pointed at by its median, one without runs has no figure, and Chinese has its own dates', () => {
  assert.deepEqual(new Set(spendingPoints({ ...subject, lines: [] }).map(({ line }) => line)), new Set([null]))
  assert.equal(spendingPoints(subject).length, 5)
  assert.equal(spending.draw({ ...subject, times: [], shares: [] }), null)
  const [{ svg }] = inLanguage('zh', () => renderFigures([spending], { ...subject, lines: [], chosen: null }))
  assert.match(svg, />11月21日</)
})

test('every figure of a class can be read as a table', () => {
  assertTables(classFigures, { ...subject, ...measured })
})

test('figures of a class have no English sentence where they are Chinese', () => {
  assert.deepEqual(englishOf(classFigures, { ...subject, ...measured }), [])
})
