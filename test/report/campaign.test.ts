import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Campaign, Standing } from '../../src/campaign/campaign.ts'
import { type CampaignTruth, judged } from '../../src/campaign/truth.ts'
import { viewedSpace, viewOfCampaign, viewOfStanding } from '../../src/campaign/view.ts'
import type { TrainingConfig } from '../../src/cs336/config.ts'
import { apiSpace } from '../../src/cs336/space.ts'
import { commandTrainer } from '../../src/launch/command-trainer.ts'
import { adaptiveWords } from '../../src/plan/adaptive/words.ts'
import type { Forecast } from '../../src/plan/strategy.ts'
import { isProgram } from '../../src/report/campaign/facts.ts'
import { campaignJson, planJson } from '../../src/report/campaign/json.ts'
import { renderCampaign } from '../../src/report/campaign/report.ts'
import { campaignText, planText, standingLine } from '../../src/report/campaign/text.ts'
import { space } from '../launch/programs.ts'

const config = { dModel: 512, numLayers: 8, numHeads: 8, batchSize: 128, learningRate: 8e-4, trainFlops: 1e17 }

const prediction: Forecast<TrainingConfig> = {
  config: { ...config, dModel: 1024, trainFlops: 1e19 },
  parameters: 1.006e8,
  tokens: 1.65e10,
  loss: 2.7,
  interval: { loss: [2.6, 2.8], parameters: null, learningRate: null },
  atCap: null,
  alternatives: [
    { config: { ...config, trainFlops: 1e19 }, parameters: 2.5e7, loss: 2.9, excess: 0.2, interval: [2.8, 3] },
  ],
  laws: [{ name: 'surface', weight: 1, coefficients: { E: 1.7 } }],
  narrowing: ['A run at 1e18.', 'Another rate.'],
  diagnostics: [],
}

const result: Campaign = {
  history: [],
  spentFlops: 3e17,
  queries: 2,
  prediction,
  runs: [
    { config: { ...config, numLayers: 6 }, loss: 4.5, round: -1, reason: 'was there before' },
    { config, loss: 4.25, round: 0, reason: 'sweep' },
    { config: { ...config, numHeads: 4 }, loss: Number.NaN, round: 0, reason: 'sweep' },
  ],
  refused: [{ config: { ...config, dModel: 9999 }, message: 'd_model must be in range [64, 1024], got 9999' }],
  lost: [],
  evidence: null,
  rounds: [{ title: 'sweep', queries: 2, spentFlops: 2e17 }],
  stopped: 'another query is worth less than it costs',
  diagnostics: [],
}

const task = { source: 'world:seed:3', strategy: 'adaptive', words: adaptiveWords, seed: 0, budget: 2e18, target: 1e19 }
const viewOf = (campaign: Campaign, truth: CampaignTruth | null = null) => viewOfCampaign(campaign, { task, truth })
const best = { config: { ...config, trainFlops: 1e19 }, parameters: 2.5e7, loss: 2.65 }

test('JSON has the columns of the API, null for a run that diverged, and the truth only where it is known', () => {
  const json = campaignJson(viewOf(result))
  const wire = { d_model: 512, num_layers: 8, num_heads: 8, batch_size: 128, learning_rate: 8e-4, train_flops: 1e17 }
  assert.deepEqual(json.runs[1], { ...wire, loss: 4.25, round: 0, reason: 'sweep' })
  assert.equal(json.runs[2].loss, null)
  assert.deepEqual(json.refused, [{ ...wire, d_model: 9999, message: result.refused[0].message }])
  assert.ok(!('trainFlops' in json.prediction.config) && !('train_flops' in json.prediction.config))
  assert.ok(!('truth' in json))
  assert.deepEqual(JSON.parse(JSON.stringify(json)), json)
  assert.equal(campaignJson(viewOf(result, judged(prediction, best, 2.66))).truth?.config.d_model, 512)
})

test('a rate beyond the cap: what is measured there stands apart from what is inferred, in JSON and on the terminal', () => {
  const atCap = {
    config: { ...config, learningRate: 1e-3, trainFlops: 1e19 },
    ...{ parameters: 2.5e7, tokens: 6e10, loss: 2.75, interval: [2.65, 2.85] as const },
    gain: { loss: 0.05, interval: [-0.01, 0.09] as const },
  }
  const higher = { ...prediction, config: { ...prediction.config, learningRate: 4e-3 }, atCap }
  const { atCap: told } = campaignJson(viewOf({ ...result, prediction: higher })).prediction
  assert.equal(told?.config.learning_rate, 1e-3)
  assert.ok(told && !('train_flops' in told.config))
  assert.deepEqual([told?.loss, told?.gain], [2.75, atCap.gain])
  const text = campaignText(viewOf({ ...result, prediction: higher })).replace(/\s+/g, ' ')
  assert.match(
    text,
    /Measured: no run may have more than rate 0\.001\. There N 2\.50e7 is best, loss 2\.750 \[2\.650, 2\.850\]/,
  )
  assert.match(text, /Inferred: the higher rate gains 0\.050 \[-0\.010, 0\.090\] nats more\./)
  assert.equal(campaignJson(viewOf(result)).prediction.atCap, null)
  assert.doesNotMatch(campaignText(viewOf(result)), /Measured|Inferred/)
})

test('a prediction is judged by regret, error and coverage', () => {
  const { regret, lossError, covered } = judged(prediction, best, 2.66)
  assert.deepEqual([regret.toFixed(6), lossError.toFixed(6), covered], ['0.010000', '0.040000', true])
  assert.equal(judged(prediction, best, 2.59).covered, false)
  assert.equal(judged(prediction, best, 2.6).regret, 0)
  const without = { ...prediction, interval: { ...prediction.interval, loss: null } }
  assert.equal(judged(without, best, 2.66).covered, null)
})

test('the summary in words', () => {
  const text = campaignText(viewOf(result, judged(prediction, best, 2.81)))
  assert.match(text, /^At 1e19 FLOPs, 95 % intervals:\n {2}configuration {2}d_model 1024, 8 layers/)
  assert.match(text, /\n {2}loss {11}2\.700 \[2\.600, 2\.800\] nats\/token\n/)
  assert.match(text, /error of the predicted loss: -0\.110; the interval misses the truth\n/)
  assert.match(text, /\n3 runs of world:seed:3 for 3e17 of 2e18 FLOPs, 1 of them there before:\n/)
  assert.match(text, /\n {3}1e17 {5}3 {3}3e17 {8}4\.250 {2}2\.52e7 {2}8\.00e-4\n/)
  assert.match(text, /The API refused 1 configuration; the first: d_model must be/)
  assert.match(text, /Would narrow it: A run at 1e18; Another rate\.$/)
  assert.doesNotMatch(text, /NaN|\.\./)
})

test('a standing in one line, a plan that asks nothing', () => {
  const rounds = [...result.rounds, { title: 'profile at 1e17', queries: 0, spentFlops: 0 }]
  const { runs, refused, lost } = result
  const standing: Standing = {
    ...{ runs, refused, lost, spent: 3e17, budget: 2e18, rounds, open: [], training: [], estimate: null, history: [] },
    evidence: () => null,
  }
  const lineOf = (one: Standing) => standingLine(viewOfStanding(one, { task }))
  assert.equal(lineOf(standing), '3e17 of 2e18 FLOPs, 3 runs, no estimate yet, profile at 1e17')
  assert.match(lineOf({ ...standing, estimate: prediction }), /N 1\.01e8, loss 2\.700 \[2\.600, 2\.800\], profile/)
  const plan = { kind: 'stop', reason: 'the budget is used' } as const
  assert.equal(planText(plan, 2e18, apiSpace), 'Nothing would be asked: the budget is used')
  assert.deepEqual(planJson(plan, viewedSpace(apiSpace)), {
    title: null,
    cost: 0,
    queries: [],
    stopped: 'the budget is used',
  })
})

test('of many laws each is named with its weight, and its parts stand closer than the laws do', () => {
  const named = ['plain; the embedding costs tokens', 'broken in compute', 'helped', 'staged']
  const laws = named.map((name, k) => ({ name, weight: 0.4 - k / 10, coefficients: { E: 1.7 } }))
  const view = viewOf({ ...result, prediction: { ...prediction, laws } })
  const told = (language: 'en' | 'zh') =>
    campaignText(view, { language }).replaceAll(/\n\s*/g, language === 'en' ? ' ' : '')
  assert.match(
    told('en'),
    /Laws by belief: plain, the embedding costs tokens 0\.40; broken in compute 0\.30; helped 0\.20; staged 0\.10\./,
  )
  assert.match(told('zh'), /基本形式[，、]嵌入占用 token 0\.40；/)
})

test('the runs of a program are told as such, and no report speaks of the name that records have for it', () => {
  const { name } = commandTrainer({ command: 'true', folder: 'nowhere', space })
  assert.equal(isProgram(name), true)
  const view = viewOfCampaign(result, { task: { ...task, source: name }, truth: null })
  for (const [language, program] of [
    ['en', 'your program'],
    ['zh', '你的程序'],
  ] as const) {
    const { 'report.md': report } = renderCampaign({ view, title: '', command: '', versions: {}, language })
    const text = `${campaignText(view, { language })}${report}`
    assert.ok(text.split(program).length > 3, text)
    assert.doesNotMatch(text, /\b(?:of|asked|on) command\b|command (?:for|的)/)
  }
})
