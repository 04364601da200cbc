import assert from 'node:assert/strict'
import { mkdirSync, symlinkSync } from 'node:fs'
import { test } from 'node:test'
import { gzipSync, constants as zlib, zstdCompressSync } from 'node:zlib'
import fc from 'fast-check'
import { parquetWriteBuffer } from 'hyparquet-writer'
import { trainBpe } from '../../src/corpus/bpe.ts'
import { type RowText, rowsOf } from '../../src/corpus/documents.ts'
import { listSources } from '../../src/corpus/listing.ts'
import { Notices } from '../../src/corpus/notices.ts'
import { sectionSize, sectionsOf } from '../../src/corpus/sections.ts'
import { surveySource } from '../../src/corpus/survey.ts'
import { Tokenizer } from '../../src/corpus/tokenizer.ts'
import { WordCounts } from '../../src/corpus/word-counts.ts'
import { documents, jsonl, nasty, place, prose, rejects, write } from './files.ts'

/** Everything that a file's rows say. */
async function read(path: string, textField = 'text') {
  const [source] = listSources([path]).sources
  const rows: ({ number: number; endsDocument: boolean } & RowText)[] = []
  let end = 0
  for await (const row of rowsOf(source, textField)) {
    rows.push({ number: row.number, endsDocument: row.endsDocument, ...row.read() })
    assert.ok(row.end >= end)
    end = row.end
  }
  return {
    rows,
    end,
    unpacked: (await surveySource(source, { textField, onRead: () => {}, notices: new Notices() })).unpackedBytes,
  }
}

const textsOf = async (path: string, textField?: string) =>
  (await read(path, textField)).rows.map((row) => (row.kind === 'text' ? row.text : row.kind))

test('JSONL, plain and packed: a line is a document', async () => {
  const texts = documents(300)
  const content = Buffer.from(jsonl(texts))
  const half = content.indexOf('\n', content.length / 2) + 1
  const skippable = Buffer.from([0x50, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3])
  const checked = { params: { [zlib.ZSTD_c_checksumFlag]: 1, [zlib.ZSTD_c_contentSizeFlag]: 0 } }
  const parts = [content.subarray(0, half), content.subarray(half)]
  for (const [name, bytes] of [
    ['a.jsonl', content],
    ['a.jsonl.gz', gzipSync(content)],
    ['members.jsonl.gz', Buffer.concat(parts.map((part) => gzipSync(part)))],
    ['a.jsonl.zst', zstdCompressSync(content)],
    ['frames.jsonl.zst', Buffer.concat(parts.map((part) => zstdCompressSync(part)))],
    [
      'checked.jsonl.zst',
      Buffer.concat([skippable, ...parts.map((part) => zstdCompressSync(part, checked)), skippable]),
    ],
    [
      'many.jsonl.zst',
      Buffer.concat(
        jsonl(texts)
          .split(/(?<=\n)/)
          .flatMap((line) => [zstdCompressSync(line), zstdCompressSync('')]),
      ),
    ],
  ] as const) {
    const { rows, end, unpacked } = await read(write(name, bytes))
    assert.deepEqual(
      rows.map((row) => row.kind === 'text' && row.text),
      texts,
      name,
    )
    assert.deepEqual([end, unpacked], [content.length, content.length], name)
  }
})

test('what is packed and damaged is named, never cut short in silence', async () => {
  const content = jsonl(documents(2000))
  for (const [name, packed] of [
    ['cut.jsonl.gz', gzipSync(content)],
    ['cut.jsonl.zst', zstdCompressSync(content)],
    ['second.jsonl.zst', Buffer.concat([zstdCompressSync('{}\n'), zstdCompressSync(content)])],
  ] as const) {
    for (const bytes of [packed.length - 2, packed.length >> 1, 30])
      await rejects(read(write(name, packed.subarray(0, bytes))), 'FILE_FORMAT', new RegExp(`${name} is cut off`))
  }
  const damaged = gzipSync(content)
  damaged[damaged.length >> 1] ^= 0xff
  await rejects(read(write('damaged.jsonl.gz', damaged)), 'FILE_FORMAT', /damaged gz/)
  await rejects(read(write('plain.jsonl.zst', content)), 'FILE_FORMAT', /not Zstandard, but plain text/)
  const tail = Buffer.concat([zstdCompressSync(content), Buffer.from('something else')])
  await rejects(read(write('tail.jsonl.zst', tail)), 'FILE_FORMAT', /damaged zst/)
  await rejects(read(write('empty.jsonl.gz', '')), 'FILE_FORMAT', /cut off/)
})

test('lines that are no documents are told by their number and why', async () => {
  const lines = [
    '\ufeff{"text":"one"}',
    '{"text":"two"',
    '',
    '[1]',
    '{"txt":"no"}',
    '{"text":null}',
    '{"text":" \\n"}',
    '{"text":"half \\ud800 pair"}\r',
    'null',
    '{"__proto__":{"text":"x"}}',
    '{"text":"cut o',
  ]
  const { rows } = await read(write('bad.jsonl', lines.join('\n')))
  assert.deepEqual(
    rows.map(({ number, endsDocument, ...row }) => [number, ...Object.values(row)]),
    [
      [1, 'text', 'one'],
      [2, 'corrupt', 'is not valid JSON'],
      [4, 'corrupt', 'is not a JSON object'],
      [5, 'corrupt', 'has no "text"'],
      [6, 'corrupt', 'has a "text" that is no string'],
      [7, 'empty'],
      [8, 'text', 'half \ufffd pair'],
      [9, 'corrupt', 'is not a JSON object'],
      [10, 'corrupt', 'has no "text"'],
      [11, 'corrupt', 'is not valid JSON'],
    ],
  )
  assert.deepEqual(await textsOf(write('other.jsonl', '{"content":"x","text":1}\n'), 'content'), ['x'])
  const bytes = Buffer.from(`{"text":"\xff${'a'.repeat(200)}"}`, 'latin1')
  assert.deepEqual(await textsOf(write('bytes.jsonl', bytes)), [`\ufffd${'a'.repeat(200)}`])
})

test('a line longer than memory allows is left out, and the next one read', async () => {
  const long = Buffer.concat([
    Buffer.from('{"text":"'),
    Buffer.alloc(1 << 26, 'a'),
    Buffer.from('"}\n{"text":"next"}\n'),
  ])
  const { rows } = await read(write('long.jsonl', long))
  assert.deepEqual(
    rows.map((row) => (row.kind === 'corrupt' ? row.reason : row.kind)),
    ['is longer than 64 MiB', 'text'],
  )
})

test('a text file is a document, an empty one too; a byte order mark is dropped', async () => {
  assert.deepEqual(await textsOf(write('a.txt', '\ufeffhello\r\nthere\n')), ['hello\r\nthere\n'])
  assert.deepEqual(await textsOf(write('a.md.gz', gzipSync('# title'))), ['# title'])
  for (const content of ['', ' \n\n']) assert.deepEqual(await textsOf(write('empty.txt', content)), ['empty'])
})

test('Parquet: a row is a document, over row groups', async () => {
  const texts = [...documents(50), '', null]
  const columnData = [
    { name: 'url', data: texts.map((_, i) => `u${i}`) },
    { name: 'text', data: texts },
  ]
  const bytes = new Uint8Array(parquetWriteBuffer({ columnData, rowGroupSize: 20 }))
  const { rows, end, unpacked } = await read(write('a.parquet', bytes))
  assert.equal(end, unpacked)
  assert.deepEqual(
    rows.map((row) => (row.kind === 'text' ? row.text : row.kind)),
    [...documents(50), 'empty', 'corrupt'],
  )
  assert.equal(rows[51].number, 52)
  assert.equal((await textsOf(write('a.parquet', bytes), 'url'))[1], 'u1')
  await rejects(read(write('a.parquet', bytes), 'content'), 'COLUMN_MISSING', /has: url, text.*--text-field/)
  await rejects(read(write('cut.parquet', bytes.subarray(0, 500))), 'FILE_FORMAT', /cut.parquet is cut off or damaged/)
})

async function sections(text: string, partSize = text.length + 1): Promise<string[]> {
  async function* parts() {
    for (let i = 0; i < text.length; i += partSize) yield text.slice(i, i + partSize)
  }
  const list: string[] = []
  for await (const { text: section, isLast } of sectionsOf(parts())) {
    list.push(section)
    if (isLast) assert.equal(list.join(''), text)
  }
  return list
}

test('long texts come in sections that end with paragraphs, and whose tokens are those of the whole', async () => {
  const text = prose(1, 40_000)
  const counts = new WordCounts()
  counts.add(text)
  const tokenizer = new Tokenizer(trainBpe(counts.words, 600))
  for (const whole of [
    text,
    text.replaceAll('\n\n', '\r\n\r\n'),
    text.replaceAll('\n', ' '),
    text.replaceAll(/\s+/g, ' \u0085'),
  ]) {
    const list = await sections(whole)
    assert.ok(list.length > 5)
    for (const section of list.slice(0, -1))
      assert.ok(section.length >= sectionSize && section.length < 3 * sectionSize)
    assert.deepEqual(
      list.flatMap((section) => [...tokenizer.encode(section)]),
      [...tokenizer.encode(whole)],
    )
    assert.deepEqual(await sections(whole, 1000), list)
  }
  for (const section of (await sections(text)).slice(1)) assert.match(section, /^\n\n\S/)
})

test('any text is its sections, without a cut in a character', async () => {
  const piece = fc.constantFrom('word ', ' ', '\n', '\n\n', '😀', 'a', ...nasty).map((text) => text.repeat(3000))
  const texts = fc.array(piece, { maxLength: 6 }).map((pieces) => pieces.join(''))
  await fc.assert(
    fc.asyncProperty(texts, fc.integer({ min: 1000, max: 1 << 20 }), async (text, partSize) => {
      const list = await sections(text, partSize)
      assert.ok(list.every((section) => section.isWellFormed()))
      assert.deepEqual(list, await sections(text))
    }),
    { numRuns: 30, seed: 1 },
  )
  assert.equal((await sections('😀'.repeat(1 << 20))).length, 2)
  assert.equal((await sections(`a${'😀'.repeat(1 << 20)}`)).length, 3)
})

test('folders are walked in the order of names; a file is taken once', async () => {
  write('walk/b/2.txt', 'x')
  write('walk/a.jsonl', '{}')
  write('walk/b/1.md.zst', zstdCompressSync('x'))
  write('walk/notes.pdf', 'x')
  mkdirSync(place('walk/folder.txt'), { recursive: true })
  symlinkSync(place('walk/b/2.txt'), place('walk/b/link.txt'))
  const names = (inputs: string[]) => listSources(inputs).sources.map(({ name }) => name)
  assert.deepEqual(names([place('walk')]), ['a.jsonl', 'b/1.md.zst', 'b/2.txt'])
  assert.deepEqual(names([place('walk/b/2.txt'), place('walk')]), ['2.txt', 'a.jsonl', 'b/1.md.zst'])
  mkdirSync(place('nothing'))
  const fails = (input: string) => (async () => listSources([input]))()
  await rejects(fails(place('nothing')), 'FILE_NOT_FOUND', /nothing has no file to read.*\.parquet/)
  await rejects(fails(place('absent.txt')), 'FILE_NOT_FOUND', /absent\.txt cannot be read \(ENOENT\)/)
  await rejects(fails(write('a.csv', 'x')), 'FILE_FORMAT', /no known kind/)
  await rejects(fails(write('b.parquet.gz', 'x')), 'FILE_FORMAT', /no known kind/)
})
