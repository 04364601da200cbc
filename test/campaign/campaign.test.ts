import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Campaign, type CampaignOptions, campaign, firstPlan } from '../../src/campaign/campaign.ts'
import { IsoflopError } from '../../src/core/errors.ts'
import type { TrainedRun } from '../../src/core/trainer.ts'
import { apiCodec, type TrainingConfig } from '../../src/cs336/config.ts'
import type { CampaignRun, Forecast, Plan, Situation, Strategy } from '../../src/plan/strategy.ts'
import { trainerOf } from '../trainers.ts'

const base: TrainingConfig = {
  dModel: 256,
  numLayers: 4,
  numHeads: 4,
  batchSize: 128,
  learningRate: 1e-3,
  trainFlops: 1e16,
}

/** Loss by a formula; the width that is best grows with the FLOPs. */
const lossOf = ({ dModel, trainFlops }: TrainingConfig) =>
  3 + Math.log(1e19 / trainFlops) / 10 + Math.log(dModel / (100 * (trainFlops / 1e15) ** 0.25)) ** 2

/** Three rounds at growing budgets about the best width so far; asks for nothing that is there or was refused. */
const climbing: Strategy = {
  name: 'climbing',
  words: { design: 'It climbs.', law: 'It has none.', reference: null },
  consider: (situation) => ({
    ask: () => climb(situation),
    conclude: () => lowestAtTarget(situation),
    evidence: () => null,
  }),
}

function climb(situation: Situation): Plan {
  const { round, runs, refused } = situation
  if (round >= 3) return { kind: 'stop', reason: 'three rounds are enough' }
  const known = new Set(
    [...runs.map(({ config }) => config as TrainingConfig), ...(refused as TrainingConfig[])].map(apiCodec.identity),
  )
  const centre = lowest(situation)?.config.dModel ?? 256
  const trainFlops = [1e15, 1e16, 1e17][round]
  const queries = [0.5, 0.7, 1, 1.4, 2]
    .map((ratio) => ({ ...base, dModel: Math.round(ratio * centre), trainFlops }))
    .filter((config) => !known.has(apiCodec.identity(config)))
    .map((config) => ({ config, reason: `width ${config.dModel} about ${centre}` }))
  return { kind: 'ask', title: `at ${trainFlops}`, queries, estimate: null }
}

function lowestAtTarget(situation: Situation): Forecast<TrainingConfig> {
  const best = lowest(situation)
  if (best === null) throw new IsoflopError('TOO_FEW_RUNS', 'Expected a run, got none.', 'Buy one.')
  const config = { ...best.config, trainFlops: situation.target }
  return {
    ...{ config, parameters: 1, tokens: 1, loss: best.loss },
    interval: { loss: null, parameters: null, learningRate: null },
    ...{ atCap: null, alternatives: [], laws: [], narrowing: [], diagnostics: [] },
  }
}

const lowest = ({ runs }: Situation) =>
  (runs as readonly CampaignRun<TrainingConfig>[]).reduce<CampaignRun<TrainingConfig> | null>(
    (low, run) => (low === null || run.loss < low.loss ? run : low),
    null,
  )

const play = (options: Partial<CampaignOptions> = {}) =>
  campaign({ strategy: climbing, trainer: trainerOf((config) => lossOf(config)), ...options })

const outcome = ({ runs, prediction, spentFlops, rounds }: Campaign) => ({ runs, prediction, spentFlops, rounds })

/** Ends like a process that is killed: at the query after `count` others, all of whose answers are known. */
async function killedAfter(count: number, options: Partial<CampaignOptions>): Promise<TrainedRun<TrainingConfig>[]> {
  const answered: TrainedRun<TrainingConfig>[] = [...(options.answered ?? [])]
  const trainer = trainerOf((config: TrainingConfig) => {
    if (answered.length === count) throw new Error('killed')
    answered.push({ config, loss: lossOf(config) })
    return lossOf(config)
  })
  await assert.rejects(play({ ...options, trainer, answered: [...answered] }), /killed/)
  return answered
}

test('plans depend on the answers: rounds, reasons, spending and the standings told', async () => {
  const standings: string[] = []
  const result = await play({
    onStanding: ({ rounds, runs, spent }) => standings.push(`${rounds.length - 1} ${runs.length} ${spent}`),
  })
  assert.deepEqual(
    result.rounds.map(({ queries, spentFlops }) => [queries, spentFlops]),
    [
      [5, 5e15],
      [5, 5e16],
      [5, 5e17],
    ],
  )
  assert.equal(result.queries, 15)
  assert.equal(result.spentFlops, 5.55e17)
  assert.equal(result.stopped, 'three rounds are enough')
  assert.equal(result.prediction.config.trainFlops, 1e19)
  const widths = result.runs.filter(({ round }) => round === 2).map(({ config }) => config.dModel)
  assert.ok(widths.some((width) => Math.abs(Math.log(width / 316)) < 0.3)) // the best width at 1e17
  assert.match(result.runs[7].reason, /^width \d+ about \d+$/)
  assert.deepEqual([standings.length, standings[0], standings.at(-1)], [18, '0 0 0', `2 15 ${5.55e17}`])
})

test('killed at any query and started again with the answers, it ends the same and asks nothing twice', async () => {
  const whole = await play()
  for (let count = 0; count < 15; count++) {
    const answered = await killedAfter(count, {})
    const asked: string[] = []
    const resumed = await play({
      answered,
      trainer: trainerOf((config) => {
        asked.push(apiCodec.identity(config))
        return lossOf(config)
      }),
    })
    assert.deepEqual(outcome(resumed), outcome(whole), `killed after ${count}`)
    assert.equal(asked.length, 15 - count)
    assert.deepEqual(
      asked,
      whole.runs.slice(count).map(({ config }) => apiCodec.identity(config)),
    )
  }
})

test('given runs count as spent, come first and are not asked again; killed, it still ends the same', async () => {
  const given = [
    { config: { ...base, dModel: 300, trainFlops: 3e15 }, loss: 5 },
    { config: { ...base, dModel: 256, trainFlops: 1e15 }, loss: 4 },
    { config: { ...base, dModel: 256, trainFlops: 1e15 }, loss: 4 },
  ]
  const whole = await play({ given })
  assert.deepEqual(
    whole.runs.slice(0, 2).map(({ round }) => round),
    [-1, -1],
  )
  assert.equal(whole.runs.filter(({ config }) => config.dModel === 256 && config.trainFlops === 1e15).length, 1)
  assert.equal(whole.spentFlops - whole.rounds.reduce((sum, { spentFlops }) => sum + spentFlops, 0), 4e15)
  assert.equal(whole.queries, whole.runs.length - 2)
  const answered = await killedAfter(6, { given })
  assert.deepEqual(outcome(await play({ given, answered })), outcome(whole))
})

test('the budget is never passed, to the last FLOP, and what still fits is bought', async () => {
  for (const budget of [5e15, 3.5e16, 2.55e17, 4e17, 5.55e17]) {
    const { spentFlops, runs } = await play({ budget })
    assert.ok(spentFlops <= budget, `${spentFlops} of ${budget}`)
    assert.equal(
      spentFlops,
      runs.reduce((sum, { config }) => sum + config.trainFlops, 0),
    )
    assert.ok(budget - spentFlops < 1e17)
  }
})

const refusing = (code: 'BUDGET_EXCEEDED' | 'CONFIG_INVALID' | 'API_REFUSED' | 'KEY_INVALID', when: number) => {
  let count = 0
  return trainerOf((config) => {
    if (count++ === when) throw new IsoflopError(code, 'No.', 'Ask otherwise.')
    return lossOf(config)
  })
}

test('a refused configuration is left out and noted; an exhausted API ends the buying; other errors end the campaign', async () => {
  for (const code of ['CONFIG_INVALID', 'API_REFUSED'] as const) {
    const { refused, queries, stopped } = await play({ trainer: refusing(code, 2) })
    assert.deepEqual([refused.length, refused[0].message, queries, stopped], [1, 'No.', 14, 'three rounds are enough'])
  }
  const exhausted = await play({ trainer: refusing('BUDGET_EXCEEDED', 7) })
  assert.equal(exhausted.queries, 7)
  assert.match(exhausted.stopped, /budget.*No\./)
  await assert.rejects(play({ trainer: refusing('KEY_INVALID', 3) }), { code: 'KEY_INVALID' })
  await assert.rejects(play({ trainer: refusing('BUDGET_EXCEEDED', 0) }), { code: 'TOO_FEW_RUNS' })
})

test('an abort ends it after the run in flight, with a prediction, and it can go on', async () => {
  const controller = new AbortController()
  let count = 0
  const stopped = await play({
    signal: controller.signal,
    trainer: trainerOf((config) => {
      if (++count === 8) controller.abort()
      return lossOf(config)
    }),
  })
  assert.deepEqual([stopped.queries, stopped.stopped], [8, 'interrupted'])
  assert.ok(Number.isFinite(stopped.prediction.loss))
  assert.deepEqual(outcome(await play({ answered: stopped.runs })), outcome(await play()))
})

test('the query is told the round and the reason; the first plan is known without asking', async () => {
  const purposes: string[] = []
  await play({
    trainer: trainerOf((config, { round, reason }) => {
      purposes.push(`${round} ${reason}`)
      return lossOf(config)
    }),
  })
  assert.equal(purposes[0], '0 width 128 about 256')
  const plan = firstPlan({ strategy: climbing })
  assert.deepEqual(plan.kind === 'ask' && plan.queries.map(({ reason }) => `0 ${reason}`), purposes.slice(0, 5))
})
