import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import { type Campaign, campaign } from '../../src/campaign/campaign.ts'
import type { TrainingConfig } from '../../src/cs336/config.ts'
import { targetFlops } from '../../src/cs336/limits.ts'
import { nonEmbeddingParameters } from '../../src/cs336/parameters.ts'
import { apiSpace } from '../../src/cs336/space.ts'
import { fitJoint } from '../../src/joint/fit.ts'
import { median } from '../../src/numeric/quantile.ts'
import { jointEvidence } from '../../src/plan/adaptive/joint-evidence.ts'
import type { CampaignEvidence } from '../../src/plan/evidence.ts'
import type { CampaignRun } from '../../src/plan/strategy.ts'
import { type DrawnWorld, drawnWorld } from '../../src/world/drawn.ts'
import { optimum } from '../../src/world/optimum.ts'
import { trainerOf } from '../trainers.ts'

let world: DrawnWorld
let result: Campaign
/** The campaign's, and one that diverged. */
let runs: readonly CampaignRun[]
let evidence: CampaignEvidence

/** What the law that is fitted to runs says of them. */
const evidenceOf = (known: readonly CampaignRun[]): CampaignEvidence => {
  const fit = fitJoint(known, { target: targetFlops, space: apiSpace })
  return jointEvidence({ runs: known, target: targetFlops, seed: 0, space: apiSpace }, fit)
}

before(async () => {
  world = drawnWorld(902)
  result = await campaign({ trainer: trainerOf((config) => world.observe(config)) })
  const last = result.runs[result.runs.length - 1]
  runs = [...result.runs, { ...last, config: { ...last.config, batchSize: 128 }, loss: Number.NaN }]
  evidence = evidenceOf(runs)
})

const sizeOf = ({ dModel, numLayers }: TrainingConfig) => nonEmbeddingParameters(dModel, numLayers)
const lowest = <P extends { readonly loss: number }>(points: readonly P[]): P =>
  points.reduce((low, next) => (next.loss < low.loss ? next : low))

function assertAscending(values: readonly number[]): void {
  assert.ok(values.length > 1)
  for (let k = 1; k < values.length; k++) assert.ok(values[k] > values[k - 1], `${values}`)
}

test('every run has an entry: used with its law, or set aside with the reason', () => {
  const { fitted } = evidence
  assert.equal(fitted.length, runs.length)
  const off: number[] = []
  fitted.forEach((entry, i) => {
    const { loss } = runs[i]
    assert.equal(entry.kind === 'used', loss < 7)
    if (entry.kind === 'set-aside')
      assert.match(entry.reason, Number.isNaN(loss) ? /^diverged$/ : /^loss of 7 nats or more$/)
    else {
      assert.ok(entry.sd > 0 && entry.bestRate > 0)
      assert.ok(entry.atBestRate <= entry.loss + 1e-9)
      off.push(Math.abs(loss - entry.loss) / entry.sd)
    }
  })
  assert.ok(fitted.some(({ kind }) => kind === 'used'))
  assert.equal(fitted[fitted.length - 1].kind, 'set-aside')
  const inside = off.filter((z) => z < 2).length / off.length
  assert.ok(inside > 0.85, `${inside} of the runs within two standard deviations`)
  assert.ok(median(off) > 0.2)
})

test('the same size at tuned hyperparameters is not worse than the run, but for shape and rate at the limits', () => {
  const gains = evidence.fitted.flatMap((entry) => (entry.kind === 'used' ? [entry.loss - entry.tuned] : []))
  assert.ok(Math.min(...gains) > -0.01, `${Math.min(...gains)}`)
  assert.ok(Math.max(...gains) > 0.05)
})

test('profiles and rates ascend up to the target, and their minima are where the world has them', () => {
  const { profiles, rates } = evidence
  const budgets = profiles.map(({ flops }) => flops)
  assertAscending(budgets)
  assertAscending(rates.map(({ flops }) => flops))
  assert.ok(rates.every(({ flops }) => budgets.includes(flops)))
  for (const list of [profiles, rates]) assert.equal(list[list.length - 1].flops, targetFlops)
  for (const { flops, points } of profiles) {
    const count = runs.filter(({ config }) => config.trainFlops === flops).length
    assert.ok(count >= 2 || flops === targetFlops)
    assertAscending(points.map(({ parameters }) => parameters))
    if (flops < 1e17) continue
    const best = optimum(world, flops, flops === targetFlops ? apiSpace.targetLimits : apiSpace.limits)
    const found = lowest(points)
    assert.ok(Math.abs(found.loss - best.loss) < 0.06, `${found.loss}, best ${best.loss}`)
    assert.ok(Math.abs(Math.log(found.parameters / sizeOf(best.config))) < 0.7)
  }
  for (const { flops, points, parameters } of rates) {
    assertAscending(points.map(({ learningRate }) => learningRate))
    const [first, last] = [points[0], points[points.length - 1]]
    assert.ok(first.learningRate <= 1e-4 * (1 + 1e-9) && last.learningRate >= 1e-3 * (1 - 1e-9))
    assert.ok(lowest(points).loss < Math.min(first.loss, last.loss))
    const profile = profiles.find((other) => other.flops === flops)!
    assert.ok(Math.abs(Math.log(parameters / lowest(profile.points).parameters)) < 0.4)
  }
})

test('batches ascend in FLOPs up to the target, and the larger batch costs what it costs in the world', () => {
  const { batches } = evidence
  assertAscending(batches.map(({ flops }) => flops))
  assert.equal(batches[batches.length - 1].flops, targetFlops)
  for (const { flops, batchSizes, difference, interval } of batches) {
    assert.deepEqual(batchSizes, [128, 256])
    assert.ok(interval !== null && interval[0] <= difference && difference <= interval[1])
    const limits = flops === targetFlops ? { ...apiSpace.targetLimits } : apiSpace.limits
    const [smaller, larger] = batchSizes.map((size) => optimum(world, flops, { ...limits, batchSize: [size] }).loss)
    const width = interval[1] - interval[0]
    assert.ok(Math.abs(difference - (larger - smaller)) < width + 0.005, `${difference}, not ${larger - smaller}`)
  }
})

test('the backtest foretells the most expensive runs from the cheaper ones, and its intervals hold most of them', () => {
  const { backtest } = evidence
  assert.ok(backtest.length >= 5)
  const costs = runs.filter(({ loss }) => loss < 7).map(({ config }) => config.trainFlops)
  const [{ fittedBelow }] = backtest
  assert.equal(backtest.length, costs.filter((flops) => flops >= fittedBelow).length)
  assert.ok(backtest.length <= costs.length / 4)
  assertAscending(backtest.map(({ run }) => run))
  for (const entry of backtest) {
    assert.equal(entry.fittedBelow, fittedBelow)
    assert.ok(runs[entry.run].config.trainFlops >= fittedBelow)
    assert.ok(entry.interval[0] < entry.predicted && entry.predicted < entry.interval[1])
  }
  const held = backtest.filter(({ run, interval: [low, high] }) => low <= runs[run].loss && runs[run].loss <= high)
  assert.ok(held.length >= 0.6 * backtest.length, `${held.length} of ${backtest.length}`)
  const errors = backtest.map(({ run, predicted }) => Math.abs(predicted - runs[run].loss))
  assert.ok(median(errors) < 0.1, `${median(errors)}`)
})

test("the target's curve ascends in size, and its minimum is the forecast", () => {
  const { target } = evidence
  const { prediction } = result
  assertAscending(target.map(({ parameters }) => parameters))
  for (const { loss, interval } of target) assert.ok(interval[0] <= loss && loss <= interval[1])
  const best = lowest(target)
  assert.ok(Math.abs(Math.log(best.parameters / prediction.parameters)) < 0.5)
  assert.ok(Math.abs(best.loss - prediction.loss) < 0.01, `${best.loss}, forecast ${prediction.loss}`)
  assert.ok(target[0].loss > best.loss + 0.1 && target[target.length - 1].loss > best.loss + 0.05)
})

test('eight runs are too few for a backtest, and still have a law', () => {
  const few = runs.filter(({ loss }) => loss < 7).slice(0, 8)
  const { fitted, profiles, backtest, target } = evidenceOf(few)
  assert.deepEqual([fitted.length, backtest.length], [8, 0])
  assert.deepEqual(
    fitted.map(({ kind }) => kind),
    new Array(8).fill('used'),
  )
  assert.ok(
    profiles.every(
      ({ flops }) => flops === targetFlops || few.filter(({ config }) => config.trainFlops === flops).length >= 3,
    ),
  )
  assert.ok(target.length > 10)
})
