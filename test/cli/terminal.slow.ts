import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { Command } from 'commander'
import { createProgram } from '../../src/cli/main.ts'
import { displayWidth } from '../../src/report/page/width.ts'
import { openStore } from '../../src/server/store/open.ts'

const folder = mkdtempSync(join(tmpdir(), 'isoflop-terminal-'))
after(() => rmSync(folder, { recursive: true }))
const main = new URL('../../src/cli/main.ts', import.meta.url).href
const snapshots = fileURLToPath(new URL('../snapshots/terminal', import.meta.url))

const told = [60, 80, 120]
/** Nothing is wider than these. The first is as narrow as lines become. */
const widths = [40, ...told]

/** What lines of commands print at a width, all in one process. */
function shown(lines: readonly (readonly string[])[], width: number): string[] {
  const program = `const { main } = await import('${main}')
    for (const line of ${JSON.stringify(lines)}) {
      process.argv = ['node', 'isoflop', ...line]
      await main(line)
      process.exitCode = 0
      console.log('\\u0001')
    }`
  const { stdout, stderr, status } = spawnSync(
    process.execPath,
    ['--no-warnings', '--input-type=module', '-e', program],
    {
      cwd: folder,
      encoding: 'utf8',
      env: { ...process.env, COLUMNS: String(width), NO_COLOR: '1', DATABASE_URL: undefined },
    },
  )
  assert.equal(status, 0, stderr)
  assertFits(stderr, width, 'what is said beside')
  return stdout.split('\u0001\n').slice(0, -1)
}

/** A class in which one asked and predicted, one only asked, and one has a long name and no key any more. */
async function makeClass(): Promise<void> {
  const store = await openStore(join(folder, 'isoflop.sqlite'))
  const at = (minutes: number) => Date.UTC(2026, 11, 1, 9, minutes)
  const labels = ['Ada Lovelace', '王小明', 'Karl Friedrich Hieronymus von Münchhausen']
  for (const [k, label] of labels.entries())
    await store.addKey({ id: `k${k}1a2b3c4d5e`, hash: `hash ${k}`, label, budget: 2n * 10n ** 18n, createdAt: at(k) })
  const config = { dModel: 256, numLayers: 8, numHeads: 4, batchSize: 128, learningRate: 3e-4, trainFlops: 1e16 }
  for (const [k, key] of ['k01a2b3c4d5e', 'k01a2b3c4d5e', 'k11a2b3c4d5e'].entries()) {
    const asked = { ...config, numLayers: 4 + k }
    const reserved = await store.reserve(key, asked, 10n ** 16n, at(10))
    assert.ok(reserved.kind === 'reserved')
    await store.settle(reserved.ticket, 4.8765 - 0.1 * k, at(20 + k))
  }
  const predicted = {
    config: { ...config, trainFlops: 1e19, dModel: 1024, numLayers: 16, numHeads: 16 },
    predictedLoss: 2.75,
  }
  await store.submit('k01a2b3c4d5e', { ...predicted, submittedAt: at(50) }, 5)
  await store.revokeKey('k21a2b3c4d5e', at(55))
  await store.close()
}

function writeTables(): void {
  const rows = Array.from({ length: 36 }, (_, i) => {
    const [N, D] = [1e6 * 2 ** (i % 6), 1e8 * 2 ** Math.floor(i / 6)]
    return { N, D, loss: 1.7 + 400 / N ** 0.35 + 400 / D ** 0.3 }
  })
  const table = (name: string, lossOf: (i: number, loss: number) => unknown) =>
    writeFileSync(
      join(folder, name),
      [
        'params,tokens,val_loss,state',
        ...rows.map(({ N, D, loss }, i) => `${N},${D},${lossOf(i, loss)},${i === 7 ? 'crashed' : 'finished'}`),
      ].join('\n'),
    )
  table('runs.csv', (i, loss) => (i === 3 ? 'not measured' : loss))
  table('open.csv', (i, loss) => (i % 6 === 5 ? '' : loss))
}

await makeClass()
writeTables()
const study = ['--strategy', 'profiles-lowest', '--budget', '2e17', '--out']
/** A study that has been told enough for a forecast: every run that is asked for, until it wants no more. */
function makeStudy(): void {
  for (let round = 0; round < 9; round++) {
    const [asked] = shown([['campaign', 'next', '-n', '200', ...study, 'told', '--jsonl']], 80)
    if (asked === '') return
    const runs = asked
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line))
    const outcomes = runs.map(({ id, d_model, train_flops }) => ({
      id,
      loss:
        1.8 + 0.7 * (1e8 / (48 * d_model ** 2)) ** 0.35 + 0.75 * (2e9 / (train_flops / (288 * d_model ** 2))) ** 0.3,
    }))
    writeFileSync(join(folder, 'told.jsonl'), outcomes.map((outcome) => JSON.stringify(outcome)).join('\n'))
    shown([['campaign', 'tell', 'told.jsonl', '--out', 'told']], 80)
  }
}
makeStudy()
shown([['deadline', '2099-12-15T23:59Z']], 80)
shown([['campaign', 'next', '-n', '3', ...study, 'asked']], 80)

/** Commands whose output is kept as it looks at some widths. */
const printed: Readonly<Record<string, { readonly line: string; readonly isSpoken?: boolean }>> = {
  look: { line: 'look runs.csv', isSpoken: true },
  class: { line: 'class' },
  'class-of-one': { line: 'class k01a2b3c4d5e' },
  'keys-list': { line: 'keys list' },
  grade: { line: 'grade --world seed:7' },
  deadline: { line: 'deadline 2099-12-15T23:59Z' },
  'pool-played': { line: 'campaign --pool runs.csv --target 1e18 --budget 2e17 --out played', isSpoken: true },
  'pool-advised': { line: 'campaign --pool open.csv --target 1e18 --next 4 --out advised', isSpoken: true },
  forecast: { line: 'campaign forecast --out told', isSpoken: true },
  tell: { line: 'campaign tell told.jsonl --out told', isSpoken: true },
  'world-list': { line: 'world list', isSpoken: true },
  'world-show': { line: 'world show seed:7', isSpoken: true },
}
const names = Object.keys(printed)
const linesOf = (more: readonly string[] = []) => names.map((name) => [...printed[name].line.split(' '), ...more])

/** Words and numbers of a text; a line that goes on in a shell does so behind a backslash. */
const tokensOf = (text: string): string[] => text.replaceAll(/ \\\n/g, ' ').split(/\s+/).filter(Boolean)

/** Asserts that no line is wider than it may be, but for one word or quoted text that is. */
function assertFits(text: string, width: number, what: string): void {
  const wide = text.split('\n').filter((line) => displayWidth(line) > width)
  assert.deepEqual(
    wide.filter((line) => line.trim().replace(/ \\$/, '').includes(' ') && !/'[^']* [^']*'/.test(line)),
    [],
    `${what} at ${width}`,
  )
}

/** Asserts that what a narrow terminal shows are words of the wide one: none is broken. Chinese may be between any two characters. */
function assertWhole(text: string, wide: string, what: string): void {
  const known = new Set(tokensOf(wide))
  const broken = tokensOf(text).filter(
    (token) => /^[\x20-\x7e]+$/.test(token) && !known.has(token) && !wide.includes(`${token} `),
  )
  assert.deepEqual(broken, [], what)
}

for (const width of told)
  test(`what commands print in a terminal of ${width} columns is as it was looked at`, () => {
    const texts = shown(linesOf(), width)
    for (const [k, name] of names.entries()) {
      const snapshot = join(snapshots, `${name}-${width}.txt`)
      if (process.env.UPDATE_SNAPSHOTS) {
        mkdirSync(snapshots, { recursive: true })
        writeFileSync(snapshot, texts[k])
      }
      assert.equal(texts[k], readFileSync(snapshot, 'utf8'), `${name} changed; look, then set UPDATE_SNAPSHOTS=1`)
    }
  })

for (const language of ['en', 'zh'])
  test(`no line is wider than the terminal, and no word or number is broken (${language})`, () => {
    const some = language === 'en' ? widths : [40, 80]
    const own = names.filter((name) => language === 'en' || printed[name].isSpoken)
    const lines = own.map((name) => [
      ...printed[name].line.split(' '),
      ...(language === 'en' ? [] : ['--lang', language]),
    ])
    const wide = shown(lines, 120)
    for (const width of some)
      for (const [k, text] of shown(lines, width).entries()) {
        assert.ok(text.length > 40, own[k])
        assertFits(text, width, own[k])
        if (language === 'en') assertWhole(text, wide[k], `${own[k]} at ${width}`)
      }
  })

const paths = (command: Command, path: readonly string[]): (readonly string[])[] => [
  path,
  ...command.commands.flatMap((child) => paths(child, [...path, child.name()])),
]

test('the help of every command fits any terminal, and breaks no word', async () => {
  const lines = paths(await createProgram(), []).map((path) => [...path, '--help'])
  assert.ok(lines.length > 30)
  const wide = shown(lines, 120)
  for (const width of told)
    for (const [k, text] of shown(lines, width).entries()) {
      const what = lines[k].join(' ')
      assert.match(text, /^Usage: isoflop/)
      assertFits(text, width, what)
      assertWhole(text, wide[k], `${what} at ${width}`)
    }
})
