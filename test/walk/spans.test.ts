import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Command } from 'commander'
import { createProgram } from '../../src/cli/main.ts'
import { pageFiles } from './files.ts'
import { root } from './package.ts'

// Commands that stand within a line of a page are not followed (pages.walk.ts follows blocks), but they and their options have to be there.

const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { scripts: Record<string, string> }
const program = await createProgram()

/** What is wrong with a command line, else null. */
function flaw(line: string): string | null {
  const words = line.match(/'[^']*'|"[^"]*"|\S+/g) ?? []
  if (words[0] === 'npm' && words[1] === 'run') return words[2] in scripts ? null : `there is no script ${words[2]}`
  if (words[0] === 'npx') words.shift()
  const place = deepest(program, words.slice(1))
  if (place === program)
    return words[1] === undefined || /^-|^help$/.test(words[1]) ? null : `there is no command ${words[1]}`
  const options = [place, ...parents(place)].flatMap((command) => command.options)
  const known = new Set(['--help', '-h', ...options.flatMap(({ long, short }) => [long, short])])
  const strange = words.filter((word) => /^--?[a-z]/.test(word) && !known.has(word.split('=')[0]))
  return strange.length === 0 ? null : `${place.name()} has no ${strange.join(', ')}`
}

/** The command that the first words name. */
function deepest(command: Command, words: readonly string[]): Command {
  const below = command.commands.find((one) => one.name() === words[0])
  return below === undefined ? command : deepest(below, words.slice(1))
}

const parents = (command: Command): Command[] => (command.parent ? [command.parent, ...parents(command.parent)] : [])

const isCommand = /^(npx )?isoflop [a-z-]|^npm run [a-z]/

/** History, where commands may have had other names. */
const isOfItsTime = (file: string) => /log\.md$|CHANGELOG\.md$/.test(file)

test('flaws of commands are seen', () => {
  assert.equal(flaw('npx isoflop fit runs.csv --target 1e21'), null)
  assert.equal(flaw('isoflop campaign next -n 8 --jsonl --out DIR'), null)
  assert.equal(flaw('isoflop --help'), null)
  assert.equal(flaw('npm run check'), null)
  assert.equal(flaw('npm run chekc'), 'there is no script chekc')
  assert.equal(flaw('isoflop fits runs.csv'), 'there is no command fits')
  assert.equal(flaw('isoflop fit --targets=3'), 'fit has no --targets=3')
  assert.equal(flaw('isoflop campaign next --truths'), 'next has no --truths')
})

for (const file of pageFiles.filter((file) => !isOfItsTime(file)))
  test(`commands within lines of ${file} are there, and their options`, () => {
    const text = readFileSync(join(root, file), 'utf8').replace(/\n(?! {4}|\n)/g, ' ')
    const spans = [...text.matchAll(/`([^`\n]+)`/g)].map(([, span]) => span).filter((span) => isCommand.test(span))
    const flaws = spans.flatMap((span) => {
      const wrong = flaw(span)
      return wrong === null ? [] : [`${span}: ${wrong}`]
    })
    assert.deepEqual(flaws, [])
  })
