import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { Runs } from '../../src/core/run.ts'
import { fewerTokens, firstLaw, profilesOf, sixBudgets } from '../fit/groups-runs.ts'

const bin = fileURLToPath(new URL('../../bin/isoflop.js', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'isoflop-groups-'))
after(() => rmSync(folder, { recursive: true }))

const isoflop = (...args: string[]) => spawnSync(process.execPath, [bin, ...args], { encoding: 'utf8' })
const quick = ['--method', 'norm', '--resamples', '40', '--target', '1e21']

const web = profilesOf(firstLaw, sixBudgets, { own: 0.004, seed: 1 })
const books = profilesOf(fewerTokens(firstLaw, 1.7), sixBudgets.slice(0, 5), { own: 0.004, seed: 1001 })

const rowsOf = (name: string, { size, parameters, tokens, loss }: Runs, more = 0) =>
  Array.from({ length: size }, (_, i) => `${parameters[i]},${tokens[i]},${loss[i] + more},${name}`)

function tableOf(name: string, rows: readonly string[]): string {
  const file = join(folder, name)
  writeFileSync(file, ['N,D,loss,dataset', ...rows].join('\n'))
  return file
}

const two = tableOf('two.csv', [...rowsOf('web', web), ...rowsOf('books', books)])

test('--group-by fits each value of a column and says what tokens of one are worth in the other', () => {
  const report = join(folder, 'report.html')
  const plots = join(folder, 'plots')
  const { status, stdout, stderr } = isoflop(
    'fit',
    two,
    '--group-by',
    'dataset',
    ...quick,
    '--report',
    report,
    '--plots',
    plots,
  )
  assert.equal(status, 0, stderr)
  assert.equal(stderr, '')
  assert.match(stdout, /^web +36 +0\.\d{3}/m)
  assert.match(stdout, /^books +30 +0\.\d{3}/m)
  assert.match(
    stdout.replace(/\s+/g, ' '),
    /"books" needs 1\.[67]\dx \[1\.6\d, 1\.7\d\] the tokens of "web" for the same loss\./,
  )
  assert.match(stdout.replace(/\s+/g, ' '), /the best N of "books" is \d\S*x \[\S+, \S+\] that of "web"/)
  assert.doesNotMatch(stdout, /data-sets-pooled/)
  for (const line of stdout.split('\n'))
    if (!line.startsWith('wrote') && !line.includes(folder)) assert.ok(line.length <= 100, line)
  assert.match(readFileSync(report, 'utf8'), /class="narrow"/)
  assert.deepEqual(readdirSync(plots).sort(), [
    ...['groups-laws.png', 'groups-laws.svg'],
    ...['groups.png', 'groups.svg'],
  ])
})

test('--json has every documented field of the groups, the same for the same seed', () => {
  const args = ['fit', two, '--group-by', 'dataset', ...quick, '--json']
  const { status, stdout, stderr } = isoflop(...args)
  assert.equal(status, 0, stderr)
  const json = JSON.parse(stdout)
  const documented = readFileSync(fileURLToPath(new URL('../../docs/json.md', import.meta.url)), 'utf8')
  const section = documented.split('# What `isoflop fit --group-by')[1]
  const [pair] = json.comparison.pairs
  for (const key of [...Object.keys(json), ...Object.keys(json.comparison), ...Object.keys(pair)])
    if (!['version', 'runs', 'targets'].includes(key))
      assert.ok(section.includes(`${key}`), `docs/json.md lacks ${key}`)
  assert.equal(pair.kept, 'tokens')
  const alone = JSON.parse(isoflop('fit', two, '--where', 'dataset=books', ...quick, '--json').stdout)
  assert.deepEqual(json.groups[1].methods, alone.methods, 'a group is fitted as if it were alone')
  assert.equal(isoflop(...args).stdout, stdout)
})

test('--best chooses inside a group only', () => {
  // The second data set has the N and D of the first and higher losses; each run of it has a worse twin.
  const rows = [...rowsOf('web', web), ...rowsOf('other', web, 0.3), ...rowsOf('other', web, 0.5)]
  const file = tableOf('best.csv', rows)
  const json = JSON.parse(isoflop('fit', file, '--group-by', 'dataset', '--best', ...quick, '--json').stdout)
  assert.deepEqual(
    json.groups.map(({ name, runs }: { name: string; runs: number }) => [name, runs]),
    [
      ['web', 36],
      ['other', 36],
    ],
  )
  const [{ kept, plateau }] = json.comparison.pairs
  assert.equal(kept, 'plateau')
  assert.ok(Math.abs(plateau.value - 0.3) < 0.01, `${plateau.value}`)
})

test('files are groups where asked for, and a group that is too small is named', () => {
  const first = tableOf('first.csv', rowsOf('x', web))
  const small = tableOf('small.csv', rowsOf('x', books).slice(0, 2))
  const { status, stdout } = isoflop('fit', first, small, '--group-by', 'file', ...quick)
  assert.equal(status, 0)
  assert.match(stdout, /^first\.csv +36/m)
  assert.match(stdout.replace(/\s+/g, ' '), /"small\.csv" \(2 runs\) is not fitted: Expected at least 3 runs, got 2\./)
})

/** What cannot be done with groups, and what the error has to name. */
const refused: readonly (readonly [string[], RegExp])[] = [
  [[two, '--group-by', 'nope'], /^error\[COLUMN_UNKNOWN\].*"nope".*dataset/],
  [['world:handout', '--group-by', 'dataset'], /^error\[BAD_OPTION\].*--group-by dataset/],
  [[two, '--group-by', 'dataset', '--method', 'joint'], /^error\[BAD_OPTION\].*--method joint[\s\S]*--where/],
  [[two, '--group-by', 'dataset', '--repeats'], /^error\[BAD_OPTION\].*--repeats[\s\S]*--where/],
  [[two, '--group-by', 'N'], /^error\[TOO_FEW_RUNS\].*No group of "N".* And \d+ more\./],
]
for (const [args, message] of refused)
  test(`refused: fit ${args.slice(1).join(' ')}`, () => {
    const { status, stderr, stdout } = isoflop('fit', ...args, '--resamples', '40')
    assert.notEqual(status, 0, stdout)
    assert.match(stderr, message)
  })
