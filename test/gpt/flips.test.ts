import assert from 'node:assert/strict'
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { loadCheckpoint } from '../../src/gpt/checkpoint.ts'
import { run } from '../../src/gpt/run.ts'
import { openRunFolder, recordIn } from '../../src/gpt/run-folder.ts'
import { flipped } from '../flipped.ts'
import { tinyRecipe, tinyRun } from './runs.ts'

const root = mkdtempSync(join(tmpdir(), 'isoflop-flips-'))
after(() => rmSync(root, { recursive: true }))
const folder = join(root, 'whole')
const steps = 6
await run(tinyRun(folder, steps))

/** A folder with what the run left, and a file of it. */
function copyOf(name: string) {
  const copy = join(root, `flipped ${name}`)
  cpSync(folder, copy, { recursive: true })
  const file = join(copy, name)
  return { copy, file, bytes: readFileSync(file) }
}

/** Weights in the checkpoint's head, which has one for each of three arrays. */
function emptyState() {
  const { size } = JSON.parse(readFileSync(join(folder, 'checkpoint')).toString('latin1').split('\n')[0]) as {
    size: number
  }
  const array = () => new Float32Array(size)
  return { weights: array(), firstMoments: array(), secondMoments: array() }
}

test('of 200 flipped bits in a checkpoint none is gone on from', () => {
  const { file, bytes } = copyOf('checkpoint')
  const head = bytes.subarray(0, bytes.indexOf('\n') + 1)
  assert.equal(loadCheckpoint(file, emptyState())?.step, steps)
  for (const where of flipped(file, bytes))
    assert.throws(() => loadCheckpoint(file, emptyState()), { code: 'CHECKPOINT_INVALID' }, where)
  for (const where of flippedHeads(file, bytes, head.length))
    assert.throws(() => loadCheckpoint(file, emptyState()), { code: 'CHECKPOINT_INVALID' }, where)
})

/** The same in the head alone, which is a hundred bytes of many thousand. */
function* flippedHeads(file: string, bytes: Buffer, length: number) {
  const head = bytes.subarray(0, length)
  for (const where of flipped(file, head, 2)) {
    const damaged = Buffer.concat([readFileSync(file), bytes.subarray(length)])
    writeFileSync(file, damaged)
    yield where
  }
}

test('of 200 flipped bits in a record of a training none is believed', () => {
  const { copy, file, bytes } = copyOf('record.jsonl')
  const expected = recordIn(copy)
  assert.equal(expected?.outcome, 'finished')
  for (const where of flipped(file, bytes))
    try {
      assert.deepEqual(recordIn(copy), expected, where) // the line's end is no part of it
    } catch (error) {
      assert.equal((error as { code?: string }).code, 'CHECKPOINT_INVALID', `${where}: ${error}`)
    }
})

test('of 200 flipped bits in what says which run a folder has each is another run', () => {
  const { copy, file, bytes } = copyOf('run.json')
  const about = { recipe: tinyRecipe(steps), corpus: 'tiny text 1', validationSequences: 8, device: 'cpu' }
  openRunFolder(copy, { ...about, resume: true }).close()
  for (const where of flipped(file, bytes.subarray(0, -1)))
    assert.throws(() => openRunFolder(copy, { ...about, resume: true }), { code: 'TRAINING_DIFFERS' }, where)
})
