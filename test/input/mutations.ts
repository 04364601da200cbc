import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import type { SchemaElement } from 'hyparquet'
import { parquetWriteBuffer } from 'hyparquet-writer'
import { type Random, random } from '../../src/core/random.ts'
import { readText } from './files.ts'
import { sheetOf, workbook, workbookOf } from './workbook.ts'

/** Files of every format and kind of content, small, and what happens when some of their bytes are others. */

const rows = Array.from({ length: 120 }, (_, i) => ({
  run: `run ${i >> 2}`,
  step: 1 + (i & 3),
  N: 1e6 * (1 + (i >> 2)),
  D: 2e7 * (1 + (i & 3)),
  loss: 5 - 0.01 * i,
  seed: i % 3,
}))
const keys = Object.keys(rows[0]) as (keyof (typeof rows)[0])[]
const delimited = (delimiter: string, quote = '') =>
  [keys, ...rows.map((row) => keys.map((key) => row[key]))]
    .map((cells) => cells.map((cell) => `${quote}${cell}${quote}`).join(delimiter))
    .join('\n')

type Column = Parameters<typeof parquetWriteBuffer>[0]['columnData'][0]
const column = (key: (typeof keys)[number], rest: Partial<Column> = {}): Column => ({
  name: key,
  data: rows.map((row) => row[key]),
  type: key === 'run' ? 'STRING' : 'DOUBLE',
  ...rest,
})

function parquet(rest: Partial<Parameters<typeof parquetWriteBuffer>[0]>, change: Partial<Column> = {}): Buffer {
  const columnData = keys.map((key) => column(key, key === 'run' ? {} : change))
  return Buffer.from(parquetWriteBuffer({ columnData, ...rest }))
}

/** A list of structs and a struct, as Parquet has them. */
function nestedParquet(): Buffer {
  const double = (name: string) => ({ name, type: 'DOUBLE', repetition_type: 'OPTIONAL' }) as const
  const schema: SchemaElement[] = [
    { name: 'root', num_children: 2 },
    { name: 'config', repetition_type: 'OPTIONAL', num_children: 1 },
    double('N'),
    { name: 'results', repetition_type: 'OPTIONAL', num_children: 1, converted_type: 'LIST' },
    { name: 'list', repetition_type: 'REPEATED', num_children: 1 },
    { name: 'element', repetition_type: 'OPTIONAL', num_children: 2 },
    double('D'),
    double('loss'),
  ]
  const columnData = [
    { name: 'config', data: rows.map(({ N }) => ({ N })) },
    { name: 'results', data: rows.map(({ D, loss }) => [{ D, loss }]) },
  ]
  return Buffer.from(parquetWriteBuffer({ columnData, schema, codec: 'UNCOMPRESSED' }))
}

const sheetRows = [keys, ...rows.map((row) => keys.map((key) => row[key]))]
  .map((cells, i) => {
    const cellOf = (cell: string | number) =>
      typeof cell === 'number' ? `<c><v>${cell}</v></c>` : `<c t="inlineStr"><is><t>${cell}</t></is></c>`
    return `<row r="${i + 1}">${cells.map(cellOf).join('')}</row>`
  })
  .join('')

const [half, other] = [rows.slice(0, 60), rows.slice(60)]
const keyed = (values: readonly unknown[]) => Object.fromEntries(values.map((value, i) => [`run${i}`, value]))
const listed = Object.fromEntries(keys.map((key) => [key, rows.map((row) => row[key])]))

/** The rows in every layout that `tables.ts` knows. */
const nestedSeeds: readonly unknown[] = [
  rows.map(({ N, D, loss }, i) => ({
    name: `r${i}`,
    config: { model: { n_params: N }, tokens: { value: D } },
    eval: { loss },
  })),
  { by: 'x', requests: half.map(({ N }) => ({ N })), responses: { all: rows } },
  keyed(rows),
  { '3e15': half, '6e15': other },
  listed,
  Object.fromEntries(keys.map((key) => [key, keyed(rows.map((row) => row[key]))])),
  { columns: keys, index: rows.map((_, i) => i), data: rows.map((row) => keys.map((key) => row[key])) },
  [keys, ...rows.map((row) => keys.map((key) => row[key]))],
  {
    runs: rows.map(({ N, D, loss }) => ({
      data: {
        metrics: [{ key: 'loss', value: loss }],
        params: [
          { key: 'N', value: `${N}` },
          { key: 'D', value: D },
        ],
      },
    })),
  },
  {
    models: [half, other].map((runs, i) => ({
      model: i,
      N: 1e7 * (i + 1),
      runs: runs.map(({ D, loss }) => ({ D, loss })),
    })),
  },
]
const objectsInCsv = `name,config,summary\n${rows
  .map(({ run, N, D, loss }) => `${run},"{'N': ${N}, 'D': ${D}, 'ok': True}","{""loss"": ${loss}}"`)
  .join('\n')}`

const seeds: Readonly<Record<string, readonly Buffer[]>> = {
  csv: [delimited(','), delimited(',', '"')].map((text) => Buffer.from(text)),
  tsv: [Buffer.from(delimited('\t'))],
  json: [
    rows,
    { previous_runs: rows },
    rows.map(({ loss, ...row }) => ({ ...row, loss: [loss + 1, loss], config: { lr: 1 } })),
  ].map((value) => Buffer.from(JSON.stringify(value).replaceAll('4.5,', 'NaN,'))),
  'nested json': nestedSeeds.map((value) => Buffer.from(JSON.stringify(value))),
  'what is in json': nestedSeeds.map((value) => Buffer.from(JSON.stringify(value))),
  'objects in csv': [Buffer.from(objectsInCsv)],
  jsonl: [Buffer.from(rows.map((row) => JSON.stringify(row).replace('4.7', 'NaN')).join('\n'))],
  gzip: [gzipSync(delimited(',')), gzipSync(JSON.stringify(rows))],
  'what is in gzip': [delimited(','), JSON.stringify(rows)].map((text) => Buffer.from(text)),
  parquet: [
    parquet({ codec: 'UNCOMPRESSED' }),
    parquet({ codec: 'SNAPPY', rowGroupSize: 50 }),
    parquet({ codec: 'ZSTD', compressors: { ZSTD: (bytes) => new Uint8Array(zstdCompressSync(bytes)) } }),
    parquet({ codec: 'GZIP', compressors: { GZIP: (bytes) => new Uint8Array(gzipSync(bytes)) } }),
    parquet({ codec: 'UNCOMPRESSED' }, { nullable: true, data: rows.map(({ loss }, i) => (i % 5 ? loss : null)) }),
    parquet({ codec: 'UNCOMPRESSED' }, { encoding: 'BYTE_STREAM_SPLIT' }),
    parquet(
      { codec: 'UNCOMPRESSED' },
      { type: 'INT32', data: rows.map(({ N }) => N), encoding: 'DELTA_BINARY_PACKED' },
    ),
    parquet({ codec: 'UNCOMPRESSED' }, { type: 'INT64', data: rows.map(({ N }) => BigInt(N >> 4)) }),
  ],
  'nested parquet': [nestedParquet()],
  xlsx: [
    await workbook({ Runs: [keys, ...rows.map((row) => keys.map((key) => row[key]))], Notes: [['a']] }),
    workbookOf(sheetOf(sheetRows)),
  ].map((bytes) => Buffer.from(bytes)),
  'what is in xlsx': [Buffer.from(sheetOf(sheetRows))],
}

export const formats = Object.keys(seeds)

/** What may be done to a file. */
const mutations: readonly ((bytes: Buffer, random: Random) => Buffer)[] = [
  (bytes, { integer }) => changed(bytes, integer(bytes.length), (byte) => byte ^ (1 << integer(8))),
  (bytes, { integer }) => changed(bytes, integer(bytes.length), () => integer(256)),
  (bytes, { integer }) =>
    changed(bytes, integer(bytes.length), () => [0, 1, 0x22, 0x0a, 0x20, 0x5c, 0x7f, 0x80, 0xff][integer(9)]),
  // Numbers of several bytes, as lengths are written: as large as can be.
  (bytes, { integer }) => filled(bytes, integer(bytes.length), 1 + integer(9), 0xff),
  (bytes, { integer }) => filled(bytes, integer(bytes.length), 1 + integer(9), 0x80),
  // The end, where Parquet has its description.
  (bytes, { integer }) => changed(bytes, bytes.length - 1 - integer(Math.min(bytes.length, 400)), () => integer(256)),
  (bytes, { integer }) => bytes.subarray(0, integer(bytes.length)),
  (bytes, { integer }) => bytes.subarray(integer(bytes.length)),
  (bytes, { integer }) => {
    const [from, to] = [integer(bytes.length), integer(bytes.length)]
    return Buffer.concat([bytes.subarray(0, from), bytes.subarray(to)])
  },
  (bytes, { integer }) => {
    const [at, from] = [integer(bytes.length), integer(bytes.length)]
    const piece = bytes.subarray(from, from + 1 + integer(100))
    return Buffer.concat([
      bytes.subarray(0, at),
      ...Array.from({ length: 1 + integer(200) }, () => piece),
      bytes.subarray(at),
    ])
  },
]

const changed = (bytes: Buffer, at: number, to: (byte: number) => number): Buffer => {
  const copy = Buffer.from(bytes)
  copy[at] = to(copy[at])
  return copy
}

const filled = (bytes: Buffer, at: number, length: number, byte: number): Buffer =>
  Buffer.from(bytes).fill(byte, at, Math.min(at + length, bytes.length))

/** What may be done to a value of JSON: some of its parts are others. Broken text says little of what becomes of what is read. */
function changedValue(value: unknown, random_: Random, chance: number): unknown {
  const { uniform, integer } = random_
  const within = (inner: unknown) => changedValue(inner, random_, chance)
  if (uniform() < chance) return strange[integer(strange.length)](value)
  if (Array.isArray(value)) return value.map(within)
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).map(([key, inner]): [string, unknown] => [
    uniform() < chance ? strangeKeys[integer(strangeKeys.length)] : key,
    within(inner),
  ])
  return Object.fromEntries(entries)
}

const strangeKeys = [
  '',
  'N',
  'loss',
  'config',
  'value',
  'key',
  'data',
  'columns',
  '0',
  '1e18',
  '__proto__',
  'constructor',
  'a.b',
  '*',
]
const strange: readonly ((value: unknown) => unknown)[] = [
  () => null,
  () => [],
  () => ({}),
  () => -1,
  () => 'NaN',
  () => '{"N": 1}',
  () => "{'loss': 3}",
  (value) => [value],
  (value) => [value, value],
  (value) => ({ value }),
  (value) => ({ N: value, loss: value }),
  (value) => [{ key: 'loss', value }],
  (value) => [['N', 'D', 'loss'], value],
  (value) => ({ columns: ['N', 'D', 'loss'], data: [value, value] }),
  (value) => Array.from({ length: 40 }).reduce((inner) => ({ a: [{ N: 1, b: inner }] }), value),
]

/** The k-th mutated file of a format: one to four mutations, the same ones every time. */
export function mutated(format: string, k: number): Buffer {
  const random_ = random(k)
  const { integer, uniform } = random_
  if (format === 'what is in json') {
    const value: unknown = JSON.parse(seeds[format][k % seeds[format].length].toString())
    return Buffer.from(JSON.stringify(changedValue(value, random_, 10 ** (-3.5 + 2.5 * uniform()))))
  }
  let bytes = seeds[format][k % seeds[format].length]
  for (let times = 1 + integer(4); times > 0 && bytes.length > 1; times--)
    bytes = mutations[integer(mutations.length)](bytes, random_)
  if (format === 'what is in xlsx') return workbookOf(bytes)
  return format === 'what is in gzip' ? gzipSync(bytes) : bytes
}

/** How mutated files were taken. */
export interface Tally {
  read: number
  refused: number
  /** The longest reading, ms. */
  longestMs: number
  /** The most memory that this process and those that it started had, in bytes, as far as it was seen. */
  mostMemory: number
}

/** By the clock on the wall, with the start of a process in it: also where eight others want the same processor. */
const longestMs = 5_000
const mostMemory = 2 ** 30

/** Reads mutated files; each is read or refused with a code, within 5 s and 1 GB. */
export async function readMutated(format: string, count: number, first = 0): Promise<Tally> {
  const tally: Tally = { read: 0, refused: 0, longestMs: 0, mostMemory: 0 }
  const watch = setInterval(() => {
    tally.mostMemory = Math.max(tally.mostMemory, process.memoryUsage.rss(), ...childrenMemory())
  }, 10)
  watch.unref()
  for (let k = first; k < first + count; k++) {
    const started = performance.now()
    try {
      await readText(mutated(format, k))
      tally.read++
    } catch (error) {
      assert.equal((error as Error).name, 'IsoflopError', `${format} ${k}: ${(error as Error).stack}`)
      tally.refused++
    }
    const elapsed = performance.now() - started
    tally.longestMs = Math.max(tally.longestMs, elapsed)
    assert.ok(elapsed < longestMs, `${format} ${k} took ${Math.round(elapsed)} ms`)
  }
  assert.ok(tally.mostMemory < mostMemory, `${format}: ${Math.round(tally.mostMemory / 1e6)} MB`)
  return tally
}

/** Memory of the processes that this one started; nothing where the system does not tell. */
function childrenMemory(): number[] {
  try {
    const tasks = readdirSync('/proc/self/task')
    const children = tasks.flatMap((task) => readFileSync(`/proc/self/task/${task}/children`, 'utf8').split(' '))
    return children.filter((pid) => pid !== '').map(residentBytes)
  } catch {
    return []
  }
}

const residentBytes = (pid: string): number => 4096 * Number(readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')[1])

export const tallyText = ({ read, refused, longestMs, mostMemory }: Tally): string =>
  `${read} read, ${refused} refused, the longest ${Math.round(longestMs)} ms, at most ${Math.round(mostMemory / 1e6)} MB`
