import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { test } from 'node:test'
import fc from 'fast-check'
import { askedOf, tableFlagsOf } from '../../src/cli/explore.ts'
import { fitCommand } from '../../src/cli/fit.ts'
import type { FitFlags } from '../../src/cli/fit-flags.ts'
import { commandOf } from '../../src/explore/command.ts'
import { type Question, questionOf } from '../../src/explore/question.ts'
import { askedNames } from '../../src/fit/methods.ts'
import { parsePrior, priorText } from '../../src/fit/norm/prior-text.ts'

/** Names as files have them that were not made for a shell. */
const name = fc.constantFrom('loss', 'val loss', "it's", 'a,b', '$HOME', '-x', '模型', '"q"', 'a\\b', '`id`', '*')
const optional = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined })
const budgets = fc.uniqueArray(fc.double({ min: 1, max: 1e30, noNaN: true }), { minLength: 1, maxLength: 4 })
const sorted = budgets.map((values) => values.toSorted((a, b) => a - b))

const flags = fc
  .record({
    columns: optional(name),
    groupBy: optional(name),
    lossUnit: optional(fc.constantFrom('bits', 'perplexity')),
    records: optional(name),
    checkpoints: fc.constantFrom('last', 'as-runs'),
    best: optional(fc.constant(true)),
    keepState: optional(fc.constant(true)),
    where: optional(
      fc.array(fc.record({ column: fc.constantFrom('set', 'data set'), value: name }, { noNullPrototype: true }), {
        minLength: 1,
      }),
    ),
    drop: optional(fc.constantFrom('3', '3,7-9', "it's.csv:4")),
  })
  .map((given) => Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)))

const asked = fc.record({
  targets: fc.option(sorted),
  methods: fc.option(fc.subarray([...askedNames], { minLength: 1 })),
  repeats: fc.boolean(),
  uniqueTokens: fc.option(sorted),
  prior: fc.constantFrom(null, 'alpha=0.3:0.2,q=1', 'E=0.5:0.1'),
  confidence: fc.constantFrom(0.95, 0.5, 0.999),
  resamples: fc.integer({ min: 20, max: 1e6 }),
  seed: fc.nat(),
  starts: fc.integer({ min: 1, max: 4500 }),
})

/** What a shell makes of a command. */
const wordsOf = (command: string): string[] =>
  execFileSync('sh', ['-c', `set -f; for word in ${command}; do printf '%s\\0' "$word"; done`], { encoding: 'utf8' })
    .split('\0')
    .slice(0, -1)

test('the command that a page copies asks for what the page asks for, whatever names the table has', () => {
  fc.assert(
    fc.property(fc.array(name, { minLength: 1, maxLength: 3 }), flags, asked, (files, flags, asked) => {
      const view = { files, flags, asked: { ...asked, uniqueTokens: asked.repeats ? asked.uniqueTokens : null } }
      const question: Question = questionOf({ ...view, language: 'en' })
      let seen: unknown = null
      fitCommand()
        .action((names: string[], given: FitFlags) => {
          seen = { files: names, flags: tableFlagsOf(given), asked: askedOf(given) }
        })
        .parse(wordsOf(commandOf(question)).slice(2), { from: 'user' })
      const dashed = files.map((file) => (file.startsWith('-') ? `./${file}` : file))
      assert.deepEqual(seen, { ...view, files: dashed })
    }),
    { seed: 5, numRuns: 150 },
  )
})

test('a prior as text is read as it was, and what is none is refused', () => {
  for (const text of ['alpha=0.3:0.2,q=1', 'E=0.5', 'terms=0.2:1.25,beta=0.31'])
    assert.equal(priorText(parsePrior(text)!), text)
  assert.equal(priorText(parsePrior('q=0.5:0.35')!), '')
  for (const text of [
    '',
    'E=1',
    'alpha',
    'alpha=-1',
    'q=1:1:1',
    'toString=1',
    'constructor=1',
    'q=1,',
    'q=1'.repeat(99),
  ])
    assert.equal(parsePrior(text), null, text)
})
