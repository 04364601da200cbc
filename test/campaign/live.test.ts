import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { campaign, type Standing } from '../../src/campaign/campaign.ts'
import { controlIn, wish, wishIn } from '../../src/campaign/control-file.ts'
import { liveFile, readLive, tellLive } from '../../src/campaign/live-file.ts'
import { viewOfCampaign } from '../../src/campaign/view.ts'
import { worldTrainer } from '../../src/campaign/world-trainer.ts'
import type { Config } from '../../src/core/config.ts'
import type { TrainingConfig } from '../../src/cs336/config.ts'
import { profilesStrategy } from '../../src/plan/profiles/profiles.ts'
import { drawnWorld } from '../../src/world/drawn.ts'
import { standing } from '../report/campaigns.ts'

const root = mkdtempSync(join(tmpdir(), 'live-'))
after(() => rmSync(root, { recursive: true, force: true }))
const folderOf = (name: string) => mkdtempSync(join(root, name))

const strategy = profilesStrategy('lowest')
const task = { source: 'world', strategy: strategy.name, words: strategy.words, seed: 0, budget: 2e17, target: 1e19 }
const world = drawnWorld(907)

test('what is told of a campaign that goes on is where it stands, and at last its end', async () => {
  const folder = folderOf('told')
  // A clock on which any time passes: every standing is told.
  let now = 0
  const live = tellLive({ folder, about: { task }, command: 'isoflop campaign', clock: { now: () => now } })
  const seen: number[] = []
  const onStanding = (told: Standing) => {
    now += 1000
    live.show(told)
    const read = readLive(folder)!
    assert.equal(read.state, 'running')
    assert.equal(read.view.runs.length, told.runs.length)
    seen.push(read.view.runs.length)
  }
  const ended = await campaign<Config>({ ...task, trainer: worldTrainer(world as never), strategy, onStanding })
  live.ended(viewOfCampaign(ended, { task }))
  live.close()
  const last = readLive(folder)!
  assert.equal(last.state, 'ended')
  assert.deepEqual(last.view.runs.length, ended.runs.length)
  assert.ok(seen.length > ended.runs.length && last.command === 'isoflop campaign')
})

test('a campaign that ends without a result is told as broken off', () => {
  const folder = folderOf('broken')
  const live = tellLive({ folder, about: { task } })
  live.show(standing)
  live.close()
  assert.equal(readLive(folder)?.state, 'broken')
})

test('a campaign that was interrupted is not told as ended, and shows what it was about to make', async () => {
  for (const isDetached of [false, true]) {
    const folder = folderOf('interrupted')
    const live = tellLive({ folder, about: { task }, isDetached })
    live.show(standing)
    const ended = await campaign<Config>({ ...task, trainer: worldTrainer(world as never), strategy })
    live.ended(viewOfCampaign({ ...ended, stopped: 'interrupted' }, { task }))
    live.close()
    const { state, view } = readLive(folder)!
    assert.equal(state, isDetached ? 'detached' : 'broken')
    assert.ok(standing.open.length > 0)
    assert.deepEqual([view.open.length, view.runs.length], [standing.open.length, ended.runs.length])
  }
})

test('the law is asked for its evidence only where somebody has looked on', () => {
  const folder = folderOf('asked')
  let asked = 0
  let now = 0
  const live = tellLive({ folder, about: { task }, clock: { now: () => now } })
  const evidence = () => {
    asked++
    return null
  }
  const counted: Standing = { ...standing, evidence }
  live.show(counted)
  assert.equal(asked, 0)
  wish(folder, 'go')
  now += 1000
  live.show(counted)
  assert.equal(asked, 1)
  live.close()
})

test('a file that is damaged, of another layout or absent tells nothing', () => {
  const folder = folderOf('odd')
  assert.equal(readLive(folder), null)
  for (const text of [
    '',
    '{"live": 1',
    '{"live": 2, "view": {"runs": []}}',
    'null',
    '[]',
    '{"live":1,"view":{"runs":7}}',
  ]) {
    writeFileSync(liveFile(folder), text)
    assert.equal(readLive(folder), null, text)
  }
})

test('wishes are read as they were written, and nonsense wants nothing', () => {
  const folder = folderOf('wish')
  assert.equal(wishIn(folder), null)
  for (const wanted of ['pause', 'stop', 'go'] as const) {
    wish(folder, wanted)
    assert.equal(wishIn(folder), wanted)
  }
  for (const text of ['{"wish":"rm"}', 'nonsense', '{"wish":{}}']) {
    writeFileSync(join(folder, 'control.json'), text)
    assert.equal(wishIn(folder), 'go', text)
  }
})

test('a campaign pauses before the next run, goes on, and ends after the round when asked', async () => {
  const folder = folderOf('held')
  const made: number[] = []
  const changes: number[] = []
  const trainer = {
    ...worldTrainer(world as never),
    async train(config: TrainingConfig) {
      made.push(made.length)
      if (made.length === 3) wish(folder, 'pause')
      return { kind: 'finished', loss: world.observe(config) } as const
    },
  }
  const control = controlIn(folder, () => {
    changes.push(made.length)
    if (changes.length === 1) setTimeout(() => wish(folder, 'stop'), 50)
  })
  const options = { ...task, trainer: trainer as never, strategy, control }
  const ended = await campaign<Config>(options)
  // It held where it was told to, and nothing was made meanwhile.
  assert.deepEqual(changes, [3, 3])
  assert.equal(ended.rounds.length, 1)
  assert.equal(ended.stopped, 'stopped on request after a round')
  assert.ok(ended.runs.length > 3)
})

test('what was wanted of an earlier process does not stop the next one', async () => {
  const folder = folderOf('earlier')
  wish(folder, 'stop')
  const options = { ...task, trainer: worldTrainer(world as never), strategy, control: controlIn(folder) }
  const ended = await campaign<Config>(options)
  assert.notEqual(ended.stopped, 'stopped on request after a round')
  assert.equal(wishIn(folder), 'go')
})

test('whoever interrupts a campaign that pauses is not kept waiting', async () => {
  const folder = folderOf('interrupted')
  const interruption = new AbortController()
  const control = controlIn(folder, () => interruption.abort())
  wish(folder, 'pause')
  await control.mayBegin(interruption.signal)
})
