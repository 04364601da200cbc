import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { cancel, wantedIn, wish } from '../../src/campaign/control-file.ts'
import { campaignInFolder } from '../../src/campaign/in-folder.ts'
import { readLive } from '../../src/campaign/live-file.ts'
import { worldTrainer } from '../../src/campaign/world-trainer.ts'
import { cancelledRun, outcomeOf, type Trainer } from '../../src/core/trainer.ts'
import type { TrainingConfig } from '../../src/cs336/config.ts'
import { apiSpace } from '../../src/cs336/space.ts'
import { profilesStrategy } from '../../src/plan/profiles/profiles.ts'
import { drawnWorld } from '../../src/world/drawn.ts'

const root = mkdtempSync(join(tmpdir(), 'isoflop-cancel-'))
after(() => rmSync(root, { recursive: true, force: true }))
const world = drawnWorld(4)
const task = { strategy: profilesStrategy('parabola'), budget: 2e17 }
const idOf = apiSpace.folderName

/** A trainer that is told to give up the runs at `places`, in the order of asking, once they are out: after `used` FLOPs. */
function trainerIn(folder: string, places: readonly number[], used: number) {
  const asked: string[] = []
  const trainer: Trainer<TrainingConfig> = {
    name: 'cluster',
    cancels: true,
    async train(config, { cancel: wanted } = {}) {
      const id = idOf(config)
      const place = asked.push(id) - 1
      if (wanted?.aborted) return cancelledRun(id)
      if (places.includes(place)) {
        cancel(folder, id)
        await new Promise((done) => wanted!.addEventListener('abort', done))
        return cancelledRun(id, used)
      }
      return outcomeOf(world.observe(config))
    },
  }
  return { trainer, asked }
}

test('a run that is cancelled while it is out counts for what it used, and is not asked for again', async () => {
  const folder = join(root, 'out')
  const first = trainerIn(folder, [2, 5], 7e13)
  const { campaign } = await campaignInFolder({ folder, ...task, trainer: first.trainer })
  assert.deepEqual(
    campaign.lost.map(({ config, spentFlops }) => [idOf(config), spentFlops]),
    [2, 5].map((k) => [first.asked[k], 7e13]),
  )
  assert.match(campaign.lost[0].message, /was cancelled/)
  assert.equal(new Set(first.asked).size, first.asked.length)
  const made = campaign.runs.reduce((sum, { config }) => sum + config.trainFlops, 0)
  assert.equal(campaign.spentFlops, made + 2 * 7e13)
  // The same command later asks for nothing, and comes to the same.
  const again = trainerIn(folder, [], 0)
  const { campaign: replayed } = await campaignInFolder({ folder, ...task, trainer: again.trainer })
  assert.deepEqual(again.asked, [])
  assert.deepEqual(replayed, campaign)
  // A line that somebody changed is not believed: its run is asked for after all.
  const file = join(folder, 'cancelled.jsonl')
  const text = readFileSync(file, 'utf8')
  writeFileSync(file, text.replace('70000000000000', '60000000000000'))
  writeFileSync(join(folder, 'control.json'), '{}')
  const doubted = trainerIn(folder, [], 0)
  await campaignInFolder({ folder, ...task, trainer: doubted.trainer })
  assert.equal(doubted.asked[0], first.asked[2])
})

test('a run that is planned is left out for nothing, also where the trainer has no way to end one', async () => {
  for (const cancels of [true, false]) {
    const folder = join(root, `planned-${cancels}`)
    const asked: string[] = []
    let told = ''
    const { trainer } = trainerIn(folder, [], 0)
    const { campaign } = await campaignInFolder({
      ...{ folder, ...task },
      trainer: {
        ...trainer,
        cancels,
        train(config, request) {
          asked.push(idOf(config))
          return trainer.train(config, request)
        },
      },
      onStanding({ open }) {
        if (told !== '' || open.length < 3) return
        told = idOf(open[2].config as TrainingConfig)
        cancel(folder, told)
      },
    })
    assert.deepEqual(
      campaign.refused.map(({ config, message }) => [idOf(config), /was cancelled/.test(message)]),
      [[told, true]],
    )
    assert.equal(asked.includes(told), cancels)
    assert.equal(
      campaign.spentFlops,
      campaign.runs.reduce((sum, { config }) => sum + config.trainFlops, 0),
    )
  }
})

test('a trainer that cannot end a run is waited for: what it comes to counts', async () => {
  const folder = join(root, 'cannot')
  let id = ''
  const trainer: Trainer<TrainingConfig> = {
    name: 'cluster',
    async train(config) {
      id ||= idOf(config)
      cancel(folder, id)
      return outcomeOf(world.observe(config))
    },
  }
  const { campaign } = await campaignInFolder({ folder, ...task, trainer })
  assert.equal(idOf(campaign.runs[0].config), id)
  assert.deepEqual([campaign.lost, campaign.refused], [[], []])
  assert.ok(!readLive(folder)!.cancels)
})

test('a simulated campaign that is begun anew has nothing cancelled', async () => {
  const folder = join(root, 'anew')
  const trainer = worldTrainer(world)
  let id = ''
  const onStanding = ({ open }: { open: readonly { config: object }[] }) => {
    id ||= idOf(open[1].config as TrainingConfig)
    cancel(folder, id)
  }
  const first = await campaignInFolder({ folder, ...task, trainer, onStanding })
  assert.equal(first.campaign.refused.length, 1)
  const second = await campaignInFolder({ folder, ...task, trainer })
  assert.equal(second.campaign.refused.length, 0)
})

test('what is cancelled and what is wished stand beside each other, and nonsense cancels nothing', () => {
  const folder = mkdtempSync(join(root, 'wanted-'))
  cancel(folder, 'a')
  wish(folder, 'pause')
  cancel(folder, 'b')
  cancel(folder, 'a')
  assert.deepEqual(wantedIn(folder), { wish: 'pause', cancel: ['a', 'b'] })
  const many = Array.from({ length: 3000 }, (_, k) => `run-${k}`)
  for (const [text, cancelled] of [
    ['{"cancel": "a"}', []],
    ['{"cancel": [1, null, {}, "b"]}', ['b']],
    [JSON.stringify({ cancel: ['x'.repeat(10_000)] }), []],
    [JSON.stringify({ cancel: many }), many.slice(-1000)],
  ] as const) {
    writeFileSync(join(folder, 'control.json'), text)
    assert.deepEqual(wantedIn(folder), { wish: 'go', cancel: cancelled })
  }
})
