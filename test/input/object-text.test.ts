import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { objectOfText } from '../../src/input/object-text.ts'
import { assertLinear } from '../linear.ts'
import { assertNothingLost, readText, reasons } from './files.ts'
import { assertLaw, lawRuns } from './known-law.ts'

const quoted = (cell: string) => `"${cell.replaceAll('"', '""')}"`

test('what pandas writes of W&B: summary and config as Python prints them', async () => {
  const lines = lawRuns.map(({ N, D, loss }, i) =>
    [
      String(i),
      quoted(`{'_step': 400, 'eval/loss': ${loss}, 'ok': True, 'lr': None, 'grad': nan, '_wandb': {'runtime': 3}}`),
      quoted(`{'n_params': ${N}, 'tokens': ${D}, 'betas': (0.9, 0.95), 'note': "it's", 'path': 'C:\\\\x'}`),
      `r${i}`,
    ].join(','),
  )
  const data = await readText(`,summary,config,name\n${lines.join('\n')}\n`)
  assertNothingLost(data)
  await assertLaw(data)
})

test('objects as JSON in cells, and cells without one', async () => {
  const lines = lawRuns.map(({ N, D, loss }) => `${N},${quoted(JSON.stringify({ tokens: D, eval: { loss } }))}`)
  const data = await readText(`N,info\n${lines.join('\n')}\n5,oops\n6,"{'tokens': 1e9"\n7,\n`)
  assert.deepEqual(
    reasons(data).map(([row]) => row),
    [32, 33, 34],
  )
  await assertLaw(data)
})

test('columns that tell of runs are taken as they are, whatever objects stand beside them', async () => {
  const lines = lawRuns.map(({ N, D, loss }) => `${N},${D},${loss},${quoted('{"N": 5, "loss": 9}')}`)
  await assertLaw(await readText(`N,D,loss,info\n${lines.join('\n')}\n`))
})

test('a dictionary of Python is read as what it is', () => {
  const text = `{'a': 1, "b": -2.5e-3, 'c': [1, (2,), ()], 'd': {'e': None, 'f': {}}, 3: True, 'g': 'it\\'s\\n', 'h': inf, }`
  assert.deepEqual(objectOfText(text), {
    3: true,
    a: 1,
    b: -0.0025,
    c: [1, [2], []],
    d: { e: null, f: {} },
    g: "it's\n",
    h: Number.POSITIVE_INFINITY,
  })
  for (const bad of [
    '',
    'x',
    '{',
    '{}x',
    "{'a'}",
    "{'a': }",
    "{'a': 1 'b': 2}",
    "{'a': <object>}",
    "{'a': 1, 'b",
    '[1]',
    3,
    null,
  ])
    assert.equal(objectOfText(bad), null, String(bad))
})

test('every object that JSON can write is read from Python, too', () => {
  const python = (value: unknown): string => {
    if (value === null) return 'None'
    if (typeof value === 'boolean') return value ? 'True' : 'False'
    if (typeof value === 'string') return `'${value.replace(/[\\']/g, '\\$&').replaceAll('\n', '\\n')}'`
    if (Array.isArray(value)) return `[${value.map(python).join(', ')}]`
    if (typeof value !== 'object') return String(value)
    return `{${Object.entries(value)
      .map(([key, inner]) => `${python(key)}: ${python(inner)}`)
      .join(', ')}}`
  }
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (value) => {
      const plain = JSON.parse(JSON.stringify(value))
      assert.deepEqual(objectOfText(python(plain)), plain)
    }),
    { seed: 14 },
  )
})

const texts: Readonly<Record<string, (n: number) => string>> = {
  'open strings': (n) => `{'a': ${`'`.repeat(n)}}`,
  'open dictionaries': (n) => `${"{'a':".repeat(n / 5)}}`,
  'lists in lists': (n) => `{'a': ${'['.repeat(n / 2)}${']'.repeat(n / 2)}}`,
  escapes: (n) => `{'a': '${'\\'.repeat(n)}}`,
  blanks: (n) => `{'a': ${' '.repeat(n)}x}`,
  'a long word': (n) => `{'a': ${'1'.repeat(n)}}`,
  entries: (n) => `{${"'a': 1, ".repeat(n / 8)}}`,
}
for (const [name, textOf] of Object.entries(texts))
  test(`objects in cells are read in linear time: ${name}`, () =>
    assertLinear(name, 100_000, textOf, objectOfText as (text: never) => unknown))
