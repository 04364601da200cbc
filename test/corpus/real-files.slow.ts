import assert from 'node:assert/strict'
import { execFileSync, execSync, spawnSync } from 'node:child_process'
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { basename } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { gzipSync, constants as zlib, zstdCompressSync } from 'node:zlib'
import fc from 'fast-check'
import { parquetWriteBuffer } from 'hyparquet-writer'
import { type ErrorCode, IsoflopError } from '../../src/core/errors.ts'
import { openCorpus } from '../../src/corpus/corpus.ts'
import { jsonItems } from '../../src/corpus/json-items.ts'
import { ReplacedCharacters } from '../../src/corpus/replaced.ts'
import { contentsOf, documents, jsonl, place, prepare, prose, rejects, write } from './files.ts'

/** What people have lying about: each is read as what it is, or refused with a command that, given as it stands, leads to the same corpus. */

const texts = documents(300)
const records = texts.map((text, id) => ({ id, text }))
let made = 0
const next = (): string => `made-${++made}`

/** Prepares a corpus in a new folder; gives its tokens and what was told. */
async function corpusOf(inputs: readonly string[], changed: Parameters<typeof prepare>[2] = {}) {
  const folder = next()
  const notices: string[] = []
  const { manifest } = await prepare(inputs, folder, {
    onNotice: (notice) => notices.push(notice),
    textField: null,
    ...changed,
  })
  const { 'manifest.json': _, ...contents } = contentsOf(folder)
  return { folder, manifest, notices, contents }
}

/** The error that a corpus of these inputs ends with. */
async function errorOf(inputs: readonly string[], code: ErrorCode, changed: Parameters<typeof prepare>[2] = {}) {
  const error = await corpusOf(inputs, changed).then(
    () => assert.fail(`${inputs} was taken`),
    (thrown: unknown) => thrown,
  )
  assert.ok(error instanceof IsoflopError, String(error))
  assert.equal(error.code, code, error.message)
  return error
}

/** Does what an error advises, where it is a command: what stands behind the first colon, to the end of the line. */
function follow({ advice }: Pick<IsoflopError, 'advice'>): void {
  const command = advice.replace(/^[^:]*: /, '').replace(/\. (Else|Something) .*|\.$/, '')
  execSync(command, { cwd: place(''), shell: '/bin/sh', stdio: ['ignore', 'ignore', 'inherit'] })
}

const parquet = (columns: Record<string, unknown[]>): Uint8Array =>
  new Uint8Array(
    parquetWriteBuffer({
      columnData: Object.entries(columns).map(([name, data]) => ({ name, data: data as string[] })),
    }),
  )

const utf16 = (text: string): Buffer => Buffer.from(text, 'utf16le')
const iconv = (text: string, to: string): Buffer => execFileSync('iconv', ['-f', 'UTF-8', '-t', to], { input: text })

// JSON

test('JSON of any layout is the same corpus', async () => {
  const { contents } = await corpusOf([write('plain.jsonl', jsonl(texts))])
  const pretty = records.map((record) => JSON.stringify(record, null, 4)).join('\n')
  const layouts: Record<string, string | Uint8Array> = {
    'lines.json': jsonl(texts),
    'lines.ndjson': jsonl(texts),
    'lines.json.gz': gzipSync(jsonl(texts)),
    'UPPER.JSONL.GZ': gzipSync(jsonl(texts)),
    'array.json': JSON.stringify(records),
    'array.jsonl': JSON.stringify(records),
    'array.json.zst': zstdCompressSync(JSON.stringify(records)),
    'pretty.json': JSON.stringify(records, null, 2),
    'pretty-crlf.json.gz': gzipSync(JSON.stringify(records, null, '\t').replaceAll('\n', '\r\n')),
    'lines-in-array.json': `[\n${records.map((record) => JSON.stringify(record)).join(',\n')}\n]\n`,
    'values.json': pretty,
    'two-arrays.json': `${JSON.stringify(records.slice(0, 100))}\n${JSON.stringify(records.slice(100))}`,
    'marked.json': `\ufeff${JSON.stringify(records, null, 1)}`,
    'utf16.jsonl': utf16(`\ufeff${jsonl(texts)}`),
    'utf16-be.json': utf16(`\ufeff${JSON.stringify(records)}`).swap16(),
  }
  for (const [name, content] of Object.entries(layouts))
    assert.deepEqual((await corpusOf([write(`layouts/${name}`, content)])).contents, contents, name)
})

/** The items of bytes that come in parts. */
async function itemsOf(bytes: Buffer, partSize: number): Promise<unknown[]> {
  async function* parts() {
    for (let i = 0; i < bytes.length; i += partSize) yield bytes.subarray(i, i + partSize)
  }
  const items: unknown[] = []
  let size = 0
  for await (const item of jsonItems(parts())) {
    size += item.size
    items.push(JSON.parse(item.bytes!.toString()))
  }
  assert.ok(size <= bytes.length)
  return items
}

test('values are told apart as JSON.parse does, however they come in parts', async () => {
  const value = fc.oneof(
    fc.jsonValue(),
    fc.string().map((text) => ({ text, '"[': '\\"]},' })),
  )
  await fc.assert(
    fc.asyncProperty(
      fc.array(value),
      fc.integer({ min: 1, max: 60 }),
      fc.constantFrom(0, 1, '\t'),
      async (list, size, indent) => {
        assert.deepEqual(
          await itemsOf(Buffer.from(JSON.stringify(list, null, indent)), size),
          JSON.parse(JSON.stringify(list)),
        )
        const objects = list.map((inner) => ({ a: inner, b: {} }))
        const pretty = Buffer.from(objects.map((object) => JSON.stringify(object, null, 2)).join('\n'))
        assert.deepEqual(await itemsOf(pretty, size), JSON.parse(JSON.stringify(objects)))
      },
    ),
    { numRuns: 300, seed: 1 },
  )
})

test('a broken element costs itself, an array without an end is told', async () => {
  const elements = records.map((record) => JSON.stringify(record))
  elements[7] = '{"text": nothing}'
  elements[9] = '"just a text"'
  const cut = `[${elements.join(',')}`
  const { manifest } = await corpusOf([write('broken.json', cut)])
  assert.deepEqual(manifest.corruptRows.first, [
    { source: 0, row: 8, reason: 'is not valid JSON' },
    { source: 0, row: 10, reason: 'is not a JSON object' },
    { source: 0, row: 301, reason: 'is cut off: the file ends in it' },
  ])
  const inText = await corpusOf([write('in-text.json', cut.slice(0, -40))])
  assert.deepEqual(inText.manifest.corruptRows.first.at(-1), {
    ...{ source: 0, row: 300, reason: 'is cut off: the file ends in it' },
  })
})

test('records inside of an object are taken out by the command that the error names', async () => {
  const { contents } = await corpusOf([write('inner.jsonl', jsonl(texts))])
  for (const name of ['data', "it's", 'a"b$`']) {
    const inner = JSON.stringify({ version: '1.0', [name]: records })
    for (const [file, content] of [
      ['nested.json', inner],
      ['deeper.json', JSON.stringify({ n: 1, 'out.er': { [name]: records } })],
      ['nested two.json', JSON.stringify(JSON.parse(inner), null, 2)],
      ['nested.json.gz', gzipSync(inner)],
    ] as const) {
      follow(await errorOf([write(`in/${file}`, content)], 'COLUMN_MISSING'))
      assert.deepEqual((await corpusOf([place(`in/${file.replace(/\.json.*/, '')}-records.jsonl`)])).contents, contents)
    }
  }
})

test('lists of texts and tables become records by the command of the error', async () => {
  const { contents } = await corpusOf([write('listed.jsonl', jsonl(texts))])
  const cells = texts.map((text, k) => [k, `"${text.replaceAll('"', '""')}"`])
  const table = (delimiter: string) => [['id', 'text'], ...cells].map((row) => row.join(delimiter)).join('\r\n')
  for (const [name, content, code, result] of [
    ['strings.json', JSON.stringify(texts), 'FILE_FORMAT', 'strings-records.jsonl'],
    ['strings two.json.gz', gzipSync(JSON.stringify(texts, null, 1)), 'FILE_FORMAT', 'strings two-records.jsonl'],
    [
      'columns.json',
      JSON.stringify({ text: texts, id: texts.map((_, k) => k) }),
      'COLUMN_MISSING',
      'columns-records.jsonl',
    ],
    ['a table.csv', table(','), 'FILE_FORMAT', 'a table.jsonl'],
    ['table.tsv', table('\t'), 'FILE_FORMAT', 'table.jsonl'],
  ] as const) {
    const { advice } = await errorOf([write(`lists/${name}`, content)], code)
    follow({ advice: advice.replace(/\. What is read: .*/, '') })
    assert.deepEqual((await corpusOf([place(`lists/${result}`)])).contents, contents, name)
  }
  const chat = write('chat.jsonl', `${JSON.stringify({ messages: [{ role: 'user', content: texts[0] }] })}\n`.repeat(2))
  assert.match(
    (await errorOf([chat], 'COLUMN_MISSING')).advice,
    /None of them is text: write the text of each record under a key/,
  )
  const lists = write('lists.jsonl', '["a", "b"]\n["c", "d"]\n')
  assert.match((await errorOf([lists], 'FILE_FORMAT')).advice, /JSON is one object a line/)
})

test('hostile JSON costs itself only', async () => {
  const deep = `{"text": ${'['.repeat(1e6)}${']'.repeat(1e6)}}`
  const keys = '{"__proto__":{"text":"no"},"constructor":1,"toString":2}'
  const hostile = write('hostile.jsonl', `${jsonl(texts)}${deep}\n${keys}\n${'['.repeat(1e6)}\n`)
  const { manifest, contents } = await corpusOf([hostile], { tokenizerSample: 1e9 })
  assert.deepEqual(
    manifest.corruptRows.first.map(({ row, reason }) => [row, reason]),
    [
      [301, 'has a "text" that is no string'],
      [302, 'has no "text"'],
      [303, 'is not valid JSON'],
    ],
  )
  assert.deepEqual(contents, (await corpusOf([write('harmless.jsonl', jsonl(texts))])).contents)
  const strange = texts.map((text) => `{"__proto__":${JSON.stringify(text)},"hasOwnProperty":"x"}\n`).join('')
  assert.deepEqual((await corpusOf([write('keys.jsonl', strange)])).contents, contents)
  assert.deepEqual((await corpusOf([place('keys.jsonl')], { textField: '__proto__' })).contents, contents)
  await errorOf([write('never.json', '['.repeat(1e6))], 'FILE_FORMAT')
})

// Which column

test('the text is found under another name, and what else might be meant is named', async () => {
  const { contents } = await corpusOf([write('text.jsonl', jsonl(texts))])
  const rows = (of: (text: string) => object): string => texts.map((text) => `${JSON.stringify(of(text))}\n`).join('')
  const title = 'A title of the usual length'
  for (const [name, content, told] of [
    ['content', rows((content) => ({ title, content })), /^text is taken from "content" \(--text-field NAME/],
    ['raw', rows((raw_content) => ({ url: 'http://x/y', raw_content, n: 1 })), /from "raw_content" \(/],
    ['usual', rows((document) => ({ summary: title.repeat(3), document })), /from "document", not "summary" \(/],
    ['unusual', rows((plot) => ({ title, plot })), /from "plot" \(/],
    ['empty', rows((body) => ({ text: '', body })), /from "body" \(/],
    [
      'half',
      rows((content) => (content.length % 3 ? { content } : { content, text: 'now and then' })),
      /from "content" \(/,
    ],
    ['deep', rows((text) => ({ meta: { id: 1 }, data: { text } })), /from "data\.text" \(/],
    ['dots', rows((text) => ({ 'a.b': { c: { d: text } }, a: 1 })), /from "a\.b\.c\.d" \(/],
    ['text', rows((text) => ({ text, raw_content: title.repeat(9) })), null],
  ] as const) {
    const found = await corpusOf([write(`columns/${name}.jsonl`, content)])
    assert.deepEqual(found.contents, contents, name)
    if (told === null) assert.deepEqual(found.notices, [])
    else assert.match(found.notices.join('\n'), told)
  }
  assert.deepEqual((await corpusOf([place('columns/deep.jsonl')], { textField: 'data.text' })).contents, contents)
  const columns = { id: texts.map((_, k) => `${k}`), content: texts, abstract: texts.map(() => title.repeat(3)) }
  const other = await corpusOf([write('columns/a.parquet', parquet(columns))])
  assert.deepEqual(other.contents, contents)
  assert.deepEqual(other.manifest.sources[0].textFrom, 'content')
  const inside = parquet({ id: columns.id, data: texts.map((text) => ({ text })) })
  assert.deepEqual((await corpusOf([write('columns/c.parquet', inside)])).contents, contents)
  assert.deepEqual((await corpusOf([place('columns/c.parquet')], { textField: 'data.text' })).contents, contents)
  await errorOf([place('columns/c.parquet')], 'COLUMN_MISSING', { textField: 'data' })
  await errorOf([place('columns/c.parquet')], 'COLUMN_MISSING', { textField: 'date.text' })
  const hollow = parquet({ text: texts.map(() => ''), body: texts.map(() => null), plot: texts })
  assert.deepEqual((await corpusOf([write('columns/d.parquet', hollow)])).contents, contents)
  const { id, content: plot } = columns
  assert.deepEqual((await corpusOf([write('columns/b.parquet', parquet({ id, plot }))])).contents, contents)
})

test('shards of one kind are told of once; a name that is asked for is taken or missed', async () => {
  const parts = [0, 1, 2].map((k) => texts.slice(100 * k, 100 * k + 100))
  parts.forEach((part, k) => {
    write(
      `shards/${k}.jsonl`,
      part.map((content) => `${JSON.stringify({ content, summary: 'x'.repeat(60) })}\n`).join(''),
    )
  })
  const { notices } = await corpusOf([place('shards')])
  assert.deepEqual(notices, [
    'text is taken from "content", not "summary" (--text-field NAME takes another): 0.jsonl, 1.jsonl, 2.jsonl',
  ])
  const asked = await errorOf([place('shards')], 'COLUMN_MISSING', { textField: 'body' })
  assert.match(
    asked.message,
    /0\.jsonl has no key "body"; it has: "content" \(\d+ characters\), "summary" \(60 char.*2 more: 1\.jsonl, 2/,
  )
  const numbers = write('numbers.jsonl', '{"n":1,"id":"a"}\n'.repeat(9))
  assert.match(
    (await errorOf([numbers], 'COLUMN_MISSING')).message,
    /nothing that looks like text; it has: "n" \(a number\), "id" \(1 char/,
  )
})

// Folders

test('a folder of Hugging Face: what tells of the data and what is hidden is no text, and that is said', async () => {
  write('hf/README.md', '---\nlicense: odc-by\n---\n# Card\n')
  for (const name of ['LICENSE', 'LICENSE.txt', 'CONTRIBUTING.md', 'dataset_infos.json', 'data/readme_first.txt'])
    write(`hf/${name}`, '{}')
  for (const name of ['.gitattributes', '.cache/huggingface/a.jsonl', 'data/.hidden.txt'])
    write(`hf/${name}`, '{"text":"no"}\n')
  for (const name of ['stats.csv', 'data/x.arrow', 'page.html']) write(`hf/${name}`, 'n')
  write('hf/data/train-00000-of-00002.parquet', parquet({ text: texts.slice(0, 100) }))
  write('hf/data/train-00001-of-00002.parquet', parquet({ text: texts.slice(100, 200) }))
  write('hf/data/more/train.json.gz', gzipSync(jsonl(texts.slice(200))))
  const { manifest, notices } = await corpusOf([place('hf')])
  assert.deepEqual(
    manifest.sources.map(({ name }) => name),
    ['data/more/train.json.gz', 'data/train-00000-of-00002.parquet', 'data/train-00001-of-00002.parquet'],
  )
  assert.equal(manifest.train.documents + manifest.val.documents, 300)
  assert.deepEqual(notices, [
    'passed over CONTRIBUTING.md, LICENSE, LICENSE.txt, README.md, data/readme_first.txt, dataset_infos.json (about the data), ' +
      'data/x.arrow, page.html, stats.csv (of no kind that is read), 3 hidden files',
  ])
  const named = await corpusOf([place('hf/README.md'), place('hf')])
  assert.equal(named.manifest.sources[0].name, 'README.md')
})

test('what is passed over is told before the error that follows from it', async () => {
  for (const name of ['README.md', '.git/config', 'a.csv', 'LICENSE']) write(`only/${name}`, 'x')
  const none = await errorOf([place('only')], 'FILE_NOT_FOUND')
  assert.match(
    none.message,
    /only has no file to read: passed over LICENSE, README.md \(about the data\), a.csv \(of no kind/,
  )
  writeFileSync(place('only/LICENSE'), prose(1, 20_000))
  const [, license] = /To read LICENSE nevertheless, name it itself: (.*)\.$/.exec(none.advice)!
  assert.equal((await corpusOf([license])).manifest.sources[0].name, 'LICENSE')
  write('few/README.md', prose(1, 60_000))
  write('few/a.txt', 'Hardly any text.')
  const said: string[] = []
  await prepare([place('few')], next(), { onNotice: (notice) => said.push(notice) }).catch((error: IsoflopError) =>
    said.push(error.code),
  )
  assert.deepEqual(said, ['passed over README.md (about the data)', 'CORPUS_TOO_SMALL'])
  // Beside the data of a folder other JSON is told of, and named itself an error.
  write('beside/labels.json', '{"cat": 1, "dog": 2}')
  write('beside/a.jsonl', jsonl(texts))
  assert.deepEqual((await corpusOf([place('beside')])).notices, ['without text: labels.json'])
  await errorOf([place('beside/labels.json')], 'COLUMN_MISSING')
})

test('links are followed, in circles too; one to nowhere is named with its target', async () => {
  write('cache/blobs/a1b2', jsonl(texts.slice(0, 150)))
  write('cache/blobs/c3d4', jsonl(texts.slice(150)))
  mkdirSync(place('cache/snapshots/main'), { recursive: true })
  symlinkSync('../../blobs/a1b2', place('cache/snapshots/main/0.jsonl'))
  symlinkSync('../../blobs/c3d4', place('cache/snapshots/main/1.jsonl'))
  symlinkSync('../../blobs/c3d4', place('cache/snapshots/main/again.jsonl'))
  symlinkSync('..', place('cache/snapshots/main/circle'))
  const { manifest } = await corpusOf([place('cache/snapshots')])
  assert.deepEqual(
    manifest.sources.map(({ name }) => name),
    ['main/0.jsonl', 'main/1.jsonl'],
  )
  symlinkSync('../../blobs/gone', place('cache/snapshots/main/2.jsonl'))
  assert.match(
    (await errorOf([place('cache/snapshots')], 'FILE_NOT_FOUND')).message,
    /2\.jsonl is a link to .*gone, which is not there/,
  )
})

test('pointers of Git LFS are told under any name, all of them at once', async () => {
  const pointer = 'version https://git-lfs.github.com/spec/v1\noid sha256:abc\nsize 123456\n'
  for (const name of ['a.txt', 'a.md', 'a.jsonl', 'a.json', 'a.parquet', 'a.jsonl.gz', 'a.json.zst'])
    assert.match(
      (await errorOf([write(`lfs/${name}`, pointer)], 'FILE_FORMAT')).message,
      new RegExp(`${name} is a Git LFS pointer`),
    )
  write('lfs/whole.jsonl', jsonl(texts))
  const all = await errorOf([place('lfs')], 'FILE_FORMAT')
  assert.match(all.message, /^7 files are Git LFS pointers.*: a\.json, a\.json\.zst, a\.jsonl, .*a\.txt\.$/)
  assert.match(all.advice, /git lfs pull/)
})

// Encodings

test('what is not UTF-8 is counted by file where it is little', async () => {
  const content = Buffer.concat([
    Buffer.from(prose(1, 30_000)),
    Buffer.from('caf\xe9 na\xefve ', 'latin1'),
    Buffer.from(prose(2, 3_000)),
  ])
  const clean = write('bytes/clean.txt', prose(3, 20_000))
  const { manifest, notices } = await corpusOf([
    write('bytes/few.txt', content),
    clean,
    write('bytes/own.txt', '\ufffd'.repeat(9000)),
  ])
  assert.deepEqual(
    manifest.sources.map(({ replaced }) => replaced),
    [2, undefined, undefined],
  )
  assert.match(
    notices[0],
    /^not UTF-8 among what is, so that each becomes U\+FFFD: 2 bytes of few\.txt \(0\.00\d+ %, probably ISO-8859-1\)$/,
  )
})

test('of any bytes those that a decoder replaces are counted, however they come in parts', () => {
  const piece = fc.oneof(
    fc.uint8Array({ maxLength: 4 }),
    fc.string({ unit: 'grapheme' }).map((text) => Buffer.from(text)),
    fc.constant(Buffer.from('\ufffd')),
  )
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 12 }), fc.integer({ min: 1, max: 20 }), (pieces, size) => {
      const bytes = Buffer.concat(pieces)
      const counted = new ReplacedCharacters()
      for (let i = 0; i < bytes.length; i += size) counted.add(bytes.subarray(i, i + size))
      counted.end()
      // A right U+FFFD is three bytes, a replaced one is there too, so those that are right are counted as they stand.
      const right = bytes.toString('latin1').split('\xef\xbf\xbd').length - 1
      assert.equal(counted.count, bytes.toString().split('\ufffd').length - 1 - right)
    }),
    { numRuns: 2000, seed: 1 },
  )
})

test('text in another encoding is refused by name, and the command of the error leads to the corpus', async () => {
  const lines: Record<string, string> = {
    'ISO-8859-1': 'Le modèle a été entraîné jusqu’à la fin, et la perte a baissé.'.replace('’', "'"),
    'WINDOWS-1252': '“Größe ist nicht alles”, sagte sie über die Übung.',
    'WINDOWS-1251': 'Модель обучалась, и потеря уменьшалась до самого конца.',
    SHIFT_JIS: 'モデルは最後まで学習され、損失は減り続けた。',
    'UTF-16LE': 'The quick brown fox jumps over the lazy dog.',
    'UTF-16BE': 'Größe, 東京 and the lazy dog.',
    'UTF-32LE': 'The quick brown fox jumps over the lazy dog.',
  }
  for (const [encoding, line] of Object.entries(lines)) {
    const text = Array.from({ length: 1500 }, (_, k) => `${k} ${line}\n${k % 7 === 0 ? '\n' : ''}`).join('')
    const { contents } = await corpusOf([write('right.txt', text)])
    const wrong = iconv(text, encoding)
    for (const [name, bytes, result] of [
      [`${encoding}.txt`, wrong, `${encoding}-utf8.txt`],
      [`${encoding} too.txt.gz`, gzipSync(wrong), `${encoding} too-utf8.txt`],
    ] as const) {
      const error = await errorOf([write(`enc/${name}`, bytes)], 'FILE_FORMAT')
      assert.match(error.message, new RegExp(`(is|probably) ${encoding}`))
      follow(error)
      assert.deepEqual((await corpusOf([place(`enc/${result}`)])).contents, contents)
    }
  }
  const lettered = Array.from({ length: 300 }, (_, k) => ({ text: `${k} ${lines['ISO-8859-1'].repeat(2 + (k % 5))}` }))
  const json = iconv(JSON.stringify(lettered), 'ISO-8859-1')
  follow(await errorOf([write('enc/j.json', json)], 'FILE_FORMAT'))
  await corpusOf([place('enc/j-utf8.json')])
})

test('UTF-16 with its mark is converted, and said to be', async () => {
  const text = prose(4, 20_000)
  const { contents } = await corpusOf([write('mark/a.txt', text)])
  for (const [name, bytes] of [
    ['le.txt', utf16(`\ufeff${text}`)],
    ['be.txt.zst', zstdCompressSync(utf16(`\ufeff${text}`).swap16())],
  ] as const) {
    const { notices, manifest, contents: converted } = await corpusOf([write(`mark/${name}`, bytes)])
    assert.deepEqual(converted, contents)
    const from = name === 'le.txt' ? 'UTF-16LE' : 'UTF-16BE'
    assert.deepEqual([notices, manifest.sources[0].convertedFrom], [[`converted to UTF-8: ${name} (${from})`], from])
  }
})

// Names that are wrong

test('a file under a wrong name is told what it is, and its right name is the way out', async () => {
  const { contents } = await corpusOf([write('n/right.jsonl', jsonl(texts))])
  for (const [name, bytes, right] of [
    ['a.jsonl', gzipSync(jsonl(texts)), 'a.jsonl.gz'],
    ['b.jsonl', zstdCompressSync(jsonl(texts)), 'b.jsonl.zst'],
    ['c.jsonl.gz', zstdCompressSync(jsonl(texts)), 'c.jsonl.zst'],
    ['d.jsonl.zst', gzipSync(jsonl(texts)), 'd.jsonl.gz'],
    ['e.jsonl.gz', Buffer.from(jsonl(texts)), 'e.jsonl'],
    ['f f.jsonl.zst', Buffer.from(jsonl(texts)), 'f f.jsonl'],
    ['g.parquet', Buffer.from(jsonl(texts)), 'g.jsonl'],
    ['h.jsonl', parquet({ text: texts }), 'h.parquet'],
    ['i.parquet', gzipSync(jsonl(texts)), null],
  ] as const) {
    const error = await errorOf([write(`n/${name}`, bytes)], 'FILE_FORMAT')
    if (right === null) continue
    follow(error)
    assert.deepEqual((await corpusOf([place(`n/${right}`)])).contents, contents, name)
  }
  const page = '<!DOCTYPE html><html><body>Sign in</body></html>'
  for (const name of ['p.jsonl', 'p.json', 'p.parquet', 'p.jsonl.gz', 'p.txt.zst'])
    assert.match((await errorOf([write(`n/${name}`, page)], 'FILE_FORMAT')).message, /is a web page, not/)
  const pdf = await errorOf([write('n/p.txt', '%PDF-1.7\n%\xff\xff')], 'FILE_FORMAT')
  assert.match(`${pdf.message} ${pdf.advice}`, /is a PDF document, and no text\. .*pdftotext/)
  const prosaic = await errorOf([write('n/prose.jsonl', prose(1, 9000))], 'FILE_FORMAT')
  assert.match(
    `${prosaic.message} ${prosaic.advice}`,
    /no JSON object in its first rows: prose\.jsonl:1 is not valid JSON.*ends in \.txt/,
  )
  const bare = await errorOf([write('n/prose', prose(1, 20_000))], 'FILE_FORMAT')
  follow({ advice: bare.advice.replace(/ What is read.*/, '') })
  await corpusOf([place('n/prose.txt')])
})

// Packed files

const limited = fileURLToPath(new URL('./limited.ts', import.meta.url))

test('a bomb ends within seconds and half a gigabyte, whatever is in it, and its limit is named', () => {
  const piece = (text: string) => Buffer.alloc(1 << 24, text)
  for (const [name, pack, text] of [
    ['zeros.txt.gz', gzipSync, '\0'],
    ['blanks.jsonl.gz', gzipSync, ' '],
    ['words.txt.gz', gzipSync, 'word '],
    ['open.json.zst', zstdCompressSync, '['],
    ['words.md.zst', zstdCompressSync, 'word '],
  ] as const) {
    const packed = pack(piece(text))
    const path = write(`bombs/${name}`, Buffer.concat(Array(20).fill(packed)))
    const { stdout } = spawnSync(process.execPath, [limited, place(next()), path], { encoding: 'utf8' })
    const { code, message, ms, mebibytes } = JSON.parse(stdout)
    assert.equal(code, 'FILE_FORMAT')
    assert.match(message, /unpacks to more than \d+, the limit of 64 MiB and 100 times its size/, name)
    assert.ok(ms < 8000 && mebibytes < 512, `${name}: ${ms} ms, ${mebibytes} MiB`)
  }
})

test('what repeats itself more than a bomb may is read unpacked, as the error advises', async () => {
  const blanks = Buffer.from(`${' '.repeat(45 << 20)}\n`)
  const content = Buffer.concat([Buffer.from(jsonl(texts.slice(0, 50))), blanks, blanks])
  follow(await errorOf([write('much/a b.jsonl.gz', gzipSync(content))], 'FILE_FORMAT'))
  const { manifest } = await corpusOf([place('much/a b.jsonl')], { tokenizerSample: 1e9 })
  assert.equal(manifest.train.documents + manifest.val.documents, 50)
})

test('Zstandard with a window of 2 GiB, as --long=31 writes it, is unpacked', async () => {
  const params = { [zlib.ZSTD_c_contentSizeFlag]: 0 }
  const packed = zstdCompressSync(jsonl(texts), { params })
  assert.equal(packed[4] & 0x20, 0, 'the window is in the next byte')
  packed[5] = (31 - 10) << 3
  const { contents } = await corpusOf([write('long.jsonl.zst', packed)])
  assert.deepEqual(contents, (await corpusOf([write('short.jsonl', jsonl(texts))])).contents)
})

// Little text

/** Tokens that a training takes at once: a part with fewer is of no use. */
const window = 512

test('64 KiB of text are always enough, whatever they are in', async () => {
  const enough = 1 << 16
  const cut = (text: string) =>
    Buffer.from(text)
      .subarray(0, enough)
      .toString()
      .replace(/\ufffd$/, 'x')
  const sized = (text: string) => {
    const part = cut(text)
    return part + ' end'.repeat(enough / 4).slice(0, enough - Buffer.byteLength(part))
  }
  for (let seed = 1; seed <= 12; seed++) {
    const text = sized(prose(seed, 20_000))
    const chinese = sized('这个模型在学习，损失一直在下降。'.repeat(2000).replace(/，/g, () => `，${seed}`))
    const cases: Record<string, string | Uint8Array> = {
      'a.txt': text,
      'b.txt': sized(prose(seed, 20_000).replaceAll(/\s+/g, ' ')),
      'c.txt': chinese,
      'd.jsonl': jsonl([text]),
      'e.jsonl': jsonl([text.slice(0, 100), text]),
      'f.json': JSON.stringify([{ text: chinese }]),
      'g.parquet': parquet({ text: [text] }),
      'h.jsonl': jsonl(text.match(/.{1,300}/gs)!),
    }
    const [name, content] = Object.entries(cases)[seed % 8]
    for (const vocabularySize of [null, 280]) {
      const { folder, manifest, notices } = await corpusOf([write(`little/${seed}/${name}`, content)], {
        vocabularySize,
        valFraction: 0.005,
      })
      const corpus = await openCorpus(place(folder))
      assert.ok(corpus.tokens.train > window && corpus.tokens.val > window, `${name}: ${JSON.stringify(corpus.tokens)}`)
      assert.equal(manifest.dividedDocuments, name === 'h.jsonl' ? undefined : 1, name)
      assert.equal(/vocabulary has \d+ tokens/.test(notices.join()), vocabularySize === null)
      assert.ok(
        vocabularySize === null ? manifest.vocabularySize <= 655 : manifest.vocabularySize === 280,
        `${name} ${manifest.vocabularySize}`,
      )
      corpus.close()
    }
  }
})

test('below it the error says how much there is and how much is enough, and more of it is', async () => {
  const text = prose(1, 4000).slice(0, 10_000)
  const error = await errorOf([write('below.txt', text)], 'CORPUS_TOO_SMALL')
  const bytes = Buffer.byteLength(text)
  assert.match(
    error.message,
    new RegExp(`^${bytes} bytes of text are there, in 1 document, .* 65536 bytes are always enough`),
  )
  const missing = Number(/Give (\d+) bytes more/.exec(error.advice)![1])
  assert.equal(bytes + missing, 65_536)
  writeFileSync(place('below.txt'), text + prose(2, missing).slice(0, missing))
  await corpusOf([place('below.txt')])
  const usual = await errorOf([write('below2.txt', text)], 'CORPUS_TOO_SMALL', { vocabularySize: null })
  assert.match(usual.message, /expected 32000/)
  const equal = await errorOf([write('equal.jsonl', jsonl(Array(500).fill(texts[0])))], 'CORPUS_TOO_SMALL', {
    vocabularySize: 280,
  })
  assert.match(equal.message, /in 500 documents that are all equal/)
})

test('a document in fine sections that is killed goes on to the same bytes', async () => {
  const input = write('fine.jsonl', `${jsonl([prose(6, 30_000)])}{"text":\n`)
  const { folder } = await corpusOf([input], { valFraction: 1e-9 })
  let stop = true
  const broken = () =>
    prepare([input], 'fine', {
      ...{ valFraction: 1e-9, markBytes: 1000 },
      onStep: ({ name, done, total }) => {
        if (stop && name === 'encoding' && done >= total) throw new Error('stopped')
      },
    })
  await assert.rejects(broken(), /stopped/)
  stop = false
  assert.equal((await broken()).work, 'rest')
  assert.deepEqual(contentsOf('fine'), contentsOf(folder))
})

test('another size of the vocabulary than the one that was found is another corpus', async () => {
  const input = write('found.txt', prose(1, 30_000))
  const { folder, manifest } = await corpusOf([input], { vocabularySize: null })
  assert.equal((await prepare([input], folder, { vocabularySize: null, textField: null })).work, 'none')
  const other = prepare([input], folder, { vocabularySize: 32_000, textField: null })
  await rejects(other, 'CORPUS_DIFFERS', /--vocab-size is not given there and 32000 here/)
  assert.ok(manifest.vocabularySize > 320 && basename(input) === 'found.txt')
})
