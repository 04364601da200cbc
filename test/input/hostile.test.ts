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
  'arrays in arrays': (n) => `${'['.repeat(n / 2)}${']'.repeat(n / 2)}`,
  'records in records': (n) => `${'{"a":[{"N":1,"D":2,"loss":3},'.repeat(n / 30)}1${']}'.repeat(n / 30)}`,
  'objects of objects': (n) => `${'{"a":{"N":1,"D":2,"loss":3},"b":'.repeat(n / 33)}1${'}'.repeat(n / 33)}`,
  'tables under different keys': (n) =>
    JSON.stringify(Object.fromEntries(Array.from({ length: n / 40 }, (_, i) => [`t${i}`, [{ N: 1, D: 2, loss: 3 }]]))),
  'runs by name': (n) =>
    JSON.stringify(Object.fromEntries(Array.from({ length: n / 40 }, (_, i) => [`t${i}`, { N: 1, D: 2, loss: 3 }]))),
  'objects of one key each': (n) =>
    JSON.stringify(Object.fromEntries(Array.from({ length: n / 20 }, (_, i) => [`t${i}`, { [`u${i}`]: 1 }]))),
  'one column of many rows, and others of few': (n) =>
    JSON.stringify({
      N: Object.fromEntries(Array.from({ length: n / 20 }, (_, i) => [`r${i}`, 1])),
      ...Object.fromEntries(Array.from({ length: n / 20 }, (_, i) => [`c${i}`, { x: 1 }])),
    }),
  'lists of equal length': (n) =>
    JSON.stringify(
      Object.fromEntries(Array.from({ length: n / 20 }, (_, i) => [i % 2 ? `N${i}` : `loss${i}`, [1, 2]])),
    ),
  'names and values': (n) =>
    JSON.stringify([
      { N: 1, D: 2, loss: 3, m: Array.from({ length: n / 25 }, (_, i) => ({ key: `k${i}`, value: 1 })) },
    ]),
  'fields around many rows': (n) =>
    JSON.stringify({
      ...Object.fromEntries(Array.from({ length: n / 20 }, (_, i) => [`c${i}`, 1])),
      runs: Array.from({ length: n / 60 }, () => ({ N: 1, D: 2, loss: 3 })),
    }),
  'objects that follow each other': (n) => '{\n"N":1}\n'.repeat(n / 9),
  'objects that follow each other, and one that is open': (n) => `${'{\n"N":1}\n'.repeat(n / 9)}{`,
  'an open string after an open object': (n) => `{\n"${'\\"'.repeat(n / 2)}`,
  'a header of lists': (n) => `[["N","D","loss"${',"x"'.repeat(n / 8)}],[1,2,3${',4'.repeat(n / 8)}]]`,
  'rows as lists': (n) => `[["N","D","loss"]${',[1,2,3]'.repeat(n / 8)}]`,
  'other keys, nested, in every record': (n) =>
    Array.from({ length: n / 50 }, (_, i) => `{"N":1,"D":2,"loss":3,"a":{"b":{"c${i}":1}}}`).join('\n'),
  'cells that are objects as text': (n) => `N,info\n${`1,"{'D':2,'loss':3}"\n`.repeat(n / 25)}`,
  'cells that begin like objects': (n) => `N,info\n1,"{'a':1}"\n${`1,"{${'x'.repeat(70)}"\n`.repeat(n / 80)}`,
  'a chart of many runs': (n) => `Step${Array.from({ length: n / 20 }, (_, i) => `,run${i} - loss`).join('')}\n1`,
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

test('100,000 levels are read or refused with a code, whatever they are of', async () => {
  const n = 100_000
  const deep = {
    arrays: `${'['.repeat(n)}1${']'.repeat(n)}`,
    objects: `${'{"a":'.repeat(n)}1${'}'.repeat(n)}`,
    both: `${'[{"a":'.repeat(n / 2)}1${'}]'.repeat(n / 2)}`,
    tables: `${'{"a":1,"b":[{"N":1,"D":2},'.repeat(n / 2)}1${']}'.repeat(n / 2)}`,
  }
  for (const text of Object.values(deep))
    await rejects(readText(text), 'FILE_FORMAT').catch(() => rejects(readText(text), 'COLUMN_MISSING'))
  const records = Object.values(deep).map((text) => `{"N":1e9,"D":1e9,"loss":3,"x":${text}}`)
  assert.equal((await readText(records.join('\n'))).read, 4)
})

test('records of more keys than a table has are refused', async () => {
  const records = Array.from({ length: 1001 }, (_, i) =>
    JSON.stringify({
      N: 1,
      D: 2,
      loss: 3,
      ...Object.fromEntries(Array.from({ length: 100 }, (_, k) => [`${i}_${k}`, 1])),
    }),
  )
  await rejects(readText(records.join('\n')), 'FILE_FORMAT', /more than 100000 different keys/)
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
