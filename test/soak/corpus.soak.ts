import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createWriteStream, mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { createZstdCompress } from 'node:zlib'
import { random } from '../../src/core/random.ts'
import { openCorpus } from '../../src/corpus/corpus.ts'
import { prepareCorpus } from '../../src/corpus/prepare.ts'
import { verifyCorpus } from '../../src/corpus/verify.ts'
import { prose } from '../corpus/files.ts'

const size = 1e9

/** A gigabyte of documents as JSONL, compressed, with words in it that no other document has, as the web's has. */
async function generate(file: string): Promise<void> {
  const { integer } = random(1)
  const pool = Array.from({ length: 3000 }, (_, k) => prose(k, 200))
  const packed = createZstdCompress()
  const done = once(packed.pipe(createWriteStream(file)), 'finish')
  for (let bytes = 0; bytes < size; ) {
    const own = Array.from({ length: 20 }, () => integer(2 ** 40).toString(26))
    const text = [pool[integer(pool.length)], own.join(' '), pool[integer(pool.length)]].join('\n\n')
    const line = `${JSON.stringify({ text })}\n`
    bytes += Buffer.byteLength(line)
    if (!packed.write(line)) await once(packed, 'drain')
  }
  packed.end()
  await done
}

test('a gigabyte of JSONL is prepared in less than a gigabyte of memory', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'isoflop-soak-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const input = join(folder, 'docs.jsonl.zst')
  await generate(input)
  const out = join(folder, 'corpus')
  const started = new Map<string, number>()
  const began = performance.now()
  const { manifest } = await prepareCorpus({
    inputs: [input],
    folder: out,
    options: { vocabularySize: 32_000, textField: 'text', valFraction: 0.005, tokenizerSample: 200e6 },
    maxCorrupt: 0,
    onStep: ({ name }) => started.has(name) || started.set(name, performance.now()),
  })
  const ended = performance.now()
  const rss = process.resourceUsage().maxRSS / 1024
  const [sampling, training, encoding] = ['sampling', 'training', 'encoding'].map((name) => started.get(name)!)
  const text = manifest.train.bytes + manifest.val.bytes
  const seconds = (from: number, to: number) => `${((to - from) / 1000).toFixed(1)} s`
  t.diagnostic(`${statSync(input).size} bytes on disk, ${text} of text, ${manifest.train.documents} documents`)
  t.diagnostic(`checking ${seconds(began, sampling)}, counting words of 200 MB ${seconds(sampling, training)}`)
  t.diagnostic(`merging ${seconds(training, encoding)}, encoding ${(text / 1e3 / (ended - encoding)).toFixed(1)} MB/s`)
  t.diagnostic(`most memory: ${Math.round(rss)} MiB`)
  const corpus = await openCorpus(out)
  await verifyCorpus(corpus)
  corpus.close()
  assert.ok(rss < 1024)
})
