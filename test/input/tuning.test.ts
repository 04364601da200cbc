import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Tuning } from '../../src/core/run.ts'
import { readText } from './files.ts'

const read = async (text: string, columns = {}) => (await readText(text, { columns })).runs
const tuningOf = async (text: string, columns = {}): Promise<Tuning> => {
  const { tuning } = await read(text, columns)
  assert.ok(tuning)
  return tuning
}

test('rates, batches and unique tokens are read where the table has them, and nothing where it does not', async () => {
  assert.equal((await read('N,D,loss\n1e8,2e9,3.1\n')).tuning, undefined)
  const { rate, batch, batchUnit, unique } = await tuningOf(
    'N,D,lr,bsz,loss\n1e8,2e9,1e-3,128,3.1\n1e8,2e9,2e-3,,3.2\n',
  )
  assert.deepEqual([...rate!], [1e-3, 2e-3])
  assert.deepEqual([...batch!], [128, Number.NaN])
  assert.equal(batchUnit, 'sequences')
  assert.equal(unique, null)
})

test('a batch is in tokens where a sequence length, the name or its size says so', async () => {
  const length = await tuningOf('N,D,batch_size,seq_len,loss\n1e8,2e9,128,2048,3.1\n')
  assert.deepEqual([length.batchUnit, length.batch![0]], ['tokens', 128 * 2048])
  const name = await tuningOf('N,D,batch_size,tokens_per_batch,loss\n1e8,2e9,128,65536,3.1\n')
  assert.deepEqual([name.batchUnit, name.batch![0]], ['tokens', 65536])
  const size = await tuningOf('N,D,batch_size,loss\n1e8,2e9,262144,3.1\n1e8,4e9,524288,3.0\n')
  assert.deepEqual([size.batchUnit, size.batch![0]], ['tokens', 262144])
  // One row without a sequence length: then all are in sequences.
  const mixed = await tuningOf('N,D,batch_size,seq_len,loss\n1e8,2e9,128,2048,3.1\n1e8,4e9,256,,3.0\n')
  assert.deepEqual([mixed.batchUnit, ...mixed.batch!], ['sequences', 128, 256])
})

test('unique tokens are read, or follow from the epochs', async () => {
  const given = await tuningOf('N,D,unique_tokens,loss\n1e8,4e9,1e9,3.1\n')
  assert.equal(given.unique![0], 1e9)
  const epochs = await tuningOf('N,D,epochs,loss\n1e8,4e9,4,3.1\n1e8,4e9,0.5,3.0\n1e8,8e9,,2.9\n')
  assert.deepEqual([...epochs.unique!], [1e9, 4e9, Number.NaN])
})

test('--columns names them too, and a bad cell is an empty one', async () => {
  const { rate } = await tuningOf('N,D,eta,loss\n1e8,2e9,1e-3,3.1\n1e8,4e9,-1,3.0\n1e8,8e9,cosine,2.9\n', {
    learning_rate: 'eta',
  })
  assert.deepEqual([...rate!], [1e-3, Number.NaN, Number.NaN])
})
