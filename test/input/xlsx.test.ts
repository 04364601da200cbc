import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assertNothingLost, listOf, readText, reasons, rejects } from './files.ts'
import { assertLaw, lawRuns } from './known-law.ts'
import { sheetOf, workbook, workbookOf, zip } from './workbook.ts'

const header = ['run', 'N', 'D', 'loss']
const rows = lawRuns.map(({ N, D, loss }, i) => [`r${i}`, N, D, loss])
const sheet = [header, ...rows]

test('a sheet of runs is read as it is', async () => {
  const data = await readText(await workbook({ Runs: sheet }))
  assertNothingLost(data)
  assert.equal(data.origin(0).row, 2)
  await assertLaw(data)
})

test('titles and blank rows above the header, and columns beside it, change nothing', async () => {
  const titled = [
    ['My sweep'],
    [],
    [null, ...header, 'note'],
    ...rows.map((row, i) => [null, ...row, i % 2 ? 'x' : null]),
  ]
  const data = await readText(await workbook({ Runs: titled }))
  assert.equal(data.origin(0).row, 4)
  assert.ok(data.notes.includes('records: row 3 of the sheet names the columns'))
  await assertLaw(data)
})

test('of several sheets the one with runs is read, or the one that --records names', async () => {
  const others = {
    Notes: [['to do'], ['fit']],
    Sizes: [
      ['layers', 'width'],
      [2, 64],
    ],
  }
  const data = await readText(await workbook({ ...others, Runs: sheet }))
  assert.ok(data.notes.includes('records: the rows are those of the sheet "Runs"'))
  await assertLaw(data)
  const two = await workbook({ old: [header, ['a', 1e9, 1e9, 3]], new: sheet })
  await rejects(readText(two), 'FILE_FORMAT', /several sheets that could be the runs: "old", "new"\. .*--records 'old'/)
  await assertLaw(await readText(two, { records: 'new' }))
  await rejects(readText(two, { records: 'New' }), 'RECORDS_UNKNOWN', /no sheet "New".*"old", "new"/)
  const neither = await workbook({ a: [['x'], [1]], b: [['y'], [2]] })
  await rejects(readText(neither), 'FILE_FORMAT', /none has the usual names/)
})

test('numbers as text, formulas and blank cells are what they are in other tables', async () => {
  const cells = (row: number, values: readonly string[]) => `<row r="${row}">${values.join('')}</row>`
  const text = (at: string, value: string) => `<c r="${at}" t="inlineStr"><is><t>${value}</t></is></c>`
  const number = (at: string, value: string) => `<c r="${at}"><v>${value}</v></c>`
  const data = await readText(
    workbookOf(
      sheetOf(
        cells(1, [text('A1', 'N'), text('B1', 'D'), text('C1', 'loss')]) +
          cells(2, [text('A2', '1e9'), '<c r="B2"><f>2*1E9</f><v>2000000000</v></c>', number('C2', '2.5')]) +
          cells(3, [number('A3', '2E9'), number('C3', '2.4')]) +
          cells(4, [number('A4', '2E9'), number('B4', '3E9'), '<c r="C4" t="e"><v>#N/A</v></c>']),
      ),
    ),
  )
  assert.deepEqual(listOf(data.runs), [{ parameters: 1e9, tokens: 2e9, flops: 1.2e19, loss: 2.5 }])
  assert.deepEqual(
    reasons(data).map(([row]) => row),
    [3, 4],
  )
})

test('what is no workbook says so, and how to get one', async () => {
  await rejects(readText(zip({ 'a.csv': { content: 'N,D' } })), 'FILE_FORMAT', /zip archive, and no Excel workbook/)
  await rejects(
    readText(Buffer.from('d0cf11e0a1b11ae1', 'hex')),
    'FILE_FORMAT',
    /old format \(.xls\).*save the sheet as/,
  )
  const bytes = await workbook({ Runs: sheet })
  await rejects(readText(bytes.subarray(0, bytes.length >> 1)), 'FILE_FORMAT', /Excel/)
  await rejects(readText(await workbook({ Runs: [] })), 'FILE_EMPTY', /no sheet with rows/)
})

const bomb = Buffer.alloc(300e6, 0x20)

for (const [name, content, said] of [
  ['that says how long it is', bomb, bomb.length],
  ['that lies', bomb, 1000],
  [
    'of cells',
    Buffer.concat([
      Buffer.from(sheetOf('').split('</sheetData>')[0]),
      Buffer.alloc(60e6, '<row r="1"><c r="A1"><v>1</v></c></row>'),
    ]),
    undefined,
  ],
] as const)
  test(`a sheet that unpacks to hundreds of megabytes is an error: one ${name}`, { timeout: 60_000 }, async () => {
    const bytes = workbookOf(content, said)
    assert.ok(bytes.length < 3e6)
    await rejects(readText(bytes), 'FILE_FORMAT', /Excel workbook that cannot be read/)
  })

test('two cells in the corners of a sheet are two cells', { timeout: 60_000 }, async () => {
  const corners = '<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'
  await rejects(readText(workbookOf(sheetOf(corners))), 'COLUMN_MISSING', /A1|1/)
})
