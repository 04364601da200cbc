import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { CampaignJson } from '../../src/report/campaign/json.ts'
import { type Stub, stubApi } from '../stub-api.ts'

const bin = fileURLToPath(new URL('../../bin/isoflop.js', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'isoflop-campaign-'))
const running = new Set<ChildProcess>()
const stubs: Stub[] = []
after(() => {
  for (const child of running) child.kill('SIGKILL')
  for (const stub of stubs) stub.close()
  rmSync(folder, { recursive: true })
})

interface Ended {
  readonly status: number | null
  readonly signal: string | null
  readonly stdout: string
  readonly stderr: string
}

interface Started {
  readonly child: ChildProcess
  readonly ended: Promise<Ended>
  /** Resolves when stderr has this text. */
  said(text: string): Promise<void>
}

/** Starts `isoflop campaign` in the test's folder, with the environment's key for APIs unset or as given. */
function start(args: readonly string[], env: Record<string, string> = {}): Started {
  const { ISOFLOP_API_KEY: _, ...inherited } = process.env
  const child = spawn(process.execPath, [bin, 'campaign', ...args], { cwd: folder, env: { ...inherited, ...env } })
  running.add(child)
  const printed = { stdout: '', stderr: '' }
  child.stdout.on('data', (chunk) => {
    printed.stdout += chunk
  })
  child.stderr.on('data', (chunk) => {
    printed.stderr += chunk
  })
  const ended = new Promise<Ended>((resolve) => {
    child.on('close', (status, signal) => {
      running.delete(child)
      resolve({ status, signal, ...printed })
    })
  })
  const said = (text: string) =>
    new Promise<void>((resolve, reject) => {
      const look = () => printed.stderr.includes(text) && resolve()
      child.stderr.on('data', look)
      child.on('close', () => reject(new Error(`it ended without saying "${text}": ${printed.stderr}`)))
      look()
    })
  return { child, ended, said }
}

const campaign = (...args: string[]) => start(args).ended

async function stub(options: Parameters<typeof stubApi>[0] = {}): Promise<Stub> {
  const made = await stubApi(options)
  stubs.push(made)
  return made
}

/** The options of a campaign that plans in no time, so that a test is about the session. */
const against = ({ url, key }: Stub, out: string, strategy = 'profiles-surface') =>
  ['--api', url, '--api-key', key, '--strategy', strategy, '--out', out, '--json'] as const

/** What a campaign came to, of the process's answer; the process must have ended well. */
function resultOf({ status, stdout, stderr }: Ended): CampaignJson {
  assert.equal(status, 0, stderr)
  return JSON.parse(stdout)
}

const outcome = ({ runs, prediction, spentFlops, rounds, stopped }: CampaignJson) => ({
  ...{ runs, prediction, spentFlops, rounds, stopped },
})

const recordOf = (out: string) =>
  readFileSync(join(folder, out, 'campaign.jsonl'), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => {
      const { checksum, ...answer } = JSON.parse(line)
      assert.match(checksum, /^[0-9a-f]{12}$/)
      return answer
    })

const once = (asked: readonly string[]) => assert.equal(new Set(asked).size, asked.length, 'a query was asked twice')

/** The campaign against a stub that nothing interrupts. */
let whole: Promise<CampaignJson> | null = null
function unbroken(): Promise<CampaignJson> {
  whole ??= stub().then(async (api) => {
    const result = resultOf(await campaign(...against(api, 'unbroken')))
    assert.equal(api.charged, result.spentFlops)
    assert.equal(api.asked.length, result.queries)
    once(api.asked)
    return result
  })
  return whole
}

test('--world: one JSON object with the truth, equal for equal seeds; the record is a table of runs', async () => {
  const args = ['--world', 'seed:3', '--out', 'world', '--json']
  const first = await campaign(...args)
  const result = resultOf(first)
  assert.deepEqual(Object.keys(result), [
    ...[
      'spentFlops',
      'queries',
      'prediction',
      'runs',
      'laws',
      'rounds',
      'refused',
      'lost',
      'stopped',
      'diagnostics',
      'truth',
    ],
  ])
  const { prediction, truth, runs, queries, spentFlops } = result
  assert.deepEqual(Object.keys(prediction.config), [
    ...['d_model', 'num_layers', 'num_heads', 'batch_size', 'learning_rate'],
  ])
  assert.deepEqual(Object.keys(prediction.interval).sort(), ['learningRate', 'loss', 'parameters'])
  assert.ok(spentFlops <= 2e18)
  assert.equal(queries, runs.length)
  assert.equal(
    runs.reduce((sum, run) => sum + run.train_flops, 0),
    spentFlops,
  )
  assert.ok(truth !== undefined && truth.regret >= 0 && truth.regret < 0.5)
  assert.ok(Math.abs(truth.lossError) < 1)
  assert.deepEqual(recordOf('world'), runs)
  const cheap = () => campaign('--world', 'seed:3', '--out', 'same-seed', '--json', '--strategy', 'profiles-lowest')
  assert.equal((await cheap()).stdout, (await cheap()).stdout)
  const fit = spawn(process.execPath, [bin, 'fit', join('world', 'campaign.jsonl'), '--resamples', '20'], {
    cwd: folder,
  })
  assert.equal(await new Promise((resolve) => fit.on('close', resolve)), 0)
})

test('for people: the answer, the truth, what was spent; a line a round on stderr; within 100 columns', async () => {
  const { status, stdout, stderr } = await campaign('--world', 'seed:4', '--out', 'people')
  assert.equal(status, 0, stderr)
  assert.match(stdout, /^At 1e19 FLOPs.*:\n {2}configuration {2}d_model \d+, \d+ layers/)
  assert.match(stdout, /\nThe truth in seed:4:\n/)
  assert.match(stdout, /\n {2}regret of the predicted configuration: \S+ nats\/token\n/)
  assert.match(stdout, /\n\d+ runs of world:seed:4 for \S+ of 2e18 FLOPs:\n/)
  assert.match(stdout, /\nwrote people\/campaign\.jsonl/)
  for (const line of stdout.split('\n').filter((text) => !text.startsWith('wrote'))) assert.ok(line.length <= 100, line)
  assert.match(stderr, /^0 of 2e18 FLOPs, 0 runs, no estimate yet, \S/)
  assert.ok(stderr.trimEnd().split('\n').length >= 3)
  assert.doesNotMatch(stdout + stderr, /NaN|Infinity|undefined/)
})

test('--dry-run prints the first plan, asks nothing and writes nothing', async () => {
  const api = await stub()
  const { status, stdout } = await campaign(...against(api, 'dry').slice(0, -1), '--dry-run')
  assert.equal(status, 0)
  assert.match(stdout, /^First round: .*\n\d+ runs for \S+ FLOPs, \S+ % of 2e18\n\n *FLOPs +N .*reason\n/)
  const plan = JSON.parse((await campaign(...against(api, 'dry'), '--dry-run')).stdout)
  const { runs, rounds } = await unbroken()
  assert.equal(plan.cost, rounds[0].spentFlops)
  assert.deepEqual(
    plan.queries,
    runs.filter(({ round }) => round === 0).map(({ loss: _loss, round: _round, ...query }) => query),
  )
  assert.equal(api.asked.length, 0)
  assert.ok(!existsSync(join(folder, 'dry')))
})

test('killed at three moments and started again, it ends the same, and the API is asked nothing twice', async () => {
  const api = await stub({ delayMs: 3 })
  const args = against(api, 'killed')
  for (const count of [1, 17, 31]) {
    const { child, ended } = start(args)
    await api.reached(count)
    child.kill('SIGKILL')
    assert.equal((await ended).signal, 'SIGKILL')
  }
  const last = await campaign(...args)
  assert.match(last.stderr, /^going on with killed\/campaign\.jsonl: \d+ runs, /)
  assert.deepEqual(outcome(resultOf(last)), outcome(await unbroken()))
  once(api.asked)
  assert.equal(api.charged, (await unbroken()).spentFlops)
  assert.deepEqual(recordOf('killed'), (await unbroken()).runs)
  const again = await campaign(...args)
  assert.deepEqual(outcome(resultOf(again)), outcome(await unbroken()))
  once(api.asked)
})

test('a record torn in its last line, or lost with its folder, costs nothing', async () => {
  const api = await stub()
  const { child, ended } = start(against(api, 'torn'))
  await api.reached(20)
  child.kill('SIGKILL')
  await ended
  const file = join(folder, 'torn', 'campaign.jsonl')
  writeFileSync(file, readFileSync(file).subarray(0, -40))
  assert.deepEqual(outcome(resultOf(await campaign(...against(api, 'torn')))), outcome(await unbroken()))
  const moved = await campaign(...against(api, 'elsewhere'))
  assert.match(moved.stderr, /^the key has runs of this very campaign/)
  assert.deepEqual(outcome(resultOf(moved)), outcome(await unbroken()))
  once(api.asked)
  assert.deepEqual(recordOf('elsewhere'), (await unbroken()).runs)
})

const other = { d_model: 128, num_layers: 6, num_heads: 2, batch_size: 128, learning_rate: 0.0009, train_flops: 1e17 }

test('runs that the key had before are given: fitted, counted as spent, and kept apart across a crash', async () => {
  const [api, twin] = [await stub(), await stub()]
  for (const each of [api, twin]) await each.elsewhere(other)
  const expected = resultOf(await campaign(...against(twin, 'given-whole')))
  assert.deepEqual([expected.runs[0].round, expected.runs[0].d_model], [-1, 128])
  assert.equal(expected.spentFlops, twin.charged)
  const { child, ended } = start(against(api, 'given'))
  await api.reached(13)
  child.kill('SIGKILL')
  await ended
  assert.deepEqual(outcome(resultOf(await campaign(...against(api, 'given')))), outcome(expected))
  once(api.asked)
})

test('runs of one’s own are in the fit and never asked for; those of another vocabulary are refused', async () => {
  const { train_flops: trainFlops, ...config } = other
  const record = { config, trainFlops, loss: { average: 4.5, last: 4.4, validation: 4.3 }, vocabularySize: 32000 }
  const diverged = { ...record, config: { ...config, learning_rate: 0.01 }, loss: { average: null } }
  writeFileSync(join(folder, 'own.jsonl'), `${JSON.stringify(record)}\n${JSON.stringify(diverged)}\n`)
  const api = await stub()
  const ended = await campaign(...against(api, 'own'), '--runs', 'own.jsonl')
  const { runs, spentFlops } = resultOf(ended)
  assert.match(ended.stderr, /^2 runs that were there before: in the fit, and counted as spent \(2e17 FLOPs\)/)
  assert.deepEqual(
    runs.filter(({ round }) => round < 0).map(({ loss }) => loss),
    [4.5, null],
  )
  assert.equal(spentFlops, api.charged + 2e17)
  assert.match((await campaign(...against(api, 'own'))).stderr, /what --runs has is \w{12} there and nothing here/)
  const strange = await campaign(...against(api, 'strange'), '--runs', 'own.jsonl', '--vocab-size', '4096')
  assert.match(strange.stderr, /error\[CONFIG_INVALID\]: own.jsonl row 1 is of a model of 32000 words, expected 4096/)
})

test('the budget is the key’s: what another client spends meanwhile counts, and is said', async () => {
  const api = await stub()
  const args = against(api, 'shared')
  const { child, ended } = start(args)
  await api.reached(10)
  child.kill('SIGKILL')
  await ended
  await api.elsewhere({ ...other, train_flops: 1e18 })
  const resumed = await campaign(...args)
  const { stopped, spentFlops } = resultOf(resumed)
  assert.match(resumed.stderr, /the key has \d runs? beyond the record.* count as spent/)
  assert.ok(api.charged <= 2e18, `${api.charged}`)
  assert.equal(api.charged, spentFlops + 1e18)
  assert.match(stopped, /would pass --budget/)
  once(api.asked)
})

test('a budget of the API below --budget ends the buying, whatever status says so; a smaller --budget is kept', async () => {
  for (const refusalStatus of [403, 400]) {
    const api = await stub({ budget: 3e17, refusalStatus })
    const { stopped, spentFlops, refused } = resultOf(await campaign(...against(api, `api-budget-${refusalStatus}`)))
    assert.match(stopped, /the budget is used up: The API refused/)
    assert.ok(spentFlops <= 3e17 && spentFlops === api.charged)
    assert.equal(refused.length, 1)
  }
  const api = await stub()
  const { spentFlops } = resultOf(await campaign(...against(api, 'small'), '--budget', '4e17'))
  assert.ok(spentFlops <= 4e17 && spentFlops === api.charged)
})

test('--parallel asks several at once, ends the same, and goes on after a kill without asking anything twice', async () => {
  const api = await stub({ delayMs: 40 })
  const args = [...against(api, 'parallel'), '--parallel', '5']
  const broken = start(args)
  await api.reached(23)
  broken.child.kill('SIGKILL')
  await broken.ended
  assert.deepEqual(outcome(resultOf(await campaign(...args))), outcome(await unbroken()))
  once(api.asked)
  assert.equal(api.charged, (await unbroken()).spentFlops)
})

test('refused configurations are left out, 429 is waited out', async () => {
  const api = await stub()
  api.busy = 3
  let count = 0
  api.refuses = () => ++count === 4
  const { refused, queries } = resultOf(await campaign(...against(api, 'refused')))
  assert.deepEqual([refused.length, refused[0].message.includes('must be something else')], [1, true])
  assert.equal(queries, api.asked.length)
})

test('Ctrl-C ends it after the run in flight, with a result, and it can go on', async () => {
  const api = await stub({ delayMs: 20 })
  const { child, ended, said } = start(against(api, 'interrupted'))
  await api.reached(40)
  child.kill('SIGINT')
  await said('ending after the run in flight')
  const { status, stdout, stderr } = await ended
  assert.equal(status, 130, stderr)
  assert.ok(existsSync(join(folder, 'interrupted', 'report.html')), 'the report is written before')
  const stopped: CampaignJson = JSON.parse(stdout)
  assert.equal(stopped.stopped, 'interrupted')
  assert.equal(stopped.queries, api.asked.length)
  assert.deepEqual(recordOf('interrupted'), stopped.runs)
  api.delayMs = 0
  assert.deepEqual(outcome(resultOf(await campaign(...against(api, 'interrupted')))), outcome(await unbroken()))
  once(api.asked)
})

test('a second Ctrl-C ends it at once with status 130, and the answer under way is not paid again', async () => {
  const api = await stub({ delayMs: 60_000 })
  const { child, ended, said } = start(against(api, 'twice'))
  await api.reached(1)
  child.kill('SIGINT')
  await said('ending after the run in flight')
  child.kill('SIGINT')
  assert.deepEqual([(await ended).status, (await ended).stdout], [130, ''])
  api.delayMs = 0
  assert.deepEqual(outcome(resultOf(await campaign(...against(api, 'twice')))), outcome(await unbroken()))
  once(api.asked)
})

test('without runs there is no prediction, and it says that the same command goes on', async () => {
  const api = await stub()
  api.refuses = () => true
  const { status, stderr } = await campaign(...against(api, 'none'))
  assert.equal(status, 2)
  assert.match(
    stderr,
    /error\[TOO_FEW_RUNS\]: .+\n {2}.*kept in none: the same command goes on with it, .* --runs none\/campaign\.jsonl/,
  )
  api.refuses = () => false
  assert.deepEqual(outcome(resultOf(await campaign(...against(api, 'none')))), outcome(await unbroken()))
})

test('one campaign at a time in a folder; the lock of a killed one holds nobody up', async () => {
  const api = await stub({ delayMs: 60_000 })
  const first = start(against(api, 'locked'))
  await api.reached(1)
  const second = await campaign(...against(api, 'locked'))
  assert.equal(second.status, 2)
  assert.match(second.stderr, /^error\[CAMPAIGN_RUNNING\]: .*locked\.\n {2}.+\n$/)
  first.child.kill('SIGKILL')
  await first.ended
  api.delayMs = 0
  resultOf(await campaign(...against(api, 'locked')))
})

test('a folder with another campaign is refused, saying what differs; a simulated one makes way for another', async () => {
  const api = await stub()
  const { child, ended } = start(against(api, 'taken'))
  await api.reached(5)
  child.kill('SIGKILL')
  await ended
  const before = readFileSync(join(folder, 'taken', 'campaign.jsonl'), 'utf8')
  for (const [change, said] of [
    [['--seed', '1'], /--seed is 0 there and 1 here/],
    [['--budget', '1e18'], /--budget is 2000000000000000000 there and 1000000000000000000 here/],
    [['--strategy', 'profiles-lowest', '--target', '2e19'], /--strategy is profiles-surface there.*--target is/],
    [['--train-flops-grid', '1e15,1e16'], /--train-flops-grid is/],
  ] as const) {
    const { status, stderr } = await campaign(...against(api, 'taken'), ...change)
    assert.equal(status, 2)
    assert.match(stderr, /^error\[CAMPAIGN_DIFFERS\]: .+\n {2}.*--out.*\n$/)
    assert.match(stderr, said)
  }
  const simulated = await campaign('--world', 'seed:2', '--out', 'taken')
  assert.match(simulated.stderr, /^error\[CAMPAIGN_DIFFERS\]: .*the source is http/)
  assert.equal(readFileSync(join(folder, 'taken', 'campaign.jsonl'), 'utf8'), before)
  rmSync(join(folder, 'taken', 'campaign.json'))
  assert.match(
    (await campaign(...against(api, 'taken'))).stderr,
    /^error\[CAMPAIGN_DIFFERS\]: .*not there to say whose/,
  )

  const world = ['--strategy', 'profiles-lowest', '--out', 'free', '--json']
  resultOf(await campaign('--world', 'seed:1', ...world))
  const kept = recordOf('free')
  assert.match(
    (await campaign('--world', 'seed:2', ...world)).stderr,
    /^error\[CAMPAIGN_DIFFERS\]: .*in world:seed:1, not world:seed:2\.\n {2}.*--force/,
  )
  assert.deepEqual(recordOf('free'), kept)
  const { runs } = resultOf(await campaign('--world', 'seed:2', ...world, '--force'))
  assert.deepEqual(recordOf('free'), runs)
  assert.match((await campaign(...against(api, 'free'))).stderr, /^error\[CAMPAIGN_DIFFERS\]: .*world:seed:2 there/)
})

test('the key: from the environment, never on disk, never shown', async () => {
  const api = await stub()
  const [flag, url] = against(api, 'key')
  const args = [flag, url, '--strategy', 'profiles-lowest', '--out', 'key', '--json']
  resultOf(await start(args, { ISOFLOP_API_KEY: api.key }).ended)
  for (const file of ['campaign.json', 'campaign.jsonl'])
    assert.ok(!readFileSync(join(folder, 'key', file), 'utf8').includes(api.key))
  const wrong = await start([...args, '--out', 'wrong'], { ISOFLOP_API_KEY: 'a-key-that-is-wrong' }).ended
  assert.equal(wrong.status, 2)
  assert.match(wrong.stderr, /^error\[KEY_INVALID\]: /)
  assert.doesNotMatch(wrong.stderr, /a-key-that-is-wrong/)
})

/** What `ps` shows of every process, where the system has it as files. */
function commandLines(): string {
  if (!existsSync('/proc')) return ''
  const read = (pid: string) => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8')
    } catch {
      return '' // it has ended
    }
  }
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(read)
    .join('\n')
}

test('--api-key-file: a key that the list of processes never has; a file without exactly one is refused', async () => {
  const api = await stub()
  const write = (name: string, text: string) => {
    writeFileSync(join(folder, name), text, { mode: 0o600 })
    return name
  }
  const args = (file: string) => [
    '--api',
    api.url,
    '--api-key-file',
    file,
    '--strategy',
    'profiles-surface',
    '--out',
    'file-key',
    '--json',
  ]
  const { child, ended } = start(args(write('one.key', `${api.key}\n`)))
  await api.reached(3)
  const listed = commandLines()
  if (process.platform === 'linux') assert.ok(listed.includes('one.key'))
  assert.ok(!listed.includes(api.key))
  child.kill('SIGINT')
  assert.doesNotMatch((await ended).stderr, new RegExp(api.key))
  for (const text of ['', ' \n', 'two keys']) {
    const { status, stderr } = await campaign(...args(write('bad.key', text)))
    assert.equal(status, 2)
    assert.match(stderr, /^error\[(BAD_OPTION|FILE_EMPTY)\]: /)
    assert.doesNotMatch(stderr, /two keys/)
  }
  const both = await campaign(...args('one.key'), '--api-key', 'k')
  assert.match(both.stderr, /^error\[BAD_OPTION\]: .*exclude each other/)
})

test('bad options end with a code and say what to do', async () => {
  for (const [args, code] of [
    [['--api', 'http://localhost:1'], 'BAD_OPTION'],
    [['--api', 'localhost:8000', '--api-key', 'k'], 'BAD_OPTION'],
    [['--api', 'http://me:pass@localhost', '--api-key', 'k'], 'BAD_OPTION'],
    [['--api', 'http://localhost:1', '--api-key', 'k', '--world', 'cs336'], 'BAD_OPTION'],
    [['--api-key', 'k'], 'BAD_OPTION'],
    [['--parallel', '4'], 'BAD_OPTION'],
    [['--world', 'cs336', '--vocab-size', '100000'], 'BAD_OPTION'],
    [['--world', 'staged:3', '--vocab-size', '100000'], 'BAD_OPTION'],
    [['--api', 'http://localhost:1', '--api-key', 'k', '--parallel', '0'], 'BAD_OPTION'],
    [['--strategy', 'luck'], 'BAD_OPTION'],
    [['--strategy', 'adaptive,profiles-lowest'], 'BAD_OPTION'],
    [['--budget', '0'], 'BAD_OPTION'],
    [['--target', 'large'], 'BAD_OPTION'],
    [['--train-flops-grid', '1e15,x'], 'BAD_OPTION'],
    [['--seed', '-1'], 'BAD_OPTION'],
    [['--world', 'moon'], 'WORLD_UNKNOWN'],
    [['--out', bin], 'OUTPUT_FAILED'],
    [['--api', 'http://127.0.0.1:1', '--api-key', 'k'], 'API_UNREACHABLE'],
  ] as const) {
    const { status, stderr, stdout } = await campaign(...args)
    assert.equal(status, 2, `${args} ${stderr}`)
    assert.match(stderr, new RegExp(`^error\\[${code}\\]: .+\\n {2}.+\\n$`), args.join(' '))
    assert.equal(stdout, '')
  }
})

test('the adaptive campaign, killed and started again, ends the same', async () => {
  const [api, twin] = [await stub(), await stub()]
  const args = (each: Stub, out: string) => against(each, out, 'adaptive')
  const { child, ended } = start(args(api, 'adaptive'))
  await api.reached(30)
  child.kill('SIGKILL')
  await ended
  const expected = resultOf(await campaign(...args(twin, 'adaptive-whole')))
  assert.deepEqual(outcome(resultOf(await campaign(...args(api, 'adaptive')))), outcome(expected))
  once(api.asked)
  assert.equal(api.charged, twin.charged)
})

test('help shows an example of each way in', async () => {
  const { status, stdout } = await campaign('--help')
  assert.equal(status, 0)
  for (const way of ['--world', '--space', '--api', '--pool'])
    assert.match(stdout.split('Examples:')[1], new RegExp(`isoflop campaign ${way} `))
})

test('the truth of the assignment is not said, unless it is asked for; that of other worlds is', async () => {
  const quick = ['--strategy', 'profiles-lowest', '--budget', '1e17', '--target', '1e18'] as const
  const told = (out: string) =>
    ['report.md', 'report.html', 'campaign.json', join('figures', 'design.svg')].filter((file) =>
      /true best|[Tt]he truth|regret of/.test(readFileSync(join(folder, out, file), 'utf8')),
    )
  const hidden = await campaign('--world', 'cs336', ...quick, '--out', 'hidden')
  assert.equal(hidden.status, 0, hidden.stderr)
  assert.doesNotMatch(hidden.stdout, /[Tt]he truth|regret/)
  assert.deepEqual(told('hidden'), [])
  const asked = await campaign('--world', 'cs336', ...quick, '--out', 'hidden', '--truth')
  assert.match(asked.stdout, /The truth in cs336:/)
  assert.deepEqual(told('hidden'), ['report.md', 'report.html', join('figures', 'design.svg')])
  const plain = await campaign(...quick, '--out', 'usual')
  assert.match(plain.stdout, /The truth in seed:7:[\s\S]*Next, the assignment to do yourself .*isoflop serve/)
})

test('--submit sends the prediction; without it the last line is the command that does, and pays for nothing twice', async () => {
  const api = await stub()
  const args = ['--api', api.url, '--api-key', api.key, '--strategy', 'profiles-lowest', '--out', 'sent']
  const first = await campaign(...args)
  assert.equal(first.status, 0, first.stderr)
  const [, command] = /\nNext, submit: isoflop campaign (.*)\n$/.exec(first.stdout) ?? []
  assert.equal(command, args.with(3, 'KEY').concat('--submit').join(' '))
  const { charged, submitted } = api
  assert.deepEqual(submitted, [])
  const second = await campaign(...args, '--submit')
  assert.match(
    second.stdout,
    /\nSubmitted; GET \/submission shows it\.\n\nNext, with a server of your own: isoflop grade\n$/,
  )
  assert.equal(api.charged, charged)
  assert.deepEqual(submitted, [JSON.parse(readFileSync(join(folder, 'sent', 'submission.json'), 'utf8'))])
  for (const wrong of [['--submit'], ['--submit', '--world', 'seed:7'], [...args, '--submit', '--target', '2e19']]) {
    const { status, stderr } = await campaign(...wrong)
    assert.equal(status, 2)
    assert.match(stderr, /^error\[BAD_OPTION\]: /)
  }
  assert.equal(submitted.length, 1)
})

test('a campaign that is broken off says how it goes on', async () => {
  const api = await stub({ delayMs: 50 })
  const { child, ended } = start(['--api', api.url, '--api-key', api.key, '--out', 'broken'])
  await api.reached(3)
  child.kill('SIGINT')
  const { status, stderr } = await ended
  assert.equal(status, 130)
  assert.match(
    stderr,
    /Interrupted: [\s\S]*Go on, paying for nothing twice: isoflop campaign .* --api-key KEY --out broken/,
  )
})

test('a world whose runs learn too little for any law is refused before anything is written', async () => {
  const { status, stderr } = await campaign('--world', 'handout', '--out', 'handout')
  assert.equal(status, 2)
  assert.match(stderr, /^error\[BAD_OPTION\]: .*the best of 1e18 FLOPs has a loss of 7\.\d+/)
  assert.equal(existsSync(join(folder, 'handout')), false)
})

test('--open shows the report with what the desktop has for it, and says where it is where there is none', async () => {
  const tools = join(folder, 'tools')
  mkdirSync(tools)
  writeFileSync(join(tools, 'xdg-open'), '#!/bin/sh\necho "$1" > "$ISOFLOP_OPENED"\n', { mode: 0o755 })
  const opened = join(folder, 'opened.txt')
  const args = ['--strategy', 'profiles-lowest', '--budget', '1e17', '--target', '1e18', '--out', 'shown', '--open']
  const report = join(folder, 'shown', 'report.html')
  const PATH = `${tools}:${process.env.PATH}`
  const desktop = await start(args, { PATH, DISPLAY: ':0', ISOFLOP_OPENED: opened }).ended
  assert.equal(desktop.status, 0, desktop.stderr)
  if (process.platform === 'linux') assert.equal(readFileSync(opened, 'utf8'), `${report}\n`)
  const server = await start(args, { DISPLAY: '', WAYLAND_DISPLAY: '' }).ended
  if (process.platform === 'linux')
    assert.ok(server.stdout.includes(`\nNothing here opens it; the report is ${report}\n\nNext`), server.stdout)
})
