import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import Papa from 'papaparse'
import { csvOf, splitRows } from '../../src/input/fields.ts'

const pieces = fc.constantFrom('"', '"', '""', ',', ',', '\n', ' ', 'a', '1e9', '"a"', '"a,b"', '"a\nb"', '\t', ';')
const texts = fc.array(pieces, { minLength: 1, maxLength: 40 }).map((parts) => parts.join(''))

test('any text is split as Papa Parse splits it, the same rows being broken', () => {
  fc.assert(
    fc.property(texts, fc.constantFrom(',', '\t', ';'), (parts, delimiter) => {
      // Papa Parse takes blanks behind a closing quote before a line end, but not before the end of all.
      const text = `${parts}\n`
      const papa = new Papa.Parser({ delimiter, newline: '\n' }).parse(text, 0, false)
      const split = splitRows(text, delimiter, true)
      const isOpen = papa.errors.some(({ code }: { code: string }) => code === 'MissingQuotes')
      assert.equal(split.open >= 0, isOpen)
      if (isOpen) return
      // Papa Parse sees one more, empty row behind the last line end.
      const rows = text.endsWith('\n') && papa.data.at(-1)?.join() === '' ? papa.data.slice(0, -1) : papa.data
      assert.deepEqual(split.rows, rows)
      assert.deepEqual(
        [...split.broken].sort(),
        [...new Set(papa.errors.map(({ row }: { row: number }) => row))].sort(),
      )
    }),
    { numRuns: 5000 },
  )
})

test('a text that comes in two parts has the same rows, wherever it is cut', () => {
  fc.assert(
    fc.property(texts, fc.nat(60), (text, at) => {
      const whole = splitRows(text, ',', true)
      const first = splitRows(text.slice(0, at), ',', false)
      // A cut behind a quote can tell a closing one from half of a doubled one only with what follows: blocks end at line ends.
      if (!text.slice(0, at).endsWith('\n')) return
      const second = splitRows(text.slice(first.rest), ',', true)
      assert.deepEqual([...first.rows, ...second.rows], whole.rows)
      assert.equal(second.open < 0 ? -1 : second.open + first.rest, whole.open)
    }),
    { numRuns: 5000 },
  )
})

test('what is written as CSV is read back', () => {
  const cell = fc.oneof(fc.string(), pieces, fc.double().map(String)).map((text) => text.replaceAll('\r', ''))
  fc.assert(
    fc.property(fc.array(fc.array(cell, { minLength: 2, maxLength: 5 }), { minLength: 1 }), (rows) => {
      assert.deepEqual(splitRows(csvOf(rows), ',', true).rows, rows)
    }),
  )
})
