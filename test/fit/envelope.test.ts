import assert from 'node:assert/strict'
import { test } from 'node:test'
import { trainFlops } from '../../src/core/flops.ts'
import { type Curves, runsOf } from '../../src/core/run.ts'
import { fitEnvelope, tabulateCurves } from '../../src/fit/envelope.ts'
import { optimalParameters, type SurfaceLaw, surfaceLoss } from '../../src/law/surface.ts'
import { close } from '../support.ts'

const law: SurfaceLaw = { E: 1.8, A: 480, B: 2100, alpha: 0.35, beta: 0.37, q: 1 }

/** Training curves that follow the surface at every checkpoint, for sizes 2^(1/2) apart. */
function curvesOf(sizes: number, checkpoints: number): Curves {
  const rows = Array.from({ length: sizes }, (_, curve) =>
    Array.from({ length: checkpoints }, (_, k) => {
      const parameters = 1e7 * 2 ** (curve / 2)
      const tokens = 1e8 * 10 ** ((4 * k) / (checkpoints - 1))
      return {
        parameters,
        tokens,
        flops: trainFlops(parameters, tokens),
        loss: surfaceLoss(law, parameters, tokens),
        curve,
      }
    }),
  ).flat()
  return { checkpoints: runsOf(rows), curve: Int32Array.from(rows, (row) => row.curve), curveCount: sizes }
}

test('envelope finds the exponent of the law that the curves follow', () => {
  const fit = fitEnvelope(tabulateCurves(curvesOf(15, 200))!)!
  close(fit.modelSize!.exponent, optimalParameters(law).exponent, 0.02)
  close(fit.modelSize!.exponent + fit.datasetSize!.exponent, 1, 1e-9)
  assert.equal(fit.loss, null)
  assert.ok(fit.atEdge > 0, 'budgets whose best model is the smallest are left out')
  assert.ok(fit.points.every(({ parameters }) => parameters > 1e7 && parameters < 1e7 * 2 ** 7))
})

test('envelope reads curves off linearly in ln C, nowhere beyond their ends', () => {
  const table = tabulateCurves(curvesOf(4, 50))!
  assert.equal(table.flops.length, 1500)
  const first = trainFlops(1e7, 1e8)
  const last = trainFlops(1e7, 1e12)
  for (const [k, C] of table.flops.entries()) {
    const inside = C >= first * (1 + 1e-9) && C <= last * (1 - 1e-9)
    if (inside) close(table.loss[0][k], surfaceLoss(law, 1e7, C / 6e7), 5e-3)
    else if (C > last * (1 + 1e-9)) assert.ok(Number.isNaN(table.loss[0][k]))
  }
})

test('envelope needs three curves of several checkpoints, and a best one between the ends', () => {
  assert.equal(tabulateCurves(curvesOf(2, 50)), null)
  assert.equal(tabulateCurves(curvesOf(5, 1)), null)
  const ordered = curvesOf(5, 30)
  const larger = { ...ordered.checkpoints, loss: ordered.checkpoints.parameters.map((N) => 1 + 1 / N) }
  assert.equal(fitEnvelope(tabulateCurves({ ...ordered, checkpoints: larger })!), null)
})

test('a curve of weight 0 is not there', () => {
  const table = tabulateCurves(curvesOf(15, 100))!
  const weights = new Float64Array(15).fill(1)
  weights[7] = 0
  const fit = fitEnvelope(table, weights)!
  assert.ok(fit.points.every(({ parameters }) => Math.abs(parameters / (1e7 * 2 ** 3.5) - 1) > 0.01))
})
