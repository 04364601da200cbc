import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { SchemaElement } from 'hyparquet'
import { parquetWriteBuffer } from 'hyparquet-writer'
import { readParquet } from '../../src/parquet/parquet.ts'
import { assertNothingLost, readText, reasons } from './files.ts'
import { assertLaw, lawRuns } from './known-law.ts'

type Tree = Readonly<Record<string, Type>>
type Type = 'DOUBLE' | 'JSON' | { readonly struct: Tree } | { readonly list: Type } | { readonly map: 'DOUBLE' }

/** The elements of a schema, as Parquet lists them: a group, then what is in it. */
function elements(
  name: string,
  type: Type,
  repetition: SchemaElement['repetition_type'] = 'OPTIONAL',
): SchemaElement[] {
  if (type === 'DOUBLE') return [{ name, type, repetition_type: repetition }]
  if (type === 'JSON') return [{ name, type: 'BYTE_ARRAY', converted_type: 'JSON', repetition_type: repetition }]
  if ('struct' in type) {
    const inner = Object.entries(type.struct)
    return [
      { name, repetition_type: repetition, num_children: inner.length },
      ...inner.flatMap(([key, child]) => elements(key, child)),
    ]
  }
  if ('list' in type)
    return [
      { name, repetition_type: repetition, num_children: 1, converted_type: 'LIST' },
      { name: 'list', repetition_type: 'REPEATED', num_children: 1 },
      ...elements('element', type.list),
    ]
  return [
    { name, repetition_type: repetition, num_children: 1, converted_type: 'MAP' },
    { name: 'key_value', repetition_type: 'REPEATED', num_children: 2 },
    { name: 'key', type: 'BYTE_ARRAY', converted_type: 'UTF8', repetition_type: 'REQUIRED' },
    ...elements('value', type.map),
  ]
}

/** A Parquet file of rows of this type. */
function nested(tree: Tree, rows: readonly Readonly<Record<string, unknown>>[], rowGroupSize = 7): Uint8Array {
  const names = Object.keys(tree)
  const schema = [{ name: 'root', num_children: names.length }, ...names.flatMap((name) => elements(name, tree[name]))]
  const columnData = names.map((name) => ({ name, data: rows.map((row) => row[name]) }))
  return new Uint8Array(parquetWriteBuffer({ columnData, schema, rowGroupSize }))
}

const files: Readonly<Record<string, Uint8Array>> = {
  'structs in structs': nested(
    {
      config: { struct: { model: { struct: { n_params: 'DOUBLE' } }, data: { struct: { train_tokens: 'DOUBLE' } } } },
      summary: { struct: { eval: { struct: { loss: 'DOUBLE' } } } },
    },
    lawRuns.map(({ N, D, loss }) => ({
      config: { model: { n_params: N }, data: { train_tokens: D } },
      summary: { eval: { loss } },
    })),
  ),
  'lists of numbers in structs': nested(
    { n_params: 'DOUBLE', curve: { struct: { tokens: { list: 'DOUBLE' }, loss: { list: 'DOUBLE' } } } },
    lawRuns.map(({ N, D, loss }) => ({
      n_params: N,
      curve: { tokens: [D / 4, D / 2, D], loss: [loss + 1, loss + 0.3, loss] },
    })),
  ),
  'lists of structs': nested(
    { n_params: 'DOUBLE', results: { list: { struct: { tokens: 'DOUBLE', loss: 'DOUBLE' } } } },
    lawRuns.map(({ N, D, loss }) => ({ n_params: N, results: [{ tokens: D, loss }] })),
  ),
  maps: nested(
    { config: { map: 'DOUBLE' }, metrics: { map: 'DOUBLE' } },
    lawRuns.map(({ N, D, loss }) => ({ config: { n_params: N, tokens: D }, metrics: { val_loss: loss } })),
  ),
  'JSON in a column': nested(
    { n_params: 'DOUBLE', info: 'JSON' },
    lawRuns.map(({ N, D, loss }) => ({ n_params: N, info: { tokens: D, eval: { loss } } })),
  ),
}

for (const [name, bytes] of Object.entries(files))
  test(`Parquet: ${name}`, async () => {
    const data = await readText(bytes)
    assertNothingLost(data)
    assert.deepEqual(data.excluded, [])
    await assertLaw(data)
  })

test('a struct that is null has no fields', async () => {
  const rows = [
    { N: 1e9, D: 1e9, metrics: { loss: 3 } },
    { N: 2e9, D: 1e9, metrics: null },
    { N: 3e9, D: 1e9, metrics: {} },
  ]
  const data = await readText(nested({ N: 'DOUBLE', D: 'DOUBLE', metrics: { struct: { loss: 'DOUBLE' } } }, rows))
  assert.deepEqual(reasons(data), [
    [2, 'metrics.loss is missing'],
    [3, 'metrics.loss is missing'],
  ])
})

test('nested columns beside the runs are not read', async () => {
  const tree: Tree = { N: 'DOUBLE', D: 'DOUBLE', loss: 'DOUBLE', tags: { map: 'DOUBLE' } }
  const data = await readText(
    nested(
      tree,
      lawRuns.map((run) => ({ ...run, tags: { a: 1 } })),
    ),
  )
  await assertLaw(data)
})

test('fields of structs are columns that can be asked for one by one', async () => {
  const parts: unknown[] = []
  const asked = readParquet(files['structs in structs'], (names, rows, _, nestedColumns) => {
    assert.deepEqual(
      [names, rows, nestedColumns],
      [['config.model.n_params', 'config.data.train_tokens', 'summary.eval.loss'], 30, []],
    )
    return ['summary.eval.loss']
  })
  for await (const { columns } of asked) parts.push(...Array.from(columns[0]))
  assert.deepEqual(
    parts,
    lawRuns.map(({ loss }) => loss),
  )
})
