import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Campaign, type CampaignOptions, campaign, firstPlan } from '../../src/campaign/campaign.ts'
import { IsoflopError } from '../../src/core/errors.ts'
import { tokensFor } from '../../src/core/flops.ts'
import { apiCodec, type TrainingConfig } from '../../src/cs336/config.ts'
import type { ShapedLimits } from '../../src/cs336/limits.ts'
import { apiBudget, queryLimits, targetFlops, targetLimits } from '../../src/cs336/limits.ts'
import { nonEmbeddingParameters } from '../../src/cs336/parameters.ts'
import { apiSpace } from '../../src/cs336/space.ts'
import { type ProfilesMethod, profilesDesign, profilesStrategy } from '../../src/plan/profiles/profiles.ts'
import { optimum } from '../../src/world/optimum.ts'
import { openWorld } from '../../src/world/worlds.ts'
import { close } from '../support.ts'
import { trainerOf } from '../trainers.ts'

const methods: readonly ProfilesMethod[] = ['lowest', 'parabola', 'surface']
const worlds = ['cs336', 'handout', 'seed:1', 'seed:2']

const answerOf = async (name: string) => {
  const world = await openWorld(name)
  return (config: TrainingConfig) => world.observe(config)
}

const play = (
  method: ProfilesMethod,
  loss: Parameters<typeof trainerOf>[0],
  options: Partial<CampaignOptions> = {},
): Promise<Campaign> => campaign({ strategy: profilesStrategy(method), trainer: trainerOf(loss), ...options })

const sizeOf = ({ dModel, numLayers }: TrainingConfig) => nonEmbeddingParameters(dModel, numLayers)

function assertLegal({ dModel, numLayers, numHeads, batchSize, learningRate }: TrainingConfig, limits: ShapedLimits) {
  const inside = (x: number, { least, most }: { least: number; most: number }) =>
    assert.ok(x >= least && x <= most, `${x} is outside ${least} to ${most}`)
  for (const x of [dModel, numLayers, numHeads, dModel / numHeads]) assert.ok(Number.isInteger(x), `${x} is not whole`)
  inside(dModel, limits.models.dModel)
  inside(numLayers, limits.models.numLayers)
  inside(numHeads, limits.models.numHeads)
  inside(dModel / numHeads, limits.models.headDimension)
  inside(learningRate, limits.learningRate)
  assert.ok(limits.batchSize.includes(batchSize))
}

function assertSound({ runs, spentFlops, prediction }: Campaign, budget = apiBudget) {
  assert.ok(spentFlops <= budget, `${spentFlops} of ${budget}`)
  assert.equal(new Set(runs.map(({ config }) => apiCodec.identity(config))).size, runs.length)
  for (const { config } of runs) {
    assertLegal(config, queryLimits)
    assert.ok(apiSpace.trainFlops.includes(config.trainFlops))
  }
  const { config, parameters, tokens, loss, interval, laws } = prediction
  assertLegal(config, targetLimits)
  assert.equal(config.trainFlops, targetFlops)
  assert.equal(parameters, sizeOf(config))
  assert.equal(tokens, tokensFor(targetFlops, parameters))
  assert.ok(Number.isFinite(loss) && loss > 0)
  assert.deepEqual(interval, { loss: null, parameters: null, learningRate: null })
  for (const value of laws.flatMap((law) => Object.values(law.coefficients))) assert.ok(Number.isFinite(value))
}

for (const method of methods)
  for (const name of worlds)
    test(`${method} in ${name}: sweep, five profiles, a legal prediction; equal when played again`, async () => {
      const query = await answerOf(name)
      const result = await play(method, query)
      assertSound(result)
      assert.ok(result.spentFlops >= 1e18, `only ${result.spentFlops}`)
      const flops = result.rounds.map(({ spentFlops, queries }) => [queries, spentFlops / queries])
      assert.deepEqual(flops, [
        [24, 6e15],
        [6, 3e15],
        [6, 1e16],
        [6, 3e16],
        [6, 6e16],
        [6, 1e17],
      ])
      assert.ok(result.runs.every(({ reason }) => /\d/.test(reason)))
      assert.deepEqual(await play(method, query), result)
    })

test('in the noise-free handout world the size at the target is near the best one, and the surface finds it', async () => {
  const world = await openWorld('handout')
  const best = optimum(world, targetFlops)
  for (const method of methods) {
    const { prediction } = await play(method, await answerOf('handout'))
    const off = Math.abs(Math.log(prediction.parameters / sizeOf(best.config)))
    assert.ok(off < Math.log(method === 'surface' ? 1.1 : 3), `${method}: off by a factor of ${Math.exp(off)}`)
    const near = method === 'surface' ? 1e-3 : 0.2
    assert.ok(Math.abs(prediction.loss - best.loss) < near, `${method}: ${prediction.loss}, best ${best.loss}`)
  }
})

test('the profiles and the target follow the rate and the batch that the sweep showed', async () => {
  // The Step Law with another coefficient, so that the best rate lies between those tried; and the larger batch is better.
  const bestRate = (N: number, D: number) => 0.18 * N ** -0.713 * D ** 0.307
  const lossOf = (config: TrainingConfig) => {
    const N = sizeOf(config)
    const D = tokensFor(config.trainFlops, N)
    const off = Math.log(config.learningRate / bestRate(N, D))
    return 2 + 400 / N ** 0.35 + 400 / D ** 0.3 + 0.1 * off ** 2 + (config.batchSize === 256 ? 0 : 0.1)
  }
  const { runs, prediction } = await play('parabola', lossOf)
  const asked = runs.filter(({ round }) => round > 0).map(({ config }) => config)
  for (const config of [...asked, prediction.config]) {
    assert.equal(config.batchSize, 256)
    const N = sizeOf(config)
    const best = bestRate(N, tokensFor(config.trainFlops, N))
    const { least, most } = (config.trainFlops < targetFlops ? queryLimits : targetLimits).learningRate
    close(config.learningRate, Math.min(Math.max(best, least), most), 0.06)
  }
})

test('where the highest rate was best for every size, the target takes it, scaled by the Step Law', async () => {
  const loss = ({ learningRate, ...shape }: TrainingConfig) => {
    const N = sizeOf({ learningRate, ...shape })
    return 2 + 400 / N ** 0.35 + 400 / tokensFor(shape.trainFlops, N) ** 0.3 - 0.1 * Math.log(learningRate)
  }
  const { runs, prediction } = await play('parabola', loss)
  const largest = runs.slice(0, 24).reduce((a, b) => (sizeOf(b.config) > sizeOf(a.config) ? b : a)).config
  const [N, D] = [sizeOf(largest), tokensFor(largest.trainFlops, sizeOf(largest))]
  const scaled = 1e-3 * (prediction.parameters / N) ** -0.713 * (prediction.tokens / D) ** 0.307
  close(prediction.config.learningRate, scaled, 0.06)
})

test('diverged runs are ignored, refused ones left out, and both still end in a prediction', async () => {
  const query = await answerOf('seed:3')
  let asked = 0
  const result = await play('surface', async (config) => {
    asked++
    if (asked % 7 === 3) throw new IsoflopError('API_REFUSED', 'No.', 'Ask otherwise.')
    return asked % 7 === 5 ? Number.NaN : query(config)
  })
  assertSound(result)
  assert.equal(asked, result.queries + result.refused.length)
  assert.ok(result.refused.length >= 7)
})

test('without one finite loss it says that there are too few runs', async () => {
  for (const method of methods)
    await assert.rejects(
      play(method, () => Number.NaN),
      { code: 'TOO_FEW_RUNS' },
    )
})

test('small, large and odd budgets: scaled with it, never passed', async () => {
  const query = await answerOf('seed:4')
  for (const budget of [2.5e14, 2.5e15, 1e17, 3.3e17, 7e17, 1e20])
    for (const method of methods) assertSound(await play(method, query, { budget }), budget)
  await assert.rejects(play('parabola', query, { budget: 1e14 }), { code: 'TOO_FEW_RUNS' })
})

test('runs that were there before count as spent, are not asked again, and are used', async () => {
  const query = await answerOf('seed:5')
  const whole = await play('parabola', query)
  const given = whole.runs.slice(0, 30)
  const again: TrainingConfig[] = []
  const resumed = await play(
    'parabola',
    async (config) => {
      again.push(config)
      return query(config)
    },
    { given },
  )
  assertSound(resumed)
  assert.equal(again.length, whole.runs.length - given.length)
  assert.deepEqual(resumed.prediction, whole.prediction)
})

test('broken off anywhere and started again with the answers, it ends the same', async () => {
  const query = await answerOf('seed:6')
  const whole = await play('lowest', query)
  for (const count of [1, 23, 24, 33, 53]) {
    const answered = whole.runs.slice(0, count)
    let asked = 0
    const resumed = await play(
      'lowest',
      async (config) => {
        asked++
        return query(config)
      },
      { answered },
    )
    assert.deepEqual(resumed, whole)
    assert.equal(asked, whole.runs.length - count)
  }
})

test('the first plan is the sweep: every batch and rate of a few sizes', () => {
  const plan = firstPlan({ strategy: profilesStrategy('parabola') })
  assert.equal(plan.kind, 'ask')
  const configs = plan.kind === 'ask' ? plan.queries.map(({ config }) => config) : []
  const { tokensPerParameter, rates } = profilesDesign.sweep
  assert.equal(new Set(configs.map(sizeOf)).size, tokensPerParameter.length)
  assert.equal(new Set(configs.map(({ learningRate }) => learningRate)).size, rates)
  assert.deepEqual([...new Set(configs.map(({ batchSize }) => batchSize))], [...queryLimits.batchSize])
})
