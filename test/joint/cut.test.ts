// Sources: docs/math.md E51
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { TrainedRun } from '../../src/core/trainer.ts'
import { cutOf, mostUsableLoss } from '../../src/joint/cut.ts'

const config = { dModel: 256, numLayers: 4, numHeads: 4, batchSize: 128, learningRate: 1e-3, trainFlops: 1e16 }
const runsOf = (...losses: number[]): TrainedRun[] => losses.map((loss) => ({ config, loss }))
const lossesOf = (part: readonly TrainedRun[]) => part.map(({ loss }) => loss).join(' ')

/** Evidences from a table by the losses of a part; what the table lacks must not be asked. */
function evidences(table: { usual: Record<string, number>; staged: Record<string, number> }) {
  const of = (kind: 'usual' | 'staged') => (part: readonly TrainedRun[]) => {
    const value = table[kind][lossesOf(part)]
    assert.notEqual(value, undefined, `${kind} of ${lossesOf(part)}`)
    return value
  }
  return { usual: of('usual'), staged: of('staged') }
}

const above = [6.1, 5.9]
const below = [5, 4.9, 4.8, 5.2]
const all = runsOf(...above, ...below)

test('early runs are kept where one usual law beats late runs by the staged belief and early ones by themselves, by 4', () => {
  const cutAt = (together: number) =>
    cutOf(
      all,
      evidences({ usual: { '6.1 5.9 5 4.9 4.8 5.2': together, '6.1 5.9': -2 }, staged: { '5 4.9 4.8 5.2': 3 } }),
    )
  assert.equal(cutAt(5.1), mostUsableLoss)
  assert.equal(cutAt(4.9), 5.5)
})

test('nothing is asked of fewer than four late runs or fewer than two early ones', () => {
  const silent = { usual: () => assert.fail('asked'), staged: () => assert.fail('asked') }
  assert.equal(cutOf(runsOf(6.1, 5.9, 5, 4.9, 4.8), silent), mostUsableLoss)
  assert.equal(cutOf(runsOf(6.1, 5, 4.9, 4.8, 5.2), silent), mostUsableLoss)
})

test('once runs were left out, what is left is held to the staged belief at the next split', () => {
  const deep = runsOf(6.1, 5.9, 5.2, 5, 4.5, 4.4, 4.3, 4.2)
  const cutAt = (later: number) =>
    cutOf(
      deep,
      evidences({
        usual: { [lossesOf(deep)]: 0, '6.1 5.9': 0, '5.2 5': 0 },
        staged: { '5.2 5 4.5 4.4 4.3 4.2': 0, '4.5 4.4 4.3 4.2': later },
      }),
    )
  assert.equal(cutAt(0.9), 5.5)
  assert.equal(cutAt(1.1), 4.7)
})
