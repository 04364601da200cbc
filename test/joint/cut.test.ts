// Sources: docs/math.md E51
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { TrainedRun } from '../../src/core/trainer.ts'
import { cutsOf, mostUsableLoss } from '../../src/joint/cut.ts'

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

test('belief in one law goes by what it gives all runs, over the staged belief in the late ones and the early ones by themselves', () => {
  const cutsAt = (together: number) =>
    cutsOf(
      all,
      evidences({ usual: { '6.1 5.9 5 4.9 4.8 5.2': together, '6.1 5.9': -2 }, staged: { '5 4.9 4.8 5.2': 3 } }),
    )
  // Log odds of 4, over the evidences of 3 and -2, divide the belief evenly; by ln 3 more it is three to one.
  const even = cutsAt(5)
  assert.deepEqual(new Set(even.map(({ cut }) => cut)), new Set([mostUsableLoss, 5.5]))
  for (const { belief } of even) assert.ok(Math.abs(belief - 0.5) < 1e-12)
  const [first, second] = cutsAt(5 + Math.log(3))
  assert.equal(first.cut, mostUsableLoss)
  assert.ok(Math.abs(first.belief - 0.75) < 1e-12 && Math.abs(second.belief - 0.25) < 1e-12)
  assert.equal(cutsAt(5 - Math.log(3))[0].cut, 5.5)
  assert.deepEqual(cutsAt(9), [{ cut: mostUsableLoss, belief: 1 }])
  assert.deepEqual(cutsAt(1), [{ cut: 5.5, belief: 1 }])
})

test('nothing is asked of fewer than four late runs or fewer than two early ones', () => {
  const silent = { usual: () => assert.fail('asked'), staged: () => assert.fail('asked') }
  for (const losses of [
    [6.1, 5.9, 5, 4.9, 4.8],
    [6.1, 5, 4.9, 4.8, 5.2],
  ])
    assert.deepEqual(cutsOf(runsOf(...losses), silent), [{ cut: mostUsableLoss, belief: 1 }])
})

test('once runs were left out, what is left is held to the staged belief at the next split', () => {
  const deep = runsOf(6.1, 5.9, 5.2, 5, 4.5, 4.4, 4.3, 4.2)
  const cutsAt = (together: number, later: number) =>
    cutsOf(
      deep,
      evidences({
        usual: { [lossesOf(deep)]: together, '6.1 5.9': 0, '5.2 5': 0, '6.1 5.9 5.2 5': 0 },
        staged: { '5.2 5 4.5 4.4 4.3 4.2': 0, '4.5 4.4 4.3 4.2': later },
      }),
    )
  assert.deepEqual(cutsAt(0, 0.9), [{ cut: 5.5, belief: 1 }])
  assert.deepEqual(cutsAt(0, 1.1), [{ cut: 4.7, belief: 1 }])
  assert.deepEqual(
    cutsAt(3, 1.1).map(({ cut }) => cut),
    [4.7, mostUsableLoss],
  )
  // Runs above 5.5 obey the law, but none of those above 4.7 that of the rest.
  assert.deepEqual(cutsAt(6, 8), [{ cut: 4.7, belief: 1 }])
})
