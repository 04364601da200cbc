import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Column } from '../../src/report/page/blocks.ts'
import { alignColumns } from '../../src/report/page/columns.ts'
import { displayWidth } from '../../src/report/page/width.ts'

const right = (...titles: string[]): Column[] => titles.map((title) => ({ title, align: 'right' }))

test('without a width a row is a line, however wide', () => {
  const wide = 'x '.repeat(90).trim()
  assert.equal(alignColumns([{ title: 'why', align: 'left' }], [[wide]]).length, 2)
})

test('text is wrapped in its column, numbers stay whole', () => {
  const columns = [...right('FLOPs'), { title: 'reason', align: 'left' } as const]
  assert.deepEqual(alignColumns(columns, [['1e16', 'a size between two others that were bought']], 32), [
    'FLOPs  reason',
    ' 1e16  a size between two others',
    '       that were bought',
  ])
})

test('a title of several words stands right above its numbers', () => {
  assert.deepEqual(alignColumns(right('N', 'cost (gpu hours)'), [['1e9', '12']], 12), [
    '        cost',
    '        (gpu',
    '  N   hours)',
    '1e9       12',
  ])
})

test('what has no place follows below, beginning with the first column', () => {
  assert.deepEqual(alignColumns(right('N', 'layers', 'loss'), [['1e9', '24', '2.5']], 12), [
    '  N  layers',
    '1e9      24',
    '',
    '  N  loss',
    '1e9   2.5',
  ])
})

test('a word that is longer than its column may be moves no column', () => {
  const columns = [{ title: 'label', align: 'left' } as const, ...right('runs', 'best loss', 'spent of the budget')]
  const rows = [
    ['Ada Lovelace', '12', '4.8057', '1e16'],
    ['=HYPERLINK("http://x.org")', '3', '5.2861', '5e15'],
    ['a name of many words, and more', '0', '-', '0'],
  ]
  for (const width of [40, 50, 60]) {
    const lines = alignColumns(columns, rows, width).filter((line) => /best loss|4\.8057|5\.2861/.test(line))
    const ends = lines
      .map((line) => /best loss|4\.8057|5\.2861/.exec(line)!)
      .map(({ index, 0: cell }) => index + cell.length)
    assert.equal(new Set(ends).size, 1, lines.join('\n'))
  }
})

const word = fc.string({ minLength: 1, maxLength: 9, unit: fc.constantFrom('a', 'z', '7', '.') })
const cell = fc.oneof(
  word,
  fc.array(word, { minLength: 1, maxLength: 8 }).map((words) => words.join(' ')),
)
const table = fc.integer({ min: 1, max: 7 }).chain((n) =>
  fc.record({
    columns: fc.array(fc.record({ title: cell, align: fc.constantFrom('left' as const, 'right' as const) }), {
      minLength: n,
      maxLength: n,
    }),
    rows: fc.array(fc.array(cell, { minLength: n, maxLength: n }), { maxLength: 4 }),
  }),
)

test('a folded table loses no word, and is wider than told only where two columns cannot be narrower', () => {
  fc.assert(
    fc.property(table, fc.integer({ min: 40, max: 120 }), ({ columns, rows }, width) => {
      const lines = alignColumns(columns, rows, width)
      const words = (texts: readonly string[]) => texts.flatMap((text) => text.split(' ').filter(Boolean)).sort()
      const printed = new Set(words(lines))
      for (const one of words([...columns.map(({ title }) => title), ...rows.flat()])) assert.ok(printed.has(one), one)
      const floor = (k: number) =>
        Math.max(...[columns[k].title, ...rows.map((row) => row[k])].map((text) => displayWidth(text)))
      const least = Math.max(...columns.map((_, k) => floor(0) + 2 + floor(k)))
      for (const line of lines) assert.ok(displayWidth(line) <= Math.max(width, least), line)
    }),
    { seed: 1, numRuns: 300 },
  )
})
