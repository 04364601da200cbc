import assert from 'node:assert/strict'
import type { TrainingConfig } from '../../src/core/config.ts'
import type { Limits, Range } from '../../src/core/limits.ts'

/** Asserts that a shape is whole, within limits, and that its heads divide its width. */
export function assertLegalShape(
  { dModel, numLayers, numHeads }: Pick<TrainingConfig, 'dModel' | 'numLayers' | 'numHeads'>,
  limits: Limits,
): void {
  for (const x of [dModel, numLayers, numHeads, dModel / numHeads]) assert.ok(Number.isInteger(x), `${x} is not whole`)
  inside(dModel, limits.dModel)
  inside(numLayers, limits.numLayers)
  inside(numHeads, limits.numHeads)
  inside(dModel / numHeads, limits.headDimension)
}

export function assertLegal(config: TrainingConfig, limits: Limits): void {
  assertLegalShape(config, limits)
  inside(config.learningRate, limits.learningRate)
  assert.ok(limits.batchSize.includes(config.batchSize), `a batch of ${config.batchSize}`)
}

const inside = (x: number, { least, most }: Range): void =>
  assert.ok(x >= least && x <= most, `${x} is outside ${least} to ${most}`)
