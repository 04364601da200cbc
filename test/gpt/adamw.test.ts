import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { random } from '../../src/core/random.ts'
import { adamwStep } from '../../src/gpt/adamw.ts'
import { type AdamwNumbers, openAdamwKernel } from '../../src/gpt/adamw-kernel.ts'
import type { State } from '../../src/gpt/state.ts'
import { close } from '../support.ts'

const stateOf = (weights: Float32Array): State => ({
  weights,
  firstMoments: new Float32Array(weights.length),
  secondMoments: new Float32Array(weights.length),
})

const normals = (size: number, scale: number, ...stream: number[]): Float32Array => {
  const { normal } = random(0, ...stream)
  return Float32Array.from({ length: size }, () => scale * normal())
}

/** Steps as Loshchilov and Hutter write them, in float64, bias corrections and all. */
function plainly(start: Float32Array, gradients: readonly Float32Array[], rate: number, factor: number): number[] {
  const weights = Array.from(start)
  const m = weights.map(() => 0)
  const v = weights.map(() => 0)
  gradients.forEach((given, k) => {
    const step = k + 1
    const norm = Math.hypot(...Array.from(given, (g) => factor * g))
    const clip = Math.min(1, 1 / (norm + 1e-6))
    weights.forEach((weight, i) => {
      const g = given[i] * factor * clip
      m[i] = 0.9 * m[i] + 0.1 * g
      v[i] = 0.999 * v[i] + 0.001 * g * g
      const mean = m[i] / (1 - 0.9 ** step)
      const variance = v[i] / (1 - 0.999 ** step)
      weights[i] = weight - rate * 0.01 * weight - (rate * mean) / (Math.sqrt(variance) + 1e-8)
    })
  })
  return weights
}

test('steps are those of the paper, with and without clipping, for any number of weights', () => {
  const sizes = fc.integer({ min: 1, max: 40 })
  fc.assert(
    fc.property(sizes, fc.constantFrom(0.01, 0.3, 30), fc.constantFrom(1, 0.25), (size, scale, factor) => {
      const start = normals(size, 1, 1)
      const gradients = Array.from({ length: 6 }, (_, k) => normals(size, scale, 2, k))
      const state = stateOf(Float32Array.from(start))
      gradients.forEach((gradient, k) => {
        const norm = adamwStep(state, gradient, { step: k + 1, learningRate: 0.01, factor })
        close(norm, factor * Math.hypot(...gradient), 1e-9)
      })
      plainly(start, gradients, 0.01, factor).forEach((weight, i) => {
        assert.ok(Math.abs(state.weights[i] - weight) < 1e-6 * Math.max(1, Math.abs(weight)), `${i}`)
      })
    }),
  )
})

/** What src/gpt/adamw-kernel.ts says, in JavaScript's numbers. */
function inJavaScript({ weights, firstMoments, secondMoments }: State, gradients: Float32Array, n: AdamwNumbers): void {
  for (let i = 0; i < weights.length; i++) {
    const g = n.scale * gradients[i]
    const m = firstMoments[i] + n.firstRate * (g - firstMoments[i])
    const v = n.secondKept * secondMoments[i] + n.secondRate * g * g
    firstMoments[i] = m
    secondMoments[i] = v
    weights[i] = weights[i] * n.decay - (n.stepSize * m) / (Math.sqrt(v) * n.secondScale + n.epsilon)
  }
}

test('the loop in WebAssembly gives the bits that JavaScript gives, for any number of weights, and huge and tiny ones', () => {
  const kernel = openAdamwKernel()
  for (const size of [1, 2, 3, 7, 8191, 8192, 8193, 20_001]) {
    const wasm = { ...stateOf(normals(size, 1, 5)), firstMoments: normals(size, 1e-3, 6) }
    wasm.secondMoments.set(normals(size, 1e-3, 7).map(Math.abs))
    const plain = structuredClone(wasm)
    for (const scale of [1, 1e-12, 1e12]) {
      const gradients = normals(size, scale, 8)
      const numbers = {
        scale: 0.7,
        firstRate: 0.1,
        secondKept: 0.999,
        secondRate: 1 - 0.999,
        decay: 1 - 1e-5,
        stepSize: 3e-3,
        secondScale: 1.3,
        epsilon: 1e-8,
      }
      kernel(wasm, gradients, numbers)
      inJavaScript(plain, gradients, numbers)
      assert.deepEqual(wasm, plain, `${size} weights`)
    }
  }
})

test('gradients are left as they are, and the first step is the rate by sign, and decay', () => {
  const gradient = Float32Array.of(0.3, -0.2, 0)
  const state = stateOf(Float32Array.of(1, 1, 1))
  adamwStep(state, gradient, { step: 1, learningRate: 0.1, factor: 1 })
  assert.deepEqual(gradient, Float32Array.of(0.3, -0.2, 0))
  const decayed = 1 - 0.1 * 0.01
  for (const [i, expected] of [decayed - 0.1, decayed + 0.1, decayed].entries()) close(state.weights[i], expected, 1e-6)
})

test('a gradient that is not finite changes nothing', () => {
  for (const bad of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])
    for (let place = 0; place < 7; place++) {
      const state = stateOf(normals(7, 1, 3))
      const before = structuredClone(state)
      const gradient = normals(7, 1, 4)
      gradient[place] = bad
      const norm = adamwStep(state, gradient, { step: 1, learningRate: 0.1, factor: 1 })
      assert.ok(!Number.isFinite(norm))
      assert.deepEqual(state, before)
    }
})

test('huge gradients are clipped to a norm of one', () => {
  const state = stateOf(new Float32Array(4))
  // Their squares overflow float32.
  const norm = adamwStep(state, Float32Array.of(3e30, 4e30, 0, 0), { step: 1, learningRate: 0.1, factor: 1 })
  close(norm, 5e30, 1e-6)
  close(state.firstMoments[0], 0.1 * 0.6, 1e-6)
  close(state.secondMoments[1], 0.001 * 0.64, 1e-6)
})
