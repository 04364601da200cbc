import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { campaignInFolder } from '../../src/campaign/in-folder.ts'
import { IsoflopError } from '../../src/core/errors.ts'
import { type Outcome, outcomeOf, type Trainer } from '../../src/core/trainer.ts'
import type { TrainingConfig } from '../../src/cs336/config.ts'
import { profilesStrategy } from '../../src/plan/profiles/profiles.ts'
import { drawnWorld } from '../../src/world/drawn.ts'

const folder = mkdtempSync(join(tmpdir(), 'isoflop-lost-'))
after(() => rmSync(folder, { recursive: true, force: true }))

const world = drawnWorld(4)
const strategy = profilesStrategy('parabola')
const error = new IsoflopError('RUN_LOST', 'Its time was up.', 'Give it more.')

/** A trainer whose n-th run comes to something else than a loss; counts how often it was asked. */
function trainerWith(special: Readonly<Record<number, Outcome>>) {
  let asked = 0
  const trainer: Trainer<TrainingConfig> = {
    name: 'cluster',
    train: async (config) => special[asked++] ?? outcomeOf(world.observe(config)),
  }
  return { trainer, asked: () => asked }
}

test('a run that is lost counts for what it used, and for all of it where nobody knows', async () => {
  const special: Record<number, Outcome> = {
    1: { kind: 'lost', error, spentFlops: 7 },
    2: { kind: 'lost', error },
    3: { kind: 'lost', error, spentFlops: 1e40 },
  }
  const { campaign } = await campaignInFolder({
    folder: join(folder, 'lost'),
    strategy,
    trainer: trainerWith(special).trainer,
  })
  const [first, second, third] = campaign.lost
  assert.deepEqual(
    campaign.lost.map(({ spentFlops }) => spentFlops),
    [7, second.config.trainFlops, third.config.trainFlops],
  )
  assert.equal(first.message, error.message)
  const finished = campaign.runs.reduce((sum, { config }) => sum + config.trainFlops, 0)
  assert.equal(campaign.spentFlops, finished + 7 + second.config.trainFlops + third.config.trainFlops)
  assert.ok(campaign.spentFlops <= 2e18)
})

test('where every run was lost it is not a larger budget that is advised', async () => {
  const trainer: Trainer<TrainingConfig> = { name: 'cluster', train: async () => ({ kind: 'lost', error }) }
  await assert.rejects(campaignInFolder({ folder: join(folder, 'all'), trainer, budget: 1e16 }), {
    code: 'TOO_FEW_RUNS',
    advice: /one that was lost may need more time/,
  })
})

test('a run that was interrupted ends the buying and counts for nothing; the same campaign asks for it again', async () => {
  const place = join(folder, 'interrupted')
  const stopped = new IsoflopError('RUN_INTERRUPTED', 'It was ended.', 'Go on.')
  const broken = trainerWith({ 12: { kind: 'interrupted', error: stopped } })
  const first = (await campaignInFolder({ folder: place, strategy, trainer: broken.trainer })).campaign
  assert.equal(first.stopped, 'interrupted')
  assert.deepEqual([first.runs.length, first.refused, first.lost, broken.asked()], [12, [], [], 13])
  const whole = trainerWith({})
  const second = (await campaignInFolder({ folder: place, strategy, trainer: whole.trainer })).campaign
  assert.equal(whole.asked(), second.runs.length - 12)
  const unbroken = await campaignInFolder({ folder: join(folder, 'whole'), strategy, trainer: trainerWith({}).trainer })
  assert.deepEqual(second, unbroken.campaign)
})
