import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after as afterAll, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { Command } from 'commander'
import { brokenLine } from '../../src/cli/command-line.ts'
import { createProgram } from '../../src/cli/main.ts'
import { after, endless } from '../../src/cli/next.ts'
import { openJobs } from '../../src/jobs/jobs.ts'
import { queueOf } from '../../src/jobs/kinds.ts'
import { openStore } from '../../src/server/store/open.ts'
import { startPostgres } from '../server/postgres.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const bin = join(root, 'bin/isoflop.js')
const folder = mkdtempSync(join(tmpdir(), 'isoflop-next-'))
afterAll(() => rmSync(folder, { recursive: true }))
const write = (name: string, text: string) => writeFileSync(join(folder, name), text)

/** Commands that end, each as the words that name it. */
const leaves = (command: Command, path: readonly string[] = []): string[] => [
  ...(command.commands.length === 0 || ['campaign', 'jobs'].includes(path[0]) ? [path.join(' ')] : []),
  ...command.commands.flatMap((child) => leaves(child, [...path, child.name()])),
]
const commands = leaves(await createProgram()).filter((name) => name !== '')

const hasTerminal = process.platform === 'linux' && spawnSync('script', ['--version']).status === 0

/** Lets a shell run lines as a person would, and gives what was shown. */
function shown(line: string, environment: NodeJS.ProcessEnv = {}) {
  const { stdout, stderr, status } = spawnSync(
    'sh',
    ['-c', line.replace(/\bisoflop /g, `'${process.execPath}' '${bin}' `)],
    {
      cwd: folder,
      encoding: 'utf8',
      env: { ...process.env, COLUMNS: undefined, DATABASE_URL: undefined, ...environment },
    },
  )
  return { text: stdout, stderr, status }
}

/** The same at a terminal. */
function shownAtTerminal(line: string) {
  const command = line.replace(/\bisoflop /g, `'${process.execPath}' '${bin}' `)
  const { stdout, status } = spawnSync('script', ['-qec', `stty cols 120; ${command}`, '/dev/null'], {
    cwd: folder,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, TERM: 'dumb' },
  })
  return { text: stdout.replaceAll('\r', ''), stderr: '', status }
}

/** The command that a text ends with; lines that go on behind a backslash are one. */
function advised(text: string): string {
  const end = text
    .trimEnd()
    .split('\n\n')
    .at(-1)!
    .replaceAll(/ \\\n +/g, ' ')
  assert.match(end, /^(Next|下一步)[:,：，]/, text)
  return /isoflop .*$/.exec(end)?.[0] ?? assert.fail(text)
}

/** The words of a line as a shell has them, up to a pipe. */
const wordsOf = (line: string): string[] =>
  spawnSync(
    'sh',
    ['-c', `for word in ${line.split(' | ')[0].replace(/^isoflop /, '')}; do printf '%s\\0' "$word"; done`],
    {
      cwd: folder,
      encoding: 'utf8',
    },
  )
    .stdout.split('\0')
    .slice(0, -1)

/** Whether a line can be typed: its command, options and arguments are there. Nothing is run. */
async function parses(line: string): Promise<string> {
  const program = await createProgram()
  let reached = ''
  const silence = (command: Command, path: readonly string[]): void => {
    command.action(() => {
      reached = path.join(' ')
    })
    for (const child of command.commands) silence(child, [...path, child.name()])
  }
  for (const child of program.commands) silence(child, [child.name()])
  await program.parseAsync(wordsOf(line), { from: 'user' })
  return reached
}

const quick = '--strategy profiles-lowest --budget 2e17'
const runs = Array.from({ length: 24 }, (_, i) => {
  const [N, D] = [1e6 * 2 ** (i % 6), 1e8 * 2 ** Math.floor(i / 6)]
  return [N, D, 1.7 + 400 / N ** 0.35 + 400 / D ** 0.3 + 1e-3 * ((i * 7) % 5), 1e-3]
})
const config = 'd_model,num_layers,num_heads,batch_size,learning_rate,train_flops'

/** A class as it is after a while: a key that asked and predicted, in a world. */
async function makeClass(): Promise<string> {
  for (const line of ['isoflop keys add --label Ada', 'isoflop keys add --label Bo'])
    assert.equal(shown(line).status, 0)
  const store = await openStore(join(folder, 'isoflop.sqlite'))
  const [{ id }] = await store.listKeys()
  await store.close()
  return id
}

/** Lines whose advice is run, or parsed where it would take minutes or not end. */
interface Told {
  readonly name: string
  readonly line: string
  readonly leadsTo: string
  readonly isRun?: boolean
  readonly atTerminal?: boolean
}

write('runs.csv', ['N,D,loss,rate', ...runs.map((row) => row.join(','))].join('\n'))
write('open.csv', ['N,D,loss', ...runs.map(([N, D, loss], i) => `${N},${D},${i % 6 === 5 ? '' : loss}`)].join('\n'))
write('configs.csv', [config, ...[256, 320, 384].map((d) => `${d},4,4,128,1e-3,1e15`)].join('\n'))
write('space.json', readFileSync(join(root, 'examples/spaces/llama.json'), 'utf8'))
write(
  'text.txt',
  Array.from({ length: 3000 }, (_, i) => `The ${i} quick brown foxes jump over ${i * 7} lazy dogs.\n\n`).join(''),
)
write('names.csv', 'name\nCy\nDi\n')
const id = await makeClass()

/** A queue with a training that failed in the end. */
async function makeQueue(url: string): Promise<string> {
  const jobs = await openJobs(url, { creates: true, supervises: false })
  const queue = queueOf({ facts: { backend: 'program', program: 'nano' }, tags: [], memory: 0 })
  await jobs.trainings.prepare(queue, 60)
  const { training } = await jobs.trainings.ask(queue, '64/2/2/128/0.001/100000000000', 'a key', 1)
  const taken = await jobs.trainings.take(queue.name, 'a worker')
  assert.equal(await jobs.trainings.giveBack(taken!, 'out of memory'), 'dead')
  await jobs.close()
  return training
}
const postgres = await startPostgres()
afterAll(() => postgres.stop())
const dead = await makeQueue(postgres.url)

const told: readonly Told[] = [
  { name: 'fit', line: 'isoflop fit runs.csv --method surface --resamples 20', leadsTo: 'fit', isRun: true },
  {
    name: 'fit',
    line: 'isoflop fit runs.csv --method surface --resamples 20 --report r.html',
    leadsTo: 'fit',
    isRun: true,
  },
  {
    name: 'fit',
    line: 'isoflop fit runs.csv --method surface --resamples 20 --report r.html --open',
    leadsTo: 'campaign',
  },
  { name: 'look', line: "isoflop look runs.csv --columns 'tokens=D*1'", leadsTo: 'fit' },
  { name: 'campaign', line: `isoflop campaign --world seed:7 ${quick} --dry-run`, leadsTo: 'campaign', isRun: true },
  { name: 'campaign', line: `isoflop campaign --world seed:7 ${quick}`, leadsTo: 'serve' },
  {
    name: 'campaign',
    line: `isoflop campaign --world seed:7 --space space.json --strategy profiles-lowest --out own`,
    leadsTo: 'campaign next',
    isRun: true,
  },
  {
    name: 'campaign',
    line: 'isoflop campaign --pool runs.csv --target 1e17 --budget 1e17 --out pool',
    leadsTo: 'fit',
    isRun: true,
  },
  {
    name: 'campaign',
    line: 'isoflop campaign --pool runs.csv --target 1e17 --budget 1e17 --dry-run --out planned',
    leadsTo: 'campaign',
    isRun: true,
  },
  {
    name: 'campaign',
    line: 'isoflop campaign --pool open.csv --target 1e17 --out open',
    leadsTo: 'campaign',
    isRun: true,
  },
  {
    name: 'campaign next',
    line: 'isoflop campaign next -n 2 --strategy profiles-lowest --out study',
    leadsTo: 'campaign tell',
  },
  {
    name: 'campaign tell',
    line: 'echo \'{"id":"0-0","loss":5.5}\' | isoflop campaign tell - --out study',
    leadsTo: 'campaign next',
    isRun: true,
  },
  { name: 'campaign forecast', line: 'isoflop campaign forecast --out told', leadsTo: 'campaign next', isRun: true },
  { name: 'simulate', line: 'isoflop simulate configs.csv', leadsTo: 'simulate', atTerminal: true },
  { name: 'world list', line: 'isoflop world list', leadsTo: 'campaign' },
  { name: 'world show', line: 'isoflop world show seed:7', leadsTo: 'serve' },
  { name: 'space show', line: 'isoflop space show space.json', leadsTo: 'campaign' },
  { name: 'corpus prepare', line: 'isoflop corpus prepare text.txt --out corpus --vocab-size 300', leadsTo: 'train' },
  { name: 'corpus show', line: 'isoflop corpus show corpus', leadsTo: 'train' },
  {
    name: 'train',
    line: 'isoflop train --corpus corpus --d-model 32 --num-layers 1 --num-heads 1 --batch-size 1 --steps 2 --out runs/a',
    leadsTo: 'fit',
  },
  { name: 'keys add', line: 'isoflop keys add --from names.csv --out keys.csv', leadsTo: 'serve', atTerminal: true },
  { name: 'keys list', line: 'isoflop keys list', leadsTo: 'class', isRun: true },
  { name: 'keys export', line: 'isoflop keys export --out class.csv', leadsTo: 'class', isRun: true },
  { name: 'keys export', line: 'isoflop keys export', leadsTo: 'class', atTerminal: true },
  { name: 'keys rekey', line: `isoflop keys rekey ${id}`, leadsTo: 'class', atTerminal: true, isRun: true },
  { name: 'keys revoke', line: `isoflop keys revoke ${id}`, leadsTo: 'class', isRun: true },
  { name: 'keys restore', line: `isoflop keys restore ${id} --db isoflop.sqlite`, leadsTo: 'class', isRun: true },
  { name: 'keys set-budget', line: `isoflop keys set-budget ${id} 3e18`, leadsTo: 'class', isRun: true },
  { name: 'keys reset', line: `isoflop keys reset ${id} --yes`, leadsTo: 'class', isRun: true },
  { name: 'keys undo', line: `isoflop keys undo ${id}`, leadsTo: 'class', isRun: true },
  { name: 'class', line: 'isoflop class', leadsTo: 'serve' },
  { name: 'class', line: `isoflop class ${id}`, leadsTo: 'class', isRun: true },
  { name: 'deadline', line: 'isoflop deadline 2099-12-15T23:59Z', leadsTo: 'class', isRun: true },
  { name: 'grade', line: 'isoflop grade --world seed:7', leadsTo: 'class', isRun: true },
  { name: 'grade', line: 'isoflop grade --world seed:7 --csv', leadsTo: 'class', atTerminal: true },
  { name: 'jobs retry', line: `isoflop jobs retry ${dead} --db ${postgres.url}`, leadsTo: 'jobs' },
  { name: 'jobs cancel', line: `isoflop jobs cancel ${dead} --db ${postgres.url}`, leadsTo: 'jobs' },
  { name: 'jobs', line: `isoflop jobs --db ${postgres.url}`, leadsTo: 'jobs' },
  { name: 'doctor', line: 'isoflop doctor', leadsTo: 'campaign' },
]

test('every command ends with the next one, or it is said why none comes behind it', () => {
  const names = new Set([...told.map(({ name }) => name), ...Object.keys(endless)])
  assert.deepEqual(
    commands.filter((name) => !names.has(name)),
    [],
  )
  assert.deepEqual(
    [...names].filter((name) => name !== 'help' && !commands.includes(name)),
    [],
  )
})

/** Makes a round of runs of a study, and tells what came out. */
function tellStudy(): void {
  const asked = shown(`isoflop campaign next -n 200 ${quick} --out told --jsonl`)
  assert.equal(asked.status, 0, asked.stderr)
  const table = asked.text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))
  const columns = config.split(',')
  write(
    'asked.csv',
    [`id,${config}`, ...table.map((run) => [run.id, ...columns.map((name) => run[name])].join(','))].join('\n'),
  )
  const outcome = shown('isoflop simulate asked.csv --world seed:7 | isoflop campaign tell - --out told')
  assert.equal(outcome.status, 0, outcome.stderr)
}

for (const { name, line, leadsTo, isRun, atTerminal } of told)
  test(`${line} leads to ${leadsTo}`, { skip: atTerminal && !hasTerminal ? 'there is no script' : false }, async () => {
    if (name === 'campaign forecast') for (let round = 0; round < 3; round++) tellStudy()
    const { text, stderr, status } = atTerminal ? shownAtTerminal(line) : shown(line)
    assert.equal(status, 0, text + stderr)
    const next = advised(text)
    assert.equal(await parses(next), leadsTo, next)
    if (!isRun) return
    const then = shown(next)
    assert.equal(then.status, 0, then.stderr)
    if (!next.includes('--json')) advised(then.text)
  })

test('what is advised is as safe as what was typed: no key, no password of a database', () => {
  const addresses = [
    'postgres://me:secret@host/db',
    'postgres://host/db?user=me&password=secret',
    'POSTGRES://:secret@h/d',
  ]
  for (const place of addresses)
    for (const { command } of [
      after['keys add'](place),
      after['keys of one']('k1', place),
      after.deadline(place, true),
    ])
      assert.ok(!command.includes('secret') && command.includes('--db'), command)
  const { command } = after['campaign, to submit'](['campaign', '--api', 'http://h', '--api-key', 'secret'])
  assert.equal(command, 'isoflop campaign --api http://h --api-key KEY --submit')
})

test('what more would cost is planned first, in a folder of its own, with what was bought', async () => {
  const words = ['campaign', '--run', "python train.py '{folder}'", '--budget=1e18', '--out', 'a b']
  const { command } = after['campaign, paid for'](words, 'a b', 1e18)
  assert.deepEqual(wordsOf(command), [
    ...['campaign', '--run', "python train.py '{folder}'", '--budget', '2e18', '--out', 'a b-more'],
    ...['--runs', 'a b/campaign.jsonl', '--dry-run'],
  ])
  assert.equal(await parses(command), 'campaign')
})

test('a line is broken between words of the shell alone, and means the same', () => {
  const line = `isoflop campaign --run 'python train.py --out {folder} --seed 1' --out "a folder" --slurm '--gres gpu:1'`
  for (const width of [40, 60, 80]) {
    const broken = brokenLine(line, '  ', width).join('\n')
    assert.deepEqual(wordsOf(broken.trim()), wordsOf(line), `at ${width}`)
    for (const part of broken.split('\n'))
      assert.ok(part.length <= width || !part.trim().includes(' ') || /'/.test(part), part)
  }
})

test('the next command has lines of its own in a narrow terminal, and none is said beside JSON', () => {
  const narrow = shown('isoflop world show seed:7', { COLUMNS: '40' }).text
  assert.match(narrow, /\nNext:\n {2}isoflop serve --world seed:7 --db \\\n {6}seed7\.sqlite\n$/)
  for (const line of [
    'isoflop world show seed:7 --json',
    'isoflop space show space.json --json',
    'isoflop class --json',
  ])
    assert.doesNotThrow(() => JSON.parse(shown(line).text), line)
})
