import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Tokens, trainingSequences } from '../../src/gpt/batches.ts'
import type { Progressed } from '../../src/gpt/checkpoint.ts'
import { averaged } from '../../src/gpt/losses.ts'
import { cosine } from '../../src/gpt/schedule.ts'
import { layoutOf, type State } from '../../src/gpt/state.ts'
import { type Keeping, type StepReport, type TrainOptions, train } from '../../src/gpt/train.ts'
import { close } from '../support.ts'
import { nativeEngine } from './models.ts'
import { countingClock, tinyRecipe, tinyText } from './runs.ts'

const engine = await nativeEngine()

/** Keeps every state that is saved. */
function inMemory(load: Keeping['load'] = () => null) {
  const saved: { progressed: Progressed; state: State }[] = []
  const keeping: Keeping = {
    load,
    save(progressed, state) {
      saved.push({ progressed, state: structuredClone(state) })
    },
  }
  return { saved, keeping }
}

const options = (steps: number, keeping: Keeping, changes: Partial<TrainOptions> = {}): TrainOptions => ({
  recipe: tinyRecipe(steps),
  text: tinyText,
  engine,
  clock: countingClock(),
  keeping,
  validationSequences: 8,
  saveEveryMs: 0,
  signal: new AbortController().signal,
  onStep() {},
  ...changes,
})

test('a run reports every step, learns, and ends with its three losses', async () => {
  const { saved, keeping } = inMemory()
  const reports: StepReport[] = []
  const speeds: number[] = []
  const ending = await train(
    options(60, keeping, {
      onStep(report, { tokensPerSecond, gemmFraction, secondsLeft }) {
        reports.push(report)
        speeds.push(tokensPerSecond, gemmFraction)
        assert.equal(secondsLeft > 0, report.step < 60)
      },
    }),
  )
  assert.equal(ending.kind, 'finished')
  if (ending.kind !== 'finished') return
  assert.deepEqual(
    reports.map(({ step }) => step),
    Array.from({ length: 60 }, (_, i) => i + 1),
  )
  let average: number | null = null
  for (const { step, loss, average: told, learningRate } of reports) {
    average = averaged(average, loss)
    assert.equal(told, average)
    assert.equal(learningRate, cosine(3e-3, step - 1, 60))
  }
  assert.equal(ending.losses.last, reports[59].loss)
  assert.equal(ending.losses.average, average)
  assert.ok(ending.losses.validation < reports[0].loss - 0.5, `${ending.losses.validation}`)
  assert.ok(speeds.every((value) => value > 0))
  assert.deepEqual(
    saved.map(({ progressed }) => progressed.step),
    reports.map(({ step }) => step),
  )
})

test('states are saved when it is time, and at the end', async () => {
  const { saved, keeping } = inMemory()
  await train(options(8, keeping, { saveEveryMs: 5000 }))
  assert.deepEqual(
    saved.map(({ progressed }) => progressed.step),
    [3, 6, 8],
  )
})

test('a learning rate that is far too large ends as diverged, and no number that is not finite was saved', async () => {
  for (const learningRate of [1e12, 1e25, 1e38]) {
    const { saved, keeping } = inMemory()
    const ending = await train(options(6, keeping, { recipe: tinyRecipe(6, { learningRate }) }))
    assert.equal(ending.kind, 'diverged', `${learningRate}`)
    if (ending.kind !== 'diverged') return
    assert.ok(ending.step > 1 && ending.step <= 6)
    for (const { progressed, state } of saved) {
      assert.ok(Number.isFinite(progressed.average) && Number.isFinite(progressed.last))
      for (const array of Object.values(state)) assert.ok(array.every(Number.isFinite), `step ${progressed.step}`)
    }
  }
})

test('weights that are not numbers end the first step, and those of the last step the evaluation', async () => {
  const poisoned = (step: number) =>
    inMemory((state) => {
      state.weights[5000] = Number.NaN
      return { step, average: 3, last: 3 }
    })
  const early = poisoned(0)
  assert.deepEqual(await train(options(6, early.keeping)), { kind: 'diverged', step: 1 })
  const late = poisoned(6)
  assert.deepEqual(await train(options(6, late.keeping)), { kind: 'diverged', step: 6 })
  assert.deepEqual([...early.saved, ...late.saved], [])
})

test('a run that was to be stopped before its first step is saved there', async () => {
  const { saved, keeping } = inMemory()
  const ending = await train(options(6, keeping, { signal: AbortSignal.abort() }))
  assert.deepEqual(ending, { kind: 'interrupted', step: 0 })
  assert.deepEqual(
    saved.map(({ progressed }) => progressed),
    [{ step: 0, average: null, last: null }],
  )
  close(saved[0].state.weights.length, 2 * 50 * 32 + 32 * 32 + 2 * (12 * 32 * 32 + 7 * 32) + 32, 0)
})

test('a gradient that is infinite where the loss is not ends the run, too', async () => {
  const { saved, keeping } = inMemory((state) => {
    const { parameters } = layoutOf(tinyRecipe(1).shape)
    const scale = (name: string, factor: number) => {
      const { from, to } = parameters.find((parameter) => parameter.name === name)!
      for (let i = from; i < to; i++) state.weights[i] *= factor
    }
    // Logits are just finite; their derivative grows by the slope of a norm of small numbers, 300.
    scale('head', 1e19)
    scale('finalNorm', 1e19)
    for (const name of [
      'tokenEmbedding',
      'positionEmbedding',
      '0.out',
      '0.down',
      '0.downBias',
      '1.out',
      '1.down',
      '1.downBias',
    ])
      scale(name, 1e-4)
    return { step: 0, average: null, last: null }
  })
  const trained = train(options(6, keeping, { onStep: ({ step }) => assert.fail(`step ${step} was reported`) }))
  assert.deepEqual(await trained, { kind: 'diverged', step: 1 })
  assert.deepEqual(saved, [])
})

test('a step takes the next sequences of the order that the seed gives, wherever the run was taken up', async () => {
  /** Where the training text is read. */
  const reads = async (done: number) => {
    const asked: number[] = []
    const read: Tokens['read'] = (from, length) => {
      asked.push(from)
      return tinyText.train.read(from, length)
    }
    const { keeping } = inMemory(() => ({ step: done, average: 3, last: 3 }))
    await train(options(30, keeping, { text: { ...tinyText, train: { size: tinyText.train.size, read } } }))
    return asked
  }
  const expected: number[] = []
  const sequence = trainingSequences(
    {
      size: tinyText.train.size,
      read(from, length) {
        expected.push(from)
        return tinyText.train.read(from, length)
      },
    },
    32,
    tinyRecipe(30).seed,
  )
  for (let i = 0; i < 30 * 4; i++) sequence(i)
  assert.deepEqual(await reads(0), expected)
  assert.deepEqual(await reads(27), expected.slice(27 * 4)) // in the second pass
})
