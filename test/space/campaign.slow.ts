import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { type Campaign, campaign } from '../../src/campaign/campaign.ts'
import { campaignInFolder } from '../../src/campaign/in-folder.ts'
import { ownRuns } from '../../src/campaign/own-runs.ts'
import { viewOfCampaign } from '../../src/campaign/view.ts'
import { worldTrainer } from '../../src/campaign/world-trainer.ts'
import type { Config } from '../../src/core/config.ts'
import { regret } from '../../src/core/regret.ts'
import { outcomeOf, type Trainer } from '../../src/core/trainer.ts'
import { cs336Space } from '../../src/cs336/space.ts'
import { adaptive } from '../../src/plan/adaptive/adaptive.ts'
import { profilesStrategy } from '../../src/plan/profiles/profiles.ts'
import { campaignJson } from '../../src/report/campaign/json.ts'
import { renderCampaign } from '../../src/report/campaign/report.ts'
import { campaignText } from '../../src/report/campaign/text.ts'
import type { Space } from '../../src/space/space.ts'
import { drawnWorld } from '../../src/world/drawn.ts'
import { optimum } from '../../src/world/optimum.ts'
import { openWorld } from '../../src/world/worlds.ts'
import { ladder, llama } from './examples.ts'

const folder = mkdtempSync(join(tmpdir(), 'isoflop-spaces-'))
after(() => rmSync(folder, { recursive: true }))

/** What holds of every campaign in a space, whatever the world. */
function assertSound({ runs, spentFlops, prediction }: Campaign<Config>, space: Space): void {
  assert.ok(spentFlops <= space.budget)
  assert.equal(new Set(runs.map(({ config }) => space.identity(config))).size, runs.length)
  for (const { config } of runs) assert.equal(space.refusal(config), null)
  const { config, parameters, tokens } = prediction
  assert.equal(config.trainFlops, space.target)
  assert.equal(parameters, space.measure(config, 'none').core)
  assert.equal(tokens, space.measure(config, 'none').tokens)
}

/** Regret that a campaign may have, nats: nine of ten worlds from seed 1200 on had at most 0.003 (docs/log.md). */
const most = 0.01
for (const [space, seed] of [
  [llama, 1003],
  [ladder, 1005],
] as const)
  test(`${space.name}: a campaign finds nearly the best configuration, and says so in all its reports`, async () => {
    const world = drawnWorld(seed, space)
    const result = await campaign({ trainer: worldTrainer(world), space, withEvidence: true })
    assertSound(result, space)
    const { prediction } = result
    const best = optimum(world, space.target, space.targetLimits)
    const truth = world.loss(prediction.config)
    assert.ok(regret(truth, best.loss) <= most, `${regret(truth, best.loss)}`)
    const [low, high] = prediction.interval.loss ?? [0, 0]
    assert.ok(low <= truth && truth <= high, `${truth} is outside ${low} to ${high}`)

    const { strategy, words, seed: drawn } = { strategy: adaptive.name, words: adaptive.words, seed: 0 }
    const { budget, target } = space
    const task = { source: `world:${world.name}`, strategy, words, seed: drawn, budget, target }
    const view = viewOfCampaign(result, { task, space })
    assert.deepEqual(JSON.parse(JSON.stringify(view)), view)
    const files = renderCampaign({ view, title: 'Campaign', command: 'isoflop campaign', versions: {} })
    assert.equal(files['submission.json'], undefined)
    for (const text of [
      campaignText(view),
      files['report.md'],
      files['report.html'],
      JSON.stringify(campaignJson(view)),
    ])
      assert.doesNotMatch(text, /undefined|NaN|\[object/)
    if (space.batchUnit === 'tokens') assert.match(files['report.md'], /fitted loss of \S+ tokens is lower/)
    const { runs } = campaignJson(view)
    assert.deepEqual(Object.keys(runs[0]).slice(0, -4), space.fields.map(({ name }) => name).slice(0, -1))
  })

test('alternatives of a list are its models, each once, and a best one at its end is said to be there', async () => {
  const world = drawnWorld(3, ladder)
  const { prediction } = await campaign({ trainer: worldTrainer(world), space: ladder, budget: 3e19 })
  const names = prediction.alternatives.map(({ config }) => (config as Config & { model: string }).model)
  assert.deepEqual(new Set(names).size, names.length)
  assert.ok(names.length >= 4)
  const chosen = (prediction.config as Config & { model: string }).model
  assert.ok(names.includes(chosen))
  const isEnd = chosen === '1.8b' || chosen === '10m'
  assert.equal(
    prediction.diagnostics.some(({ code }) => code === 'size-at-end'),
    isEnd,
  )
  assert.ok(isEnd, 'the best of this world is the largest')
})

test('the hand-made baselines have a sweep and five budgets of their own on a coarse grid, too', async () => {
  for (const space of [llama, ladder]) {
    const world = drawnWorld(1005, space)
    const result = await campaign({ trainer: worldTrainer(world), space, strategy: profilesStrategy('surface') })
    assertSound(result, space)
    const budgets = result.rounds.map((_, round) => result.runs.find((run) => run.round === round)?.config.trainFlops)
    assert.equal(budgets.length, 6)
    assert.equal(new Set(budgets.slice(1)).size, 5, `${budgets}`)
  }
})

test('where rates above a limit diverge, few more are bought once that is seen', async () => {
  const world = drawnWorld(1003, llama)
  const trainer: Trainer = {
    name: 'x',
    train: async (config) => outcomeOf(config.learningRate > 1e-3 ? Number.NaN : world.observe(config)),
  }
  const { runs } = await campaign({ trainer, space: llama, budget: 3e19 })
  const diverged = (of: typeof runs) => of.filter(({ loss }) => !Number.isFinite(loss)).length
  const opening = runs.filter(({ reason }) => reason.includes('Latin hypercube'))
  assert.ok(diverged(opening) >= 10)
  const designed = runs.filter((run) => !opening.includes(run))
  assert.ok(designed.length > 40)
  assert.ok(diverged(designed) <= 0.2 * designed.length, `${diverged(designed)} of ${designed.length}`)
})

test('a campaign in a space of one’s own that broke off goes on, and one in another space is refused', async () => {
  const world = drawnWorld(1003, ladder)
  const strategy = profilesStrategy('lowest')
  let asked = 0
  let budget = 20
  const trainer: Trainer = {
    name: 'cluster',
    async train(config) {
      if (budget-- <= 0) throw new Error('the cluster went away')
      asked++
      return outcomeOf(world.observe(config))
    },
  }
  const out = join(folder, 'own')
  await assert.rejects(campaignInFolder({ folder: out, trainer, space: ladder, strategy }), /went away/)
  budget = Number.POSITIVE_INFINITY
  const { campaign: resumed } = await campaignInFolder({ folder: out, trainer, space: ladder, strategy })
  const whole = await campaign({ trainer: worldTrainer(world), space: ladder, strategy })
  assert.deepEqual(resumed.prediction, whole.prediction)
  assert.equal(asked, resumed.queries)
  const [first] = readFileSync(join(out, 'campaign.jsonl'), 'utf8').split('\n')
  assert.equal(typeof JSON.parse(first).model, 'string')
  for (const space of [llama, undefined])
    await assert.rejects(campaignInFolder({ folder: out, trainer, strategy, ...(space && { space }) }), {
      code: 'CAMPAIGN_DIFFERS',
    })
})

test('a world is over a space: equal seeds have equal laws, and other words another loss before training', () => {
  const [course, own, wordy] = [
    drawnWorld(7),
    drawnWorld(7, llama),
    drawnWorld(7, cs336Space({ vocabularySize: 100_000 })),
  ]
  assert.deepEqual(own.law.loss, course.law.loss)
  assert.ok(Math.abs(wordy.law.initialLoss - course.law.initialLoss - Math.log(100 / 32)) < 1e-12)
  const config = { dModel: 256, numLayers: 4, numHeads: 4, batchSize: 128, learningRate: 1e-3, trainFlops: 1e16 }
  assert.notEqual(wordy.loss(config), course.loss(config))
})

test('worlds that were fitted to the course’s models know no others', async () => {
  for (const name of ['cs336', 'staged:3'])
    for (const space of [llama, ladder, cs336Space({ vocabularySize: 50_000 })])
      await assert.rejects(openWorld(name, space as Space), { code: 'BAD_OPTION' })
  for (const name of ['seed:3', 'chinchilla', 'handout']) assert.ok((await openWorld(name, ladder)).loss)
})

test('the optimum of a list is the best of its models, batches and rates', () => {
  const world = drawnWorld(1005, ladder)
  const { models, batchSize, learningRate } = ladder.targetLimits
  const best = optimum(world, 1e20, ladder.targetLimits)
  assert.equal(best.loss, world.loss(best.config))
  for (const model of models.all ?? [])
    for (const batch of batchSize)
      for (let k = 0; k <= 40; k++) {
        const rate = learningRate.least * (learningRate.most / learningRate.least) ** (k / 40)
        const config = { ...model, batchSize: batch, learningRate: rate, trainFlops: 1e20 }
        assert.ok(world.loss(config) >= best.loss - 1e-9)
      }
})

test('a world whose run to predict is smaller than the largest that are made has the law of its seed', () => {
  const small = { ...ladder, target: 1e18 }
  assert.deepEqual(drawnWorld(2, small).law, drawnWorld(2, ladder).law)
})

test('where models never finish it is said how many runs that cost, and from which size on none did', async () => {
  const world = drawnWorld(1005, ladder)
  const trainer: Trainer = {
    name: 'small memory',
    train: async (config) => outcomeOf(ladder.measure(config, 'none').core > 3e7 ? Number.NaN : world.observe(config)),
  }
  const { diagnostics, runs } = await campaign({ trainer, space: ladder, budget: 2e18 })
  const many = diagnostics.find(({ code }) => code === 'many-diverged')
  const diverged = runs.filter(({ loss }) => Number.isNaN(loss)).length
  assert.match(
    many?.message ?? '',
    new RegExp(`^${diverged} of ${runs.length} runs diverged. None of more than 2.50e7 `),
  )
  const aside = diagnostics.find(({ code }) => code === 'untrained-set-aside')?.message
  assert.match(aside ?? '', new RegExp(`runs are not in the fit: .*${diverged} because they diverged\\.$`))
})

test('runs that were brought along have the constants of the space, where they say them', async () => {
  const model = { model: '25m', batch_size: 64, learning_rate: 1e-3, train_flops: 1e17, loss: 3.5 }
  const written = (name: string, rows: readonly object[]) => {
    writeFileSync(join(folder, name), rows.map((row) => JSON.stringify(row)).join('\n'))
    return [join(folder, name)]
  }
  assert.equal((await ownRuns(written('silent.jsonl', [model]), ladder)).length, 1)
  assert.equal((await ownRuns(written('same.jsonl', [{ ...model, weight_decay: 0.1 }]), ladder)).length, 1)
  const other = written('other.jsonl', [
    { ...model, weight_decay: 0.1 },
    { ...model, batch_size: 32, weight_decay: 0.3 },
  ])
  await assert.rejects(ownRuns(other, ladder), {
    code: 'CONFIG_INVALID',
    message: /row 2 has weight_decay 0\.3, expected the 0\.1 of the space/,
  })
})
