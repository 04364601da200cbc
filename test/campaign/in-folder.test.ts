import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { campaignInFolder } from '../../src/campaign/in-folder.ts'
import type { Notice } from '../../src/campaign/session.ts'
import { outcomeOf, type Trainer } from '../../src/core/trainer.ts'
import type { TrainingConfig } from '../../src/cs336/config.ts'
import { profilesStrategy } from '../../src/plan/profiles/profiles.ts'
import { drawnWorld } from '../../src/world/drawn.ts'

const folder = mkdtempSync(join(tmpdir(), 'isoflop-folder-'))
after(() => rmSync(folder, { recursive: true, force: true }))

const world = drawnWorld(4)
const strategy = profilesStrategy('parabola')

/** A cluster that goes down at a run, and counts what it was asked. */
function cluster({ downAt = Number.POSITIVE_INFINITY, capacity = 1, divergesAt = 5 } = {}) {
  const asked: string[] = []
  const trainer: Trainer<TrainingConfig> = {
    name: 'cluster',
    capacity,
    async train(config) {
      if (asked.length >= downAt) throw new Error('the cluster is down')
      asked.push(JSON.stringify(config))
      return config.dModel % 11 === divergesAt ? { kind: 'diverged', at: 7 } : outcomeOf(world.observe(config))
    },
  }
  return { trainer, asked }
}

test('a campaign of the library goes on after every crash, equal to one that never broke off, and asks nothing twice', async () => {
  const whole = await campaignInFolder({ folder: join(folder, 'whole'), strategy, trainer: cluster().trainer })
  const total = whole.campaign.runs.length
  for (const capacity of [1, 3]) {
    const place = join(folder, `crashing-${capacity}`)
    const asked: string[] = []
    for (const downAt of [0, 4, 7, total]) {
      const { trainer, asked: now } = cluster({ downAt, capacity })
      const going = campaignInFolder({ folder: place, strategy, trainer })
      if (downAt < total) await assert.rejects(going, /the cluster is down/)
      else assert.deepEqual((await going).campaign, whole.campaign)
      asked.push(...now)
    }
    assert.equal(new Set(asked).size, asked.length)
    assert.equal(asked.length, total)
  }
})

test('a run that diverged is recorded as one that was made, and is not asked for again', async () => {
  const place = join(folder, 'diverging')
  const divergesAt = 2 // widths of 2 modulo 11, of which there are several
  const { campaign, files } = await campaignInFolder({
    folder: place,
    strategy,
    trainer: cluster({ divergesAt }).trainer,
  })
  const diverged = campaign.runs.filter(({ loss }) => Number.isNaN(loss))
  assert.ok(diverged.length > 0)
  assert.deepEqual([campaign.refused, campaign.lost], [[], []])
  const lines = readFileSync(files[0], 'utf8').trim().split('\n')
  assert.equal(lines.filter((line) => JSON.parse(line).loss === null).length, diverged.length)
  const notices: Notice[] = []
  const again = cluster({ downAt: 0 })
  const resumed = await campaignInFolder({
    ...{ folder: place, strategy, trainer: again.trainer },
    onNotice: (notice) => notices.push(notice),
  })
  assert.deepEqual(resumed.campaign, campaign)
  assert.deepEqual(
    notices.map(({ kind }) => kind),
    ['resumed'],
  )
})
