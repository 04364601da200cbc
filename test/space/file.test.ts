import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { parse, stringify } from 'smol-toml'
import type { IsoflopError } from '../../src/core/errors.ts'
import { readSpace, spaceOfDocument } from '../../src/space/file.ts'
import { summaryOf } from '../../src/space/summary.ts'
import { files, ladder, llama, spaces } from './examples.ts'

const folder = mkdtempSync(join(tmpdir(), 'isoflop-space-'))
after(() => rmSync(folder, { recursive: true }))

const document = () => JSON.parse(readFileSync(files.llama, 'utf8'))
const list = () => parse(readFileSync(files.ladder, 'utf8')) as { ladder: Record<string, unknown>[] }
const written = (name: string, text: string | Buffer) => {
  writeFileSync(join(folder, name), text)
  return join(folder, name)
}
const errorOf = (given: unknown): IsoflopError => {
  try {
    spaceOfDocument(given, 'space.json')
  } catch (error) {
    return error as IsoflopError
  }
  assert.fail('expected an error')
}

test('the same space as JSON and as TOML is the same space', async () => {
  const asToml = await readSpace(written('llama.toml', stringify(document())))
  const asJson = await readSpace(written('ladder.json', JSON.stringify(list())))
  assert.equal(asToml.fingerprint, llama.fingerprint)
  assert.equal(asJson.fingerprint, ladder.fingerprint)
  const turned = list()
  turned.ladder.reverse()
  const keys = Object.fromEntries(Object.entries(turned).reverse())
  assert.equal(spaceOfDocument(keys, 'x').fingerprint, ladder.fingerprint)
  const other = document()
  other.constants.seed = 2
  assert.notEqual(spaceOfDocument(other, 'x').fingerprint, llama.fingerprint)
})

test('what the file says is what may be asked', () => {
  assert.deepEqual(llama.limits.batchSize, [131_072, 262_144, 524_288, 1_048_576])
  assert.deepEqual(llama.trainFlops, [1e16, 3e16, 1e17, 3e17, 1e18, 3e18, 1e19, 3e19])
  assert.deepEqual(llama.limits.learningRate, { least: 1e-4, most: 1e-2 })
  assert.deepEqual(llama.constants, { weight_decay: 0.1, data: 'web-2026', seed: 1 })
  assert.deepEqual([ladder.limits.models.all?.length, ladder.batchUnit, ladder.target], [8, 'sequences', 1e21])
  const odd = document()
  odd.batch.sizes = { from: 100_000, to: 300_000 }
  odd.train_flops = { from: 2e17, to: 5e18 }
  const space = spaceOfDocument(odd, 'odd')
  assert.deepEqual(space.limits.batchSize, [100_000, 200_000, 300_000])
  assert.deepEqual(space.trainFlops, [2e17, 3e17, 1e18, 3e18, 5e18])
})

/** A change of a document, and what the error has to say of it. */
const mistakes: [string, (given: ReturnType<typeof document>) => void, RegExp][] = [
  ['a key that is missing', (given) => delete given.vocabulary, /\n {2}vocabulary is missing/],
  ['a key that there is not', (given) => (given.shapes.width = 3), /shapes\.width: there is no such key/],
  ['a number as text', (given) => (given.budget = '1e20'), /budget: expected number, got "1e20"/],
  ['a width of 0', (given) => (given.shapes.d_model.from = 0), /shapes\.d_model\.from: .*>=8, got 0/],
  ['ends the wrong way', (given) => (given.learning_rate.to = 1e-5), /learning_rate: from must not be above to/],
  ['a list that does not ascend', (given) => (given.train_flops = [1e18, 1e17]), /train_flops: the values must ascend/],
  ['text in a list', (given) => (given.train_flops = [1e18, 'x']), /train_flops\[1\]: expected number, got "x"/],
  ['a batch of 1.5', (given) => (given.batch.sizes = [1.5]), /batch\.sizes\[0\]: expected int, got 1\.5/],
  ['another unit', (given) => (given.batch.unit = 'words'), /batch\.unit: expected one of .*, got "words"/],
  ['another formula', (given) => (given.shapes.flops = '7N'), /shapes\.flops: expected one of "6N".*, got "7N"/],
  ['models twice over', (given) => (given.ladder = list().ladder), /the file: a space has either shapes or a ladder/],
  ['no models', (given) => delete given.shapes, /the file: a space has either shapes or a ladder/],
  ['a budget that pays for nothing', (given) => (given.budget = 1e15), /budget: 1e15 FLOPs pay for no run/],
  ['no width for its heads', (given) => (given.shapes.d_model = 300), /no width from 300 to 300 is a multiple of 256/],
  ['a constant named as a field', (given) => (given.constants.d_model = 3), /constants\.d_model: the name is that of/],
  ['a constant that is a list', (given) => (given.constants.data = [1]), /constants\.data: .*got \[1\]/],
  ['a name that is a path', (given) => (given.name = '../x'), /name: must be small letters.*, got "\.\.\/x"/],
]
for (const [what, change, message] of mistakes)
  test(`${what} is named with its place`, () => {
    const given = document()
    change(given)
    const error = errorOf(given)
    assert.equal(error.code, 'SPACE_INVALID')
    assert.match(error.message, message)
  })

test('a value of another form is told with all forms that it may have', () => {
  const wide = (part: string) => new RegExp(`${part}\\.d_model: \\d+ widths .* at most 4096 may be`)
  const forms: [string, (given: ReturnType<typeof document>) => void, RegExp][] = [
    [
      'a text for a range',
      (given) => (given.learning_rate = 'x'),
      /learning_rate: expected a number or \{ "from".*got "x"/,
    ],
    [
      'a text for a list',
      (given) => (given.train_flops = 'all'),
      /train_flops: expected a list or \{ "from".*got "all"/,
    ],
    [
      'a date',
      (given) => (given.constants.day = new Date(0)),
      /constants\.day: expected a number, a text, true or false/,
    ],
    ['no number', (given) => (given.constants.day = Number.NaN), /constants\.day: expected a number, .*, got NaN/],
    ['an infinite budget', (given) => (given.budget = Infinity), /budget: expected number, got Infinity/],
    ['a name of another kind', (given) => (given.constants.weightDecay = 1), /weightDecay: names have small letters/],
    ['more widths than are looked at', (given) => (given.shapes.d_model.to = 999_999), wide('shapes')],
    ['the same of the target', (given) => (given.target.d_model = { from: 256, to: 999_999 }), wide('target')],
  ]
  for (const [what, change, message] of forms) {
    const given = document()
    given.shapes.width_multiple = 64
    change(given)
    assert.match(errorOf(given).message, message, what)
  }
})

test('files as people have them: FLOPs in digits, a mark at the beginning, names of models with hyphens', async () => {
  const digits = { ...list(), budget: 1e18, target: { flops: 100_000_000_000_000_000_000 } }
  const text = stringify(digits).replace(/^budget = .*$/m, 'budget = 1_000_000_000_000_000_000')
  const inDigits = text.replace(/^flops = .*$/m, 'flops = 100000000000000000000')
  assert.match(inDigits, /1_000_000_000_000_000_000/)
  assert.match(inDigits, /100000000000000000000/)
  const { budget, target } = await readSpace(written('digits.toml', inDigits))
  assert.deepEqual([budget, target], [1e18, 1e20])
  const marked = await readSpace(written('marked.json', `\uFEFF${JSON.stringify(document())}`))
  assert.equal(marked.fingerprint, llama.fingerprint)
  const named = list()
  named.ladder[0].name = 'llama-3-8b-b64-lr1-C1'
  const space = spaceOfDocument(named, 'named')
  const config = { model: 'llama-3-8b-b64-lr1-C1', batchSize: 64, learningRate: 1e-3, trainFlops: 1e17 }
  assert.deepEqual(space.configOfFolder(space.folderName(config)), config)
  assert.deepEqual(space.configOfIdentity(space.identity(config)), config)
  named.ladder[0].name = '-x'
  assert.match(errorOf(named).message, /ladder\[0\]\.name: must be .* not begin with a hyphen/)
})

test('a rate that is fixed is that of the target, too', () => {
  const fixed = document()
  fixed.learning_rate = 2e-3
  assert.deepEqual(spaceOfDocument(fixed, 'fixed').targetLimits.learningRate, { least: 2e-3, most: 2e-3 })
  assert.deepEqual(llama.targetLimits.learningRate, { least: 1e-5, most: 0.1 })
})

test('models that suit no budget are said to be too large or too small, not too few steps of them', () => {
  const models = (...parameters: number[]) => {
    const rungs = parameters.map((each, k) => ({ name: `m${k}`, parameters: each }))
    return summaryOf(spaceOfDocument({ ...list(), ladder: rungs }, 'models'))
  }
  const large = models(1e12, 1e13)
  assert.equal(large.budgets[0].sizes, 'all too large')
  assert.match(
    large.cautions.join('\n'),
    /At 8 budgets up to 3e19 FLOPs even the smallest model has fewer than 5 tokens/,
  )
  assert.match(large.cautions.join('\n'), /At the target even the smallest model has fewer than 5/)
  assert.doesNotMatch(large.cautions.join('\n'), /smaller batch/)
  const small = models(1e6, 2e6)
  assert.equal(small.target.sizes, 'all too small')
  assert.match(small.cautions.join('\n'), /budgets? from 3e16 FLOPs on even the largest model has more than 500 tokens/)
  assert.match(small.cautions.join('\n'), /At the target even the largest model has more than 500/)
})

test('every mistake is told at once, in a list too', () => {
  const given = list()
  given.ladder[2].parameters = -1
  given.ladder[3].name = 'a/b'
  given.ladder[4].colour = 'red'
  delete given.ladder[5].num_layers
  const { message } = errorOf(given)
  for (const part of [/ladder\[2\]\.parameters: /, /ladder\[3\]\.name: must be/, /ladder\[4\]\.colour: there is no/])
    assert.match(message, part)
  assert.match(message, /ladder\[5\]: d_model and num_layers are given both or not at all/)
  const twice = list()
  twice.ladder[1].name = '10m'
  assert.match(errorOf(twice).message, /two models have the name 10m/)
})

test('anything but an object is refused, and so is a file that is no space', async () => {
  for (const given of [null, 3, 'x', [], [document()], {}]) assert.equal(errorOf(given).code, 'SPACE_INVALID')
  await assert.rejects(readSpace(join(folder, 'none.json')), { code: 'FILE_NOT_FOUND' })
  await assert.rejects(readSpace(folder), { code: 'FILE_NOT_FOUND' })
  await assert.rejects(readSpace(written('cut.json', '{"name": "x"')), { code: 'FILE_FORMAT' })
  await assert.rejects(readSpace(written('cut.toml', 'name = "x"\n[batch\n')), /TOML, line 2/)
  await assert.rejects(readSpace(written('large.json', Buffer.alloc(1_000_001, 32))), /has 1000001 bytes/)
  await assert.rejects(readSpace(written('proto.json', '{"__proto__": {"name": "x"}}')), { code: 'SPACE_INVALID' })
})

test('the summary: fewer FLOPs a token mean more tokens, and what is wrong with a design is said', () => {
  for (const space of spaces) {
    const { budgets, target } = summaryOf(space)
    assert.equal(budgets.length, space.trainFlops.length)
    for (const { flops, tokens, steps, parameters, usual } of [...budgets, target]) {
      assert.ok(steps[0] >= steps[1] && tokens > 0 && flops > 0)
      assert.equal(space.measure(usual, 'none').core, parameters)
    }
    const largest = budgets.map(({ sizes }) => Number(sizes[1]))
    for (let k = 1; k < budgets.length; k++) assert.ok(largest[k] >= largest[k - 1])
  }
  const poor = document()
  poor.train_flops = [3e18, 1e19]
  poor.batch.sizes = [134_217_728]
  const { cautions } = summaryOf(spaceOfDocument(poor, 'poor'))
  assert.match(cautions.join('\n'), /46 runs of the adaptive planner cost at least 138 % of the budget/)
  assert.match(cautions.join('\n'), /fewer than 100 steps/)
})
