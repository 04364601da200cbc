import assert from 'node:assert/strict'
import { test } from 'node:test'
import { formats, readMutated, tallyText } from '../input/mutations.ts'

/** The short version is test/input/mutations.slow.ts. */
const count = Number(process.env.ISOFLOP_MUTATIONS ?? 5_000)

for (const format of formats)
  test(`${count} mutated files, no hang over 5 s, no memory over 1 GB: ${format}`, async (t) => {
    const tally = await readMutated(format, count)
    assert.equal(tally.read + tally.refused, count)
    t.diagnostic(tallyText(tally))
  })
