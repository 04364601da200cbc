import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { Command } from 'commander'
import { createProgram } from '../../src/cli/main.ts'
import { isLike, marked, markOf } from '../../src/cli/mark.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'isoflop-force-'))
after(() => rmSync(folder, { recursive: true }))
const at = (...names: string[]) => join(folder, ...names)

const isoflop = (args: readonly string[]) =>
  spawnSync(process.execPath, [join(root, 'bin/isoflop.js'), ...args], { encoding: 'utf8', cwd: folder })

const runs = Array.from({ length: 24 }, (_, i) => {
  const [N, D] = [1e6 * 2 ** (i % 6), 1e8 * 2 ** Math.floor(i / 6)]
  return `${N},${D},${1.7 + 400 / N ** 0.35 + 400 / D ** 0.3}`
})
for (const name of ['one.csv', 'two.csv']) writeFileSync(at(name), ['N,D,loss', ...runs].join('\n'))
for (const name of ['one.txt', 'two.txt'])
  writeFileSync(
    at(name),
    Array.from({ length: 3000 }, (_, i) => `${name} ${i} quick foxes jump ${i * 7} dogs.\n\n`).join(''),
  )
writeFileSync(at('names.csv'), 'name\nAda\n')
writeFileSync(at('others.csv'), 'name\nBo\n')
const llama = readFileSync(join(root, 'examples/spaces/llama.json'), 'utf8')
writeFileSync(at('space.json'), llama)
writeFileSync(at('other.json'), llama.replace(/"name": "[^"]*"/, '"name": "other"'))
assert.equal(isoflop(['keys', 'add', '--label', 'first']).status, 0)
assert.equal(isoflop(['corpus', 'prepare', 'one.txt', '--out', 'text', '--vocab-size', '300']).status, 0)

/** A command that writes, where, and what else it could write there. */
interface Writer {
  readonly option: string
  /** What is written there is looked at: everything, where it is a folder. */
  readonly place: string
  readonly line: string
  /** The same again is done again, goes on, or finds that there is nothing to do; null where even that is refused. */
  readonly again: string | null
  /** What must not take the place of it. */
  readonly others: readonly string[]
  readonly refusal: RegExp
  /** A file of somebody else's that it would write over. */
  readonly foreign: string | null
  /** Whether --force replaces it: only what can be made again for nothing. */
  readonly forced: boolean
}

const fit = '--method surface --resamples 20'
const quick = '--strategy profiles-lowest --budget 2e17'
const train = '--d-model 32 --num-layers 1 --num-heads 1 --batch-size 1 --steps 2'
const exists = /^error\[OUTPUT_EXISTS\]: .* is there already, and is no result of the same command/
const differs = /^error\[CAMPAIGN_DIFFERS\]: /
const writers: readonly Writer[] = [
  {
    option: 'fit --report',
    place: 'r.html',
    line: `fit one.csv ${fit} --report r.html`,
    again: `fit one.csv ${fit} --target 1e18 --lang zh --report r.html`,
    others: [`fit two.csv ${fit} --report r.html`, `fit one.csv two.csv ${fit} --group-by file --report r.html`],
    refusal: exists,
    foreign: 'r.html',
    forced: true,
  },
  {
    option: 'fit --report',
    place: 'r.md',
    line: `fit one.csv ${fit} --report r.md`,
    again: `fit one.csv ${fit} --report r.md`,
    others: [`fit two.csv ${fit} --report r.md`],
    refusal: exists,
    foreign: 'r.md',
    forced: true,
  },
  {
    option: 'fit --plots',
    place: 'plots',
    line: `fit one.csv ${fit} --plots plots`,
    again: `fit one.csv ${fit} --plots plots`,
    others: [`fit two.csv ${fit} --plots plots`, 'world show seed:7 --plots plots'],
    refusal: exists,
    foreign: 'plots/optimum.png',
    forced: true,
  },
  {
    option: 'world show --plots',
    place: 'world',
    line: 'world show seed:7 --plots world',
    again: 'world show seed:7 --plots world --target 1e20',
    others: ['world show seed:8 --plots world'],
    refusal: exists,
    foreign: 'world/profiles.svg',
    forced: true,
  },
  {
    option: 'keys export --out',
    place: 'class.csv',
    line: 'keys export --out class.csv',
    again: 'keys export --out class.csv',
    others: [],
    refusal: exists,
    foreign: 'class.csv',
    forced: true,
  },
  {
    option: 'keys add --out',
    place: 'keys.csv',
    line: 'keys add --from names.csv --out keys.csv',
    again: null,
    others: ['keys add --from others.csv --out keys.csv'],
    refusal: /^error\[BAD_OPTION\]: --out is keys\.csv, which is there already/,
    foreign: 'keys.csv',
    forced: false,
  },
  {
    option: 'campaign --out',
    place: 'c',
    line: `campaign --world seed:7 ${quick} --out c`,
    again: `campaign --world seed:7 ${quick} --out c --lang zh`,
    others: [
      `campaign --world seed:8 ${quick} --out c`,
      `campaign --world seed:7 ${quick} --seed 1 --out c`,
      `campaign --world seed:7 ${quick} --target 2e19 --out c`,
      'campaign --world seed:7 --strategy profiles-parabola --budget 2e17 --out c',
      'campaign --world seed:7 --strategy profiles-lowest --space space.json --out c',
    ],
    refusal: differs,
    foreign: 'c/report.html',
    forced: true,
  },
  {
    option: 'campaign --out',
    place: 'pool',
    line: 'campaign --pool one.csv --target 1e17 --budget 1e17 --out pool',
    again: 'campaign --pool one.csv --target 1e17 --budget 2e17 --out pool',
    others: [
      'campaign --pool two.csv --target 1e17 --budget 1e17 --out pool',
      'campaign --pool one.csv --target 2e17 --budget 1e17 --out pool',
      `campaign --world seed:7 ${quick} --out pool`,
    ],
    refusal: exists,
    foreign: 'pool/report.md',
    forced: true,
  },
  {
    option: 'campaign next --out',
    place: 'study',
    line: `campaign next --space space.json ${quick.replace('2e17', '1e21')} --out study`,
    again: 'campaign next --space space.json --seed 0 --out study',
    others: [
      'campaign next --space space.json --budget 2e21 --out study',
      'campaign next --space other.json --out study',
      'campaign next --space cs336 --out study',
      'campaign next --runs one.csv --out study',
      `campaign --world seed:7 ${quick} --out study`,
      'campaign --pool one.csv --target 1e17 --budget 1e17 --out study',
    ],
    refusal: differs,
    foreign: null,
    forced: false,
  },
  {
    option: 'corpus prepare --out',
    place: 'corpus',
    line: 'corpus prepare one.txt --out corpus --vocab-size 300',
    again: 'corpus prepare one.txt --out corpus --vocab-size 300',
    others: [
      'corpus prepare two.txt --out corpus --vocab-size 300',
      'corpus prepare one.txt --out corpus --vocab-size 301',
    ],
    refusal: /^error\[CORPUS_DIFFERS\]: /m,
    foreign: null,
    forced: false,
  },
  {
    option: 'train --out',
    place: 'run',
    line: `train --corpus text ${train} --out run`,
    again: `train --corpus text ${train} --out run --resume`,
    others: [`train --corpus text ${train} --out run`, `train --corpus text ${train} --seed 1 --resume --out run`],
    refusal: /^error\[TRAINING_(EXISTS|DIFFERS)\]: /m,
    foreign: null,
    forced: false,
  },
]

/** What a place holds, by file; without what a process keeps for itself. */
function contents(place: string): Record<string, string> {
  if (!existsSync(at(place))) return {}
  if (!statSync(at(place)).isDirectory()) return { [place]: readFileSync(at(place), 'latin1') }
  return Object.assign(
    {},
    ...readdirSync(at(place)).map((name) => (name.includes('lock') ? {} : contents(join(place, name)))),
  )
}

const optionsThatWrite = (command: Command, path: readonly string[]): string[] => [
  ...command.options.flatMap(({ long }) =>
    ['--out', '--report', '--plots'].includes(long ?? '') ? [`${path.join(' ')} ${long}`] : [],
  ),
  ...command.commands.flatMap((child) => optionsThatWrite(child, [...path, child.name()])),
]

/** These write nothing, or go on with what `campaign next` began. */
const others = ['doctor --out', 'campaign tell --out', 'campaign forecast --out']

test('every option that names where results go is tried here', async () => {
  const known = [...writers.map(({ option }) => option), ...others]
  assert.deepEqual(
    optionsThatWrite(await createProgram(), []).filter((option) => !known.includes(option)),
    [],
  )
})

for (const { option, place, line, again, others, refusal, foreign, forced } of writers)
  test(`${option} (${place}): the like is replaced, anything else is not without --force`, () => {
    const run = (text: string) => isoflop(text.split(' '))
    if (foreign !== null) {
      mkdirSync(dirname(at(foreign)), { recursive: true })
      writeFileSync(at(foreign), 'what somebody wrote')
      const { status, stderr } = run(line)
      assert.equal(status, 2, line)
      assert.match(stderr, /^error\[(OUTPUT_EXISTS|BAD_OPTION)\]: /)
      assert.equal(readFileSync(at(foreign), 'utf8'), 'what somebody wrote')
      rmSync(at(foreign))
    }
    assert.equal(run(line).status, 0, line)
    assert.ok(Object.keys(contents(place)).length > 0)
    if (again !== null) {
      const { status, stderr } = run(again)
      assert.equal(status, 0, stderr)
    }
    const before = contents(place)
    for (const other of others) {
      const { status, stderr } = run(other)
      assert.equal(status, 2, `${other}: ${stderr}`)
      assert.match(stderr, /^error\[\w+\]: /m)
      if (other === others[0]) assert.match(stderr, refusal)
      assert.deepEqual(contents(place), before, other)
      if (forced) assert.match(stderr, /--force|campaign that chose no runs from a pool/)
    }
    const [other] = others
    if (!forced || other === undefined) return
    assert.equal(run(`${other} --force`).status, 0, other)
    assert.notDeepEqual(contents(place), before)
  })

test('a study is not begun where a campaign is, nor the other way round', () => {
  const { status, stderr } = isoflop(['campaign', 'next', '--out', 'c'])
  assert.equal(status, 2)
  assert.match(stderr, differs)
})

test('a mark stands where nobody sees it, in whatever is written, and no name ends the comment', () => {
  const mark = markOf('fit', 'a--><script>.csv', '--x->')
  assert.doesNotMatch(mark.slice(4, -3), /--|->/)
  const svg = '<svg viewBox="0 0 1 1"><svg></svg><text>a</text></svg>'
  assert.equal(marked(svg, mark), `<svg viewBox="0 0 1 1"><svg></svg><text>a</text>${mark}</svg>`)
  assert.equal(marked(`<html><head></head><body>${svg}</body></html>`, mark).indexOf(mark), '<html><head>'.length)
  assert.equal(marked('# Laws\n\n`</head>`\n', mark), `# Laws\n\n\`</head>\`\n\n${mark}\n`)
  const long = at('long.md')
  writeFileSync(long, marked(`# Laws\n${'x'.repeat(3e5)}\n`, mark))
  assert.deepEqual(
    [isLike(long, mark), isLike(long, markOf('fit', 'other.csv')), isLike(at('none'), mark)],
    [true, false, true],
  )
})
