import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import { inOneLine, printable, printableLine } from '../../src/core/printable.ts'
import { withoutFormula } from '../../src/input/fields.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'isoflop-printed-'))
after(() => rmSync(folder, { recursive: true }))

function isoflop(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(root, 'bin/isoflop.js'), ...args], {
    cwd: folder,
    encoding: 'utf8',
  })
  return { status, text: stdout + stderr }
}

function write(name: string, content: string): string {
  writeFileSync(join(folder, name), content)
  return name
}

/** Clears the screen, writes a title, colours, turns the direction of writing; by one and by two bytes. */
const evil = '\x1b[2J\x1b]0;owned\x07\x1b[31mred\x9b31m\u202eevil\u2066'
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what it is about
const commands = /[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]/

test('no name, cell, label or text reaches a terminal as a command', async (t) => {
  const rows = Array.from({ length: 24 }, (_, i) => [
    `${i} ${evil}`,
    1e6 * (1 + (i % 6)),
    1e9 * (1 + (i >> 2)),
    4 - 0.05 * i,
  ])
  const csv = (columns: readonly string[]) => [columns, ...rows].map((cells) => cells.join(',')).join('\n')
  const runs = write('runs.csv', csv([`run ${evil}`, `N${evil}`, 'D', 'loss']))
  const config = 'd_model,num_layers,num_heads,batch_size,learning_rate,train_flops'
  write('text.txt', Array.from({ length: 200 }, (_, i) => `${evil} word${i}\n\n`).join(''))
  const columns = ['--columns', `parameters=N${evil}`]
  const asked: Record<string, string[]> = {
    'columns that are missing': ['fit', runs],
    'columns that are told': ['fit', runs, ...columns, '--method', 'surface', '--resamples', '20'],
    'the same as JSON': ['fit', runs, ...columns, '--method', 'surface', '--resamples', '20', '--json'],
    'a column that is unknown': ['fit', runs, '--columns', `loss=${evil}`],
    'cells that are no numbers': ['fit', write('bad.csv', `N,D,loss\n${evil},1,2\n1,"${evil}",2\n`)],
    'JSON that is none': ['fit', write('bad.json', `[{"N": ${evil}}]`)],
    'a file with such a name': ['fit', `${evil.replaceAll('/', '')}.csv`],
    'an option': ['fit', `--${evil}`],
    'a configuration': ['simulate', write('configs.csv', `${config}\n${evil},1,1,1,1,1\n`)],
    'a world': ['simulate', 'configs.csv', '--world', evil],
    'a label': ['keys', 'add', '--db', 'keys.sqlite', '--label', `Ada\n${evil}`],
    labels: ['keys', 'list', '--db', 'keys.sqlite'],
    'labels as JSON': ['keys', 'list', '--db', 'keys.sqlite', '--json'],
    'a corpus': ['corpus', 'prepare', 'text.txt', '--out', 'corpus', '--vocab-size', '300', '--val-fraction', '0.5'],
    'the words of a corpus': ['corpus', 'show', 'corpus'],
    'a campaign': ['campaign', '--world', evil],
    'an address': ['campaign', '--api', `http://localhost:1/${evil}`, '--api-key', 'key'],
  }
  for (const [what, args] of Object.entries(asked))
    await t.test(what, () => {
      const { text } = isoflop(...args)
      assert.ok(text.length > 0)
      assert.doesNotMatch(text, commands, JSON.stringify(text.slice(0, 2000)))
    })
  const [table] = isoflop('keys', 'list', '--db', 'keys.sqlite').text.split('\n\n')
  assert.equal(table.split('\n').length, 2, 'a row a key')
})

test('reports have none either', () => {
  const lines = Array.from({ length: 24 }, (_, i) => `${1e6 * (1 + (i % 6))},${1e9 * (1 + (i >> 2))},${4 - 0.05 * i}`)
  write('named.csv', `N${evil},D,loss\n${lines.join('\n')}\n${evil},1,2\n`)
  const told = ['--columns', `parameters=N${evil}`, '--method', 'surface', '--resamples', '20']
  for (const report of ['report.html', 'report.md']) {
    assert.equal(isoflop('fit', 'named.csv', ...told, '--report', report).status, 0)
    const text = readFileSync(join(folder, report), 'utf8')
    assert.match(text, /\\x1b/)
    assert.doesNotMatch(text, commands)
  }
})

test('the command writes to the terminal by cli/print.ts alone, and by lines that are drawn over', () => {
  const drawn = ['print.ts', 'progress.ts', 'campaign.ts']
  for (const file of readdirSync(join(root, 'src/cli')).filter((name) => !drawn.includes(name)))
    assert.doesNotMatch(
      readFileSync(join(root, 'src/cli', file), 'utf8'),
      /console\.(log|error|warn|info)\(|(stdout|stderr)\.write\(/,
      file,
    )
})

test('what is printable means itself, and nothing else gets through', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      assert.doesNotMatch(printable(text), commands)
      for (const line of [printableLine(text), inOneLine(text)]) assert.doesNotMatch(line, /[\n\t]/)
      if (!commands.test(text) && !/[\u061c\u200e\u200f\u2028\u2029]/.test(text)) assert.equal(printable(text), text)
    }),
  )
  assert.equal(printable('a\x1b[0m\u202e\tb\n'), 'a\\x1b[0m\\u202e\tb\n')
})

test('no cell that is printed as CSV is run by a spreadsheet, and numbers stay', () => {
  const header = 'd_model,num_layers,num_heads,batch_size,learning_rate,train_flops'
  const table = `${header},=note,delta\n256,4,4,128,1e-3,1e13,"=cmd|'/C calc'!A0",-0.5\n256,4,4,128,1e-3,1e13,@SUM(A1),+1e3\n`
  const { text, status } = isoflop('simulate', write('formulas.csv', table))
  assert.equal(status, 0)
  const [first, ...lines] = text.trimEnd().split('\n')
  assert.equal(first, `${header},'=note,delta,loss`)
  assert.match(lines[0], /,'=cmd\|'\/C calc'!A0,-0\.5,[\d.]+$/)
  assert.match(lines[1], /,'@SUM\(A1\),\+1e3,[\d.]+$/)
  for (const cell of ['=1', '+a', '-a', '@a', '\t=1', '\r=1']) assert.equal(withoutFormula(cell), `'${cell}`)
  for (const cell of ['1', '-1', '+1.5e3', 'a=1', '', '-0.25']) assert.equal(withoutFormula(cell), cell)
})
