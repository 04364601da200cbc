import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { Runs } from '../../src/core/run.ts'
import { readRuns } from '../../src/input/read.ts'
import { madeRuns, reference, trueLoss } from '../fit/tuned-runs.ts'
import { close } from '../support.ts'

const bin = fileURLToPath(new URL('../../bin/isoflop.js', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'isoflop-pool-'))
after(() => rmSync(folder, { recursive: true }))

interface Ended {
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Runs `isoflop campaign` in the test's folder. */
function campaign(...args: string[]): Promise<Ended> {
  const child = spawn(process.execPath, [bin, 'campaign', ...args], { cwd: folder })
  const printed = { stdout: '', stderr: '' }
  child.stdout.on('data', (chunk) => {
    printed.stdout += chunk
  })
  child.stderr.on('data', (chunk) => {
    printed.stderr += chunk
  })
  return new Promise((resolve) => child.on('close', (status) => resolve({ status, ...printed })))
}

async function jsonOf(...args: string[]) {
  const { status, stdout, stderr } = await campaign(...args, '--json')
  assert.equal(status, 0, stderr)
  return JSON.parse(stdout)
}

async function refused(code: string, words: RegExp, ...args: string[]) {
  const { status, stdout, stderr } = await campaign(...args)
  assert.deepEqual([status, stdout], [2, ''], stderr)
  assert.match(stderr, new RegExp(`^error\\[${code}\\]: `))
  assert.match(stderr, words)
  assert.equal(stderr.trim().split('\n').length, 2, stderr)
}

// Tables of a drawn law: GPU hours that grow faster than FLOPs, so that the two are told apart

const features = new Set(['rate', 'batch'] as const)
const recorded = madeRuns([...features], { seed: 6, noise: 0.004, repeats: 6 })
const hours = recorded.flops.map((C) => (C / 1e18) ** 1.1)
const all = hours.reduce((a, b) => a + b)

type Loss = (i: number) => string | number
const lossOf: Loss = (i) => recorded.loss[i]

function poolFile(name: string, loss: Loss, cost: (i: number) => string | number = (i) => hours[i]): string {
  const { parameters, tokens, tuning } = recorded
  const rows = Array.from(parameters, (N, i) =>
    [N, tokens[i], tuning!.rate![i], tuning!.batch![i], cost(i), loss(i)].join(','),
  )
  writeFileSync(join(folder, name), `N,D,lr,bsz,gpu_hours,loss\n${rows.join('\n')}\n`)
  return name
}

const pool = poolFile('pool.csv', lossOf)
const plans = poolFile('plans.csv', (i) => (i % 5 === 0 ? recorded.loss[i] : ''))

/** Runs of eight times the largest size and length about the best settings. */
const target: Runs = (() => {
  const shifts = [-1, 0, 1].flatMap((r) => [-1, 1].map((b) => ({ r, b })))
  const column = (value: (shift: { r: number; b: number }) => number) => Float64Array.from(shifts, value)
  const [N, D] = [8 * reference.parameters, 6 * reference.tokens]
  const tuning = {
    rate: column(({ r }) => 1.6e-3 * 8 ** -0.5 * 6 ** 0.2 * 2 ** r),
    batch: column(({ b }) => Math.round(200 * 6 ** 0.4 * 2 ** b)),
    batchUnit: 'sequences',
    unique: null,
  } as const
  const runs = {
    size: shifts.length,
    parameters: column(() => N),
    tokens: column(() => D),
    flops: column(() => 6 * N * D),
    tuning,
  }
  return { ...runs, loss: trueLoss({ ...runs, loss: column(() => 0) }, features) }
})()
writeFileSync(
  join(folder, 'target.csv'),
  `N,D,lr,bsz,loss\n${Array.from(target.loss, (L, i) => [target.parameters[i], target.tokens[i], target.tuning!.rate![i], target.tuning!.batch![i], i === 5 ? '' : L].join(',')).join('\n')}\n`,
)

test('a purchase is played: within the budget in the unit of its costs, told in order, and compared with what is on record', async () => {
  const budget = 0.1 * all
  const args = [
    '--pool',
    pool,
    '--target-runs',
    'target.csv',
    '--budget',
    String(budget),
    '--seed',
    '2',
    '--out',
    'played',
  ]
  const { task, result, diagnostics } = await jsonOf(...args)
  assert.deepEqual([task.unit, task.seed, result.kind], ['gpu_hours', 2, 'played'])
  const { purchases, rounds, spent, prediction, hindsight } = result
  close(
    purchases.reduce((sum: number, { cost }: { cost: number }) => sum + cost, 0),
    spent,
    1e-9,
  )
  assert.ok(spent <= budget && spent > 0.8 * budget)
  for (const { row, parameters, learning_rate, batch_size, cost, loss } of purchases)
    assert.deepEqual(
      [parameters, learning_rate, batch_size, cost, loss],
      [recorded.parameters, recorded.tuning!.rate!, recorded.tuning!.batch!, hours, recorded.loss].map(
        (column) => column[row - 2],
      ),
    )
  assert.equal(new Set(purchases.map(({ row }: { row: number }) => row)).size, purchases.length)
  assert.ok(
    purchases.every(({ round, share }: { round: number; share: number | null }) => (round === 0) === (share === null)),
  )
  assert.deepEqual([rounds[0].runs, rounds[0].sdAfter], [8, null])
  assert.ok(rounds.at(-1).sdAfter < rounds[1].sdBefore)
  assert.equal(prediction.target.length, 6)
  assert.equal(prediction.target[5].loss, null)
  assert.deepEqual([prediction.scores.runs, hindsight.all.scores.runs], [5, 5])
  assert.ok(prediction.scores.rmse < 0.1 && hindsight.all.scores.rmse < prediction.scores.rmse + 0.02)
  assert.equal(hindsight.rest.runs, recorded.size - purchases.length)
  assert.ok(hindsight.rest.rmse < 0.05)
  assert.ok(!diagnostics.some(({ severity }: { severity: string }) => severity === 'warning'))

  const record = readFileSync(join(folder, 'played/purchases.jsonl'), 'utf8').trimEnd().split('\n')
  assert.deepEqual(
    record.map((line) => JSON.parse(line)),
    purchases,
  )
  const { runs } = await readRuns([join(folder, 'played/purchases.jsonl')])
  assert.deepEqual(
    [...runs.loss],
    purchases.map(({ loss }: { loss: number }) => loss),
  )
  for (const name of ['report.html', 'report.md', 'figures/places.svg', 'figures/errors.svg'])
    assert.ok(existsSync(join(folder, 'played', name)), name)
  assert.deepEqual(await jsonOf(...args), { task, result, diagnostics, ...(await rest(...args)) })
  const { result: other } = await jsonOf(...args.with(7, '3'))
  assert.notDeepEqual(other.purchases, purchases)
})

async function rest(...args: string[]) {
  const { pool: summary, read } = await jsonOf(...args)
  return { pool: summary, read }
}

test('the best run of a budget is predicted with its settings, in words', async () => {
  const { status, stdout } = await campaign(
    '--pool',
    pool,
    '--target',
    '1e22',
    '--budget',
    String(0.2 * all),
    '--out',
    'best',
  )
  assert.equal(status, 0)
  assert.match(
    stdout,
    /^The best run of 1e22 FLOPs, from \d+ runs for \S+ of \S+ gpu_hours, 95 % intervals:\n {2}N +\S+ \[/,
  )
  for (const name of ['D', 'learning rate', 'batch', 'loss']) assert.match(stdout, new RegExp(`\\n  ${name} +\\S+ \\[`))
  assert.match(stdout, /#\s+round\s+row\s+N\s+D\s+rate\s+batch \(sequences\)\s+cost \(gpu_hours\)\s+loss\s+why/)
  assert.match(stdout, /runs not bought the losses on record: off by/)
})

test('where runs have no loss the next ones are named within the budget, and the same command goes on with what they gave', async () => {
  const args = (file: string) => [
    '--pool',
    file,
    '--target-runs',
    'target.csv',
    '--budget',
    String(0.6 * all),
    '--next',
    '4',
    '--out',
    'next',
    '--force', // the losses are filled in in another file here
  ]
  const { pool: summary, result } = await jsonOf(...args(plans))
  const made = recorded.loss.filter((_, i) => i % 5 === 0).length
  assert.deepEqual([summary.finished, summary.open], [made, recorded.size - made])
  assert.equal(result.kind, 'advised')
  assert.ok(result.next.length === 4 || (result.next.length > 0 && result.stopped.kind === 'round'))
  assert.ok(result.sdAfter < result.sdBefore)
  close(
    result.spent,
    hours.reduce((sum, own, i) => (i % 5 === 0 ? sum + own : sum), 0),
    1e-9,
  )
  assert.equal(result.prediction.scores.runs, 5)
  const named = result.next.map(({ row }: { row: number }) => row - 2)
  assert.ok(named.every((i: number) => i % 5 !== 0))
  const lines = readFileSync(join(folder, 'next/next.jsonl'), 'utf8').trimEnd().split('\n')
  assert.deepEqual(
    lines.map((line) => JSON.parse(line)),
    result.next,
  )
  const filled = poolFile('filled.csv', (i) => (i % 5 === 0 || named.includes(i) ? recorded.loss[i] : ''))
  const again = (await jsonOf(...args(filled))).result
  assert.ok(again.next.every(({ row }: { row: number }) => !named.includes(row - 2)))
  assert.ok(again.sdBefore < result.sdBefore)
})

test('without any loss an opening is named; --dry-run writes nothing and looks at no loss', async () => {
  const { result } = await jsonOf(
    '--pool',
    poolFile('none.csv', () => ''),
    '--target',
    '1e22',
    '--out',
    'opening',
  )
  assert.deepEqual([result.next.length, result.prediction, result.sdBefore], [8, null, null])
  const args = ['--pool', pool, '--target', '1e22', '--budget', String(0.1 * all), '--dry-run', '--out', 'dry']
  const dry = await jsonOf(...args)
  const scrambled = poolFile('scrambled.csv', (i) => 9 - recorded.loss[i])
  assert.deepEqual(
    (await jsonOf(...args.with(1, scrambled))).result.next.map(({ row }: { row: number }) => row),
    dry.result.next.map(({ row }: { row: number }) => row),
  )
  const { result: played } = await jsonOf(...args.filter((word) => word !== '--dry-run'))
  assert.deepEqual(
    played.purchases.slice(0, 8).map(({ row }: { row: number }) => row),
    dry.result.next.map(({ row }: { row: number }) => row),
  )
  rmSync(join(folder, 'dry'), { recursive: true })
  await campaign(...args)
  assert.ok(!existsSync(join(folder, 'dry')))
})

test('rows that cannot be used are told, and those that can are chosen from', async () => {
  const cost = (i: number) => (['', -1, 0, 'much'][i] ?? hours[i]) as string | number
  const loss: Loss = (i) => (i === 4 ? -1 : i === 5 ? 'inf' : recorded.loss[i])
  const args = ['--target', '1e22', '--budget', String(all), '--out', 'rows'] as const
  const { pool: summary, read, diagnostics } = await jsonOf('--pool', poolFile('rows.csv', loss, cost), ...args)
  assert.deepEqual(
    read[0].excluded.map(({ row, reason }: { row: number; reason: string }) => [row, reason]),
    [
      [2, 'gpu_hours is missing'],
      [3, 'gpu_hours is -1, expected a positive number'],
      [4, 'gpu_hours is 0, expected a positive number'],
      [5, 'gpu_hours "much" is not a number'],
      [6, 'loss is -1, expected a positive number'],
    ],
  )
  assert.deepEqual([summary.runs, summary.diverged], [recorded.size - 5, 1])
  assert.ok(diagnostics.some(({ code }: { code: string }) => code === 'runs-excluded'))
  const plansWithout = poolFile(
    'free.csv',
    (i) => (i < 30 ? recorded.loss[i] : ''),
    (i) => (i < 20 ? '' : i < 25 ? 0 : i === 40 ? '' : hours[i]),
  )
  const free = await jsonOf('--pool', plansWithout, ...args, '--force')
  assert.deepEqual(
    free.read[0].excluded.map(({ row, reason }: { row: number; reason: string }) => [row, reason]),
    [[42, 'gpu_hours is missing']],
  )
  close(
    free.result.spent,
    hours.slice(25, 30).reduce((a, b) => a + b),
    1e-9,
  )
})

test('what cannot be meant is refused with what to do', async () => {
  const budget = ['--budget', String(0.1 * all)]
  await refused('BAD_OPTION', /neither --target nor --target-runs/, '--pool', pool, ...budget)
  await refused(
    'BAD_OPTION',
    /exclude each other/,
    '--pool',
    pool,
    '--target',
    '1e22',
    '--target-runs',
    'target.csv',
    ...budget,
  )
  await refused('BAD_OPTION', /no --budget/, '--pool', pool, '--target', '1e22')
  await refused('BAD_OPTION', /none to make next/, '--pool', pool, '--target', '1e22', '--next', '3', ...budget)
  await refused('TOO_FEW_RUNS', /The cheapest run costs/, '--pool', pool, '--target', '1e22', '--budget', '1e-9')
  const diverged = poolFile('diverged.csv', () => 'inf')
  await refused('TOO_FEW_RUNS', /Add runs that finish/, '--pool', diverged, '--target', '1e22', ...budget)
  await refused('BAD_OPTION', /--budget is "-5"/, '--pool', pool, '--target', '1e22', '--budget', '-5')
  for (const option of [
    ['--world', 'seed:1'],
    ['--api', 'http://localhost'],
    ['--runs', pool],
    ['--strategy', 'adaptive'],
  ])
    await refused(
      'BAD_OPTION',
      new RegExp(`${option[0]} does not go with --pool`),
      '--pool',
      pool,
      '--target',
      '1e22',
      ...budget,
      ...option,
    )
  await refused('BAD_OPTION', /--next came without --pool/, '--next', '3')
  await refused('COLUMN_UNKNOWN', /"euros"/, '--pool', pool, '--target', '1e22', ...budget, '--columns', 'cost=euros')
  await refused('FILE_NOT_FOUND', /nowhere\.csv/, '--pool', 'nowhere.csv', '--target', '1e22', ...budget)
  const rows = Array.from({ length: 12 }, (_, k) => `${(k + 1) * 1e7},1e9,${k < 9 ? '"1,5"' : k},3.${k}`)
  writeFileSync(join(folder, 'commas.csv'), `N,D,cost,loss\n${rows.join('\n')}\n`)
  await refused(
    'TOO_FEW_RUNS',
    /9 of 12 rows .* cost "1,5" is not/,
    '--pool',
    'commas.csv',
    '--target',
    '1e22',
    ...budget,
  )
  writeFileSync(join(folder, 'unnamed.csv'), `N,D,A100-days,loss\n${rows.join('\n')}\n`)
  const unnamed = ['--pool', 'unnamed.csv', '--target', '1e22', '--budget', '100'] as const
  await refused('TOO_FEW_RUNS', /No column has costs, so they are in FLOPs: .* --columns cost=NAME/, ...unnamed)
  writeFileSync(join(folder, 'one.csv'), 'N,D,loss\n1e8,1e9,3\n')
  await refused('TOO_FEW_RUNS', /one run/, '--pool', 'one.csv', '--target', '1e22', ...budget)
  writeFileSync(join(folder, 'tokens.csv'), 'N,D,lr,batch_tokens\n1e9,1e10,1e-3,1e6\n')
  await refused(
    'BAD_OPTION',
    /in sequences, the runs to predict in tokens/,
    '--pool',
    pool,
    '--target-runs',
    'tokens.csv',
    ...budget,
  )
  poolFile('costless.csv', lossOf, () => '')
  await refused('NO_USABLE_RUNS', /gpu_hours is missing/, '--pool', 'costless.csv', '--target', '1e22', ...budget)
  mkdirSync(join(folder, 'taken'))
  writeFileSync(join(folder, 'taken/campaign.json'), '{}')
  await refused('CAMPAIGN_DIFFERS', /taken/, '--pool', pool, '--target', '1e22', ...budget, '--out', 'taken')
})

test('what the pool cannot tell of the target is said', async () => {
  writeFileSync(
    join(folder, 'plain.csv'),
    `N,D,loss\n${Array.from({ length: 20 }, (_, i) => `1e8,${(1 + i) * 1e9},${2 + 1 / (1 + i)}`).join('\n')}\n`,
  )
  writeFileSync(join(folder, 'rich.csv'), 'N,D,lr,unique_tokens\n1e12,1e13,1e-3,1e12\n')
  const { diagnostics } = await jsonOf(
    '--pool',
    'plain.csv',
    '--target-runs',
    'rich.csv',
    '--budget',
    '1e20',
    '--out',
    'rich',
  )
  const codes = diagnostics.flatMap(({ code, severity }: { code: string; severity: string }) =>
    severity === 'warning' ? [code] : [],
  )
  assert.deepEqual(codes, ['setting-fixed', 'repeats-counted-fresh', 'not-determined', 'far-extrapolation'])
})
