import assert from 'node:assert/strict'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { parquetWriteBuffer } from 'hyparquet-writer'
import type { Run } from '../../src/core/run.ts'
import { assertNothingLost, listOf, readText } from './files.ts'

const positive = (max: number) => fc.double({ min: 1e-3, max, noNaN: true })
const someRun: fc.Arbitrary<Run> = fc.record(
  { parameters: positive(1e15), tokens: positive(1e18), flops: positive(1e30), loss: positive(20) },
  { noNullPrototype: true },
)
/** Runs of which no two are equal, so that each survives. */
const someRuns = fc.uniqueArray(someRun, { minLength: 1, maxLength: 40, selector: (run) => run.parameters })

/** Numbers of any size, told to be right as they stand. */
const anySize = { columns: { parameters: 'parameters*1' } }

const keys = ['parameters', 'tokens', 'flops', 'loss'] as const

const delimited = (runs: readonly Run[], delimiter: string, end: string, quote: string) =>
  [keys, ...runs.map((run) => keys.map((key) => run[key]))]
    .map((cells) => cells.map((cell) => `${quote}${cell}${quote}`).join(delimiter))
    .join(end)

const writers: Record<string, (runs: readonly Run[]) => string | Uint8Array> = {
  csv: (runs) => delimited(runs, ',', '\n', ''),
  'quoted csv': (runs) => delimited(runs, ',', '\r\n', '"'),
  tsv: (runs) => delimited(runs, '\t', '\n', ''),
  json: (runs) => JSON.stringify(runs),
  jsonl: (runs) => runs.map((run) => JSON.stringify(run)).join('\n'),
  'gzip of jsonl': (runs) => gzipSync(runs.map((run) => JSON.stringify(run)).join('\n')),
  parquet: (runs) => {
    const columnData = keys.map((name) => ({
      name,
      data: Float64Array.from(runs, (run) => run[name]),
      type: 'DOUBLE' as const,
    }))
    return new Uint8Array(parquetWriteBuffer({ columnData }))
  },
}

for (const [format, written] of Object.entries(writers)) {
  test(`runs written as ${format} are read back, to the last bit and in order`, async () => {
    await fc.assert(
      fc.asyncProperty(someRuns, async (runs) => {
        const data = await readText(written(runs), anySize)
        assert.deepEqual(listOf(data.runs), runs)
        assertNothingLost(data)
      }),
      { numRuns: 40 },
    )
  })
}

const sorted = (runs: readonly Run[]) => runs.map((run) => keys.map((key) => run[key]).join(' ')).sort()

test('the order of rows does not change which runs are read, duplicates and bad rows among them', async () => {
  const withRepeats = someRuns.chain((runs) =>
    fc.array(fc.constantFrom(...runs, { ...runs[0], loss: -1 }), { minLength: 1 }),
  )
  const twice = withRepeats.chain((runs) =>
    fc.tuple(fc.constant(runs), fc.shuffledSubarray(runs, { minLength: runs.length, maxLength: runs.length })),
  )
  await fc.assert(
    fc.asyncProperty(twice, async ([runs, shuffled]) => {
      const good = { parameters: 7, tokens: 7, flops: 7, loss: 7 }
      const [a, b] = [
        await readText(writers.csv([good, ...runs]), anySize),
        await readText(writers.csv([...shuffled, good]), anySize),
      ]
      assert.deepEqual(sorted(listOf(a.runs)), sorted(listOf(b.runs)))
      assert.equal(a.excluded.length, b.excluded.length)
      assertNothingLost(a)
    }),
    { numRuns: 60 },
  )
})

test('the order of checkpoints does not change the last ones', async () => {
  const rows = fc.uniqueArray(fc.tuple(fc.integer({ min: 0, max: 4 }), fc.integer({ min: 1, max: 30 })), {
    minLength: 1,
    maxLength: 40,
    selector: String,
  })
  await fc.assert(
    fc.asyncProperty(rows, async (points) => {
      const lines = points.map(([run, step]) => `run ${run},${step},${1e6 * (run + 1)},${step * 1e6},${5 - step / 10}`)
      const data = await readText(`run,step,N,D,loss\n${lines.join('\n')}\n`)
      const last = new Map<number, number>()
      for (const [run, step] of points) last.set(run, Math.max(step, last.get(run) ?? 0))
      const found = listOf(data.runs).map((run) => [run.parameters / 1e6 - 1, run.tokens / 1e6])
      assert.deepEqual(
        found.sort((a, b) => a[0] - b[0]),
        [...last].sort((a, b) => a[0] - b[0]),
      )
      assertNothingLost(data)
    }),
    { numRuns: 60 },
  )
})

test('no text makes it throw anything but an error with a code', async () => {
  const cell = fc.oneof(fc.string(), fc.constantFrom('"', ',', '\n', '\r', '[', '{', '1e9', 'N', 'null'))
  await fc.assert(
    fc.asyncProperty(fc.constantFrom('', '[', '{', 'N,D,loss\n', 'PAR1'), fc.array(cell), async (start, cells) => {
      const data = await readText(start + cells.join('')).catch((error) =>
        assert.equal(error.name, 'IsoflopError', error.stack),
      )
      if (data) assertNothingLost(data)
    }),
    { numRuns: 300 },
  )
})

/** Ways to write a count and a loss, each with what is no number in it. */
const notations = [
  {
    count: (x: number) => String(x),
    loss: (x: number) => String(x),
    other: ['12M', '3,5', '1.2.3', '0x10', '1e', 'nan', '-5', '0', '', '—'],
  },
  {
    count: (x: number) => x.toLocaleString('en'),
    loss: (x: number) => String(x),
    other: ['12M', '1,23,456', '1e9x', '', '-1,000,000', 'inf'],
  },
  {
    count: (x: number) => `${x / 1e6}M`,
    loss: (x: number) => String(x),
    other: ['1,000,000', '12Q', 'M', '5e8', '', '-3M', '0M'],
  },
  {
    count: (x: number) => String(x),
    loss: (x: number) => String(x).replace('.', ','),
    other: ['3.14.1', '3,1,4', 'x', '', '-2,5', '0,0'],
  },
] as const

test('no row is used that a strict reader would not use, whatever stands in its cells and however numbers are written', async () => {
  const cell = fc.record({ column: fc.constantFrom('N', 'D', 'loss'), bad: fc.nat() })
  const table = fc.record({
    notation: fc.constantFrom(...notations),
    rows: fc.array(fc.record({ N: fc.integer({ min: 1e6, max: 1e10 }), loss: fc.integer({ min: 1500, max: 9000 }) }), {
      minLength: 12,
      maxLength: 30,
    }),
    faults: fc.dictionary(fc.nat({ max: 29 }).map(String), cell, { maxKeys: 4 }),
  })
  await fc.assert(
    fc.asyncProperty(table, async ({ notation, rows, faults }) => {
      const lines = rows.map(({ N, loss }, i) => {
        const cells: Record<string, string> = {
          N: notation.count(N),
          D: notation.count(20 * N + i),
          loss: notation.loss(loss / 1001),
        }
        const fault = faults[String(i)]
        if (fault) {
          const isLoss = fault.column === 'loss'
          const bad = isLoss ? ['', 'n/a', '-1', 'x3', '0', '{}'] : notation.other
          cells[fault.column] = bad[fault.bad % bad.length]
        }
        return [String(i), cells.N, cells.D, cells.loss].map((text) => `"${text}"`).join(';')
      })
      const data = await readText(`id;N;D;loss\n${lines.join('\n')}\n`)
      const good = rows.flatMap((_, i) => (faults[String(i)] ? [] : [i]))
      // Of N, D and C two are enough: a row whose N or D is empty has one, so nothing is derived without C.
      assert.deepEqual(
        Array.from({ length: data.runs.size }, (_, k) => data.origin(k).row - 2),
        good,
      )
      assertNothingLost(data)
    }),
    { numRuns: 150 },
  )
})
