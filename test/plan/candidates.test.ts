import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { tokensFor } from '../../src/core/flops.ts'
import { random } from '../../src/core/random.ts'
import { queryLimits, targetLimits } from '../../src/cs336/limits.ts'
import { architecture, nonEmbeddingParameters } from '../../src/cs336/parameters.ts'
import { apiSpace } from '../../src/cs336/space.ts'
import { configOfUnit, latinHypercube } from '../../src/plan/adaptive/candidates.ts'
import { roundRate } from '../../src/space/limits.ts'
import { type Shape, shapeModels } from '../../src/space/shapes.ts'
import { assertLegal, assertLegalShape } from './legal.ts'

const between = (min: number, max: number) => fc.double({ min, max, noNaN: true })
const scale = (least: number, most: number) => between(Math.log(least), Math.log(most)).map(Math.exp)
const limitsOf = fc.constantFrom(queryLimits, targetLimits)
const sizeOf = ({ dModel, numLayers }: { dModel: number; numLayers: number }) =>
  nonEmbeddingParameters(dModel, numLayers)

test('every size and ratio has a legal shape, and within the limits it has about that size and ratio', () => {
  fc.assert(
    fc.property(scale(1e3, 1e13), scale(5, 500), limitsOf, (parameters, ratio, limits) => {
      const shape = limits.models.near(parameters, ratio)
      assert.ok(shape !== null)
      assertLegalShape(shape as Shape, limits.models)
    }),
    { numRuns: 1000 },
  )
  fc.assert(
    fc.property(scale(2e6, 1e11), scale(40, 120), (parameters, ratio) => {
      const shape = targetLimits.models.near(parameters, ratio)!
      // A width is rounded by at most half of its step: 16 of 256, or 4 of some 100.
      assert.ok(Math.abs(Math.log(sizeOf(shape) / parameters)) < 0.14)
      const rounding = 0.5 / shape.numLayers + 0.07
      assert.ok(Math.abs(Math.log(shape.dModel / shape.numLayers / ratio)) < 1.5 * rounding + 0.1)
    }),
  )
})

test('where no number of heads divides the width there is no shape', () => {
  const odd = shapeModels(architecture, { ...queryLimits.models, numHeads: { least: 7, most: 7 } })
  fc.assert(
    fc.property(scale(1e5, 1e9), scale(30, 150), (parameters, ratio) => {
      const shape = odd.near(parameters, ratio)
      if (shape !== null) assertLegalShape(shape, odd)
    }),
  )
  assert.equal(odd.near(nonEmbeddingParameters(512, 8), 64), null)
  assert.deepEqual(odd.near(nonEmbeddingParameters(448, 7), 64), { dModel: 448, numLayers: 7, numHeads: 7 })
})

test('shapes near a size differ, are legal, and the wanted one is among them', () => {
  fc.assert(
    fc.property(scale(1e5, 1e10), scale(30, 150), limitsOf, (parameters, ratio, limits) => {
      const shapes = limits.models.around(parameters, ratio)
      for (const shape of shapes) assertLegalShape(shape as Shape, limits.models)
      assert.equal(new Set(shapes.map(({ dModel, numLayers }) => `${dModel} ${numLayers}`)).size, shapes.length)
      const wanted = limits.models.near(parameters, ratio)!
      assert.ok(shapes.some((shape) => shape.dModel === wanted.dModel && shape.numLayers === wanted.numLayers))
    }),
  )
})

const reach = { tokensPerParameter: [2, 3000], widthPerLayer: [30, 150] } as const
const coordinate = fc.double({ min: 0, max: 1, noNaN: true })
const cube = fc.tuple(coordinate, coordinate, coordinate, coordinate)

test('every place of the unit cube is a legal configuration at the budget', () => {
  fc.assert(
    fc.property(cube, fc.constantFrom(...apiSpace.trainFlops), (unit, flops) => {
      const config = configOfUnit(unit, flops, apiSpace, reach)
      assert.ok(config !== null)
      assertLegal(config, queryLimits)
      assert.equal(config.trainFlops, flops)
    }),
    { numRuns: 1000 },
  )
})

test('the cube reaches from many to few tokens a parameter, from narrow to wide, to all rates and batches', () => {
  const at = (...unit: number[]) => configOfUnit(unit, 1e17, apiSpace, { ...reach, tokensPerParameter: [5, 500] })!
  const tokensPerParameter = (unit: number[]) => {
    const N = sizeOf(at(...unit))
    return tokensFor(1e17, N) / N
  }
  const off = (x: number, y: number) => Math.abs(Math.log(x / y))
  // Tokens per parameter go by the square of the size.
  assert.ok(off(tokensPerParameter([0, 0.5, 0.5, 0]), 500) < 0.3)
  assert.ok(off(tokensPerParameter([1, 0.5, 0.5, 0]), 5) < 0.3)
  const ratio = ({ dModel, numLayers }: { dModel: number; numLayers: number }) => dModel / numLayers
  assert.ok(off(ratio(at(0.8, 0, 0, 0)), 30) < 0.15)
  assert.ok(off(ratio(at(0.8, 1, 0, 0)), 150) < 0.3)
  assert.deepEqual(
    [0, 0.5, 1].map((rate) => at(0.5, 0.5, rate, 0).learningRate),
    [1e-4, 3.16e-4, 1e-3],
  )
  assert.deepEqual(
    [0, 0.49, 0.5, 1].map((batch) => at(0.5, 0.5, 0.5, batch).batchSize),
    [128, 128, 256, 256],
  )
})

test('a Latin hypercube visits every stratum of every coordinate once, and no two are alike', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 60 }),
      fc.integer({ min: 1, max: 5 }),
      fc.nat(),
      (count, dimensions, seed) => {
        const places = latinHypercube(count, dimensions, random(seed))
        assert.equal(places.length, count)
        const all = Array.from({ length: count }, (_, k) => k)
        for (let d = 0; d < dimensions; d++) {
          const strata = places.map((place) => Math.floor(place[d] * count + 1e-12))
          assert.deepEqual(
            strata.sort((a, b) => a - b),
            all,
          )
        }
        assert.ok(places.every((place) => place.length === dimensions))
        assert.deepEqual(latinHypercube(count, dimensions, random(seed)), places)
      },
    ),
  )
  const order = (seed: number) => latinHypercube(20, 2, random(seed)).map(([x]) => Math.floor(20 * x))
  assert.notDeepEqual(order(1), order(2))
  const [x, y] = [0, 1].map((d) => latinHypercube(20, 2, random(1)).map((place) => Math.floor(20 * place[d])))
  assert.notDeepEqual(x, y)
})

test('a rate is rounded to three digits within the limits', () => {
  fc.assert(
    fc.property(scale(1e-6, 1e-1), limitsOf, (rate, limits) => {
      const { least, most } = limits.learningRate
      const rounded = roundRate(rate, limits.learningRate)
      assert.ok(rounded >= least && rounded <= most)
      assert.equal(rounded, Number(rounded.toPrecision(3)))
      const clamped = Math.min(Math.max(rate, least), most)
      assert.ok(Math.abs(rounded / clamped - 1) <= 0.005 + 1e-9)
    }),
  )
  assert.equal(roundRate(4.5678e-4, queryLimits.learningRate), 4.57e-4)
})
