import assert from 'node:assert/strict'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type { CampaignJson } from '../../src/report/campaign/json.ts'
import { against, campaign, folder, once, outcome, recordOf, resultOf, start, stub } from './campaigns.ts'

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

test('Ctrl-C ends it after the run in flight, with a result, and it can go on', async () => {
  const api = await stub({ delayMs: 20 })
  const { child, ended, said } = start(against(api, 'interrupted'))
  await api.reached(40)
  child.kill('SIGINT')
  await said('ending; runs that were asked for')
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
  await said('ending; runs that were asked for')
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
