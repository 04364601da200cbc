import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { columnsOf, takesEscapes } from '../../src/cli/terminal.ts'
import { campaignText } from '../../src/report/campaign/text.ts'
import { fitText } from '../../src/report/fit/text.ts'
import { displayWidth } from '../../src/report/page/width.ts'
import { spaceText } from '../../src/report/space.ts'
import { readSpace } from '../../src/space/file.ts'
import { summaryOf } from '../../src/space/summary.ts'
import { handoutLaw } from '../../src/world/handout.ts'
import { handout } from './analyses.ts'
import { full } from './campaigns.ts'

const file = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url))
const widths = [60, 80, 120]

/** What the commands print, at a width and in a language. */
const printed = {
  fit: (width: number, language?: 'zh') => fitText({ analysis: handout, truth: handoutLaw }, { width, language }),
  campaign: (width: number, language?: 'zh') => campaignText(full.view, { width, language }),
  space: (width: number) => spaceText(summary, { width }),
}
const summary = summaryOf(await readSpace(file('examples/spaces/llama.json')))

const overflowing = (text: string, width: number) => text.split('\n').filter((line) => displayWidth(line) > width)

for (const width of widths)
  for (const [name, text] of Object.entries(printed))
    test(`${name} in a terminal of ${width} columns`, () => {
      const snapshot = new URL(`../snapshots/terminal/${name}-${width}.txt`, import.meta.url)
      const shown = `${text(width)}\n`
      if (process.env.UPDATE_SNAPSHOTS) {
        mkdirSync(new URL('.', snapshot), { recursive: true })
        writeFileSync(snapshot, shown)
      }
      assert.equal(shown, readFileSync(snapshot, 'utf8'), `${name} changed; look, then set UPDATE_SNAPSHOTS=1`)
    })

test('no line is wider than the terminal, in both languages, down to 40 columns', () => {
  for (const width of [40, 50, ...widths])
    for (const [name, text] of Object.entries(printed))
      for (const language of [undefined, 'zh'] as const)
        assert.deepEqual(overflowing(text(width, language), width), [], `${name} at ${width} in ${language ?? 'en'}`)
})

const isoflop = (args: readonly string[], env: Record<string, string>) =>
  spawnSync(process.execPath, [file('bin/isoflop.js'), ...args], { encoding: 'utf8', env: { ...process.env, ...env } })

test('help is as wide as the terminal, and its examples go on as a shell reads them', () => {
  const { stdout: all } = isoflop(['--help'], { COLUMNS: '60' })
  assert.deepEqual(overflowing(all, 60), [])
  const names = [...all.matchAll(/^ {2}([a-z]+)(?: \[| {2,})/gm)].map(([, name]) => name)
  assert.ok(names.includes('fit') && names.includes('space') && names.includes('serve'), names.join())
  for (const command of [['campaign', 'next'], ['keys', 'add'], ['corpus', 'prepare'], ...names.map((name) => [name])])
    assert.deepEqual(overflowing(isoflop([...command, '--help'], { COLUMNS: '60' }).stdout, 60), [], command.join(' '))
  const { stdout } = isoflop(['campaign', '--help'], { COLUMNS: '60' })
  assert.deepEqual(overflowing(stdout, 60), [])
  for (const group of ['Where runs come from:', 'What is planned:', 'Examples:'])
    assert.ok(stdout.includes(`\n${group}\n`), group)
  assert.match(stdout, /--space examples\/spaces\/llama\.json \\\n {6}--world seed:7/)
})

test('the width is that of the terminal, or of COLUMNS; where nothing says it there is none', () => {
  const pipe = { isTTY: false, columns: 0 }
  assert.equal(columnsOf({ isTTY: true, columns: 77 }, { COLUMNS: '60' }), 77)
  assert.equal(columnsOf({ isTTY: true, columns: 300 }, {}), 120)
  assert.equal(columnsOf(pipe, { COLUMNS: '60' }), 60)
  assert.equal(columnsOf(pipe, { COLUMNS: '2' }), 40)
  for (const COLUMNS of [undefined, '', 'wide', '-3']) assert.equal(columnsOf(pipe, { COLUMNS }), undefined)
})

test('no escape is written to a file, nor where NO_COLOR or a dumb terminal forbids it', () => {
  const terminal = { isTTY: true, columns: 80 }
  assert.equal(takesEscapes(terminal, {}), true)
  assert.equal(takesEscapes(terminal, { NO_COLOR: '' }), true)
  assert.equal(takesEscapes(terminal, { NO_COLOR: '1' }), false)
  assert.equal(takesEscapes(terminal, { TERM: 'dumb' }), false)
  assert.equal(takesEscapes({ ...terminal, isTTY: false }, {}), false)
})
