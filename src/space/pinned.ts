import type { Config } from '../core/config.ts'
import type { Space } from './space.ts'

/** Settings that the run at the target is to have, whatever would be best. */
export type Pins = Partial<Pick<Config, 'learningRate' | 'batchSize'>>

/** A space whose run at the target has these settings; what runs may have stays as it is. */
export function pinnedAtTarget(space: Space, { learningRate, batchSize }: Pins): Space {
  const { targetLimits } = space
  return {
    ...space,
    targetLimits: {
      ...targetLimits,
      ...(learningRate !== undefined && { learningRate: { least: learningRate, most: learningRate } }),
      ...(batchSize !== undefined && { batchSize: [batchSize] }),
    },
  }
}
