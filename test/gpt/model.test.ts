import assert from 'node:assert/strict'
import { test } from 'node:test'
import { random } from '../../src/core/random.ts'
import type { ModelShape } from '../../src/gpt/model.ts'
import { initialState, layoutOf } from '../../src/gpt/state.ts'
import { close, reference } from '../support.ts'
import { hashedSequences, hashedWeights } from './hashed.ts'
import { lossOn, nativeEngine, openProbe, type Probe, pinnedCut, pinnedShape, worstError } from './models.ts'

const pinned = reference('gpt')
const engine = await nativeEngine()
const { parameters } = layoutOf(pinnedShape)

const pinnedProbe = (masked: boolean) => ({
  shape: pinnedShape,
  cut: pinnedCut,
  weights: hashedWeights(pinnedShape),
  sequences: hashedSequences(pinnedShape, 0, 3),
  masked,
})

for (const [name, masked] of [
  ['plain', false],
  ['masked', true],
] as const)
  test(`the ${name} model has the loss and every gradient of PyTorch's`, async (t) => {
    assert.deepEqual(pinned.shape, pinnedShape)
    const { loss, gradients, float32 } = pinned[name]
    const probe = await openProbe(engine, pinnedProbe(masked))
    const ours = await probe.run()
    const errors = parameters.map(({ name, from, to }) => {
      const error = worstError(probe.gradients.subarray(from, to), gradients[name])
      assert.ok(error < 1e-5, `${name} is off by ${error}`)
      return error
    })
    await probe.close()
    close(ours, loss, 1e-6)
    const worst = Math.max(...errors).toExponential(1)
    t.diagnostic(`worst gradient: ${worst} off; PyTorch in float32: ${float32.gradients.toExponential(1)}`)
  })

test('no cut changes loss or gradients beyond rounding', async () => {
  const { loss, gradients } = pinned.masked
  for (const cut of [
    { sequences: 3, block: 32, chunk: 96 },
    { sequences: 3, block: 1, chunk: 1 },
    { sequences: 3, block: 16, chunk: 95 },
  ]) {
    const probe = await openProbe(engine, { ...pinnedProbe(true), cut })
    close(await probe.run(), loss, 1e-6)
    for (const { name, from, to } of parameters) {
      const error = worstError(probe.gradients.subarray(from, to), gradients[name])
      assert.ok(error < 1e-5, `${name} is off by ${error} in blocks of ${cut.block}`)
    }
    await probe.close()
  }
})

/** Slope of the loss along a direction of weights: central differences of two steps, extrapolated. */
async function slope(probe: Probe, direction: Float64Array, step: number): Promise<number> {
  const start = Float32Array.from(probe.weights)
  const lossAt = async (h: number) => {
    for (let i = 0; i < start.length; i++) probe.weights[i] = start[i] + h * direction[i]
    return probe.run()
  }
  const at = async (h: number) => ((await lossAt(h)) - (await lossAt(-h))) / (2 * h)
  const value = (4 * (await at(step / 2)) - (await at(step))) / 3
  probe.weights.set(start)
  return value
}

const norm = (values: ArrayLike<number>): number => Math.hypot(...Array.from(values))

test('every gradient is the slope of the loss: along itself, along a random direction, along single weights', async () => {
  const probe = await openProbe(engine, pinnedProbe(true))
  await probe.run()
  const gradients = Float64Array.from(probe.gradients)
  const random3 = random(3)
  for (const { name, from, to } of parameters) {
    const along = Array.from(gradients.subarray(from, to))
    const largest = along.map((_, k) => k).sort((a, b) => Math.abs(along[b]) - Math.abs(along[a]))
    const single = (k: number) => along.map((_, i) => Number(i === k))
    const directions = [along, along.map(() => random3.normal()), single(largest[0]), single(largest[3])]
    for (const [i, values] of directions.entries()) {
      const direction = new Float64Array(gradients.length)
      const length = norm(values)
      direction.set(
        values.map((value) => value / length),
        from,
      )
      const expected = await slope(probe, direction, 0.04)
      const found = direction.reduce((sum, value, k) => sum + value * gradients[k], 0)
      // The loss has steps of 5e-7 nats, which a difference over 0.08 sees as 1e-5.
      const error = Math.abs(found - expected) / norm(along)
      assert.ok(error < 5e-3, `${name}, direction ${i}: ${found}, not ${expected}`)
    }
  }
  await probe.close()
})

test('the first loss is ln(vocabulary) + 1 / 6, as PyTorch would begin', async () => {
  const shape: ModelShape = { dModel: 96, numLayers: 2, numHeads: 3, vocabularySize: 2000, contextLength: 256 }
  const cut = { sequences: 4, block: 128, chunk: 256 }
  const losses: number[] = []
  for (let seed = 0; seed < 4; seed++) {
    const { weights } = initialState(layoutOf(shape), seed)
    const sequences = hashedSequences(shape, 4 * seed, 4)
    losses.push(await lossOn(engine, { shape, cut, weights, sequences, masked: false }))
  }
  // The logits of 4,096 targets have a variance of 1 / 3, so their mean has a deviation of 0.009.
  const mean = losses.reduce((sum, loss) => sum + loss) / losses.length
  assert.ok(Math.abs(mean - Math.log(2000) - 1 / 6) < 0.03, `${losses}`)
})

test('a model without dropout evaluates to the loss that it trains on', async () => {
  const options = pinnedProbe(false)
  const probe = await openProbe(engine, options)
  close(await lossOn(engine, options), await probe.run(), 1e-7)
  await probe.close()
})
