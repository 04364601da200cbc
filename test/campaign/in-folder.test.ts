import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { campaign } from '../../src/campaign/campaign.ts'
import { campaignInFolder } from '../../src/campaign/in-folder.ts'
import type { Notice } from '../../src/campaign/session.ts'
import type { IsoflopError } from '../../src/core/errors.ts'
import { type Outcome, outcomeOf, type Trainer } from '../../src/core/trainer.ts'
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

test('what is no outcome of a run ends a campaign at once, and is neither recorded nor taken for a run that diverged', async () => {
  const gives: [unknown, RegExp][] = [
    [undefined, /The trainer gave undefined, expected \{ kind: 'finished', loss \}/],
    [3.2, /gave 3\.2,/],
    [{ loss: 3.2 }, /gave \{"loss":3\.2\},/],
    [{ kind: 'finished', loss: '3.2' }, /gave \{"kind":"finished","loss":"3\.2"\}/],
    [{ kind: 'finished', loss: -1 }, /nats above 0/],
    [{ kind: 'finished', loss: Number.NaN }, /NaN for a run that diverged/],
    [{ kind: 'refused' }, /'refused', 'exhausted' or 'lost' with an error/],
  ]
  for (const [k, [given, message]] of gives.entries()) {
    const place = join(folder, `no-outcome-${k}`)
    let asked = 0
    const train = async () => {
      asked++
      return given as Outcome
    }
    const going = campaignInFolder({ folder: place, strategy, trainer: { name: 'mine', train } })
    await assert.rejects(going, (error: IsoflopError) => {
      assert.equal(error.code, 'OUTCOME_INVALID')
      assert.match(`${error.message} ${error.advice}`, message)
      return true
    })
    await assert.rejects(campaign({ strategy, trainer: { name: 'mine', train } }), { code: 'OUTCOME_INVALID' })
    assert.equal(asked, 2)
    assert.equal(readFileSync(join(place, 'campaign.jsonl'), 'utf8'), '')
  }
  // A misspelt field of a result: the commonest way to no loss.
  assert.throws(() => outcomeOf(undefined as unknown as number), { code: 'OUTCOME_INVALID' })
  assert.throws(() => outcomeOf('3.2' as unknown as number), { code: 'OUTCOME_INVALID' })
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
