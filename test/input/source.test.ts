import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { dirname, join } from 'node:path'
import { Readable } from 'node:stream'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { readSource } from '../../src/input/formats.ts'
import { readRuns } from '../../src/input/read.ts'
import { formatOf, textBlocks } from '../../src/input/source.ts'
import { listOf, readText, rejects, write } from './files.ts'

const csv = 'N,D,loss\n1e9,2e10,2.5\n'
const one = { parameters: 1e9, tokens: 2e10, flops: 1.2e20, loss: 2.5 }

test('the content decides the format, whatever the name says', async () => {
  assert.deepEqual(listOf((await readText(csv, {}, 'runs.parquet')).runs), [one])
  assert.deepEqual(listOf((await readText('[{"N":1e9,"D":2e10,"loss":2.5}]', {}, 'runs.csv')).runs), [one])
  const format = (text: string) => formatOf({ name: '', bytes: Buffer.from(text), sha256: '' })
  assert.deepEqual(['PAR1...', ' \n[', '\ufeff {', 'N,D'].map(format), [
    'parquet',
    'json-array',
    'json-objects',
    'delimited',
  ])
})

test('gzip, of several members too', async () => {
  assert.deepEqual(listOf((await readText(gzipSync(csv))).runs), [one])
  const parts = Buffer.concat([gzipSync('N,D,loss\n'), gzipSync('1e9,2e10,2.5\n')])
  assert.deepEqual(listOf((await readText(parts)).runs), [one])
  assert.deepEqual(listOf((await readText(gzipSync('{"N":1e9,"D":2e10,"loss":2.5}'))).runs), [one])
})

test('gzip that is cut off or damaged', async () => {
  const bytes = gzipSync(csv)
  await rejects(readText(bytes.subarray(0, bytes.length - 6)), 'FILE_FORMAT', /cut off/)
  await rejects(readText(bytes.subarray(0, 2)), 'FILE_FORMAT', /cut off/)
  const damaged = Buffer.from(bytes)
  damaged[bytes.length - 7] ^= 0xff
  await rejects(readText(damaged), 'FILE_FORMAT', /damaged gzip/)
  await rejects(readText(gzipSync('')), 'FILE_EMPTY', /has no content/)
})

test('text that is not UTF-8, and what is not text', async () => {
  for (const bytes of [Buffer.from(`\ufeff${csv}`, 'utf16le'), Buffer.from(`\ufeff${csv}`, 'utf16le').swap16()]) {
    const data = await readText(bytes)
    assert.deepEqual(listOf(data.runs), [one])
    assert.match(data.notes.join('\n'), /converted from UTF-16[LB]E/)
    assert.equal(data.sources[0].sha256, createHash('sha256').update(bytes).digest('hex'))
  }
  await rejects(readText(Buffer.from(csv.repeat(4), 'utf16le')), 'FILE_FORMAT', /UTF-16LE text.*iconv -f UTF-16LE/)
  const latin = await readText(Buffer.from(`N,D,loss,caf\xe9\n1e9,2e10,2.5,\xe9t\xe9\n`, 'latin1'))
  assert.deepEqual(listOf(latin.runs), [one])
  assert.match(
    latin.notes.join('\n'),
    /2 lines have characters that are not UTF-8 \(probably ISO-8859-1\), the first in line 1/,
  )
  await rejects(readText('PK\x03\x04 and more'), 'FILE_FORMAT', /spreadsheet.*CSV/)
  const noise = write('noise.parquet', Buffer.from([0, 7, 0, 255, 3, 0, 1, 200].flatMap((byte) => [byte, 0, byte])))
  await rejects(
    readRuns([noise]),
    'FILE_FORMAT',
    /ends in \.parquet, but it does not begin like such a file: copy or write it again/,
  )
})

test('what was downloaded in the place of a table is told as what it is', async () => {
  const pointer = 'version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n'
  await rejects(readText(pointer), 'FILE_FORMAT', /pointer of Git LFS.*git lfs pull/)
  for (const page of ['<!DOCTYPE html>\n<html><body>N,D,loss</body></html>', '\ufeff\n<html lang="en">\n'])
    await rejects(readText(page), 'FILE_FORMAT', /web page, no table/)
  const named = await readText('<html>,N,D,loss\na,1e9,2e10,2.5\n'.replace('<html>', 'html'))
  assert.deepEqual(listOf(named.runs), [one])
})

test('a file that is not there, and a folder', async () => {
  const path = write('runs.csv', csv)
  await rejects(readRuns([`${path}.not`]), 'FILE_NOT_FOUND', /runs\.csv\.not does not exist/)
  await rejects(readRuns([join(path, 'x')]), 'FILE_NOT_FOUND', /does not exist/)
  await rejects(readRuns([dirname(path)]), 'FILE_NOT_FOUND', /is a directory/)
})

test('- is standard input, once', async () => {
  const stdin = () => Readable.from([Buffer.from(csv.slice(0, 10)), Buffer.from(csv.slice(10))])
  const data = await readRuns(['-'], { stdin: stdin() })
  assert.deepEqual(listOf(data.runs), [one])
  assert.deepEqual(data.origin(0), { source: '<stdin>', row: 2 })
  await rejects(readRuns(['-', '-'], { stdin: stdin() }), 'BAD_OPTION', /named twice/)
  await rejects(readRuns(['-'], { stdin: Readable.from([]) }), 'FILE_EMPTY', /<stdin> has no content/)
  await rejects(readRuns([]), 'BAD_OPTION', /No file/)
})

test('the SHA-256 is of the bytes as given', async () => {
  const bytes = gzipSync(csv)
  const [source] = (await readText(bytes, {}, 'runs.csv.gz')).sources
  assert.equal(source.sha256, createHash('sha256').update(bytes).digest('hex'))
  assert.equal(source.rows, 1)
})

test('blocks of text end at line ends and lose nothing', () => {
  const text = `${'a\u00e9\u4e16\n'.repeat(50)}rest`
  for (const size of [1, 5, 7, 64, 10_000]) {
    const blocks = [...textBlocks({ name: 'text', bytes: Buffer.from(`\ufeff${text}`), sha256: '' }, size)]
    assert.equal(blocks.join(''), text)
    assert.ok(blocks.slice(0, -1).every((block) => block.endsWith('\n')))
  }
})

test('gzip that unpacks far beyond what a table of its size would is refused before it fills the memory', async () => {
  const nothing = gzipSync(Buffer.alloc(1 << 20))
  const bomb = Buffer.concat(Array.from({ length: 300 }, () => nothing))
  const before = process.memoryUsage.rss()
  await rejects(readText(bomb), 'FILE_FORMAT', /unpacks to more than \d+ MB/)
  assert.ok(process.memoryUsage.rss() - before < 600e6)
  const rows = Array.from({ length: 20_000 }, (_, i) => `${i + 1},2e10,2.5`)
  assert.equal((await readText(gzipSync(`N,D,loss\n${rows.join('\n')}`))).runs.size, 20_000)
})

test('standard input that never ends is an error, not an end for lack of memory', async () => {
  const piece = Buffer.from('1e9,2e10,2.5\n'.repeat(5_000_000))
  const endless = Readable.from(
    (function* () {
      for (;;) yield piece
    })(),
  )
  await rejects(readRuns(['-'], { stdin: endless }), 'FILE_FORMAT', /<stdin> is larger than 2 GiB/)
})

test('a line that no string can hold is an error with a code', { timeout: 60_000 }, async () => {
  const long = Buffer.alloc(600e6, ' ')
  for (const start of ['N,D,loss\n1,2', '{"N":1}\n{"N"', '{"N":[', '[{"N":']) {
    long.fill(' ').write(start)
    long.write('9', long.length - 1)
    const rows = { open: () => [], add() {}, exclude() {} }
    await rejects(
      Promise.resolve().then(() => readSource({ name: 'long', bytes: long, sha256: '' }, rows)),
      'FILE_FORMAT',
      /a line of more than|512 MB|not valid JSON|no line of it/,
    )
  }
})
