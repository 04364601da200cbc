import assert from 'node:assert/strict'
import { test } from 'node:test'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { parquetWriteBuffer } from 'hyparquet-writer'
import { readParquet } from '../../src/parquet/parquet.ts'
import { assertNothingLost, listOf, readText, reasons, rejects } from './files.ts'
import { mutated } from './mutations.ts'

type Options = Parameters<typeof parquetWriteBuffer>[0]

const parquet = (columnData: Options['columnData'], rest: Partial<Options> = {}) =>
  new Uint8Array(parquetWriteBuffer({ columnData, ...rest }))

const three: Options['columnData'] = [
  { name: 'host', data: ['a', 'b', 'c'] },
  { name: 'params', data: BigInt64Array.of(1_000_000_000n, 2_000_000_000n, 3n), type: 'INT64' },
  { name: 'tokens', data: Float64Array.of(1e9, 2e9, 3e9), type: 'DOUBLE' },
  { name: 'loss', data: Float64Array.of(2.5, 2.4, Number.NaN), type: 'DOUBLE' },
]
const expected = [
  { parameters: 1e9, tokens: 1e9, flops: 6e18, loss: 2.5 },
  { parameters: 2e9, tokens: 2e9, flops: 2.4e19, loss: 2.4 },
]

const codecs: [string, Partial<Options>][] = [
  ['SNAPPY', {}],
  ['UNCOMPRESSED', { codec: 'UNCOMPRESSED' }],
  ['GZIP', { codec: 'GZIP', compressors: { GZIP: (bytes) => new Uint8Array(gzipSync(bytes)) } }],
  ['ZSTD', { codec: 'ZSTD', compressors: { ZSTD: (bytes) => new Uint8Array(zstdCompressSync(bytes)) } }],
]
for (const [codec, options] of codecs) {
  test(`Parquet, ${codec}`, async () => {
    const data = await readText(parquet(three, options), {}, 'runs.parquet')
    assert.deepEqual(listOf(data.runs), expected)
    assert.deepEqual(reasons(data), [[3, 'loss is NaN, expected a positive number']])
    assertNothingLost(data)
  })
}

test('row groups count on, and empty cells are missing', async () => {
  const n = 2500
  const loss = Array.from({ length: n }, (_, i) => (i === 2000 ? null : 2 + i / n))
  const columns: Options['columnData'] = [
    { name: 'N', data: Int32Array.from({ length: n }, (_, i) => i + 1), type: 'INT32' },
    { name: 'D', data: new Float64Array(n).fill(1e9), type: 'DOUBLE' },
    { name: 'loss', data: loss, type: 'DOUBLE', nullable: true },
  ]
  const data = await readText(parquet(columns, { rowGroupSize: 700 }))
  assert.deepEqual(reasons(data), [[2001, 'loss is missing']])
  assert.deepEqual([data.runs.size, data.runs.parameters[2498], data.origin(2498).row], [2499, 2500, 2500])
})

test('text in Parquet is a number or a reason', async () => {
  const text = three.map((column) => (column.name === 'loss' ? { name: 'loss', data: ['2.5', 'n/a', '2.3'] } : column))
  const data = await readText(parquet(text))
  assert.deepEqual(reasons(data), [[2, 'loss is missing ("n/a")']])
})

test('Parquet inside gzip', async () => {
  assert.deepEqual(listOf((await readText(gzipSync(parquet(three)))).runs), expected)
})

test('a Parquet file that is cut off or damaged is an error in words', async () => {
  const bytes = parquet(three)
  await rejects(readText(bytes.subarray(0, bytes.length - 20)), 'FILE_FORMAT', /cut off/)
  await rejects(readText(bytes.subarray(0, 4)), 'FILE_FORMAT', /cut off/)
  await rejects(readText(cutMiddle(bytes)), 'FILE_FORMAT', /damaged Parquet file/)
})

/** The file without its first half, but with the magic bytes at both ends. */
function cutMiddle(bytes: Uint8Array): Uint8Array {
  return Buffer.concat([bytes.subarray(0, 4), bytes.subarray(bytes.length - 60)])
}

test('a Parquet file without rows is empty', async () => {
  const empty = three.map((column) => ({ ...column, data: column.data.slice(0, 0) }))
  await rejects(readText(parquet(empty as Options['columnData'])), 'FILE_EMPTY', /has no rows/)
})

test('columns are found and named in Parquet as elsewhere', async () => {
  await rejects(readText(parquet(three.slice(0, 3))), 'COLUMN_MISSING', /no column for loss.*host, params, tokens/)
  await rejects(readText(parquet(three), { columns: { loss: 'x' } }), 'COLUMN_UNKNOWN', /no column "x"/)
})

test('a few bytes that ask for memory or time without end are an error, and the next file is read', async () => {
  // Run lengths and sizes of pages with some bits changed: each took gigabytes, or never ended.
  for (const k of [256, 334, 347, 601, 1111])
    await rejects(readText(mutated('parquet', k)), 'FILE_FORMAT', /far more memory or time than a file of its size/)
  assert.deepEqual(listOf((await readText(parquet(three))).runs), expected)
})

test('a small file of many rows that hardly change is read, in one part and in many', {
  timeout: 120_000,
}, async () => {
  const rows = 300_000
  const names = Array.from({ length: 8 }, (_, i) => `c${i}`)
  const zstd: Partial<Options> = {
    codec: 'ZSTD',
    compressors: { ZSTD: (bytes) => new Uint8Array(zstdCompressSync(bytes)) },
  }
  const words: Options['columnData'] = names.map((name, j) => ({
    name,
    data: Array.from({ length: rows }, (_, i) => `v${(i * (j + 1)) % 7}`),
  }))
  const gaps: Options['columnData'] = names.map((name) => ({
    name,
    type: 'DOUBLE',
    nullable: true,
    data: Array.from({ length: rows }, (_, i) => (i % 100 ? null : i)),
  }))
  for (const columns of [words, gaps])
    for (const rowGroupSize of [rows, 20_000]) {
      const bytes = parquet(columns, { ...zstd, rowGroupSize })
      assert.ok(bytes.length < 300_000)
      let count = 0
      for await (const { size } of readParquet(bytes, (all) => all)) count += size
      assert.equal(count, rows)
    }
})

test('what a small file was allowed does not count for a large one that comes next', { timeout: 60_000 }, async () => {
  // The bytes alone are more than a file of a kilobyte may take.
  const large = Buffer.alloc(700e6)
  const small = parquet(three)
  large.set(small.subarray(small.length - 200), large.length - 200)
  assert.deepEqual(listOf((await readText(small)).runs), expected)
  await assert.rejects(
    async () => {
      for await (const _ of readParquet(large, (names) => names));
    },
    (error: Error) => !/memory or time/.test(error.message),
  )
})

test('several files are read at the same time, and one that is given up holds nothing up', async () => {
  const read = await Promise.all(Array.from({ length: 4 }, (_, i) => readText(parquet(three), {}, `${i}.parquet`)))
  for (const { runs } of read) assert.deepEqual(listOf(runs), expected)
  for await (const { size } of readParquet(parquet(three), (names) => names)) {
    assert.equal(size, 3)
    break
  }
  await assert.rejects(async () => {
    for await (const _ of readParquet(parquet(three), () => ['no such column']));
  }, /no such column/)
  assert.deepEqual(listOf((await readText(parquet(three))).runs), expected)
})
