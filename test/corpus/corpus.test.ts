import assert from 'node:assert/strict'
import { appendFileSync, cpSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { random } from '../../src/core/random.ts'
import { openCorpus } from '../../src/corpus/corpus.ts'
import { readProgress, writeProgress } from '../../src/corpus/progress.ts'
import { verifyCorpus } from '../../src/corpus/verify.ts'
import { flipped } from '../flipped.ts'
import { documents, jsonl, place, prepare, rejects, write } from './files.ts'

const input = write('docs.jsonl', jsonl(documents(300)))
await prepare([input], 'whole')
await prepare([input], 'parts', { shardTokens: 1000 })

test('tokens are read across shards as from one', async (t) => {
  const whole = await openCorpus(place('whole'))
  const parts = await openCorpus(place('parts'))
  t.after(() => [whole, parts].map(({ close }) => close()))
  assert.ok(parts.manifest.train.shards.length > 5)
  assert.deepEqual(parts.tokens, whole.tokens)
  const all = whole.read('train', 0, whole.tokens.train)
  assert.deepEqual(parts.read('train', 0, whole.tokens.train), all)
  for (const [start, length] of [
    [0, 0],
    [0, 1],
    [999, 2],
    [1000, 1000],
    [1234, 4321],
    [whole.tokens.train - 1, 1],
    [whole.tokens.train, 0],
  ])
    assert.deepEqual(parts.read('train', start, length), all.slice(start, start + length))
  assert.equal(all.at(-1), whole.separator)
  assert.equal(all.filter((token) => token === 0).length, whole.manifest.train.documents)
})

test('identity is of the contents, not of the place; bytes per token are of the validation text', async (t) => {
  cpSync(place('whole'), place('copy'), { recursive: true })
  const [whole, copy, parts] = await Promise.all(['whole', 'copy', 'parts'].map((name) => openCorpus(place(name))))
  t.after(() => [whole, copy, parts].map(({ close }) => close()))
  assert.equal(copy.identity, whole.identity)
  assert.notEqual(parts.identity, whole.identity)
  const { val } = whole.manifest
  assert.equal(whole.bytesPerToken, val.bytes / val.tokens)
  assert.ok(whole.bytesPerToken > 1.5)
  await verifyCorpus(copy)
})

test('a read beyond the end is a defect of the caller', async (t) => {
  const corpus = await openCorpus(place('whole'))
  t.after(() => corpus.close())
  const { train } = corpus.tokens
  for (const [start, length] of [
    [-1, 1],
    [0, -1],
    [0.5, 1],
    [0, Number.NaN],
    [train, 1],
    [0, train + 1],
  ])
    assert.throws(() => corpus.read('train', start, length), { code: 'INTERNAL' })
})

test('a folder without a finished corpus says what to do', async () => {
  await rejects(openCorpus(place('absent')), 'CORPUS_MISSING', /manifest\.json.*isoflop corpus prepare/)
  await rejects(openCorpus(place('docs.jsonl')), 'CORPUS_MISSING')
})

/** A copy of a corpus whose manifest is changed as by a stranger, who writes no checksums; or with them. */
function changed(change: (text: string) => string, withSums = false): string {
  const folder = place(withSums ? 'summed' : 'changed')
  rmSync(folder, { recursive: true, force: true })
  cpSync(place('parts'), folder, { recursive: true })
  const file = `${folder}/manifest.json`
  const text = readFileSync(file, 'utf8')
  const bare = text.replace(/,\s*"sections": \[[^\]]*\]/g, '').replace(/,\s*"checksum": "\w+"/, '')
  writeFileSync(file, change(withSums ? text : bare))
  return folder
}

test('a manifest by a stranger is checked before anything is read', async () => {
  for (const [from, to, pattern] of [
    [/^/, '!', /is not JSON/],
    [/[\s\S]+/, 'null', /is not an object/],
    [/[\s\S]+/, '{}', /corpus: Invalid input/],
    ['"corpus": 1', '"corpus": 2', /corpus/],
    ['"separator": 0', '"separator": 320', /separator is 320/],
    ['"vocabularySize": 320', '"vocabularySize": 70000', /vocabularySize/],
    ['train-00000.bin', '../../etc/passwd', /train\.shards\.0\.file/],
    ['train-00000.bin', 'train-00999.bin', /train-00999\.bin cannot be read \(ENOENT\)/],
    ['"tokens": 1000', '"tokens": 999', /the shards of train have/],
    ['"tokens": 1000', '"tokens": -1', /train\.shards\.0\.tokens/],
    ['"first": []', '"first": [{ "source": 1, "row": 1, "reason": "" }]', /corrupt row is of source 1/],
  ] as const)
    await rejects(openCorpus(changed((text) => text.replace(from, to))), 'CORPUS_INVALID', pattern)
})

test('shards of another size are refused, others found by their hash and by their tokens', async () => {
  const cut = changed((text) => text)
  truncateSync(`${cut}/val-00000.bin`, 100)
  await rejects(openCorpus(cut), 'CORPUS_INVALID', /val-00000\.bin has 100 bytes, expected \d+/)
  const long = changed((text) => text)
  appendFileSync(`${long}/train-00001.bin`, 'x')
  await rejects(openCorpus(long), 'CORPUS_INVALID', /train-00001\.bin has 2001 bytes, expected 2000/)
  const other = changed((text) => text)
  writeFileSync(`${other}/train-00001.bin`, Buffer.alloc(2000, 0xff))
  const corpus = await openCorpus(other)
  assert.throws(() => corpus.read('train', 1500, 10), { code: 'CORPUS_INVALID', message: /token 65535 in train/ })
  const summed = await openCorpus(changed((text) => text, true))
  writeFileSync(join(summed.dir, 'train-00001.bin'), Buffer.alloc(2000, 0xff))
  assert.throws(() => summed.read('train', 1500, 10), { message: /train-00001\.bin.* from 0 on is wrong/ })
  summed.close()
  await rejects(verifyCorpus(corpus), 'CORPUS_INVALID', /train-00001\.bin is not what was written/)
  truncateSync(`${other}/train-00001.bin`, 100)
  assert.throws(() => corpus.read('train', 1500, 10), {
    code: 'CORPUS_INVALID',
    message: /ends after/,
  })
  corpus.close()
})

/** Does work with one bit of a file flipped, 200 times in other places, and puts the file back. */
async function withFlips(file: string, work: (at: number) => Promise<void>): Promise<void> {
  const whole = readFileSync(file)
  const { integer } = random(11, whole.length)
  for (let k = 0; k < 200; k++) {
    const at = integer(whole.length)
    const flipped = Buffer.from(whole)
    flipped[at] ^= 1 << integer(8)
    writeFileSync(file, flipped)
    await work(at)
  }
  writeFileSync(file, whole)
}

test('of 200 flipped bits in a shard and in a manifest none is trained on', async () => {
  cpSync(place('whole'), place('flips'), { recursive: true })
  const whole = await openCorpus(place('whole'))
  const expected = whole.read('train', 0, whole.tokens.train)
  whole.close()
  const readAll = async (at: number) => {
    const corpus = await openCorpus(place('flips'))
    try {
      assert.deepEqual(corpus.read('train', 0, corpus.tokens.train), expected, `${at}`)
      assert.equal(corpus.identity, whole.identity, `${at}`)
    } finally {
      corpus.close()
    }
  }
  await readAll(-1)
  await withFlips(join(place('flips'), 'train-00000.bin'), (at) => rejects(readAll(at), 'CORPUS_INVALID'))
  await withFlips(join(place('flips'), 'manifest.json'), (at) =>
    readAll(at).catch((error) => assert.equal(error.code, 'CORPUS_INVALID', `${at}: ${error}`)),
  )
})

test('of 200 flipped bits in what a corpus was begun with, and in how far it is, none is believed', async () => {
  const [folder, inputs] = [place('inputs'), place('inputs/inputs.json')]
  cpSync(place('whole'), folder, { recursive: true })
  for (const where of flipped(inputs, readFileSync(inputs)))
    try {
      assert.equal((await prepare([input], 'inputs')).work, 'none') // the line's end is no part of it
    } catch (error) {
      assert.equal((error as { code?: string }).code, 'CORPUS_DIFFERS', `${where}: ${error}`)
    }
  const progress = { tokenizer: 'a'.repeat(64), encoding: null }
  writeProgress(folder, progress)
  const file = place('inputs/progress.json')
  for (const where of flipped(file, readFileSync(file)))
    try {
      assert.deepEqual(readProgress(folder), progress, where)
    } catch (error) {
      assert.equal((error as { code?: string }).code, 'CORPUS_INVALID', `${where}: ${error}`)
    }
})

test('a section is read once to be checked, and only where it is wanted', async (t) => {
  const input = write('long.jsonl', jsonl(documents(9000)))
  await prepare([input], 'long')
  const corpus = await openCorpus(place('long'))
  t.after(() => corpus.close())
  const { tokens } = corpus.manifest.train.shards[0]
  assert.ok(tokens * 2 > 1 << 20, `${tokens} tokens are one section`)
  const file = join(place('long'), 'train-00000.bin')
  const bytes = readFileSync(file)
  bytes[bytes.length - 5] ^= 1
  writeFileSync(file, bytes)
  assert.equal(corpus.read('train', 100, 512).length, 512)
  assert.throws(() => corpus.read('train', tokens - 600, 512), {
    code: 'CORPUS_INVALID',
    message: /from \d+ on is wrong/,
  })
})

test('a corpus of an earlier version, without checksums, opens as the same corpus', async (t) => {
  cpSync(place('whole'), place('earlier'), { recursive: true })
  const file = join(place('earlier'), 'manifest.json')
  const { checksum: _, ...manifest } = JSON.parse(readFileSync(file, 'utf8'))
  for (const split of ['train', 'val']) for (const shard of manifest[split].shards) delete shard.sections
  writeFileSync(file, `${JSON.stringify(manifest, null, 2)}\n`)
  const [whole, earlier] = await Promise.all(['whole', 'earlier'].map((name) => openCorpus(place(name))))
  t.after(() => [whole, earlier].map(({ close }) => close()))
  assert.equal(earlier.identity, whole.identity)
  assert.deepEqual(earlier.read('train', 0, 700), whole.read('train', 0, 700))
})
