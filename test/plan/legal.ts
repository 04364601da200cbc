import assert from 'node:assert/strict'
import type { Range } from '../../src/core/range.ts'
import type { TrainingConfig } from '../../src/cs336/config.ts'
import type { ShapedLimits } from '../../src/cs336/limits.ts'
import type { ShapeLimits } from '../../src/space/shapes.ts'

/** Asserts that a shape is whole, within limits, and that its heads divide its width. */
export function assertLegalShape(
  { dModel, numLayers, numHeads }: Pick<TrainingConfig, 'dModel' | 'numLayers' | 'numHeads'>,
  { dModel: widths, numLayers: depths, numHeads: heads, headDimension }: ShapeLimits,
): void {
  for (const x of [dModel, numLayers, numHeads, dModel / numHeads]) assert.ok(Number.isInteger(x), `${x} is not whole`)
  inside(dModel, widths)
  inside(numLayers, depths)
  inside(numHeads, heads)
  inside(dModel / numHeads, headDimension)
}

export function assertLegal(config: TrainingConfig, limits: ShapedLimits): void {
  assertLegalShape(config, limits.models)
  inside(config.learningRate, limits.learningRate)
  assert.ok(limits.batchSize.includes(config.batchSize), `a batch of ${config.batchSize}`)
}

const inside = (x: number, { least, most }: Range): void =>
  assert.ok(x >= least && x <= most, `${x} is outside ${least} to ${most}`)
