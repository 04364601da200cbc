import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { appendFileSync, readdirSync, readFileSync, rmSync, truncateSync, utimesSync, writeFileSync } from 'node:fs'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { lock } from '../../src/core/lock.ts'
import { random } from '../../src/core/random.ts'
import { openCorpus } from '../../src/corpus/corpus.ts'
import { openTokenizer } from '../../src/corpus/tokenizer.ts'
import { contentsOf, documents, jsonl, place, prepare, prose, rejects, write } from './files.ts'

/** The documents of both splits, as text. */
async function textsOf(folder: string): Promise<{ train: string[]; val: string[] }> {
  const corpus = await openCorpus(place(folder))
  const tokenizer = openTokenizer(corpus.dir, corpus.manifest.tokenizer.sha256)
  const [train, val] = (['train', 'val'] as const).map((split) => {
    const tokens = [...corpus.read(split, 0, corpus.tokens[split])]
    const ends = tokens.flatMap((token, i) => (token === corpus.separator ? [i] : []))
    return ends.map((end, k) => tokenizer.decode(tokens.slice(k === 0 ? 0 : ends[k - 1] + 1, end)))
  })
  corpus.close()
  return { train, val }
}

const texts = documents(400)

test('every document comes back, in order, on one side; equal inputs give equal bytes', async () => {
  const [, , third, ...rest] = texts
  const inputs = [
    write('one/a.txt', texts[0]),
    write('one/b.md.gz', gzipSync(texts[1])),
    write('one/c.jsonl.zst', zstdCompressSync(jsonl([third, ...rest]))),
  ]
  const { manifest, work } = await prepare(inputs, 'first')
  assert.equal(work, 'all')
  const { train, val } = await textsOf('first')
  assert.deepEqual([...train, ...val].sort(), [...texts].sort())
  assert.deepEqual(
    texts.filter((text) => train.includes(text)),
    train,
  )
  assert.ok(val.length > 20 && val.length < 60)
  assert.equal(manifest.val.documents, val.length)
  assert.equal(manifest.val.bytes, Buffer.byteLength(val.join('')))
  await prepare(inputs, 'second', { markBytes: 20_000 })
  assert.deepEqual(contentsOf('second'), contentsOf('first'))
  assert.ok(!JSON.stringify(manifest).includes(place('')))
})

test('copies of a document are on one side', async () => {
  await prepare([write('twice.jsonl', jsonl([...texts, ...texts.toReversed()]))], 'twice')
  const { train, val } = await textsOf('twice')
  assert.equal(train.length + val.length, 800)
  assert.deepEqual(
    val.filter((text) => train.includes(text)),
    [],
  )
})

test('a single text file gives some of its sections to the validation part, and small corpora one', async () => {
  const text = prose(1, 60_000)
  await prepare([write('book.txt', text)], 'book', { valFraction: 0.2 })
  const { train, val } = await textsOf('book')
  assert.equal([...train, ...val].join('').length, text.length)
  assert.ok(train.length >= 2 && val.length >= 1, 'a document ends where it changes sides')
  await prepare([write('few.jsonl', jsonl(texts.slice(0, 10)))], 'few', { valFraction: 1e-9 })
  assert.deepEqual((await textsOf('few')).val.length, 1)
})

test('without a second document there is nothing to validate with; the folder can be used again', async () => {
  const input = write('single.jsonl', jsonl([prose(1, 2000)]))
  await rejects(
    prepare([input], 'single'),
    'CORPUS_TOO_SMALL',
    /^16403 bytes .* in 1 document, .* validate with; 65536 bytes are always enough. Give 49133 bytes more/,
  )
  await rejects(prepare([input], 'single', { valFraction: 0.9999 }), 'CORPUS_TOO_SMALL', /no part is left to train on/)
  await prepare([write('two.jsonl', jsonl(texts.slice(0, 9)))], 'single')
})

test('a vocabulary that the text does not have, or that no token can be of, is refused', async () => {
  const input = write('small.txt', 'too little text')
  await rejects(prepare([input], 'small', { vocabularySize: 300 }), 'CORPUS_TOO_SMALL', /15 bytes .* expected 300/)
  await rejects(prepare([write('none.txt', '')], 'none'), 'CORPUS_TOO_SMALL', /0 bytes of text/)
  for (const vocabularySize of [256, 65_537])
    await rejects(prepare([input], 'small', { vocabularySize }), 'BAD_OPTION', /257 to 65536/)
})

test('the largest vocabulary fits', async () => {
  const { integer } = random(5)
  const words = Array.from({ length: 40_000 }, () =>
    Array.from({ length: 8 }, () => 'abcdefghijkl'[integer(12)]).join(''),
  )
  const half = [...words, ...words]
  const lines = Array.from({ length: 80 }, (_, k) => half.slice(k * 1000, (k + 1) * 1000).join(' '))
  const { manifest } = await prepare([write('wide.jsonl', jsonl(lines))], 'wide', { vocabularySize: 65_536 })
  assert.equal(manifest.vocabularySize, 65_536)
  const { train, val } = await textsOf('wide')
  assert.deepEqual([...train, ...val].sort(), lines.sort())
})

test('the tokenizer is trained on a sample of the size asked, spread over the inputs', async () => {
  const inputs = [0, 1, 2, 3].map((k) => write(`sample/${k}.jsonl`, jsonl(documents(100, k + 2))))
  const all = await prepare(inputs, 'all')
  const less = await prepare(inputs, 'less', { tokenizerSample: 20_000 })
  assert.notEqual(all.manifest.tokenizer.sha256, less.manifest.tokenizer.sha256)
  const more = await prepare(inputs, 'more', { tokenizerSample: 1e9 })
  assert.equal(all.manifest.tokenizer.sha256, more.manifest.tokenizer.sha256)
})

test('corrupt rows and empty documents are counted, listed, and too many are an error that can be allowed', async () => {
  const lines = jsonl(texts).split('\n')
  for (const k of [3, 50, 51, 200]) lines[k] = lines[k].slice(0, 20)
  const input = write('corrupt.jsonl', `${lines.join('\n')}{"text":""}\n`)
  await rejects(
    prepare([input], 'corrupt', { maxCorrupt: 2 }),
    'ROWS_CORRUPT',
    /^3 rows .* allows 2: corrupt\.jsonl:4 is not valid JSON; .*:51 is not valid JSON; .*:52 is/,
  )
  // Those of a sample are fewer: here the error comes while encoding, and the same command goes on with more allowed.
  const sampled = { tokenizerSample: 30_000, markBytes: 20_000 }
  await rejects(prepare([input], 'corrupt', { maxCorrupt: 3, ...sampled }), 'ROWS_CORRUPT', /^4 rows/)
  const { manifest, work } = await prepare([input], 'corrupt', { maxCorrupt: 4, ...sampled })
  assert.equal(work, 'rest')
  assert.equal(manifest.emptyDocuments, 1)
  assert.equal(manifest.corruptRows.count, 4)
  assert.deepEqual(manifest.corruptRows.first[0], { source: 0, row: 4, reason: 'is not valid JSON' })
  const wrong = prepare([input], 'field', { textField: 'body' })
  await rejects(
    wrong,
    'COLUMN_MISSING',
    /corrupt\.jsonl has no key "body"; it has: "text" \(\d+ characters\), "meta.set"/,
  )
  await prepare([input], 'field')
})

test('a finished folder is left alone; other options and other inputs are refused', async () => {
  const input = write('again.jsonl', jsonl(texts))
  await prepare([input], 'again')
  const before = contentsOf('again')
  assert.equal((await prepare([input], 'again')).work, 'none')
  utimesSync(input, 1, 1)
  assert.equal((await prepare([input], 'again')).work, 'none', 'the date alone makes no other file')
  await rejects(
    prepare([input], 'again', { vocabularySize: 300 }),
    'CORPUS_DIFFERS',
    /--vocab-size is 320 there and 300/,
  )
  await rejects(prepare([input, write('more.txt', 'x')], 'again'), 'CORPUS_DIFFERS', /1 files, and 2 were given/)
  appendFileSync(input, jsonl(['more']))
  await rejects(prepare([input], 'again'), 'CORPUS_DIFFERS', /is not the file again\.jsonl/)
  writeFileSync(input, jsonl(texts).replace('ka', 'ko'))
  await rejects(prepare([input], 'again'), 'CORPUS_DIFFERS', /is not the file again\.jsonl/)
  assert.deepEqual(contentsOf('again'), before)
  rmSync(`${place('again')}/inputs.json`)
  await rejects(prepare([input], 'again'), 'CORPUS_DIFFERS', /no inputs\.json/)
})

test('a second process is kept out', async () => {
  const input = write('locked.jsonl', jsonl(texts))
  const inside: Promise<void>[] = []
  await prepare([input], 'locked', {
    onStep: ({ name, done }) => {
      if (name === 'checking' && done > 0 && inside.length === 0)
        inside.push(rejects(prepare([input], 'locked'), 'CORPUS_RUNNING', /Another process/))
    },
  })
  assert.equal(inside.length, 1)
  await inside[0]
  const unlock = lock(`${place('locked')}/.corpus.lock`)
  assert.ok(unlock !== null)
  unlock()
})

test('an --out that is a file cannot be written', async () => {
  const file = write('file.txt', 'x')
  await rejects(prepare([file], 'file.txt'), 'OUTPUT_FAILED', /file\.txt could not be written/)
})

const script = fileURLToPath(new URL('./crash.ts', import.meta.url))

/** Starts preparing in a process of its own and kills it after so many messages; tells whether it was killed. */
async function killAfter(steps: number, folder: string, inputs: readonly string[]): Promise<boolean> {
  const child = spawn(process.execPath, [script, folder, ...inputs], { stdio: ['ignore', 'pipe', 'inherit'] })
  let seen = 0
  child.stdout.on('data', (chunk: Buffer) => {
    seen += chunk.toString().split('\n').length - 1
    if (seen >= steps) child.kill('SIGKILL')
  })
  const [, signal] = await once(child, 'exit')
  return signal === 'SIGKILL'
}

test('killed at any moment, it goes on to the same bytes', async () => {
  const inputs = [
    write('crash/a.jsonl.zst', zstdCompressSync(jsonl(documents(400, 3)))),
    write('crash/b.txt', prose(9, 30_000)),
    write('crash/c.jsonl', jsonl(documents(300, 4))),
  ]
  await prepare(inputs, 'unbroken', { shardTokens: 20_000 })
  const folder = place('broken')
  const { integer } = random(1)
  let kills = 0
  // Enough for the tokenizer first, then for a part of the encoding.
  for (const steps of [100, 900, ...Array.from({ length: 5 }, () => 50 + integer(400))])
    if (await killAfter(steps, folder, inputs)) kills++
  assert.ok(kills >= 3, `${kills} kills`)
  assert.ok(!(await killAfter(Number.POSITIVE_INFINITY, folder, inputs)))
  assert.deepEqual(contentsOf('broken'), contentsOf('unbroken'))
  assert.deepEqual(
    readdirSync(folder).filter((name) => /progress|new$/.test(name)),
    [],
  )
})

test('what was trained is not trained again, and what is encoded stays as it is', async () => {
  const inputs = [write('rest/a.jsonl', jsonl(texts)), write('rest/b.jsonl', jsonl(documents(200, 5)))]
  const steps: string[] = []
  const stopped = prepare(inputs, 'rest', {
    markBytes: 20_000,
    onStep: ({ name, done, total }) => {
      if (name === 'encoding' && done > 0.6 * total) throw new Error('stopped')
    },
  })
  await assert.rejects(stopped, /stopped/)
  const progress = JSON.parse(readFileSync(`${place('rest')}/progress.json`, 'utf8'))
  assert.ok(progress.encoding.row > 100 || progress.encoding.source === 1)
  const { work } = await prepare(inputs, 'rest', { onStep: ({ name }) => steps.push(name) })
  assert.equal(work, 'rest')
  assert.deepEqual([...new Set(steps)], ['encoding'])
  await prepare(inputs, 'straight')
  assert.deepEqual(contentsOf('rest'), contentsOf('straight'))
  // A shard that lost its end meanwhile would have a gap.
  const short = { markBytes: 5000, valFraction: 0.2 }
  await assert.rejects(
    prepare(inputs, 'short', {
      ...short,
      onStep: ({ name, done, total }) => {
        if (name === 'encoding' && done > 0.6 * total) throw new Error('stopped')
      },
    }),
    /stopped/,
  )
  truncateSync(`${place('short')}/train-00000.bin`, 100)
  await rejects(prepare(inputs, 'short', short), 'CORPUS_INVALID', /train-00000\.bin is shorter than it was/)
  // A bit that flips in a shard before its checksum is made would be in the checksum.
  await assert.rejects(
    prepare(inputs, 'flipped', {
      ...short,
      onStep: ({ name, done, total }) => {
        if (name === 'encoding' && done > 0.6 * total) throw new Error('stopped')
      },
    }),
    /stopped/,
  )
  const shard = `${place('flipped')}/train-00000.bin`
  const bytes = readFileSync(shard)
  bytes[50] ^= 4
  writeFileSync(shard, bytes)
  await rejects(prepare(inputs, 'flipped', short), 'CORPUS_INVALID', /train-00000\.bin is not what was written into it/)
  // A tokenizer that was exchanged meanwhile would make a corpus of two languages.
  await assert.rejects(
    prepare(inputs, 'exchanged', {
      onStep: ({ name }) => {
        if (name === 'encoding') throw new Error('stopped')
      },
    }),
    /stopped/,
  )
  appendFileSync(`${place('exchanged')}/tokenizer.json`, ' ')
  await rejects(prepare(inputs, 'exchanged'), 'CORPUS_INVALID', /not the tokenizer that was trained/)
})
