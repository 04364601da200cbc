import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { Command } from 'commander'
import { createProgram } from '../../src/cli/main.ts'
import { postgresOfFile } from '../server/postgres.ts'
import * as given from '../walk/given.ts'
import { differences, tablesOf, valuesAt } from './shapes.ts'

// What commands print with --json is what docs/json.md says, field by field and within fields as far as the page writes them in braces.

const root = fileURLToPath(new URL('../..', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'isoflop-json-'))
const postgres = postgresOfFile()
const bin = join(root, 'bin/isoflop.js')
const { DATABASE_URL: _, ...env } = process.env
const starts = (args: readonly string[]) => spawn(process.execPath, [bin, ...args], { cwd: folder, env })

before(async () => {
  const files = {
    'sweeps.csv': given.pool(),
    'large.csv': given.largeRuns(),
    'plans.csv': given.plans(),
    'sets.csv': given.twoDataSets(),
    'epochs.csv': given.epochs(),
    'prose.txt': given.prose(),
    'data.jsonl': readFileSync(join(root, 'data/cpu-isoflops.jsonl'), 'utf8'),
    'bad.csv': 'N,D,loss\n1e8,1e9,x\n1e8,2e9,3.1\n',
  }
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text)
  await playClass()
})
after(() => rmSync(folder, { recursive: true, force: true }))

/** What a command prints. */
async function printed(line: string, input = ''): Promise<string> {
  const child = starts(line.split(' '))
  let [stdout, stderr] = ['', '']
  child.stdout.setEncoding('utf8').on('data', (part) => {
    stdout += part
  })
  child.stderr.setEncoding('utf8').on('data', (part) => {
    stderr += part
  })
  child.stdin.end(input)
  const [status] = await once(child, 'close')
  assert.equal(status, 0, `isoflop ${line}\n${stderr}`)
  return stdout
}

const json = async (line: string): Promise<unknown> => JSON.parse(await printed(`${line} --json`))
const each = (...lines: string[]) => Promise.all(lines.map(json))

/** The sections of the page by the command that they are about. */
const sections = new Map(
  readFileSync(join(root, 'docs/json.md'), 'utf8')
    .split(/^# What /m)
    .slice(1)
    .map((text) => [text.split(/ prints?\n/)[0], text]),
)

/** Where in what a command prints the tables of its section belong; two tables of one place say it together. */
interface Told {
  readonly section: string
  readonly at: readonly (readonly string[])[]
  values(): Promise<unknown[]>
}

const fast = '--resamples 30 --starts 30'
const told: readonly Told[] = [
  {
    section: '`isoflop fit --json`',
    at: [[''], ['methods[]'], ['joint'], ['repeats']],
    values: () =>
      each(
        `fit world:handout --target 1e23 ${fast}`,
        `fit data.jsonl --best --target 2e13 ${fast}`,
        `fit sweeps.csv --method joint --target 1e22 ${fast}`,
        `fit epochs.csv --repeats --unique-tokens 1e10 --target 1e22 ${fast}`,
      ),
  },
  {
    section: '`isoflop fit --group-by COLUMN --json`',
    at: [[''], ['comparison.pairs[]']],
    values: () => each(`fit sets.csv --group-by dataset --target 1e22 ${fast}`),
  },
  { section: '`isoflop look --json`', at: [['']], values: () => each('look sets.csv', 'look bad.csv') },
  {
    section: '`isoflop campaign --json`',
    at: [['']],
    values: () =>
      each(
        'campaign --world seed:7 --out played',
        'campaign --world staged:7 --out profiles --strategy profiles-lowest',
      ),
  },
  { section: '`isoflop campaign --dry-run --json`', at: [['']], values: () => each('campaign --dry-run') },
  {
    section: '`isoflop campaign --pool --json`',
    at: [['']],
    values: () =>
      each(
        'campaign --pool sweeps.csv --target-runs large.csv --budget 5000 --out pool',
        'campaign --pool plans.csv --target 1e23 --budget 500000 --next 4 --out advised',
      ),
  },
  {
    section: '`isoflop campaign next --jsonl`',
    at: [['']],
    async values() {
      const opening = await next()
      await json('campaign tell told.csv --out asked') // a law needs them
      return [...opening, ...(await next())]
    },
  },
  { section: '`isoflop campaign tell --json`', at: [['']], values: () => each('campaign tell told.csv --out asked') },
  { section: '`isoflop campaign forecast --json`', at: [['']], values: () => each('campaign forecast --out asked') },
  {
    section: '`isoflop corpus prepare --json` and `corpus show --json`',
    at: [['']],
    values: async () => [
      await json('corpus prepare prose.txt --out corpus --vocab-size 512'),
      await json('corpus show corpus'),
    ],
  },
  {
    section: '`isoflop train --json`',
    at: [['']],
    values: () =>
      each(
        'train --corpus corpus --d-model 32 --num-layers 1 --num-heads 2 --batch-size 1 --learning-rate 1e-2 --steps 2 --out run',
      ),
  },
  {
    section: '`isoflop space show --json`',
    at: [['']],
    values: () =>
      each(
        'space show cs336',
        ...['llama.json', 'ladder.toml'].map((file) => `space show ${root}/examples/spaces/${file}`),
      ),
  },
  {
    section: '`isoflop world show --json`',
    at: [['']],
    values: () => each('world show cs336', 'world show handout', 'world show seed:7', 'world show staged:7'),
  },
  { section: '`isoflop keys list --json`', at: [['[]']], values: () => each('keys list') },
  {
    section: '`isoflop class --json`',
    at: [[''], ['keys[]']],
    values: () => each('class'),
  },
  {
    section: '`isoflop class ID --json`',
    at: [['']],
    async values() {
      const [{ id }] = (await json('keys list')) as { id: string }[]
      return each(`class ${id}`)
    },
  },
  { section: '`isoflop grade --json`', at: [['']], values: () => each('grade') },
  { section: '`isoflop jobs --json`', at: [[''], ['jobs[]']], values: async () => [await jobs()] },
  { section: '`isoflop doctor --json`', at: [['*']], values: () => each('doctor') },
]

/** Asks a campaign for its runs, and writes what came of them, by a world, to told.csv. */
async function next(): Promise<unknown[]> {
  const lines = await printed('campaign next -n 40 --jsonl --out asked')
  writeFileSync(join(folder, 'asked.jsonl'), lines)
  writeFileSync(join(folder, 'told.csv'), await printed('simulate asked.jsonl --world chinchilla'))
  return lines
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
}

/** A server; gives its address, its first key and what ends it. */
async function serves(...args: string[]): Promise<{ url: string; key: string; stop(): Promise<void> }> {
  const child = starts(['serve', '--port', '0', ...args])
  after(() => child.kill('SIGKILL'))
  let said = ''
  const isReady = new Promise<void>((resolve) => {
    child.stdout.setEncoding('utf8').on('data', (part) => {
      said += part
      if (/curl '.*'/.test(said)) resolve()
    })
  })
  await Promise.race([isReady, once(child, 'exit')])
  assert.match(said, /curl '.*'/, `serve ${args.join(' ')} says how it is asked`)
  const [, url, key] = /curl '(http:\/\/[^/]+)\/.*api_key=([\w-]+)'/.exec(said)!
  const stop = async () => {
    const ended = once(child, 'exit')
    child.kill('SIGTERM')
    await ended
  }
  return { url, key, stop }
}

const config = { d_model: 64, num_layers: 2, num_heads: 2, batch_size: 128, learning_rate: 0.0001 }
const queryOf = (trainFlops: number) =>
  new URLSearchParams(
    Object.entries({ ...config, train_flops: trainFlops }).map(
      ([name, value]) => [name, `${value}`] as [string, string],
    ),
  )

/** A class in which one student asked and predicted. */
async function playClass(): Promise<void> {
  const { url, key, stop } = await serves()
  const headers = { 'X-API-Key': key, 'content-type': 'application/json' }
  const answer = await fetch(`${url}/loss?${queryOf(1e13)}`, { headers })
  assert.equal(answer.status, 200)
  const body = JSON.stringify({ ...config, predicted_loss: 9.9 })
  assert.equal((await fetch(`${url}/submission`, { method: 'POST', headers, body })).status, 200)
  await stop()
}

/** What waits where no worker is. */
async function jobs(): Promise<unknown> {
  const served = ['--backend', 'workers', '--corpus', 'corpus', '--train-flops-grid', '1e12', '--budget', '1e13']
  const { url, key, stop } = await serves('--db', postgres().url, ...served)
  const waiting = new AbortController()
  const asked = fetch(`${url}/loss?${queryOf(1e12)}`, { headers: { 'X-API-Key': key }, signal: waiting.signal }).catch(
    () => {},
  )
  const list = async () => (await json(`jobs --db ${postgres().url}`)) as { jobs: unknown[] }
  let told = await list()
  while (told.jobs.length === 0) told = await list()
  waiting.abort()
  await asked
  await stop()
  return told
}

const commandsWithJson = (command: Command, path: readonly string[] = []): string[] => [
  ...command.options.filter(({ long }) => /^--jsonl?$/.test(long ?? '')).map(({ long }) => [...path, long].join(' ')),
  ...command.commands.flatMap((one) => commandsWithJson(one, [...path, one.name()])),
]

test('docs/json.md has a section for every command that prints JSON', async () => {
  const headings = [...sections.keys()].join(' ')
  const missing = commandsWithJson(await createProgram()).filter(
    (command) => !headings.includes(`\`isoflop ${command}\``) && !headings.includes(` \`${command}\``),
  )
  assert.deepEqual(missing, [])
})

for (const { section, at, values } of told)
  test(`docs/json.md says what ${section} prints`, async () => {
    const tables = tablesOf(sections.get(section)!)
    assert.equal(tables.length, at.length)
    const all = await values()
    const wrong = tables.flatMap((shape, k) =>
      at[k].flatMap((path) =>
        differences(
          shape,
          all.flatMap((value) => valuesAt(value, path)),
          path,
        ),
      ),
    )
    assert.deepEqual(wrong, [], '+NAME is printed and not in the page, NAME is in the page and was never printed')
  })
