import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { lawRuns } from '../input/known-law.ts'
import { workbook } from '../input/workbook.ts'

const bin = fileURLToPath(new URL('../../bin/isoflop.js', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'isoflop-look-'))
after(() => rmSync(folder, { recursive: true }))

const isoflop = (...args: string[]) => spawnSync(process.execPath, [bin, ...args], { encoding: 'utf8', cwd: folder })

/** The words of the command that a text ends with, without quotes. */
const nextCommand = (text: string): string[] =>
  [...(/Next: isoflop (.*)\n$/.exec(text)?.[1] ?? '').matchAll(/'([^']*)'|\S+/g)].map(([word, inner]) => inner ?? word)

const other = lawRuns.map((run) => ({ ...run, loss: run.loss + 1 }))
writeFileSync(join(folder, 'two.json'), JSON.stringify({ c4: lawRuns, pile: other }))
const header = ['N', 'D', 'loss']
const sheet = (runs: typeof lawRuns) => [header, ...runs.map(({ N, D, loss }) => [N, D, loss])]
writeFileSync(join(folder, 'two.xlsx'), await workbook({ 'first try': sheet(other), 'second try': sheet(lawRuns) }))

for (const [file, records] of [
  ['two.json', 'c4'],
  ['two.xlsx', 'second try'],
] as const)
  test(`of two tables in ${file} the error's advice names one, and what look says next reads the same`, () => {
    const refused = isoflop('look', file)
    assert.equal(refused.status, 2)
    assert.match(refused.stderr, /could be the runs: .*\n.*--records '/)
    const advised = /--records '([^']*)'/.exec(refused.stderr)?.[1] ?? ''
    assert.equal(isoflop('look', file, '--records', advised).status, 0)
    const looked = isoflop('look', file, '--records', records)
    assert.equal(looked.status, 0, looked.stderr)
    assert.match(looked.stdout, /the rows are those of /)
    const command = nextCommand(looked.stdout)
    assert.deepEqual(command, ['fit', file, '--records', records])
    const fitted = isoflop(...command, '--method', 'surface', '--target', '1e21', '--resamples', '20', '--json')
    const [{ predictions }] = JSON.parse(fitted.stdout).methods
    assert.ok(Math.abs(predictions[0].loss - 2.331) < 0.02)
  })

test('runs of which fit makes nothing lead to no fit, but to what is missing', () => {
  const first = 'N,D,loss\n1e7,1e9,4.0\n'
  for (const [text, code] of [
    [first, 'TOO_FEW_RUNS'],
    [`${first}2e7,2e9,3.7\n`, 'TOO_FEW_RUNS'],
    [`${first}2e7,5e8,3.9\n4e7,2.5e8,3.8\n`, 'ONE_BUDGET'],
  ]) {
    writeFileSync(join(folder, 'few.csv'), text)
    const { stdout, status } = isoflop('look', 'few.csv')
    assert.equal(status, 0)
    const refusal = isoflop('fit', 'few.csv').stderr
    assert.ok(refusal.startsWith(`error[${code}]: `), refusal)
    const [said, advice] = refusal.replace(/^error\S+ /, '').split(/\n\s*/)
    assert.ok(stdout.endsWith(`\nisoflop fit refuses these runs: ${said} ${advice}\n`), stdout)
    assert.doesNotMatch(stdout, /Next:/)
  }
})
