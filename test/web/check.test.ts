import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { lossQueryOf, submissionBody } from '../../src/api/contract.ts'
import { apiLimits } from '../../src/cs336/limits.ts'
import { checkPrediction, checkQuery } from '../../src/web/class/check.ts'

/** Numbers as people type them, at the edges of what is allowed and beyond, and what is no number. */
const typed = fc.oneof(
  fc.constantFrom(
    '64',
    '63',
    '1024',
    '1025',
    '2',
    '1',
    '24',
    '25',
    '16',
    '17',
    '128',
    '256',
    '257',
    '512',
    '65536',
    '65537',
  ),
  fc.constantFrom(
    '1e-4',
    '9.9e-5',
    '1e-3',
    '0.001',
    '.001',
    '1e-7',
    '1',
    '1.5',
    '20',
    '20.1',
    '0',
    '-1',
    '2048',
    '2049',
  ),
  fc.constantFrom('1e13', '10000000000000', '1e18', '3E16', '2e16', '1e19', '64.0', ' 64 ', '+64', '5e-1'),
  fc.constantFrom('', ' ', 'wide', '1,024', '0x40', 'Infinity', 'NaN', '1e', '--1', '64px', '1e999'),
  fc.integer({ min: 1, max: 1100 }).map(String),
)
/** Mostly right, so that what is right is met as well. */
const field = (right: string) => fc.oneof({ weight: 4, arbitrary: fc.constant(right) }, { weight: 1, arbitrary: typed })

const shape = {
  d_model: field('256'),
  num_layers: field('4'),
  num_heads: field('4'),
  batch_size: field('128'),
  learning_rate: field('0.001'),
}

/** What the wire carries of a draft: blanks at its ends are no part of what was typed. */
const sent = (draft: Record<string, string>) =>
  Object.fromEntries(Object.entries(draft).map(([name, text]) => [name, text.trim()]))

test('the form of a query takes what the API takes, and means the same by it', () => {
  const schema = lossQueryOf(apiLimits.trainFlops)
  const seen = { taken: 0, refused: 0 }
  fc.assert(
    fc.property(fc.record({ ...shape, train_flops: field('1e16') }), (draft) => {
      const answer = schema.safeParse(sent(draft))
      const { faults, meant } = checkQuery(draft, apiLimits.trainFlops)
      assert.equal(meant !== null, answer.success, JSON.stringify({ draft, faults, error: answer.error?.message }))
      if (meant !== null) {
        seen.taken++
        for (const [name, value] of Object.entries(meant))
          assert.equal(Number((answer.data as unknown as Record<string, number>)[name]), value, name)
      } else seen.refused++
    }),
    { seed: 17, numRuns: 3000 },
  )
  assert.ok(seen.taken > 300 && seen.refused > 300, JSON.stringify(seen))
})

test('the form of a prediction takes what the API takes', () => {
  const seen = { taken: 0, refused: 0 }
  fc.assert(
    fc.property(fc.record({ ...shape, predicted_loss: field('3.1') }), (draft) => {
      const { faults, meant } = checkPrediction(draft)
      const answer = submissionBody.safeParse(sent(draft))
      assert.equal(meant !== null, answer.success, JSON.stringify({ draft, faults, error: answer.error?.message }))
      seen[meant !== null ? 'taken' : 'refused']++
    }),
    { seed: 17, numRuns: 3000 },
  )
  assert.ok(seen.taken > 300 && seen.refused > 300, JSON.stringify(seen))
})
