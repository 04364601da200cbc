import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Campaign, type CampaignOptions, campaign, firstPlan } from '../../src/campaign/campaign.ts'
import { IsoflopError } from '../../src/core/errors.ts'
import { random } from '../../src/core/random.ts'
import { apiCodec, type TrainingConfig } from '../../src/cs336/config.ts'
import { apiBudget, queryLimits, targetFlops, targetLimits } from '../../src/cs336/limits.ts'
import { nonEmbeddingParameters } from '../../src/cs336/parameters.ts'
import { apiSpace } from '../../src/cs336/space.ts'
import { median } from '../../src/numeric/quantile.ts'
import { adaptive } from '../../src/plan/adaptive/adaptive.ts'
import { configOfUnit, latinHypercube } from '../../src/plan/adaptive/candidates.ts'
import { drawnWorld } from '../../src/world/drawn.ts'
import { withNoise } from '../../src/world/noise.ts'
import { optimum } from '../../src/world/optimum.ts'
import { stagedWorld } from '../../src/world/staged.ts'
import type { World } from '../../src/world/world.ts'
import { spreadConfigs } from '../joint/joint-runs.ts'
import { trainerOf } from '../trainers.ts'
import { assertLegal } from './legal.ts'

const play = (world: Pick<World, 'observe'>, options: Partial<CampaignOptions> = {}): Promise<Campaign> =>
  campaign({ strategy: adaptive, trainer: trainerOf((config) => world.observe(config)), ...options })

/** Each campaign is played once. */
const played = new Map<number, Promise<Campaign>>()
function playSeed(seed: number): Promise<Campaign> {
  const found = played.get(seed) ?? play(drawnWorld(seed))
  played.set(seed, found)
  return found
}

const costOf = (runs: Campaign['runs']) => runs.reduce((sum, { config }) => sum + config.trainFlops, 0)
const answers = ({ runs }: Campaign) => runs.map(({ config, loss }) => ({ config, loss }))

/** What holds of every campaign, whatever the API answers. */
function assertSound({ runs, spentFlops, prediction, stopped }: Campaign, budget = apiBudget): void {
  assert.ok(spentFlops <= budget, `${spentFlops} of ${budget}`)
  assert.equal(spentFlops, costOf(runs))
  assert.equal(new Set(runs.map(({ config }) => apiCodec.identity(config))).size, runs.length)
  for (const { config } of runs) {
    assertLegal(config, queryLimits)
    assert.ok(apiSpace.trainFlops.includes(config.trainFlops))
  }
  assert.ok(stopped.length > 10)
  const { config, parameters, tokens, loss, interval, alternatives, laws, narrowing } = prediction
  assertLegal(config, targetLimits)
  assert.equal(config.trainFlops, targetFlops)
  assert.equal(parameters, nonEmbeddingParameters(config.dModel, config.numLayers))
  assert.ok(tokens > 0 && Number.isFinite(loss) && loss > 0)
  const inside = (x: number, bounds: readonly [number, number] | null) => {
    assert.ok(bounds !== null && bounds[0] < bounds[1] && bounds[0] <= x && x <= bounds[1], `${x} in ${bounds}`)
  }
  inside(loss, interval.loss)
  inside(parameters, interval.parameters)
  inside(config.learningRate, interval.learningRate)
  assert.ok(alternatives.length >= 5)
  for (const other of alternatives) assertLegal(other.config, targetLimits)
  for (let k = 1; k < alternatives.length; k++) assert.ok(alternatives[k].parameters > alternatives[k - 1].parameters)
  assert.ok(laws.length > 0 && laws.flatMap((law) => Object.values(law.coefficients)).every(Number.isFinite))
  assert.ok(narrowing.length > 0)
}

for (const seed of [47, 901])
  test(`in world ${seed}: an opening, six rounds with reasons and expectations, a check run, a legal prediction`, async () => {
    const result = await playSeed(seed)
    assertSound(result)
    const { rounds, runs, stopped } = result
    const first = rounds.findIndex(({ title }) => title.startsWith('Round'))
    const openings = rounds.slice(0, first)
    assert.equal(rounds.length, first + 6)
    assert.equal(stopped, 'all 6 rounds are done')
    assert.ok(result.spentFlops > 0.95 * apiBudget)
    // Where cheap runs learn the rest of the opening follows, elsewhere three runs at a higher budget.
    const begins = /^Opening: .*,(Opening, the rest|(A further opening.*,)?Climb 1 of 4)/
    assert.match(openings.map(({ title }) => title).join(), begins)
    assert.ok(openings[0].spentFlops < apiBudget / 20)
    rounds.slice(first).forEach(({ title, spentFlops, queries }, k) => {
      assert.match(title, new RegExp(`^Round ${k + 1} of 6: mostly for the \\w+ and the \\w+ at the target$`))
      assert.ok(queries > 0 && spentFlops < apiBudget / 3)
    })
    for (const { round, reason, expected } of runs) {
      const known =
        round < first ? /Latin hypercube|^rung \d of 4/ : /^worth \d.*nats at the target \(.*%\)$|^checks the law/
      assert.match(reason, known)
      if (round >= first)
        assert.ok(expected && expected.loss > 1 && expected.loss < 7 && expected.sd > 0 && expected.sd < 1)
      else if (reason.includes('Latin')) assert.equal(expected, null)
    }
    // One run at a high budget checks the law: the climb's last, or, without a climb, the first of the last round.
    const summit = runs.find(({ reason }) => reason.startsWith('rung 4 of 4'))
    const checks = runs.filter(({ reason }) => reason.startsWith('checks the law'))
    assert.deepEqual(checks, summit ? [] : [runs.find(({ round }) => round === first + 5)])
    const { trainFlops } = (summit ?? checks[0]).config
    assert.ok(trainFlops >= 1e17 && trainFlops <= 0.3 * apiBudget)
    assert.ok(prescient(result) > 0.6, `${prescient(result)} of what was foretold came true`)
  })

/** The share of runs whose loss lies within two standard deviations of what was expected. */
function prescient({ runs }: Campaign): number {
  const off = runs.flatMap(({ loss, expected }) => (expected ? [Math.abs(loss - expected.loss) / expected.sd] : []))
  return off.filter((z) => z < 2).length / off.length
}

test('equal seeds and answers give equal campaigns; another seed begins elsewhere', async () => {
  const first = await playSeed(47)
  assert.deepEqual(await play(drawnWorld(47), { seed: 0 }), first)
  const opening = (seed: number) => {
    const plan = firstPlan({ strategy: adaptive, seed })
    return plan.kind === 'ask' ? plan.queries.map(({ config }) => config) : []
  }
  const asked = first.runs.filter(({ round }) => round === 0).map(({ config }) => config)
  assert.deepEqual(opening(0), asked)
  const known = new Set(asked.map(apiCodec.identity))
  assert.equal(opening(1).length, asked.length)
  assert.ok(opening(1).every((config) => !known.has(apiCodec.identity(config))))
})

test('small budgets: never passed, and a prediction or TOO_FEW_RUNS', async () => {
  const outcomes: string[] = []
  for (const [seed, budget] of [
    [903, 1e17],
    [903, 3e16],
    [47, 3e16],
    [903, 1e15],
    [903, 1e13],
    [903, 1e12],
  ]) {
    let spent = 0
    const world = drawnWorld(seed)
    const trainer = trainerOf((config: TrainingConfig) => {
      spent += config.trainFlops
      return world.observe(config)
    })
    try {
      assertSound(await play(world, { budget, trainer }), budget)
      outcomes.push('predicted')
    } catch (error) {
      if (!(error instanceof IsoflopError)) throw error
      outcomes.push(error.code)
    }
    assert.ok(spent <= budget, `${spent} of ${budget}`)
    if (budget < 5 * apiSpace.trainFlops[0]) assert.equal(spent, 0, 'a budget that pays for no law buys nothing')
  }
  assert.deepEqual(outcomes, ['predicted', 'predicted', ...new Array(4).fill('TOO_FEW_RUNS')])
})

test('refused configurations are not asked again, and diverged runs leave a prediction', async () => {
  const world = drawnWorld(47)
  const asked: string[] = []
  const result = await play(world, {
    trainer: trainerOf((config) => {
      asked.push(apiCodec.identity(config))
      if (asked.length % 6 === 3) throw new IsoflopError('API_REFUSED', 'No.', 'Ask otherwise.')
      return asked.length % 8 === 5 ? Number.NaN : world.observe(config)
    }),
  })
  assertSound(result)
  assert.equal(new Set(asked).size, asked.length)
  assert.equal(asked.length, result.queries + result.refused.length)
  assert.ok(result.refused.length >= 5, `${result.refused.length} refused`)
  const diverged = result.runs.filter(({ loss }) => Number.isNaN(loss)).length
  const aside = result.diagnostics.find(({ code }) => code === 'untrained-set-aside')
  assert.ok(diverged >= 4, `${diverged} diverged`)
  assert.deepEqual(aside && (aside.evidence as { diverged: number }).diverged, diverged)
  const best = optimum(world, targetFlops)
  assert.ok(world.loss(result.prediction.config) - best.loss < 0.05)
})

test('runs that were there before count as spent, are not asked again, and are used', async () => {
  const whole = await playSeed(47)
  const given = answers(whole).slice(0, whole.rounds[0].queries)
  const asked: TrainingConfig[] = []
  const world = drawnWorld(47)
  const resumed = await play(world, {
    given,
    trainer: trainerOf((config) => {
      asked.push(config)
      return world.observe(config)
    }),
  })
  assertSound(resumed)
  // The opening would ask for the same runs: nothing is left to ask.
  assert.equal(resumed.rounds[0].queries, 0)
  assert.ok(resumed.runs.slice(0, given.length).every(({ round }) => round === -1))
  assert.deepEqual(answers(resumed), answers(whole))
  assert.deepEqual(
    asked,
    whole.runs.slice(given.length).map(({ config }) => config),
  )
  assert.equal(resumed.prediction.loss, whole.prediction.loss)
})

/** Runs that someone made without a plan: cheap ones, spread evenly. */
function givenOf(world: Pick<World, 'observe'>): { config: TrainingConfig; loss: number }[] {
  const reach = { tokensPerParameter: [5, 500], widthPerLayer: [30, 150] } as const
  return latinHypercube(30, 4, random(11)).flatMap((unit, k) => {
    const config = configOfUnit(unit, [3e15, 1e16, 3e16][k % 3], apiSpace, reach)
    return config === null ? [] : [{ config, loss: world.observe(config) }]
  })
}

test('runs that were made without a plan stand for the opening, where cheap runs learn and where they do not', () => {
  for (const [world, begins] of [
    [drawnWorld(903), /^Round 1 of 6/],
    [stagedWorld(1005), /^Climb 1 of 4/],
  ] as const) {
    const plan = firstPlan({ strategy: adaptive, given: givenOf(world) })
    assert.ok(plan.kind === 'ask' && begins.test(plan.title), world.name)
    const cost = plan.queries.reduce((sum, { config }) => sum + config.trainFlops, 0)
    assert.ok(cost <= 0.2 * apiBudget && plan.queries.every(({ expected }) => expected), world.name)
    assert.notEqual(plan.estimate, null)
  }
})

test('where cheap runs hardly learn but larger ones obey their law, three larger runs say so, and there is no climb', async () => {
  // Drawn worlds whose few learned runs once counted as a law of their own: the climb cost 0.009 and 0.056 nats of regret.
  for (const seed of [1066, 1174]) {
    const world = drawnWorld(seed)
    const { rounds, runs, prediction, diagnostics } = await play(world)
    assert.match(rounds.map(({ title }) => title).join(), /Climb 1 of 4: .*Round 1 of 6/)
    assert.ok(runs.every(({ reason }) => !reason.startsWith('rung 2')) && runs.length > 50, world.name)
    assert.equal(diagnostics.find(({ code }) => code === 'untrained-set-aside')?.evidence.cut, 7, world.name)
    assert.ok(world.loss(prediction.config) - optimum(world, targetFlops).loss < 0.008, world.name)
  }
})

test('where cheap runs hardly learn the budget goes into a climb, and hardly any of it into runs that are in no fit', async () => {
  const world = stagedWorld(1008)
  const result = await play(world)
  assertSound(result)
  const titles = result.rounds.map(({ title }) => title)
  assert.match(titles.join(), /^Opening: .*Climb 1 of 4: .*pinned.*Climb 4 of 4: .*pinned.*Round 1 of 6/)
  const aside = result.diagnostics.find(({ code }) => code === 'untrained-set-aside')?.evidence as { cut: number }
  assert.ok(aside.cut < 7)
  const unused = costOf(result.runs.filter(({ loss }) => !(loss < aside.cut)))
  assert.ok(unused <= 0.1 * result.spentFlops, `${unused} of ${result.spentFlops} FLOPs`)
  // Rate and batch sit at the corner of what may be asked: the climb stays there, and the batch is pinned from then on.
  for (const { config, reason } of result.runs.filter((run) => !run.reason.includes('Latin'))) {
    assert.equal(config.batchSize, 128, reason)
    if (reason.startsWith('rung')) assert.equal(config.learningRate, 1e-3)
  }
  const truth = world.loss(result.prediction.config)
  const [low, high] = result.prediction.interval.loss!
  assert.ok(low <= truth && truth <= high && truth - optimum(world, targetFlops).loss < 0.03)
  // A campaign that is played again from its own answers asks nothing and says the same.
  const trainer = trainerOf(() => assert.fail('everything is answered'))
  const again = await campaign({ strategy: adaptive, trainer, answered: answers(result) })
  assert.deepEqual(again.prediction, result.prediction)
})

test('given runs that use up the budget: nothing is asked, and they are what the prediction rests on', async () => {
  const whole = await playSeed(47)
  const given = answers(whole)
  const trainer = trainerOf(() => assert.fail('nothing is left to ask with'))
  const again = await play(drawnWorld(47), { given, budget: whole.spentFlops, trainer })
  assert.equal(again.queries, 0)
  assert.equal(again.spentFlops, whole.spentFlops)
  assert.equal(again.prediction.loss, whole.prediction.loss)
  assert.deepEqual(again.prediction.config, whole.prediction.config)
})

test('where it is open whether early runs obey the law, a diagnostic says so with both beliefs', async () => {
  const world = drawnWorld(1165)
  const configs = spreadConfigs(24, 2, [3e15, 1e16, 3e16, 1e17])
  const given = configs.map((config) => ({ config, loss: world.observe(config) }))
  const budget = configs.reduce((sum, { trainFlops }) => sum + trainFlops, 0)
  const { queries, diagnostics } = await play(world, { given, budget })
  assert.equal(queries, 0)
  const open = diagnostics.find(({ code }) => code === 'early-runs-undecided')
  assert.ok(open)
  assert.match(open.message, /laws of all runs have 57 % .*, laws of those below 5\.5 nats have 43 %/)
  const settled = await playSeed(47)
  assert.ok(settled.diagnostics.every(({ code }) => code !== 'early-runs-undecided'))
})

test('without noise an additive law is found: regret below 0.002, loss within 0.01', async () => {
  const { name, description, loss, form } = drawnWorld(903)
  assert.equal(form, 'additive')
  const world = withNoise({ name, description, loss }, 0, 903)
  const result = await play(world)
  assertSound(result)
  assert.match(result.stopped, /^all 6 rounds are done$|is expected to be worth only \de-\d+ nats$/)
  const truth = world.loss(result.prediction.config)
  const regret = truth - optimum(world, targetFlops).loss
  assert.ok(regret >= -1e-6 && regret < 0.002, `regret ${regret}`)
  assert.ok(Math.abs(result.prediction.loss - truth) < 0.01, `${result.prediction.loss}, in truth ${truth}`)
})

test('where everything diverges or learns nothing there are too few runs, long before the budget is spent', async () => {
  for (const loss of [Number.NaN, Number.POSITIVE_INFINITY, 10]) {
    let spent = 0
    const trainer = trainerOf((config: TrainingConfig) => {
      spent += config.trainFlops
      return loss
    })
    await assert.rejects(campaign({ trainer }), (error: unknown) => {
      assert.ok(error instanceof IsoflopError)
      assert.equal(error.code, 'TOO_FEW_RUNS')
      assert.match(error.message, /^0 of \d+ runs have a loss below 7/)
      return true
    })
    assert.ok(spent > 0 && spent < apiBudget / 2, `${spent}`)
  }
})

test('a few drawn worlds: the interval covers the truth, error and regret are small', async () => {
  const outcomes = await Promise.all(
    [900, 901, 902, 903].map(async (seed) => {
      const world = drawnWorld(seed)
      const result = await playSeed(seed)
      assertSound(result)
      const { config, loss, interval } = result.prediction
      const truth = world.loss(config)
      const [low, high] = interval.loss!
      const regret = truth - optimum(world, targetFlops).loss
      return { error: Math.abs(loss - truth), regret, covers: low <= truth && truth <= high, width: high - low }
    }),
  )
  const told = JSON.stringify(outcomes)
  assert.ok(outcomes.filter(({ covers }) => covers).length >= 3, told)
  assert.ok(median(outcomes.map(({ error }) => error)) < 0.03, told)
  assert.ok(median(outcomes.map(({ regret }) => regret)) < 0.01, told)
  assert.ok(outcomes.every(({ regret }) => regret > -1e-6) && median(outcomes.map(({ width }) => width)) < 0.3, told)
})
