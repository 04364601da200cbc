import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assertNothingLost, listOf, readText, reasons, rejects } from './files.ts'

const one = { parameters: 1e9, tokens: 2e10, flops: 1.2e20, loss: 2.5 }

for (const [title, text] of [
  ['comma', 'N,D,loss\n1e9,2e10,2.5\n'],
  ['tab', 'N\tD\tloss\n1e9\t2e10\t2.5\n'],
  ['semicolon', 'N;D;loss\n1e9;2e10;2.5\n'],
  ['no last line end', 'N,D,loss\n1e9,2e10,2.5'],
  ['CRLF', 'N,D,loss\r\n1e9,2e10,2.5\r\n'],
  ['CR alone', 'N,D,loss\r1e9,2e10,2.5\r'],
  ['mixed line ends', 'N,D,loss\r\n\n1e9,2e10,2.5\n\r\n'],
  ['CRLF and quotes', '"N","D","loss"\r\n"1e9","2e10","2.5"\r\n'],
  ['byte order mark', '\ufeffN,D,loss\n1e9,2e10,2.5\n'],
  ['spaces', 'N , D , loss \n 1e9 , 2e10 , 2.5 \n'],
  ['blank lines before the header', '\n\nN,D,loss\n1e9,2e10,2.5\n'],
  ['a delimiter in a quoted name', '"a;b;c;d;e;f",N,D,loss\nx,1e9,2e10,2.5\n'],
  ['other columns', 'lr,N,host,D,loss,when\n1e-3,1e9,x,2e10,2.5,now\n'],
] as const) {
  test(`delimited text: ${title}`, async () => {
    const data = await readText(text)
    assert.deepEqual(listOf(data.runs), [one])
    assertNothingLost(data)
  })
}

test('row numbers are lines, blank lines and quoted line ends counted', async () => {
  const text =
    'N,D,loss,note\n1e9,2e10,2.5,a\n\n1e9,2e10,x,"two\nlines"\r\n1e9,2e10,,"a ""quoted"" one"\n2e9,2e10,2.4,b\n1,2\n'
  const data = await readText(text)
  assert.deepEqual(reasons(data), [
    [4, 'loss "x" is not a number'],
    [6, 'loss is missing'],
    [8, 'has 2 fields, expected 4 as in the header'],
  ])
  assert.deepEqual(data.origin(1), { source: data.sources[0].name, row: 7 })
  assertNothingLost(data)
})

test('row numbers hold over many blocks', async () => {
  const rows = Array.from({ length: 120_000 }, (_, i) => `${i + 1},${2 * i + 2},${i === 99_999 ? '"ba\nd"' : '2.5'}`)
  const data = await readText(`N,D,loss\n${rows.join('\n')}\n1,2\n`)
  assert.deepEqual(reasons(data), [
    [100_001, 'loss "ba\\nd" is not a number'],
    [120_003, 'has 2 fields, expected 3 as in the header'],
  ])
  assert.equal(data.runs.size, 119_999)
  assert.equal(data.origin(119_998).row, 120_002)
})

test('a row with too many fields is left out', async () => {
  const data = await readText('N,D,loss\n1e9,2e10,2.5\n1,000,2e10,2.5\n')
  assert.deepEqual(reasons(data), [[3, 'has 4 fields, expected 3 as in the header']])
})

test('malformed quotes are left out, with the lines they swallowed', async () => {
  const data = await readText('N,D,loss\n1e9,2e10,2.5\n"1e"9,2e10,2.4\n3e9,2e10,"2.3"\n')
  assertNothingLost(data)
  assert.match(reasons(data)[0][1], /quotes are malformed/)
  assert.equal(data.excluded[0].row, 3)
})

test('a quoted field without an end is an error that names its line', async () => {
  await rejects(readText('N,D,loss\n1e9,2e10,2.5\n1e9,"2e10,2.5\n1e9,2e10,2.4\n'), 'FILE_FORMAT', /begins in line 3/)
  await rejects(readText('N,D,loss\n1e9,2e10,2.5\n"a\nb","2e10,2.5\n'), 'FILE_FORMAT', /begins in line 4/)
})

test('a header without rows, and nothing at all', async () => {
  await rejects(readText('N,D,loss\n'), 'FILE_EMPTY', /has a header and no rows/)
  await rejects(readText('N,D,loss'), 'FILE_EMPTY', /has a header and no rows/)
  await rejects(readText(''), 'FILE_EMPTY', /has no content/)
  await rejects(readText(' \n\r\n\t'), 'FILE_EMPTY', /blank lines/)
  await rejects(readText('\ufeff'), 'FILE_EMPTY', /blank lines/)
})
