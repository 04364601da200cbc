import assert from 'node:assert/strict'
import { test } from 'node:test'
import { apiTrainer } from '../../src/campaign/api-trainer.ts'
import { commandLine } from '../../src/cli/command-line.ts'
import * as options from '../../src/cli/options.ts'
import { openWorld } from '../../src/world/worlds.ts'
import { assertLinear, ignoringErrors } from '../linear.ts'

/** What an option may be given, up to the 128 kB that a system hands on. */
const texts: Readonly<Record<string, (n: number) => string>> = {
  digits: (n) => `${'1'.repeat(n)}x`,
  'a point among digits': (n) => `${'1'.repeat(n / 2)}.${'1'.repeat(n / 2)}x`,
  blanks: (n) => `${' '.repeat(n)}x`,
  commas: (n) => ','.repeat(n),
  'equals signs': (n) => '='.repeat(n),
  'numbers and commas': (n) => '1e13,'.repeat(n / 5),
  names: (n) => 'norm,'.repeat(n / 5),
  'priors and commas': (n) => 'q=1:1,'.repeat(n / 6),
  quotes: (n) => `'"`.repeat(n / 2),
  colons: (n) => `seed:${'1'.repeat(n)}`,
  letters: (n) => 'a'.repeat(n),
}

const parsers: Readonly<Record<string, (text: string) => unknown>> = {
  wholeNumber: options.wholeNumber('--seed', 0, 'a whole number such as 0'),
  positive: options.positive('--rate', 'a number such as 1'),
  probability: options.probability('--confidence'),
  budgets: options.budgets('--target'),
  wholeBudgets: options.wholeBudgets('--train-flops-grid'),
  flops: options.flops('--budget'),
  priorOf: options.priorOf('--prior'),
  namesOf: options.namesOf('--method', ['norm', 'surface']),
  nameOf: options.nameOf('--method', ['norm', 'surface']),
  commandLine: (text) => commandLine(['fit', text, `--api-key=${text}`]),
  world: openWorld,
}

for (const [name, parse] of Object.entries(parsers))
  test(`options are read in time that grows with their length: ${name}`, async () => {
    for (const [what, textOf] of Object.entries(texts))
      await assertLinear(`${name} of ${what}`, 60_000, textOf, ignoringErrors(parse))
  })

test('a port is one of TCP', () => {
  const port = options.portNumber('--port')
  assert.deepEqual([port('0'), port('65535')], [0, 65_535])
  for (const text of ['65536', '-1', '80.5', 'http', '']) assert.throws(() => port(text), { code: 'BAD_OPTION' }, text)
})

test('an address with a password or a key in it is refused without repeating it', () => {
  for (const address of [
    'http://user:hunter2@localhost',
    'http://:hunter2@localhost',
    'http://localhost?api_key=hunter2',
    'http://localhost#hunter2',
    'ftp://user:hunter2@localhost',
    'http://user:hunter2@local host',
    'hunter2',
  ])
    assert.throws(
      () => apiTrainer(address, 'key'),
      (error: { code?: string; message: string; advice?: string }) => {
        assert.equal(error.code, 'BAD_OPTION', address)
        assert.doesNotMatch(`${error.message} ${error.advice}`, /hunter/)
        return true
      },
    )
})

test('a number of FLOPs that no double is is refused, wherever one is given; one that is written exactly is taken', () => {
  const { budget, budgets, wholeBudgets } = options
  for (const parse of [budget('--budget'), budgets('--target'), wholeBudgets('--train-flops-grid')]) {
    for (const text of ['9007199254740993', '123456789012345678901', '9007199254740993.0', '900719925474099301'])
      assert.throws(() => parse(text), { code: 'BAD_OPTION', message: /that a double holds/ }, text)
    for (const text of ['9007199254740992', '1e23', '2e18', '1000000000000000000000', '123e20']) {
      const [value] = [parse(text)].flat()
      assert.equal(value, Number(text))
    }
  }
  assert.throws(() => budgets('--target')('1e19,9007199254740993'), { code: 'BAD_OPTION' })
  assert.throws(() => wholeBudgets('--train-flops-grid')('1e13,0x10'), /whole numbers in digits, such as 16/)
  assert.equal(budget('--budget')('1.5e-3'), 0.0015)
})
