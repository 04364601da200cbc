import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readSource } from '../../src/input/formats.ts'
import { Rows } from '../../src/input/rows.ts'
import { Table } from '../../src/input/table.ts'
import { parseColumns } from '../../src/input/told.ts'
import { assertLinear, ignoringErrors } from '../linear.ts'
import { assertNothingLost, planOf, readText, reasons, rejects } from './files.ts'

/** What reads a text file, without the file. */
const read = ignoringErrors(async (text) => {
  const rows = new Rows(new Table(), { name: 'text', index: 0 }, {})
  await readSource({ name: 'text', bytes: Buffer.from(text), sha256: '' }, rows)
})

const header = 'N,D,loss\n'
const record = '{"N":1e9,"D":2e10,"loss":NaN'

/** Texts of about n characters, each of which made some parser look at the same characters again and again. */
const texts: Readonly<Record<string, (n: number) => string>> = {
  'blanks before a CSV header': (n) => `${' '.repeat(n)}\n${header}1,2,3`,
  'blank lines before a CSV header': (n) => `${' \n'.repeat(n / 2)}${header}1,2,3`,
  'quotes in a quoted field': (n) => `${header}"${'x"'.repeat(n / 2)}`,
  'quotes before a run of blanks': (n) => `${header}"${'x"'.repeat(n / 4)}${' '.repeat(n / 2)},`,
  'quotes and blanks in turn': (n) => header + '" " '.repeat(n / 4),
  'open quotes, one a line': (n) => header + '"a\n'.repeat(n / 3),
  'a quoted field of many lines': (n) => `${header}"${'a\n'.repeat(n / 2)}`,
  'fields that are quoted': (n) => header + '"a",'.repeat(n / 4),
  'doubled quotes': (n) => `${header}"${'""'.repeat(n / 2)}`,
  delimiters: (n) => header + ','.repeat(n),
  'columns in a header': (n) => `${header.trim()}${',x'.repeat(n / 2)}\n1`,
  'columns that are one setting': (n) => `N,D,loss${',l_r'.repeat(n / 4)}\n1`,
  'columns that are one quantity': (n) => `N,D,loss${',tokens'.repeat(n / 7)}\n1`,
  'a name of blanks': (n) => `N,D,loss,x${' '.repeat(n)}(y\n1,2,3,4`,
  'a name of brackets': (n) => `N,D,loss,x${'('.repeat(n)}y)\n1,2,3,4`,
  'a name of brackets that close': (n) => `N,D,loss,x${'()'.repeat(n / 2)}\n1,2,3,4`,
  'an open string of quotes in JSONL': (n) => `${record},"a":"${'\\\\"'.repeat(n / 3)}\n{}`,
  'an open string of escaped quotes in JSONL': (n) => `${record},"a":"${'\\"'.repeat(n / 2)}`,
  'an open string of escapes in JSON': (n) => `[${record},"a":"${'\\"'.repeat(n / 2)}`,
  'strings and NaN in turn': (n) => `[${'"a",NaN,'.repeat(n / 8)}1]`,
  'minus signs before NaN': (n) => `[${'-'.repeat(n)}NaN]`,
  'lines that are no JSON': (n) => `${record}}\n${`{"${'-'.repeat(37)}\n`.repeat(n / 40)}`,
  'keys that normalise alike': (n) =>
    JSON.stringify([
      Object.fromEntries(Array.from({ length: n / 10 }, (_, i) => [`l${'_'.repeat(i % 7)}r${' '.repeat(i / 7)}`, 1])),
    ]).slice(0, n),
  'other keys in every record': (n) =>
    Array.from({ length: n / 40 }, (_, i) => `{"N":1,"D":2,"loss":3,"${'-'.repeat(i % 9)}l_r${i}":1}`).join('\n'),
  'lists in lists': (n) => `[{"N":${'['.repeat(n / 2)}${']'.repeat(n / 2)}}]`,
  'objects in objects': (n) => `{"N":1,"D":2,"loss":3,"seed":${'{"a":'.repeat(n / 6)}1${'}'.repeat(n / 6)}}`,
  'a list of checkpoints': (n) => `{"N":1,"D":[${'2,'.repeat(n / 4)}2],"loss":[${'3,'.repeat(n / 4)}3]}`,
  digits: (n) => `${header}${'1'.repeat(n)}x,2,3\n`,
}

for (const [name, textOf] of Object.entries(texts))
  test(`twice the text takes at most three times as long: ${name}`, () => assertLinear(name, 100_000, textOf, read))

test('54,000 keys that normalise alike are read, and said in a message that can be read', async () => {
  const signs = (i: number) => i.toString(4).replace(/\d/g, (digit) => '_- .'[Number(digit)])
  const keys = Array.from({ length: 54_000 }, (_, i) => `tokens${signs(i)}`)
  const row = Object.fromEntries(keys.map((key) => [key, 2e10]))
  const data = await readText(JSON.stringify([{ ...row, N: 1e9, loss: 2.5 }]))
  assert.equal(data.runs.size, 1)
  assert.ok(data.notes.some((note) => note.includes('and 53959 more')))
  assert.ok(data.notes.every((note) => note.length < 4000))
  assertNothingLost(data)
})

test('names of columns and --columns are read in linear time', async () => {
  const shapes: Record<string, (n: number) => string> = {
    quotes: (n) => `loss=${'"'.repeat(n)}`,
    'escaped quotes': (n) => `loss="${'\\"'.repeat(n / 2)}`,
    commas: (n) => ','.repeat(n),
    'open quotes': (n) => 'loss="a,'.repeat(n / 8),
    blanks: (n) => `loss=${' '.repeat(n)}x${' '.repeat(n)}`,
  }
  for (const [name, textOf] of Object.entries(shapes)) {
    await assertLinear(name, 50_000, textOf, ignoringErrors(parseColumns))
    await assertLinear(name, 4_000, textOf, ignoringErrors(parseColumns))
    await assertLinear(
      name,
      400_000,
      textOf,
      ignoringErrors((text) => planOf([text, 'N', 'loss'])),
    )
  }
})

test('a cell of any depth is a reason to leave the row out, not an end', async () => {
  const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`
  const rows = [
    `{"N":${deep},"D":2e10,"loss":2.5}`,
    `{"N":1e9,"D":2e10,"loss":2.5,"seed":${deep}}`,
    '{"N":{"toString":1}}',
  ]
  const data = await readText(rows.join('\n'))
  assert.deepEqual(
    reasons(data).map(([row]) => row),
    [1, 3],
  )
  assertNothingLost(data)
  await rejects(readText('{"toString":1}'), 'COLUMN_MISSING')
})
