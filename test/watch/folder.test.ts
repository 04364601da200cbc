import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { wishIn } from '../../src/campaign/control-file.ts'
import { campaignInFolder } from '../../src/campaign/in-folder.ts'
import type { Live } from '../../src/campaign/live.ts'
import { liveFile } from '../../src/campaign/live-file.ts'
import type { CampaignView } from '../../src/campaign/view.ts'
import { worldTrainer } from '../../src/campaign/world-trainer.ts'
import { lock } from '../../src/core/lock.ts'
import { profilesStrategy } from '../../src/plan/profiles/profiles.ts'
import { CampaignFolder } from '../../src/watch/folder.ts'
import { drawnWorld } from '../../src/world/drawn.ts'
import { full } from '../report/campaigns.ts'

const root = mkdtempSync(join(tmpdir(), 'watch-folder-'))
const opened: CampaignFolder[] = []
after(() => {
  for (const one of opened) one.close()
  rmSync(root, { recursive: true, force: true })
})
const newFolder = () => mkdtempSync(join(root, 'campaign-'))

function watch(folder: string): CampaignFolder {
  const watched = new CampaignFolder(folder, 'here')
  opened.push(watched)
  return watched
}

function tell(folder: string, view: CampaignView, state: Live['state'] = 'ended'): void {
  writeFileSync(liveFile(folder), JSON.stringify({ live: 1, state, view, capacity: 1, command: '' } satisfies Live))
}

const { view } = full
const runsOf = (count: number): CampaignView => ({ ...view, runs: view.runs.slice(0, count) })

test('whoever knows the first runs is told the rest, and evidence only where it changed', async () => {
  const folder = newFolder()
  const watched = watch(folder)
  assert.equal(watched.since(null), null)
  tell(folder, runsOf(5))
  await watched.look()
  const first = watched.since(null)!
  assert.equal(first.data.from, 0)
  assert.deepEqual(first.data.runs, view.runs.slice(0, 5))
  assert.deepEqual(first.data.evidence, view.evidence)
  assert.ok(!('runs' in first.data.view) && !('evidence' in first.data.view))
  assert.equal(watched.since(first.place), null)
  tell(folder, runsOf(8))
  await watched.look()
  const second = watched.since(first.place)!
  assert.equal(second.data.epoch, first.data.epoch)
  assert.equal(second.data.from, 5)
  assert.deepEqual(second.data.runs, view.runs.slice(5, 8))
  assert.ok(!('evidence' in second.data))
  tell(folder, { ...runsOf(8), evidence: null })
  await watched.look()
  const third = watched.since(second.place)!
  assert.deepEqual([third.data.from, third.data.runs, third.data.evidence], [8, [], null])
})

test('a place of another process, of another campaign or of nobody is the beginning', async () => {
  const folder = newFolder()
  const watched = watch(folder)
  tell(folder, runsOf(8))
  await watched.look()
  const { place } = watched.since(null)!
  for (const strange of [
    '',
    'there.1-1-1-8',
    'here.9-1-1-8',
    '-',
    'x'.repeat(10_000),
    '../../etc',
    `${place}-9`.slice(1),
  ])
    assert.equal(watched.since(strange)?.data.from, 0, strange)
  // Counts that nobody was told are no reason to tell less than there is.
  assert.equal(watched.since('here.1-0-0-999999')?.data.from, 8)
  assert.equal(watched.since('here.1-0-0--5')?.data.from, 0)
  // Another campaign in its place, though it has as many runs.
  tell(folder, { ...runsOf(8), runs: view.runs.slice(4, 12) })
  await watched.look()
  const other = watched.since(place)!
  assert.notEqual(other.data.epoch, watched.since(null)!.data.epoch.replace(/\d+$/, '1'))
  assert.deepEqual(other.data.runs, view.runs.slice(4, 12))
})

test('a campaign whose process is gone has broken off, one that is held goes on as is wished', async () => {
  const folder = newFolder()
  const watched = watch(folder)
  const unlock = lock(join(folder, '.campaign.lock'))!
  tell(folder, runsOf(3), 'running')
  await watched.look()
  const state = () => watched.since(null)!.data.state
  assert.equal(state(), 'running')
  // That somebody looks on is told, so that the campaign asks its law.
  assert.equal(wishIn(folder), 'go')
  writeFileSync(join(folder, 'control.json'), '{"wish":"pause"}')
  await watched.look()
  assert.equal(state(), 'paused')
  assert.equal(watched.isOver, false)
  unlock()
  await watched.look()
  assert.equal(state(), process.platform === 'linux' ? 'broken' : 'paused')
})

test('changes are noticed by themselves, also of a folder that comes later', async () => {
  const folder = join(root, 'later')
  const watched = watch(folder)
  const news = new Promise<void>((done) => watched.onNews(done))
  mkdirSync(folder)
  tell(folder, view)
  await news
  assert.equal(watched.hasBegun && watched.isOver, true)
})

test('a campaign of the library is shown with its end; where nothing is told the record is, as far as it is sound', async () => {
  const folder = newFolder()
  const strategy = profilesStrategy('lowest')
  const trainer = worldTrainer(drawnWorld(907))
  const { campaign, files } = await campaignInFolder({ folder, trainer, strategy, budget: 2e17 })
  const watched = watch(folder)
  await watched.look()
  const { data } = watched.since(null)!
  assert.equal(data.runs.length, campaign.runs.length)
  assert.deepEqual([data.state, data.view.result?.prediction.loss], ['ended', campaign.prediction.loss])
  rmSync(liveFile(folder))
  await watched.look()
  assert.equal(watched.since(null)!.data.state, process.platform === 'linux' ? 'broken' : 'running')
  assert.deepEqual(
    data.runs.map(({ config, loss, round, reason }) => ({ config, loss, round, reason })),
    campaign.runs.map(({ config, loss, round, reason }) => ({ config, loss, round, reason })),
  )
  assert.equal(data.view.spentFlops, campaign.spentFlops)
  writeFileSync(files[0], '{"d_model": 64, "loss": -1}\nnonsense\n{"loss"')
  await watched.look()
  assert.equal(watched.since(null)!.data.runs.length, 0)
  writeFileSync(join(folder, 'campaign.json'), '{')
  await watch(folder).look()
})

test('what is no campaign shows nothing and breaks nothing', async () => {
  const folder = newFolder()
  const watched = watch(folder)
  const odd = ['', '[]', '{"live":1}', '{"live":1,"view":{"runs":[]}}', '{"live":1,"state":"x","view":{"runs":[{}]}}']
  for (const text of odd) {
    writeFileSync(liveFile(folder), text)
    await watched.look()
    assert.equal(watched.since(null), null, text)
  }
  // Whoever only looks leaves nothing behind where no campaign goes on.
  tell(folder, view)
  await watched.look()
  assert.deepEqual(readdirSync(folder), ['live.json'])
})
