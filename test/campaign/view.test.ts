import assert from 'node:assert/strict'
import { test } from 'node:test'
import { campaign, type Standing } from '../../src/campaign/campaign.ts'
import { type CampaignView, viewOfCampaign, viewOfStanding } from '../../src/campaign/view.ts'
import { worldTrainer } from '../../src/campaign/world-trainer.ts'
import { IsoflopError } from '../../src/core/errors.ts'
import { outcomeOf } from '../../src/core/trainer.ts'
import type { TrainingConfig } from '../../src/cs336/config.ts'
import { adaptive } from '../../src/plan/adaptive/adaptive.ts'
import { profilesStrategy } from '../../src/plan/profiles/profiles.ts'
import { renderCampaign } from '../../src/report/campaign/report.ts'
import { standingLine } from '../../src/report/campaign/text.ts'
import { drawnWorld } from '../../src/world/drawn.ts'
import { full, interim, plain, standing, tiny } from '../report/campaigns.ts'

test('a view survives JSON, and the report drawn from what comes out is the same', () => {
  for (const report of [full, plain, tiny, interim]) {
    const view: CampaignView = JSON.parse(JSON.stringify(report.view))
    assert.deepEqual(view, report.view)
    assert.deepEqual(renderCampaign({ ...report, view }), renderCampaign(report))
  }
})

test('followed while it goes on, a campaign ends where its last view stood', async () => {
  const world = drawnWorld(907)
  const strategy = profilesStrategy('lowest')
  const task = {
    source: world.name,
    strategy: strategy.name,
    words: strategy.words,
    seed: 0,
    budget: 2e17,
    target: 1e19,
  }
  const views: CampaignView[] = []
  const follow = (told: Standing) => views.push(viewOfStanding(told, { task }))
  const ended = await campaign({ ...task, trainer: worldTrainer(world), strategy, onStanding: follow })
  const end = viewOfCampaign(ended, { task })
  const last = views.at(-1)!
  assert.deepEqual(last.runs, end.runs)
  assert.equal(last.spentFlops, end.spentFlops)
  assert.equal(last.queries, end.queries)
  assert.deepEqual(
    last.rounds.map(({ title, queries }) => [title, queries]),
    end.rounds.map(({ title, queries }) => [title, queries]),
  )
  assert.ok(views.every(({ result }) => result === null) && end.result.stopped !== '')
  for (const [k, view] of views.slice(1).entries()) assert.ok(view.spentFlops >= views[k].spentFlops)
})

test('while it goes on, the view tells what is refused, what is lost, what is still open and what the law says', async () => {
  const world = drawnWorld(907)
  const task = { source: 'x', strategy: adaptive.name, words: adaptive.words, seed: 0, budget: 2e18, target: 1e19 }
  const views: CampaignView[] = []
  const gone = new IsoflopError('TRAINING_FAILED', 'The node is gone.', 'Look at it.')
  let asked = 0
  const ended = await campaign({
    trainer: {
      name: 'x',
      train: async (config: TrainingConfig) =>
        ++asked === 3
          ? { kind: 'refused', error: gone }
          : asked === 5
            ? { kind: 'lost', error: gone }
            : outcomeOf(world.observe(config)),
    },
    budget: 1e17,
    onStanding: (told) => views.push(viewOfStanding(told, { task }, { withEvidence: told.rounds.length >= 2 })),
  })
  const last = views.at(-1)!
  assert.deepEqual([last.refused.length, last.lost.length], [1, 1])
  assert.deepEqual([last.refused, last.lost], [ended.refused, ended.lost])
  for (const view of views) {
    assert.deepEqual(JSON.parse(JSON.stringify(view)), view)
    const told = view.open.every(({ reason }) => reason.length > 0)
    assert.ok(told && view.open.length <= 30)
  }
  // Within a round there is one run fewer to come after each outcome; the plan's expectation is there before its run is.
  const [first, second] = views
  assert.deepEqual(second.open, first.open.slice(1))
  const foretold = views.flatMap(({ open }) => open.filter(({ expected }) => expected !== null))
  assert.ok(foretold.length > 0)
  assert.ok(views.some(({ evidence }) => evidence !== null && evidence.profiles.length > 0))
})

test('the write-up of a campaign that goes on says so, shows its runs, and submits nothing', () => {
  const files = renderCampaign(interim)
  assert.deepEqual(Object.keys(files), ['report.html', 'report.md', 'figures/design.svg', 'figures/profiles.svg'])
  const text = files['report.md']
  assert.match(
    text,
    /\*\*This campaign goes on:\*\* 3\.4e17 of 2e18 FLOPs are spent on 20 runs\. As of the latest plan, at 1e19 FLOPs/,
  )
  assert.match(text, /\| 1 \| Round 1 of 2: mostly for the loss \|/)
  assert.doesNotMatch(text, /Buying ended|submission\.json|NaN|undefined|null/)
  assert.match(files['figures/design.svg'], />N \d\.\d+e8 \[/)
  assert.match(standingLine(interim.view), /^3\.4e17 of 2e18 FLOPs, 20 runs, N .*, Round 1 of 2: mostly for the loss$/)
})

test('before there is an estimate, the figures show the runs alone', () => {
  const view = viewOfStanding({ ...standing, estimate: null }, { task: full.view.task })
  const files = renderCampaign({ ...interim, view })
  assert.match(files['report.md'], /too few for an estimate/)
  assert.doesNotMatch(files['figures/design.svg'], />N \d/)
  assert.doesNotMatch(files['report.html'], /NaN|undefined|Infinity/)
})
