import type { Campaign, Milestone, Standing } from '../../src/campaign/campaign.ts'
import { type EndedView, type Surroundings, viewOfCampaign, viewOfStanding } from '../../src/campaign/view.ts'
import { tokensFor } from '../../src/core/flops.ts'
import type { TrainingConfig } from '../../src/cs336/config.ts'
import { nonEmbeddingParameters } from '../../src/cs336/parameters.ts'
import { adaptiveWords } from '../../src/plan/adaptive/words.ts'
import type { CampaignEvidence, FittedRun } from '../../src/plan/evidence.ts'
import { profilesWords } from '../../src/plan/profiles/words.ts'
import type { CampaignRun, Forecast } from '../../src/plan/strategy.ts'
import type { CampaignReport } from '../../src/report/campaign/input.ts'

/** A write-up of a small campaign whose law is a simple formula: every kind of run, and evidence of every kind. */

const target = 1e19
const sizeOf = ({ dModel, numLayers }: TrainingConfig) => nonEmbeddingParameters(dModel, numLayers)

/** The formula: a surface plus a bowl in the learning rate, and a little for the larger batch, which fades. */
const surface = (C: number, N: number) => 1.8 + 0.7 * (1e8 / N) ** 0.35 + 0.75 * (2e9 / tokensFor(C, N)) ** 0.3
const bestRateOf = (N: number) => 8e-4 * (1e8 / N) ** 0.4
const rateCost = (rate: number, N: number) => 0.04 * Math.log(rate / bestRateOf(N)) ** 2
const batchCost = (C: number) => 0.02 * (1e16 / C) ** 0.3 - 0.003

function lossOf(config: TrainingConfig): number {
  const [C, N] = [config.trainFlops, sizeOf(config)]
  return surface(C, N) + rateCost(config.learningRate, N) + (config.batchSize === 256 ? batchCost(C) : 0)
}

/** Something like noise, the same on every machine. */
const wobble = (k: number) => ((((k * 37) % 19) - 9) / 9) * 0.02

const shapes = [
  [128, 2, 2],
  [128, 4, 2],
  [192, 5, 3],
  [256, 6, 4],
  [384, 7, 6],
  [512, 8, 8],
] as const

function configAt(k: number, trainFlops: number): TrainingConfig {
  const [dModel, numLayers, numHeads] = shapes[(k * 5 + Math.round(Math.log10(trainFlops))) % shapes.length]
  const learningRate = [1.5e-4, 3e-4, 6e-4, 1e-3][(k * 3) % 4]
  return { dModel, numLayers, numHeads, batchSize: k % 3 === 0 ? 256 : 128, learningRate, trainFlops }
}

function runAt(k: number, trainFlops: number, round: number): CampaignRun<TrainingConfig> {
  const config = configAt(k, trainFlops)
  const loss = lossOf(config) + wobble(k)
  const expected = round > 0 ? { loss: lossOf(config) + wobble(k + 5) / 2, sd: k === 14 ? 0.002 : 0.02 } : null
  return { config, loss, round, reason: round < 0 ? 'was there before' : `${k + 1} of 18 | spread evenly`, expected }
}

const budgets = [1e15, 3e15, 1e16, 3e16, 1e17, 3e17]

const runs: readonly CampaignRun<TrainingConfig>[] = [
  runAt(0, 1e16, -1),
  ...Array.from({ length: 12 }, (_, k) => runAt(k + 1, budgets[k % 3], 0)),
  ...Array.from({ length: 6 }, (_, k) => runAt(k + 13, budgets[2 + (k % 3)], 1)),
  ...Array.from({ length: 3 }, (_, k) => runAt(k + 19, budgets[3 + k], 2)),
  { ...runAt(23, 1e15, 0), loss: Number.NaN },
]

const config: TrainingConfig = {
  dModel: 1024,
  numLayers: 17,
  numHeads: 16,
  batchSize: 256,
  learningRate: 0.0012,
  trainFlops: target,
}

const alternativeShapes = [
  [640, 11, 10],
  [832, 14, 13],
  [1024, 17, 16],
  [1280, 20, 20],
  [1664, 26, 26],
] as const

const prediction: Forecast<TrainingConfig> = {
  config,
  parameters: sizeOf(config),
  tokens: tokensFor(target, sizeOf(config)),
  loss: lossOf(config),
  interval: {
    loss: [lossOf(config) - 0.06, lossOf(config) + 0.07],
    parameters: [1.7e8, 2.9e8],
    learningRate: [7e-4, 0.0021],
  },
  atCap: {
    config: { ...config, learningRate: 0.001 },
    parameters: sizeOf(config),
    tokens: tokensFor(target, sizeOf(config)),
    loss: lossOf(config) + 0.004,
    interval: [lossOf(config) - 0.05, lossOf(config) + 0.08],
    gain: { loss: 0.004, interval: [-0.001, 0.012] },
  },
  alternatives: alternativeShapes.map(([dModel, numLayers, numHeads]) => {
    const other = { ...config, dModel, numLayers, numHeads, learningRate: 0.001 }
    const loss = lossOf(other)
    return {
      config: other,
      parameters: sizeOf(other),
      loss,
      excess: Math.max(0, loss - lossOf(config)),
      interval: [loss - 0.05, loss + 0.05],
    }
  }),
  laws: [
    { name: 'plain; the embedding costs tokens', weight: 0.7, coefficients: { E: 1.8, A: 0.7, B: 0.75, alpha: 0.35 } },
    { name: 'broken in compute', weight: 0.3, coefficients: { E: 1.75, A: 0.72, B: 0.8, alpha: 0.34 } },
  ],
  narrowing: ["60 % of the variance (sd 0.03) is the law's coefficients: more runs of any kind narrow it."],
  diagnostics: [],
}

/** What was expected before the second and the third round, and at the end. */
const history: readonly Milestone[] = [0.4, 0.1, 0].map((off, k) => ({
  spentFlops: [5.7e16, 3.37e17, 7.67e17][k],
  runs: [14, 20, 23][k],
  estimate: {
    config,
    parameters: sizeOf(config) * (1 - off),
    loss: lossOf(config) + off / 4,
    interval: {
      loss: [lossOf(config) - 0.06 - off, lossOf(config) + 0.07 + off / 2],
      parameters: [1.7e8 * (1 - off), 2.9e8 * (1 + off)],
      learningRate: [7e-4, 0.0021],
    },
  },
  beliefs: [
    { name: 'plain; the embedding costs tokens', weight: 0.7 - off },
    { name: 'broken in compute', weight: 0.3 + off },
  ],
}))

const campaign: Campaign = {
  history,
  spentFlops: runs.reduce((sum, run) => sum + run.config.trainFlops, 0),
  queries: runs.length - 1,
  prediction,
  runs,
  refused: [{ config: configAt(3, 1e15), message: 'd_model must be divisible by num_heads' }],
  lost: [],
  evidence: null,
  rounds: [
    { title: 'Opening: spread over sizes and rates', queries: 13, spentFlops: 5.7e16 },
    { title: 'Round 1 of 2: mostly for the loss', queries: 6, spentFlops: 2.8e17 },
    { title: 'Round 2 of 2: mostly for the rate', queries: 3, spentFlops: 4.3e17 },
  ],
  stopped: 'all 2 rounds are done',
  diagnostics: [
    {
      code: 'rate-beyond-cap',
      severity: 'warning',
      message: 'The best learning rate at the target is put at 0.0012, and no run may have more than 0.001.',
      evidence: {},
      advice: 'Sweep it at the target if you can.',
    },
    { code: 'predicted-runs', severity: 'info', message: '8 of 9 runs fell inside.', evidence: {}, advice: 'Good.' },
  ],
}

const fittedOf = (run: CampaignRun<TrainingConfig>, k: number): FittedRun => {
  if (!Number.isFinite(run.loss)) return { kind: 'set-aside', reason: 'diverged' }
  if (k === 2) return { kind: 'set-aside', reason: 'loss of 7 nats or more' }
  const [C, N] = [run.config.trainFlops, sizeOf(run.config)]
  const bestRate = bestRateOf(N)
  return {
    kind: 'used',
    loss: lossOf(run.config),
    sd: 0.012,
    tuned: surface(C, N) + rateCost(Math.min(bestRate, 1e-3), N),
    bestRate,
    atBestRate: lossOf({ ...run.config, learningRate: bestRate }),
  }
}

const ladder = (from: number, to: number, count: number): number[] =>
  Array.from({ length: count }, (_, k) => from * (to / from) ** (k / (count - 1)))

const evidence: CampaignEvidence = {
  fitted: runs.map(fittedOf),
  profiles: [...budgets, target].map((flops) => {
    const middle = 3e6 * (flops / 1e15) ** 0.46
    const points = ladder(middle / 8, middle * 8, 25)
    return { flops, points: points.map((parameters) => ({ parameters, loss: surface(flops, parameters) })) }
  }),
  rates: [1e16, 1e17, target].map((flops) => {
    const parameters = 3e6 * (flops / 1e15) ** 0.46
    const points = ladder(bestRateOf(parameters) / 20, bestRateOf(parameters) * 20, 41).map((learningRate) => ({
      learningRate,
      loss: surface(flops, parameters) + rateCost(learningRate, parameters),
    }))
    return { flops, parameters, points }
  }),
  batches: ladder(1e17, target, 5).map((flops) => {
    const difference = batchCost(flops)
    return { flops, batchSizes: [128, 256], difference, interval: [difference - 0.004, difference + 0.003] }
  }),
  backtest: runs.flatMap((run, k) =>
    run.config.trainFlops < 1e17
      ? []
      : [
          {
            run: k,
            fittedBelow: 1e17,
            predicted: run.loss + wobble(k + 3),
            interval: [run.loss - 0.04, run.loss + wobble(k + 3) + 0.05] as const,
          },
        ],
  ),
  target: ladder(4e7, 1e9, 31).map((parameters) => {
    const loss = surface(target, parameters)
    return { parameters, loss, interval: [loss - 0.04, loss + 0.05] }
  }),
}

const words = { command: 'isoflop campaign --world seed:7', versions: { isoflop: '0.1.0', node: '24.0.0' } }

const onWorld: Surroundings = {
  task: { source: 'world:seed:7', strategy: 'adaptive', words: adaptiveWords, seed: 0, budget: 2e18, target },
  truth: {
    config: { ...config, dModel: 960, numHeads: 15 } as TrainingConfig,
    parameters: nonEmbeddingParameters(960, 17),
    loss: lossOf(config) - 0.025,
    regret: 0.004,
    lossError: 0.021,
    covered: true,
  },
  trueLoss: (one) => lossOf(one as TrainingConfig) - 0.021,
}

/** A campaign that has ended, and its write-up. */
export interface EndedReport extends CampaignReport {
  readonly view: EndedView
}

/** The full write-up, on a simulated world. */
export const full: EndedReport = {
  ...words,
  title: 'Campaign against world:seed:7',
  view: viewOfCampaign({ ...campaign, evidence }, onWorld),
}

/** The same while it was in its second round. */
export const standing: Standing = {
  runs: runs.filter(({ round }) => round < 2),
  spent: 3.4e17,
  budget: 2e18,
  refused: campaign.refused,
  lost: campaign.lost,
  rounds: campaign.rounds.slice(0, 2),
  open: [{ config, reason: 'worth 0.01 nats', expected: { loss: 3.1, sd: 0.02 } }],
  training: [
    {
      ...{ config: configAt(19, 1e17), reason: 'worth 0.02 nats', expected: { loss: 3.4, sd: 0.02 } },
      progress: {
        kind: 'running',
        curve: Array.from({ length: 40 }, (_, k) => ({ step: k + 1, tokens: (k + 1) * 4e6, loss: 3.2 + 6 / (k + 2) })),
      },
    },
    { config, reason: 'worth 0.01 nats', expected: null, progress: { kind: 'waiting', ahead: 2 } },
  ],
  estimate: prediction,
  history: history.slice(0, 1),
  evidence: () => null,
}

export const interim: CampaignReport = {
  ...full,
  view: viewOfStanding(standing, { task: onWorld.task }),
}

const onServer: Surroundings = {
  task: {
    ...onWorld.task,
    source: 'http://localhost:8000',
    strategy: 'profiles-parabola',
    words: profilesWords('parabola'),
  },
}

const plainCampaign: Campaign = {
  ...campaign,
  history: history.map(({ estimate, ...milestone }) => ({
    ...milestone,
    estimate: { ...estimate, interval: { loss: null, parameters: null, learningRate: null } },
    beliefs: [],
  })),
  runs: runs.map(({ expected: _, ...run }) => run),
  refused: [],
  lost: [],
  diagnostics: [],
  prediction: {
    ...prediction,
    interval: { loss: null, parameters: null, learningRate: null },
    atCap: null,
    alternatives: [],
    laws: [
      { name: 'best size', weight: 1, coefficients: { coefficient: 0.12, exponent: 0.49 } },
      { name: 'surface', weight: 1, coefficients: { E: 2.2, A: 400, B: 2000, alpha: 0.34, beta: 0.36 } },
    ],
  },
}

/** What a strategy without intervals or a law of runs leaves, against a server whose truth nobody knows. */
export const plain: EndedReport = {
  ...words,
  title: 'Campaign against http://localhost:8000',
  view: viewOfCampaign(plainCampaign, onServer),
}

/** One run, one query, nothing else. */
export const tiny: EndedReport = {
  ...plain,
  view: viewOfCampaign(
    {
      ...plainCampaign,
      history: [],
      runs: [runAt(5, 1e16, 0)],
      queries: 1,
      spentFlops: 1e16,
      rounds: [{ title: 'Opening', queries: 1, spentFlops: 1e16 }],
      stopped: 'interrupted',
      prediction: { ...plainCampaign.prediction, laws: [], narrowing: [] },
    },
    onServer,
  ),
}
