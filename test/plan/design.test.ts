import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { random } from '../../src/core/random.ts'
import { targetFlops, targetLimits } from '../../src/cs336/limits.ts'
import { fitJoint, type WeightedMode } from '../../src/joint/fit.ts'
import type { JointMode } from '../../src/joint/mode.ts'
import { bestPlace } from '../../src/joint/place.ts'
import { leadingModes } from '../../src/joint/posterior.ts'
import { cholesky } from '../../src/numeric/cholesky.ts'
import { dot, times } from '../../src/numeric/matrix.ts'
import { Prospect } from '../../src/plan/adaptive/design.ts'
import { lossWorth, type Stake, type StakeName, stakeNames, stakesAt } from '../../src/plan/adaptive/stakes.ts'
import type { Limits } from '../../src/space/limits.ts'
import type { Place } from '../../src/space/space.ts'
import { jointOptions, lawRuns, plainLaw, spreadConfigs } from '../joint/joint-runs.ts'
import { close } from '../support.ts'

const fit = fitJoint(lawRuns(plainLaw(), 'none', spreadConfigs(70, 3), 0.01), jointOptions)

const lossAt = (mode: JointMode, place: Place): number => mode.lossOf(mode.fitted, mode.pointAt(place))
const bestOf = (mode: JointMode, limits: Limits = targetLimits): Place =>
  bestPlace(mode, mode.fitted.theta, (place) => lossAt(mode, place), targetFlops, limits)

const judges = leadingModes(fit, 0.02, 3).map(({ mode, weight }) => ({
  ...{ mode, weight },
  stakes: stakesAt(mode, bestOf(mode), targetLimits.batchSize),
}))
/** The first is there twice. */
const candidates = [...spreadConfigs(40, 4), spreadConfigs(40, 4)[0]]
const twin = candidates.length - 1
const prospect = () => new Prospect(candidates, judges)
const everyCandidate = candidates.map((_, c) => c)

const variance = (mode: JointMode, { sensitivity }: Pick<Stake, 'sensitivity'>): number =>
  dot(sensitivity, times(mode.fitted.covariance, sensitivity))

test('the worth of a candidate is never negative, and what it is worth it for adds up to it', () => {
  assert.ok(judges.length > 1)
  fc.assert(
    fc.property(fc.array(fc.nat(twin), { maxLength: 6 }), (taken) => {
      const own = prospect()
      for (const c of taken) own.take(c)
      for (const c of everyCandidate) {
        const by = own.worthBy(c)
        assert.deepEqual(Object.keys(by), [...stakeNames])
        assert.ok(Object.values(by).every((worth) => worth >= 0))
        assert.ok(own.worth(c) > 0)
        close(
          Object.values(by).reduce((sum, worth) => sum + worth, 0),
          own.worth(c),
          1e-12,
        )
      }
    }),
    { numRuns: 20 },
  )
})

test('the worth for the loss is what taking the run takes off its variance; no run raises it', () => {
  const own = prospect()
  for (const c of [3, 17, twin, 0, 25, 8, 9, 10, 11, 12]) {
    const before = own.lossSd()
    const sds = everyCandidate.map((k) => own.sd(k))
    const { loss } = own.worthBy(c)
    own.take(c)
    assert.ok(own.lossSd() < before)
    close(loss, lossWorth * (before ** 2 - own.lossSd() ** 2), 1e-6)
    everyCandidate.forEach((k) => {
      assert.ok(own.sd(k) <= sds[k] * (1 + 1e-12))
    })
    assert.ok(own.sd(c) < sds[c])
  }
})

test('the same information a second time is worth less, again and again', () => {
  const [judge] = judges
  const own = new Prospect(candidates, [{ ...judge, weight: 1 }])
  const sensitivity = new Float64Array(judge.mode.size)
  judge.mode.loss(judge.mode.point(candidates[twin]), sensitivity)
  const known = variance(judge.mode, { sensitivity })
  const scatter = own.sd(twin) ** 2 - known
  const first = own.worth(twin)
  let last = Number.POSITIVE_INFINITY
  for (let times = 0; times < 6; times++) {
    assert.ok(own.worth(twin) < last)
    close(own.worth(0), own.worth(twin), 1e-9)
    // So many runs of this scatter leave of everything that they share with the stakes.
    const left = scatter / (scatter + times * known)
    close(own.worth(twin), (first * left ** 2 * (scatter + known)) / (scatter + known * left), 1e-6)
    last = own.worth(twin)
    own.take(times % 2 === 0 ? 0 : twin)
  }
})

test('what two runs tell does not depend on which comes first, and the fit keeps its covariance', () => {
  const kept = judges.map(({ mode }) => Float64Array.from(mode.fitted.covariance))
  const [ab, ba] = [prospect(), prospect()]
  for (const c of [5, 30]) ab.take(c)
  for (const c of [30, 5]) ba.take(c)
  close(ab.lossSd(), ba.lossSd(), 1e-9)
  for (const c of everyCandidate) {
    close(ab.worth(c), ba.worth(c), 1e-7)
    close(ab.sd(c), ba.sd(c), 1e-9)
  }
  judges.forEach(({ mode }, k) => {
    assert.deepEqual(mode.fitted.covariance, kept[k])
  })
})

test('what is expected of a candidate is the average over the modes, its scatter and what is not known of it', () => {
  const own = prospect()
  for (const c of [0, 7, 33]) {
    const average = (value: (judge: WeightedMode) => number) =>
      judges.reduce((sum, judge) => sum + judge.weight * value(judge), 0)
    const loss = (mode: JointMode) => mode.lossOf(mode.fitted, mode.point(candidates[c]))
    close(
      own.expected[c],
      average(({ mode }) => loss(mode)),
      1e-12,
    )
    const squares = average(({ mode }) => {
      const x = mode.point(candidates[c])
      const sensitivity = new Float64Array(mode.size)
      mode.loss(x, sensitivity)
      return 1.25 * mode.scatter(x, loss(mode)) ** 2 + variance(mode, { sensitivity })
    })
    close(own.sd(c), Math.sqrt(squares), 1e-12)
  }
})

/** Moves each variable alone. */
const unitFactor = (size: number) =>
  Float64Array.from({ length: size * size }, (_, k) => (k % (size + 1) === 0 ? 1 : 0))

/** The derivatives of a quantity of drawn laws by the variables of the covariance. */
function differences(mode: JointMode, quantity: (draw: ReturnType<JointMode['draw']>) => number): Float64Array {
  const L = unitFactor(mode.size)
  return Float64Array.from({ length: mode.size }, (_, k) => {
    const at = (h: number) =>
      quantity(
        mode.draw(
          L,
          Float64Array.from({ length: mode.size }, (_, j) => (j === k ? h : 0)),
        ),
      )
    return (at(1e-4) - at(-1e-4)) / 2e-4
  })
}

const closeVectors = (actual: Float64Array, expected: Float64Array, relative: number) => {
  const size = Math.sqrt(dot(expected, expected))
  const off = actual.map((value, k) => value - expected[k])
  assert.ok(Math.sqrt(dot(off, off)) <= relative * size, `${Math.sqrt(dot(off, off)) / size}`)
}

const stakesNamed = (stakes: readonly Stake[], ...names: StakeName[]) =>
  stakes.filter(({ name }) => names.includes(name))

test('the sensitivity of loss and of the choice of a batch are derivatives by what is drawn', () => {
  for (const { mode, stakes } of judges) {
    const best = bestOf(mode)
    const lossOf = (draw: ReturnType<JointMode['draw']>, place: Place) => mode.lossOf(draw, mode.pointAt(place))
    const [loss] = stakesNamed(stakes, 'loss')
    assert.equal(loss.worth, lossWorth)
    closeVectors(
      loss.sensitivity,
      differences(mode, (draw) => lossOf(draw, best)),
      1e-6,
    )
    const [batch] = stakesNamed(stakes, 'batch')
    const other = { ...best, batchSize: best.batchSize === 128 ? 256 : 128 }
    const difference = (draw: ReturnType<JointMode['draw']>) => lossOf(draw, other) - lossOf(draw, best)
    closeVectors(batch.sensitivity, differences(mode, difference), 1e-4)
    // Of a normal difference with this mean, the expected loss by taking 0 for the smaller grows so with its variance.
    const mean = difference(mode.fitted)
    const cost = (v: number) => {
      const steps = Array.from({ length: 40_001 }, (_, k) => (k / 40_000) * 16 - 8)
      const density = (z: number) => Math.exp(-0.5 * z * z) / Math.sqrt(2 * Math.PI)
      return steps.reduce((sum, z) => sum + Math.max(0, -(mean + Math.sqrt(v) * z)) * density(z) * 4e-4, 0)
    }
    const v = variance(mode, batch)
    close(batch.worth, (cost(1.01 * v) - cost(0.99 * v)) / (0.02 * v), 1e-2, 'worth of the batch')
  }
})

test('with one batch there is none to choose', () => {
  const [{ mode }] = judges
  const names = stakesAt(mode, bestOf(mode), [bestOf(mode).batchSize]).map(({ name }) => name)
  assert.deepEqual(names, ['loss', 'size', 'rate', 'shape'])
})

test('size, rate and shape: half the trace is the regret of laws drawn from the posterior, within a factor of 2', () => {
  const certain = fitJoint(lawRuns(plainLaw(), 'none', spreadConfigs(120, 1), 1e-3), jointOptions)
  const [{ mode }] = certain.modes
  // The size that counts is without embeddings, so that the best shape of a law is its coefficient.
  assert.equal(mode.fitted.accounting, 'none')
  const limits = { ...targetLimits, batchSize: [128] }
  const best = bestOf(mode, limits)
  const stakes = stakesNamed(stakesAt(mode, best, limits.batchSize), 'size', 'rate', 'shape')
  assert.equal(stakes.length, 3)
  const expected = stakes.reduce((sum, stake) => sum + stake.worth * variance(mode, stake), 0)
  const L = cholesky(mode.fitted.covariance, mode.size)!
  const rng = random(5)
  const regrets = Array.from({ length: 150 }, () => {
    const draw = mode.draw(
      L,
      Float64Array.from({ length: mode.size }, () => rng.normal()),
    )
    const loss = (place: Place) => mode.lossOf(draw, mode.pointAt(place))
    return loss(best) - loss(bestPlace(mode, draw.theta, loss, targetFlops, limits))
  })
  assert.ok(Math.min(...regrets) > -1e-6)
  const found = regrets.reduce((sum, regret) => sum + regret, 0) / regrets.length
  assert.ok(expected > found / 2 && expected < 2 * found, `expected ${expected}, found ${found}`)
  const rough = stakesNamed(judges[0].stakes, 'size', 'rate', 'shape')
  const before = rough.reduce((sum, stake) => sum + stake.worth * variance(judges[0].mode, stake), 0)
  assert.ok(before > 3 * expected, `with fewer and noisier runs ${before}`)
})
