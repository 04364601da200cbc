import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { workProgress } from '../../src/cli/progress.ts'

const bin = fileURLToPath(new URL('../../bin/isoflop.js', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'isoflop-corpus-'))
after(() => rmSync(folder, { recursive: true }))
const isoflop = (...args: string[]) => spawnSync(process.execPath, [bin, ...args], { encoding: 'utf8', cwd: folder })

mkdirSync(join(folder, 'docs'))
const lines = Array.from({ length: 200 }, (_, k) =>
  JSON.stringify({ text: `Document ${k} says that ${k * k} is a square.` }),
)
writeFileSync(join(folder, 'docs', 'a.jsonl'), `${lines.join('\n')}\n{"text":\n`)
writeFileSync(join(folder, 'docs', 'empty.txt'), '')
const prepare = (...args: string[]) =>
  isoflop('corpus', 'prepare', 'docs', '--out', 'corpus', '--vocab-size', '300', '--val-fraction', '0.1', ...args)

test('prepare says what came out; again, that there is nothing to do; --json is one object', () => {
  const { status, stdout, stderr } = prepare()
  assert.deepEqual([status, stderr], [0, 'empty: empty.txt\n'])
  assert.match(stdout, /^wrote corpus\n\nsplit +tokens +documents +bytes of text +shards\ntrain +[\d,]+ +\d+ /)
  assert.match(stdout, /\nleft out: 1 empty document\nleft out: 1 corrupt row\n {2}a\.jsonl:201 is not valid JSON\n/)
  assert.match(prepare().stdout, /^corpus was finished before: nothing to do\n/)
  const json = JSON.parse(prepare('--json').stdout)
  assert.deepEqual(Object.keys(json), [
    ...['identity', 'vocabularySize', 'separator', 'tokens', 'documents', 'bytes', 'bytesPerToken', 'options'],
    ...['sources', 'dividedDocuments', 'emptyDocuments', 'corruptRows'],
  ])
  assert.equal(json.documents.train + json.documents.val, 200)
  assert.deepEqual(
    json.sources.map(({ name }: { name: string }) => name),
    ['a.jsonl', 'empty.txt'],
  )
})

test('show: tokens, the beginning of the text, hashes; its JSON is that of prepare', () => {
  const { status, stdout, stderr } = isoflop('corpus', 'show', 'corpus', '--verify')
  assert.deepEqual([status, stderr], [0, ''])
  assert.match(stdout, /\nvalidation begins: "Document \d+ says/)
  assert.match(
    stdout,
    /every file has the hash that the manifest says\n\nNext: isoflop train --corpus corpus --train-flops 1e12\n$/,
  )
  assert.equal(isoflop('corpus', 'show', 'corpus', '--json').stdout, prepare('--json').stdout)
  const shard = join(folder, 'corpus', 'val-00000.bin')
  const bytes = readFileSync(shard)
  writeFileSync(shard, Buffer.from(bytes).fill(1, 0, 2))
  const damaged = isoflop('corpus', 'show', 'corpus', '--verify')
  writeFileSync(shard, bytes)
  assert.deepEqual([damaged.status, damaged.stdout], [2, ''])
  assert.match(damaged.stderr, /^error\[CORPUS_INVALID\]: .+val-00000\.bin is not what was written/)
})

test('what cannot be done ends with a code and with what to do', () => {
  for (const [args, code] of [
    [['show', 'nowhere'], 'CORPUS_MISSING'],
    [['prepare', 'docs'], 'BAD_OPTION'],
    [['prepare', 'nowhere', '--out', 'x'], 'FILE_NOT_FOUND'],
    [['prepare', 'docs', '--out', 'x', '--vocab-size', '99999'], 'BAD_OPTION'],
    [['prepare', 'docs', '--out', 'x', '--vocab-size', 'many'], 'BAD_OPTION'],
    [['prepare', 'docs', '--out', 'x', '--val-fraction', '1'], 'BAD_OPTION'],
    [['prepare', 'docs', '--out', 'x', '--max-corrupt', '0'], 'ROWS_CORRUPT'],
    [['prepare', 'docs', '--out', 'x'], 'CORPUS_TOO_SMALL'],
    [['prepare', 'docs', '--out', 'corpus'], 'CORPUS_DIFFERS'],
    [['prepare', 'docs', '--out', 'docs/a.jsonl'], 'OUTPUT_FAILED'],
  ] as const) {
    const failed = isoflop('corpus', ...args)
    assert.deepEqual([failed.status, failed.stdout], [2, ''], args.join(' '))
    assert.match(failed.stderr, new RegExp(`^(empty: empty.txt\\n)?error\\[${code}\\]: .+\\n  .+\\n$`))
  }
})

test('help of every corpus command shows two examples', () => {
  for (const args of [['corpus'], ['corpus', 'prepare'], ['corpus', 'show']])
    assert.equal(isoflop(...args, '--help').stdout.match(/^ {2}isoflop /gm)?.length, 2, args.join(' '))
})

test('the progress line has amount, rate and time left, and is drawn five times a second at most', () => {
  const written: string[] = []
  const stream = { isTTY: true, write: (text: string) => written.push(text.replace('\r\u001b[K', '')) }
  let now = 0
  const bar = workProgress(stream as unknown as NodeJS.WriteStream, false, { now: () => now }, (name) =>
    name === 'training' ? 'tokens' : 'bytes',
  )
  const step = (name: string, done: number, total: number, ms: number) => {
    now += ms
    bar.step({ name, done, total })
  }
  step('encoding', 1e9, 1e10, 0)
  step('encoding', 1.001e9, 1e10, 100)
  step('encoding', 1.02e9, 1e10, 900)
  step('training', 300, 4000, 1)
  step('training', 1300, 4000, 1000)
  step('encoding', 0, 5e6, 1)
  step('encoding', 1e6, 5e6, 1000)
  step('slow', 0, 1e10, 1)
  step('slow', 1e6, 1e10, 3600)
  bar.done()
  assert.deepEqual(written, [
    'encoding: 1.00 of 10.00 GB',
    'encoding: 1.02 of 10.00 GB, 20.0 MB/s, 8 min left',
    'training: 300 of 4000 tokens',
    'training: 1300 of 4000 tokens, 3 s left',
    'encoding: 0.00 of 5.00 MB',
    'encoding: 1.00 of 5.00 MB, 1.0 MB/s, 4 s left',
    'slow: 0.00 of 10.00 GB',
    'slow: 0.00 of 10.00 GB, 0.3 MB/s, 10.0 h left',
    '',
  ])
})
