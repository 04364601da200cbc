import type { Range } from '../core/range.ts'
import type { Field } from './codec.ts'
import type { Limits } from './limits.ts'

/** What one field of a configuration may be: a range, a list, or null where only the whole model tells. */
export function limitOf({ models, batchSize, learningRate }: Limits, { key, values }: Field): Limit | null {
  if (key === 'batchSize') return batchSize
  if (key === 'learningRate') return learningRate
  if (values !== undefined) return values
  return shapeKeys.has(key) ? ((models as unknown as Partial<Record<string, Range>>)[key] ?? null) : null
}

const shapeKeys: ReadonlySet<string> = new Set(['dModel', 'numLayers', 'numHeads'])

export type Limit = Range | readonly number[] | readonly string[]
