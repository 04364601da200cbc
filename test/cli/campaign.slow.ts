import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Stub } from '../stub-api.ts'
import { against, bin, campaign, folder, once, outcome, recordOf, resultOf, start, stub } from './campaigns.ts'

test('--world: one JSON object with the truth, equal for equal seeds; the record is a table of runs', async () => {
  const args = ['--world', 'seed:3', '--budget', '2e17', '--out', 'world', '--json']
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
  assert.ok(spentFlops <= 2e17)
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
  const { status, stdout, stderr } = await campaign('--world', 'seed:4', '--budget', '2e17', '--out', 'people')
  assert.equal(status, 0, stderr)
  assert.match(stdout, /^At 1e19 FLOPs.*:\n {2}configuration {2}d_model \d+, \d+ layers/)
  assert.match(stdout, /\nThe truth in seed:4:\n/)
  assert.match(stdout, /\n {2}regret of the predicted configuration: \S+ nats\/token\n/)
  assert.match(stdout, /\n\d+ runs of world:seed:4 for \S+ of 2e17 FLOPs:\n/)
  assert.match(stdout, /\nwrote people\/campaign\.jsonl/)
  for (const line of stdout.split('\n').filter((text) => !text.startsWith('wrote'))) assert.ok(line.length <= 100, line)
  assert.match(stderr, /^0 of 2e17 FLOPs, 0 runs, no estimate yet, \S/)
  assert.ok(stderr.trimEnd().split('\n').length >= 3)
  assert.doesNotMatch(stdout + stderr, /NaN|Infinity|undefined/)
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
    [['--budget', '1e18'], /--budget is 2e18 there and 1e18 here/],
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
    /^error\[CAMPAIGN_DIFFERS\]: .*the source is world:seed:1 there and world:seed:2 here\.\n {2}.*--force/,
  )
  assert.deepEqual(recordOf('free'), kept)
  const { runs } = resultOf(await campaign('--world', 'seed:2', ...world, '--force'))
  assert.deepEqual(recordOf('free'), runs)
  assert.match((await campaign(...against(api, 'free'))).stderr, /^error\[CAMPAIGN_DIFFERS\]: .*world:seed:2 there/)
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
