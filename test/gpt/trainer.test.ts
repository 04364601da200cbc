import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Engine } from '../../src/gpt/engine.ts'
import type { ModelShape } from '../../src/gpt/model.ts'
import { cosine } from '../../src/gpt/schedule.ts'
import { initialState, layoutOf, type State } from '../../src/gpt/state.ts'
import { type Cut, cutFor } from '../../src/gpt/step-graph.ts'
import { openTrainer } from '../../src/gpt/trainer.ts'
import { close, reference } from '../support.ts'
import { hashedSequences, hashedWeights } from './hashed.ts'
import { nativeEngine, openProbe, pinnedCut, pinnedShape, worstError } from './models.ts'

const engine = await nativeEngine()

const stateOf = (weights: Float32Array): State => ({
  weights,
  firstMoments: new Float32Array(weights.length),
  secondMoments: new Float32Array(weights.length),
})

test('fifty steps are those of PyTorch: losses, norms and weights', async (t) => {
  const { learningRate, steps, groups, group, losses, norms, weights, float32 } = reference('gpt').training
  const state = stateOf(hashedWeights(pinnedShape))
  const options = { shape: pinnedShape, cut: { ...pinnedCut, sequences: group }, state, seed: 0, dropout: false }
  const trainer = await openTrainer(engine, options)
  let worst = 0
  for (let step = 1; step <= steps; step++) {
    const size = groups * group
    const sequences = hashedSequences(pinnedShape, 3 + (step - 1) * size, size)
    const rate = cosine(learningRate, step - 1, steps)
    const { loss, gradientNorm } = (await trainer.step({ sequences, step, learningRate: rate }))!
    close(loss, losses[step - 1], 1e-5, `loss ${step}`)
    close(gradientNorm, norms[step - 1], 1e-4, `norm ${step}`)
    worst = Math.max(worst, Math.abs(loss / losses[step - 1] - 1))
  }
  await trainer.close()
  const errors = trainer.layout.parameters.map(({ name, from, to }) => {
    const error = worstError(
      state.weights.subarray(from, to).filter((_, i) => i % 11 === 0),
      weights[name],
    )
    assert.ok(error < 1e-4, `${name} is off by ${error}`)
    return error
  })
  const of = (error: number) => error.toExponential(1)
  t.diagnostic(`losses: ${of(worst)} off, weights: ${of(Math.max(...errors))}`)
  t.diagnostic(`PyTorch in float32: losses ${of(float32.losses)}, weights ${of(float32.weights)}`)
})

const tinyShape: ModelShape = { dModel: 32, numLayers: 2, numHeads: 2, vocabularySize: 50, contextLength: 32 }
const tinyCut: Cut = { sequences: 2, block: 16, chunk: 64 }

test('one batch is learned by heart', async () => {
  const state = initialState(layoutOf(tinyShape), 1)
  const trainer = await openTrainer(engine, { shape: tinyShape, cut: tinyCut, state, seed: 1, dropout: false })
  const sequences = hashedSequences(tinyShape, 0, 4)
  const steps = 120
  for (let step = 1; step <= steps; step++)
    await trainer.step({ sequences, step, learningRate: cosine(1e-2, step - 1, steps) })
  const loss = await trainer.evaluate(sequences)
  await trainer.close()
  assert.ok(loss < 0.1, `${loss}`)
})

/** Large enough for ONNX Runtime to share products, sums and functions among its threads. */
const wideShape: ModelShape = { dModel: 64, numLayers: 2, numHeads: 2, vocabularySize: 1000, contextLength: 512 }

/** Three steps with dropout; all that came of them. */
async function trained(engine: Engine, cut: Cut, shape: ModelShape = wideShape) {
  const state = initialState(layoutOf(shape), 2)
  const trainer = await openTrainer(engine, { shape, cut, state, seed: 2, dropout: true })
  const reports: { loss: number; gradientNorm: number }[] = []
  for (let step = 1; step <= 3; step++) {
    const sequences = hashedSequences(shape, 4 * step, 4)
    reports.push((await trainer.step({ sequences, step, learningRate: 1e-3 }))!)
  }
  const validation = await trainer.evaluate(hashedSequences(shape, 100, 4))
  await trainer.close()
  return { state, reports, validation, gradients: Float32Array.from(trainer.gradients), layout: trainer.layout }
}

test('threads change nothing, and neither does doing it again: equal bits', async () => {
  const two = await nativeEngine(2)
  for (const sequences of [1, 4]) {
    const cut = { sequences, block: 128, chunk: 512 }
    const alone = await trained(engine, cut)
    for (const other of [await trained(two, cut), await trained(two, cut)]) assert.deepEqual(other, alone)
  }
})

test('narrow models too, whose products ONNX Runtime would share out by a few columns a thread', async () => {
  const engines = await Promise.all([2, 4].map(nativeEngine))
  for (const dModel of [4, 16, 24, 40]) {
    const shape: ModelShape = { ...wideShape, dModel, numHeads: 1, vocabularySize: 300 }
    const cut = { sequences: 1, block: 128, chunk: 512 }
    const alone = await trained(engine, cut, shape)
    for (const other of engines) assert.deepEqual(await trained(other, cut, shape), alone, `${dModel} wide`)
  }
})

test('a step that is told to stop does nothing', async () => {
  const state = initialState(layoutOf(tinyShape), 1)
  const trainer = await openTrainer(engine, { shape: tinyShape, cut: tinyCut, state, seed: 1, dropout: true })
  const before = state.weights.slice()
  const sequences = hashedSequences(tinyShape, 0, 4)
  const signal = AbortSignal.abort()
  assert.equal(await trainer.step({ sequences, step: 1, learningRate: 1e-2, signal }), null)
  assert.deepEqual(state.weights, before)
  await trainer.close()
})

test('any number of sequences is evaluated, also one that is no multiple of those at once', async () => {
  const state = initialState(layoutOf(tinyShape), 1)
  const trainer = await openTrainer(engine, { shape: tinyShape, cut: tinyCut, state, seed: 1, dropout: true })
  const sequences = hashedSequences(tinyShape, 0, 3)
  const each: number[] = []
  for (const sequence of sequences) each.push(await trainer.evaluate([sequence]))
  close(await trainer.evaluate(sequences), each.reduce((sum, loss) => sum + loss, 0) / 3, 1e-12)
  assert.equal(new Set(each).size, 3)
  await trainer.close()
})

test('batches of an even number go through two by two, others one by one', () => {
  for (const batch of [1, 3, 255]) assert.equal(cutFor(wideShape, batch).sequences, 1)
  for (const batch of [2, 4, 256]) assert.equal(cutFor(wideShape, batch).sequences, 2)
  assert.deepEqual(cutFor({ ...wideShape, contextLength: 100 }, 2), { sequences: 2, block: 100, chunk: 100 })
})

test('one sequence at a time or two: equal but for rounding, dropout included', async () => {
  const one = await trained(engine, { sequences: 1, block: 128, chunk: 512 })
  const two = await trained(engine, { sequences: 2, block: 128, chunk: 512 })
  one.reports.forEach(({ loss, gradientNorm }, i) => {
    close(two.reports[i].loss, loss, 1e-6)
    close(two.reports[i].gradientNorm, gradientNorm, 1e-5)
  })
  close(two.validation, one.validation, 1e-6)
  assert.ok(worstError(two.state.firstMoments, one.state.firstMoments) < 1e-5)
})

/** Losses of two steps and of the second one again, with a rate of zero, and the loss without dropout. */
async function lossesOf(dropout: boolean, seed: number) {
  const sequences = hashedSequences(tinyShape, 0, 4)
  const state = initialState(layoutOf(tinyShape), 1)
  const trainer = await openTrainer(engine, { shape: tinyShape, cut: tinyCut, state, seed, dropout })
  const losses: number[] = []
  for (const step of [1, 2, 2]) losses.push((await trainer.step({ sequences, step, learningRate: 0 }))!.loss)
  const evaluation = await trainer.evaluate(sequences)
  await trainer.close()
  return { losses, evaluation }
}

test('dropout: seed and step name the masks, and evaluation has none', async () => {
  const { losses, evaluation } = await lossesOf(true, 1)
  const [first, second, again] = losses
  assert.equal(again, second)
  assert.notEqual(first, second)
  assert.deepEqual(await lossesOf(true, 1), { losses, evaluation })
  assert.notEqual((await lossesOf(true, 2)).losses[0], first)
  const without = await lossesOf(false, 1)
  assert.equal(new Set(without.losses).size, 1)
  close(without.losses[0], evaluation, 1e-6) // of two sequences at once, and of each alone
})

test('every mask acts: without any one of them the loss is another', async () => {
  const weights = hashedWeights(pinnedShape)
  const sequences = hashedSequences(pinnedShape, 0, 3)
  const probe = await openProbe(engine, { shape: pinnedShape, cut: pinnedCut, weights, sequences, masked: true })
  const loss = await probe.run()
  for (const [name, mask] of probe.masks) {
    const before = Float32Array.from(mask)
    mask.fill(1)
    assert.ok(Math.abs((await probe.run()) - loss) > 1e-5, name)
    mask.set(before)
  }
  assert.equal(await probe.run(), loss)
  assert.equal(probe.masks.size, 1 + 2 * (4 + 2))
  await probe.close()
})

test('a loss or gradient that is not finite changes no weight', async () => {
  for (const bad of [Number.NaN, 3e38]) {
    const state = initialState(layoutOf(tinyShape), 1)
    const trainer = await openTrainer(engine, { shape: tinyShape, cut: tinyCut, state, seed: 1, dropout: true })
    state.weights.fill(bad, trainer.layout.size - 100)
    const before = structuredClone(state)
    const sequences = hashedSequences(tinyShape, 0, 4)
    const { gradientNorm } = (await trainer.step({ sequences, step: 1, learningRate: 1e-3 }))!
    await trainer.close()
    assert.ok(!Number.isFinite(gradientNorm))
    assert.deepEqual(state, before)
  }
})
