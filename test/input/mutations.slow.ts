import assert from 'node:assert/strict'
import { test } from 'node:test'
import { formats, readMutated, tallyText } from './mutations.ts'

/** `npm run test:mutations` reads 5,000 of each. */
const count = 200

for (const format of formats)
  test(`${count} mutated files are read or refused with a code: ${format}`, { timeout: 120_000 }, async (t) => {
    const tally = await readMutated(format, count)
    assert.equal(tally.read + tally.refused, count)
    t.diagnostic(tallyText(tally))
  })
