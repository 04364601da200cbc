import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { databaseOf } from './database.ts'
import * as given from './given.ts'
import { root } from './package.ts'
import type { Reader } from './reader.ts'

/** Where somebody stands: in a clone after `npm ci`, or in a folder of their own after `npm install` of the package. */
export type Place = 'clone' | 'project'

/** What a page does not say about one of its places, each with its reason. One that no block of its page has fails the test. */
export type Aside =
  /** A block or a command that begins so is not followed. */
  | { readonly kind: 'left out'; readonly at: string; readonly why: string }
  /** In a command or a program this is typed as something else: what a page leaves to its reader, or too much for a test. */
  | {
      readonly kind: 'instead'
      readonly at: string
      readonly type: Typed
      readonly why: string
    }
  /** Before a command that has this, other commands: what a reader has by then. */
  | { readonly kind: 'before'; readonly at: string; readonly does: readonly Typed[]; readonly why: string }
  /** A command that is ended by Ctrl-C as soon as a condition of the shell holds: the whole takes too long for a test. */
  | { readonly kind: 'until'; readonly at: string; readonly holds: string; readonly why: string }
  /** What has to be so after a command that begins so. */
  | { readonly kind: 'then'; readonly at: string; readonly check: (reader: Reader) => void; readonly why: string }
  /** A section, or a block that begins so, that is begun in a fresh folder. */
  | { readonly kind: 'anew'; readonly at: string; readonly why: string; readonly place: Place }
  /** A block that begins so is neither a command nor a program. */
  | {
      readonly kind: 'read'
      readonly at: string
      readonly why: string
      readonly check: (text: string, reader: Reader) => void
    }

/** A command as it stands, or by what was said so far. */
export type Typed = string | ((reader: Reader) => string)

export interface Page {
  readonly place: Place
  /** Files that a reader has before, by their names, in every fresh folder. */
  readonly given: Readonly<Record<string, () => string>>
  readonly asides: readonly Aside[]
}

const nextYear = () => `${new Date().getFullYear() + 1}-12-1`

const key = (reader: Reader): string => reader.lastSaid(/^\s*([\w-]{24})$/)

const keyInFile = (reader: Reader): string => `echo ${key(reader)} > key.txt`
/** Holds once a campaign has the answers of some runs. */
const hasAsked = (out: string): string => `test $(wc -l < ${out}/campaign.jsonl) -ge 5`

const leftOut = (at: string, why: string): Aside => ({ kind: 'left out', at, why })
const instead = (at: string, type: Typed, why: string): Aside => ({
  ...{ kind: 'instead', at, type, why },
})
const before = (at: string, does: readonly Typed[], why: string): Aside => ({ kind: 'before', at, does, why })
const until = (at: string, holds: string, why: string): Aside => ({ kind: 'until', at, holds, why })
const then = (at: string, check: (reader: Reader) => void, why: string): Aside => ({ kind: 'then', at, check, why })
const anew = (at: string, place: Place, why: string): Aside => ({ kind: 'anew', at, place, why })
const read = (at: string, why: string, check: (text: string, reader: Reader) => void = () => {}): Aside => ({
  ...{ kind: 'read', at, why, check },
})

const npmCi = leftOut('npm ci', 'the gate begins with it (.ci/run); here it would take a minute and the registry')
const shorter = instead(
  '--train-flops 1e12',
  '--train-flops 2e10',
  '8 steps instead of 400, which take some minutes, as README says',
)

/** Eighteen queries: four and five sizes at four budgets. */
const spend = (reader: Reader): string =>
  `for C in 1e15 3e15 1e16 3e16; do for d in 64 128 256 512; do curl -fsS -o /dev/null \
"http://127.0.0.1:8000/loss?d_model=$d&num_layers=4&num_heads=4&batch_size=128&learning_rate=0.001&train_flops=$C&api_key=${key(reader)}"
done; done`

/** Takes away what a pool before had: the databases of docs/workers.md are one of the tests. */
const emptied = () => `node -e "
  const { Client } = require('pg'); const client = new Client('postgres://${databaseOf('docs/workers.md')}')
  client.connect().then(() => client.query('DROP SCHEMA IF EXISTS isoflop, isoflop_jobs, isoflop_boss CASCADE')).then(() => client.end())"`

/** Three rounds of asking, with a world in the place of a cluster. */
const makeMore = `for k in 1 2 3; do npx isoflop campaign next -n 16 --jsonl --out out/mine > asked.jsonl
if [ -s asked.jsonl ]; then npx isoflop simulate asked.jsonl --world chinchilla | npx isoflop campaign tell - --out out/mine; fi; done`

const trainMore = `for d in 32 64; do for C in 2e9 4e9 8e9; do npx isoflop train --corpus corpus --d-model $d --num-layers 2 --num-heads 2 \
--batch-size 1 --learning-rate 1e-2 --train-flops $C --out runs/$d-$C; done; done`

const trainer = { 'space.json': () => given.example('cluster/space.json'), 'train.py': () => given.trainer }
const books = { 'books/prose.txt': given.prose }

/** Pages with blocks that need more than to be followed where a clone is. */
export const pages: Readonly<Record<string, Page>> = {
  'README.md': {
    place: 'clone',
    given: {
      ...trainer,
      ...books,
      'runs.csv': given.pool,
      'large.csv': given.largeRuns,
      'sweeps.csv': given.twoDataSets,
      'epochs.csv': given.epochs,
      'key.txt': () => 'a-key-of-the-reader-of-README\n',
    },
    asides: [
      npmCi,
      before(
        '--api http://localhost:8000',
        ['npx isoflop keys add --key-file key.txt', 'npx isoflop serve'],
        "it asks the course's server or one's own; here is one's own",
      ),
      instead('await train(config)', '3 + 1e4 / config.trainFlops ** 0.25', "the training is the reader's"),
      shorter,
      then('npm start', assertSomeEighty, 'the number of runs and the FLOPs that README says'),
      then('npx isoflop fit world:handout', assertTooSmall, 'how far off the recipe of the handout is, as README says'),
      anew('import { analyse, readRuns }', 'project', 'in a project of your own, as it says'),
      leftOut('npm install path/to', 'test/cli/package.slow.ts installs the tarball, from the registry'),
      read('method          a', 'compared with what the fit above printed', assertHandoutTable),
      read('src/core/', 'a list of folders and files', assertPlacesExist),
    ],
  },
  'ARCHITECTURE.md': {
    place: 'clone',
    given: {},
    asides: ['files -> ', 'HTTP -> ', 'plan -> '].map((at) => read(at, 'what flows where')),
  },
  'data/README.md': {
    place: 'clone',
    given: {},
    asides: [
      leftOut('node bin/node24.js scripts/cpu-', 'trained for 51 minutes, on the text of packages of npm'),
      leftOut('npx isoflop corpus prepare text', 'of the text that was not fetched'),
    ],
  },
  'docs/ask-tell.md': {
    place: 'clone',
    given: {
      'space.json': () => given.example('spaces/llama.json'),
      'results.csv': () => 'id,loss,outcome\n0-1,3.4,\n0-2,,diverged\n',
    },
    asides: [
      before('campaign forecast', [makeMore], 'the runs were made, wherever'),
      instead('launch(config)', '(async () => 3)()', "launching is the reader's"),
    ],
  },
  'docs/cluster.md': {
    place: 'project',
    given: { ...trainer, ...books, 'space512.json': given.space512 },
    asides: [
      leftOut('npm install path/to', 'test/cli/package.slow.ts installs the tarball, from the registry'),
      until(
        '--out out/trained',
        'ls out/trained/runs/*/result.json',
        'eighty models take minutes; one that was trained says that the command is right',
      ),
      leftOut(
        "npx isoflop campaign --space space.json --run 'python train.py {folder} --data corpus' --parallel 50",
        'npm run test:slurm has such campaigns on a Slurm that it starts, as root',
      ),
      read('{\n  "isoflop"', 'the names are those of a run of the campaign above', assertRunHasNames),
      read('{"loss"', 'what train.py left in such a folder has these names', assertResultHasNames),
      read('(folder /', 'a line of train.py', (text) => assert.ok(given.trainer.includes(text))),
    ],
  },
  'docs/corpus.md': {
    place: 'project',
    given: { 'SlimPajama/part.jsonl': () => `${JSON.stringify({ text: given.prose() })}\n` },
    asides: [],
  },
  'docs/files.md': {
    place: 'project',
    given: { 'sweep.json': given.sweepJson },
    asides: [leftOut('import json, wandb', "asks W&B's servers for a project of somebody's")],
  },
  'docs/instructor.md': {
    place: 'project',
    given: {
      'names.csv': () => 'name,email\nAda Lovelace,ada@example.org\n王小明,wang@example.org\n',
      'ids.txt': () => '12345678\n87654321\n',
    },
    asides: [
      instead(
        'k1a2b3c4d5e',
        (reader) => reader.lastSaid(/(k[0-9a-f]{10})/),
        'the short name of one of the keys that `keys list` shows',
      ),
      instead('2027-12-1', nextYear, 'the page names a day that will have passed'),
      instead('keys reset', 'keys reset --yes', 'it asks at a terminal, and nobody sits there'),
      anew('Start it', 'project', 'from here on the page is looked up: another class than that of the first hour'),
      instead(
        'isoflop:PASSWORD@db.example.org/isoflop',
        () => databaseOf('docs/instructor.md'),
        "the reader's database is a PostgreSQL of the tests",
      ),
      before(
        '/leaderboard',
        ['npx isoflop serve --leaderboard'],
        'the server that was begun first serves on, as in the page; the one on PostgreSQL took its port here',
      ),
      instead('X-API-Key: KEY', (reader) => `X-API-Key: ${key(reader)}`, 'the key that was just made'),
      instead('curl ', 'curl -fsS ', 'an answer that is an error has to fail'),
      read('api.example.org', 'the configuration of Caddy'),
      read('isoflop_unbalanced_keys', 'rules of Prometheus; test/server/app.test.ts holds what /metrics has'),
      then('npx isoflop keys export', assertClassFiles, 'what an instructor sends on or keeps has whom it should have'),
      leftOut('pg_checksums', 'changes a PostgreSQL of the machine while it is stopped'),
    ],
  },
  'docs/learner.md': {
    place: 'clone',
    given: {},
    asides: [
      npmCi,
      instead('"api_key": KEY', (reader) => `"api_key": "${key(reader)}"`, 'the key that `serve` printed'),
      before('previous_runs', [spend], 'who does the assignment has spent the budget by then: its first step'),
      instead('KEY', key, 'the key that `serve` printed'),
      instead('curl ', 'curl -fsS ', 'an answer that is an error has to fail'),
    ],
  },
  'docs/math.md': {
    place: 'clone',
    given: {},
    asides: ['N*(C)', 'w = ln', 'ln(r*', 'z_k(u)', 'z_0', 'l(u)', 'L = ', 'log2'].map((at) => read(at, 'a formula')),
  },
  'docs/pool.md': {
    place: 'project',
    given: { 'runs.csv': given.pool, 'large.csv': given.largeRuns, 'plans.csv': given.plans },
    asides: [],
  },
  'docs/space.md': {
    place: 'clone',
    given: trainer,
    asides: [
      read('{\n  "name": "llama"', 'examples/spaces/llama.json', (text, { folder }) =>
        assert.deepEqual(
          JSON.parse(text),
          JSON.parse(readFileSync(join(folder, 'examples/spaces/llama.json'), 'utf8')),
        ),
      ),
      instead('await submit(', 'await (async () => 3.1)(', "the training is the reader's"),
      read('[[ladder]]', 'a table of examples/spaces/ladder.toml', assertIsInLadder),
    ],
  },
  'docs/tables.md': {
    place: 'project',
    given: { 'runs.csv': given.profiles, 'named.csv': given.oddNames },
    asides: [
      before('parameters=weights', ['mv named.csv runs.csv'], 'another table, whose columns are named like this'),
    ],
  },
  'docs/api.md': {
    place: 'project',
    given: { 'ladder.toml': () => given.example('spaces/ladder.toml') },
    asides: [
      instead('YOUR_KEY', key, 'the key that the server printed'),
      read('{"id": "d256-n4-h4', 'the beginning of an answer; test/server/v2.test.ts looks at all of it'),
      leftOut('curl -N', 'a stream has no end; test/server/events.slow.ts listens to one'),
      read('event: run', 'what such a stream says; test/server/events.slow.ts listens to it'),
      before('--out out/served', [keyInFile], 'as the page says'),
      until('--out out/served', hasAsked('out/served'), 'some of its runs; test/jobs/space.slow.ts makes all of one'),
    ],
  },
  'docs/train-api.md': {
    place: 'clone',
    given: books,
    asides: [
      before('--api-key-file key.txt', [keyInFile], 'as the page says'),
      instead('--vocab-size 4096 --out out', '--vocab-size 4096 --out out --dry-run', 'it would train for an hour'),
    ],
  },
  'docs/training.md': {
    place: 'clone',
    given: books,
    asides: [shorter, before('cat runs', [trainMore], 'of a few sizes at each of a few budgets, as it says')],
  },
  'docs/fit-page.md': { place: 'clone', given: {}, asides: [] },
  'docs/watch.md': { place: 'clone', given: {}, asides: [] },
  'docs/workers.md': {
    place: 'clone',
    given: { ...books, ...trainer },
    asides: [
      ...['trial', 'isoflop', 'nano', 'own'].map((name) =>
        instead(`isoflop@db/${name}`, () => databaseOf('docs/workers.md'), "the reader's database is one of the tests"),
      ),
      before(
        '--corpus corpus --train-flops-grid',
        [emptied, 'npx isoflop corpus prepare books/ --out corpus --vocab-size 512'],
        'another pool, in an empty database; the corpus is there by then, and machines of one pool are this one',
      ),
      before('--program nano --port', [emptied], 'a third pool'),
      before('--backend workers --space', [emptied], 'a fourth pool'),
      before('--out out/pool', [keyInFile], 'as the page says'),
      until('--out out/pool', hasAsked('out/pool'), 'some of its runs; test/jobs/space.slow.ts makes all of one'),
      instead('YOUR_KEY', key, 'the key that the server printed'),
      leftOut('psql', 'it makes a role for all databases of a server; test/jobs/workers.slow.ts does the same'),
      leftOut('docker', 'there is no Docker on the machines of the tests'),
      read('isoflop_jobs{', 'what Prometheus reads; test/jobs/training.slow.ts looks at it'),
    ],
  },
}

/** The table of methods in README: each number is the one that the fit printed, to the digits that README shows. */
function assertHandoutTable(text: string, reader: Reader): void {
  const { stdout } = reader.done.findLast(({ command }) => command.includes('fit world:handout'))!
  const printed = stdout.split('At 1e24 FLOPs, 333 times')[1].split('\n\n')[0]
  const [, ...rows] = text.split('\n').map((row) => row.trim().split(/\s{2,}/))
  assert.equal(rows.length, 6)
  for (const [method, ...shown] of rows) {
    const [, a, , N, , , , ratio, excess] = printed
      .split('\n')
      .map((row) => row.trim().split(/\s{2,}/))
      .find(([name]) => name === method)!
    for (const [k, value] of [a, N, ratio, excess].entries())
      assert.ok(isRounded(value, shown[k]), `${method}: README has ${shown[k]}, and the fit printed ${value}`)
  }
}

/** Whether a number as shown is another one rounded to fewer digits. */
function isRounded(printed: string, shown: string): boolean {
  if (printed === shown) return true
  const digits = shown.replace(/e.*|^[0.]+|\./g, '').length
  return Number(Number(printed).toPrecision(digits)) === Number(shown)
}

/** What README names in its list of folders is there. */
function assertPlacesExist(text: string): void {
  const places = text.split('\n').map((line) => line.split(/\s/)[0])
  assert.deepEqual(
    places.filter((place) => !existsSync(join(root, place))),
    [],
  )
}

const firstRun = ({ folder }: Reader): string => {
  const runs = join(folder, 'out/runs')
  return join(runs, readdirSync(runs)[0])
}

const namesIn = (file: string): string[] => Object.keys(JSON.parse(readFileSync(file, 'utf8'))).sort()

function assertRunHasNames(text: string, reader: Reader): void {
  assert.deepEqual(Object.keys(JSON.parse(text)).sort(), namesIn(join(firstRun(reader), 'config.json')))
}

function assertResultHasNames(text: string, reader: Reader): void {
  assert.deepEqual(Object.keys(JSON.parse(text)).sort(), namesIn(join(firstRun(reader), 'result.json')))
}

/** A model of the example, to the letter but for remarks. */
function assertIsInLadder(text: string, { folder }: Reader): void {
  const whole = readFileSync(join(folder, 'examples/spaces/ladder.toml'), 'utf8')
  const values = (toml: string) => toml.split('\n').map((line) => line.replace(/\s*#.*/, '').trim())
  const tables = whole.split('\n\n').map((table) => values(table).join('\n'))
  assert.ok(tables.includes(values(text).join('\n')), `no table of the example is ${text}`)
}

function assertClassFiles({ folder }: Reader): void {
  const text = (name: string) => readFileSync(join(folder, name), 'utf8')
  assert.match(text('grades.csv'), /^label,key_id,submitted,rank,.*\nAda Lovelace,k\w+,no,,/)
  assert.match(text('class.csv'), /\nk\w+,王小明,2000000000000000000,0,no,no,/)
  const tables = readdirSync(folder).filter((file) => file.endsWith('.csv'))
  assert.deepEqual(tables, ['class.csv', 'grades.csv', 'keys.csv', 'names.csv'])
}

const readme = (): string => readFileSync(join(root, 'README.md'), 'utf8').replace(/\s+/g, ' ')

function assertSomeEighty({ folder }: Reader): void {
  const { runs, spentFlops } = campaignIn(folder)
  assert.ok(readme().includes('spends 2e18 FLOPs on some 80 runs'))
  assert.ok(runs >= 75 && runs < 85, `npm start makes ${runs} runs`)
  assert.ok(spentFlops > 1.9e18 && spentFlops <= 2e18, `npm start spends ${spentFlops} FLOPs`)
}

/** What a campaign's record says of its runs. */
function campaignIn(folder: string): { readonly runs: number; readonly spentFlops: number } {
  const lines = readFileSync(join(folder, 'out/campaign.jsonl'), 'utf8').trim().split('\n')
  const flops = lines.map((line) => Number(JSON.parse(line).train_flops))
  return { runs: lines.length, spentFlops: flops.reduce((sum, one) => sum + one, 0) }
}

/** By the ratio that the fit printed for the handout's recipe, which is `lowest-raw`. */
function assertTooSmall(reader: Reader): void {
  const { stdout } = reader.done.findLast(({ command }) => command.includes('fit world:handout'))!
  const ratio = /^lowest-raw .*\s(0\.\d+)\s+\S+$/m.exec(stdout)?.[1]
  assert.ok(
    readme().includes(`is ${Math.round(100 * (1 - Number(ratio)))} % too small at 1e24 FLOPs`),
    `N/true is ${ratio}`,
  )
}
