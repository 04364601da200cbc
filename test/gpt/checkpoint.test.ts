import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { loadCheckpoint, saveCheckpoint } from '../../src/gpt/checkpoint.ts'
import { initialState, layoutOf } from '../../src/gpt/state.ts'
import { pinnedShape } from './models.ts'

const folder = mkdtempSync(join(tmpdir(), 'isoflop-checkpoint-'))
after(() => rmSync(folder, { recursive: true }))
const layout = layoutOf(pinnedShape)

/** A state whose three arrays differ. */
const stateOf = (seed: number) => ({
  weights: initialState(layout, seed).weights,
  firstMoments: initialState(layout, seed + 1).weights,
  secondMoments: initialState(layout, seed + 2).weights,
})

const saved = (name: string): string => {
  const file = join(folder, name)
  saveCheckpoint(file, { step: 7, average: 3.25, last: 3.125 }, stateOf(1))
  return file
}

test('what is loaded is what was saved, bit for bit, and equal states are equal files', () => {
  const file = saved('whole')
  const state = stateOf(9)
  assert.deepEqual(loadCheckpoint(file, state), { step: 7, average: 3.25, last: 3.125 })
  assert.deepEqual(state, stateOf(1))
  assert.deepEqual(readFileSync(saved('again')), readFileSync(file))
  assert.deepEqual(
    readdirSync(folder).filter((name) => name.endsWith('.new')),
    [],
  )
})

test('before the first step there is no loss', () => {
  const file = join(folder, 'early')
  saveCheckpoint(file, { step: 0, average: null, last: null }, stateOf(1))
  assert.deepEqual(loadCheckpoint(file, stateOf(2)), { step: 0, average: null, last: null })
})

test('no file is no checkpoint', () => {
  const state = stateOf(4)
  assert.equal(loadCheckpoint(join(folder, 'none'), state), null)
  assert.deepEqual(state, stateOf(4))
})

test('any damage is an error, and the state stays as it was', () => {
  const whole = readFileSync(saved('damaged'))
  const flipped = (at: number) => {
    const bytes = Buffer.from(whole)
    bytes[at < 0 ? bytes.length + at : at] ^= 1
    return bytes
  }
  const damages: Record<string, Uint8Array> = {
    'a bit of the head': flipped(3),
    'a bit of a weight': flipped(1000),
    'the last bit': flipped(-1),
    'cut short': whole.subarray(0, -5),
    'cut in the head': whole.subarray(0, 20),
    empty: new Uint8Array(0),
    'something else': new TextEncoder().encode('{"format":"something else"}\n'),
    longer: Buffer.concat([whole, Uint8Array.of(0)]),
  }
  for (const [what, bytes] of Object.entries(damages)) {
    const file = join(folder, 'damaged')
    writeFileSync(file, bytes)
    const state = stateOf(5)
    assert.throws(() => loadCheckpoint(file, state), { code: 'CHECKPOINT_INVALID' }, what)
    assert.deepEqual(state, stateOf(5), what)
  }
})

test('a checkpoint of another model is an error', () => {
  const other = initialState(layoutOf({ ...pinnedShape, numLayers: 1 }), 0)
  assert.throws(() => loadCheckpoint(saved('other'), other), { code: 'CHECKPOINT_INVALID', message: /weights, not/ })
})

test('a folder that is not there is OUTPUT_FAILED', () => {
  const progressed = { step: 1, average: 1, last: 1 }
  assert.throws(() => saveCheckpoint(join(folder, 'no', 'folder'), progressed, stateOf(1)), { code: 'OUTPUT_FAILED' })
})
