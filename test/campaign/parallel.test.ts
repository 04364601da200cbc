import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import fc from 'fast-check'
import { campaign } from '../../src/campaign/campaign.ts'
import { buyRound } from '../../src/campaign/round.ts'
import { IsoflopError } from '../../src/core/errors.ts'
import { type Outcome, outcomeOf, type Trainer } from '../../src/core/trainer.ts'
import type { TrainingConfig } from '../../src/cs336/config.ts'
import { profilesStrategy } from '../../src/plan/profiles/profiles.ts'
import type { Planned } from '../../src/plan/strategy.ts'
import { drawnWorld } from '../../src/world/drawn.ts'

const base = { dModel: 256, numLayers: 4, numHeads: 4, batchSize: 128, learningRate: 1e-3, trainFlops: 1e16 }
const error = new IsoflopError('API_REFUSED', 'No.', 'Ask otherwise.')

/** What a run of a plan costs, how it ends, and how long it takes. */
interface Fate {
  readonly flops: number
  readonly kind: Outcome['kind']
  readonly turns: number
}

/** Plays a round with so many runs at once: what was told, in order, what was begun, and why it ended. */
async function playRound(fates: readonly Fate[], capacity: number, budget: number) {
  const queries = fates.map(
    ({ flops }, k): Planned<TrainingConfig> => ({ config: { ...base, dModel: k, trainFlops: flops }, reason: '' }),
  )
  const told: string[] = []
  let [spent, running, most] = [0, 0, 0]
  const end = await buyRound({
    queries,
    capacity,
    isWithinBudget: (flops) => spent + flops <= budget,
    isInterrupted: () => false,
    async train({ config }) {
      most = Math.max(most, ++running)
      const { kind, turns } = fates[(config as TrainingConfig).dModel]
      for (let turn = 0; turn < turns; turn++) await null
      running--
      return kind === 'finished' ? { kind, loss: 1 } : kind === 'diverged' ? { kind } : { kind, error }
    },
    onOutcome({ config }, { kind }) {
      told.push(`${(config as TrainingConfig).dModel} ${kind}`)
      if (kind !== 'refused' && kind !== 'exhausted') spent += config.trainFlops
      assert.ok(spent <= budget)
    },
  })
  return { told, end, most }
}

const fate: fc.Arbitrary<Fate> = fc.record({
  flops: fc.integer({ min: 1, max: 4 }),
  kind: fc.constantFrom('finished', 'finished', 'finished', 'diverged', 'refused', 'lost'),
  turns: fc.nat(20),
})

test('runs at once tell the same outcomes in the same order as one after another, whatever ends first', () =>
  fc.assert(
    fc.asyncProperty(
      fc.array(fate, { maxLength: 20 }),
      fc.integer({ min: 2, max: 8 }),
      fc.nat(40),
      async (fates, capacity, budget) => {
        const one = await playRound(fates, 1, budget)
        const several = await playRound(fates, capacity, budget)
        assert.deepEqual([several.told, several.end], [one.told, one.end])
        assert.ok(one.most <= 1 && several.most <= capacity)
      },
    ),
  ))

test('an exhausted budget begins no more runs, and those that run beside it are told', async () => {
  const fates = Array.from(
    { length: 9 },
    (_, k): Fate => ({ flops: 1, kind: k === 2 ? 'exhausted' : 'finished', turns: 5 }),
  )
  const { told, end } = await playRound(fates, 3, 100)
  assert.equal(end, 'the budget is used up: No.')
  assert.ok(told.length >= 3 && told.length <= 5 && told[2] === '2 exhausted', told.join())
})

/** A trainer that takes its time, and counts how many runs it makes at once. */
function slow(capacity: number, ms: number): { trainer: Trainer<TrainingConfig>; most: () => number } {
  const world = drawnWorld(3)
  let [running, most] = [0, 0]
  return {
    most: () => most,
    trainer: {
      name: 'slow',
      capacity,
      async train(config) {
        most = Math.max(most, ++running)
        // Cheaper runs are not always quicker.
        await sleep(ms * (1 + (config.dModel % 3)))
        running--
        return outcomeOf(world.observe(config))
      },
    },
  }
}

test('a campaign with four runs at once takes half the time at most, and is equal to the last digit', async () => {
  const strategy = profilesStrategy('parabola')
  // Each run takes so long that what the plans take beside them does not count, on a busy machine either.
  const [one, four] = [slow(1, 40), slow(4, 40)]
  const timed = async (trainer: Trainer<TrainingConfig>) => {
    const start = performance.now()
    return { result: await campaign({ trainer, strategy }), ms: performance.now() - start }
  }
  const [sequential, parallel] = [await timed(one.trainer), await timed(four.trainer)]
  assert.deepEqual(parallel.result, sequential.result)
  assert.deepEqual([one.most(), four.most()], [1, 4])
  assert.ok(parallel.ms < sequential.ms / 2, `${parallel.ms} ms instead of ${sequential.ms}`)
})

test('a lost run counts as spent, is told, and is not asked for again', async () => {
  const world = drawnWorld(3)
  const asked: TrainingConfig[] = []
  const trainer: Trainer<TrainingConfig> = {
    name: 'loses some',
    async train(config) {
      asked.push(config)
      const lost = new IsoflopError('TRAINING_FAILED', 'The node is gone.', 'Look for it.')
      return asked.length % 7 === 3 ? { kind: 'lost', error: lost } : outcomeOf(world.observe(config))
    },
  }
  const { lost, runs, spentFlops, refused } = await campaign({ trainer, strategy: profilesStrategy('parabola') })
  const cost = (list: readonly { readonly config: TrainingConfig }[]) =>
    list.reduce((sum, { config }) => sum + config.trainFlops, 0)
  assert.ok(lost.length >= 2 && lost[0].message === 'The node is gone.')
  assert.equal(refused.length, 0)
  assert.equal(spentFlops, cost(runs) + cost(lost))
  assert.equal(new Set(asked.map((config) => JSON.stringify(config))).size, asked.length)
  assert.equal(asked.length, runs.length + lost.length)
})
