import assert from 'node:assert/strict'
import type { TrainingConfig } from '../../../src/cs336/config.ts'
import type { RunsPage, Store, StoredRun } from '../../../src/server/store/store.ts'

/** Different configurations by number, with learning rates that have no short binary form. */
export const configOf = (index: number): TrainingConfig => ({
  dModel: 64 + (index % 900),
  numLayers: 2 + (index % 23),
  numHeads: 2 + (index % 15),
  batchSize: index % 2 === 0 ? 128 : 256,
  learningRate: 1e-3 / (1 + index / 7),
  trainFlops: 1e13,
})

/** Costs near 2^53, all different, so that a sum of a few is exact only in integers. */
export const costOf = (index: number): bigint => 2n ** 53n + 1n + 2n * BigInt(index)

/** When a run was settled. */
export const settledAt = 1_700_000_001_000

export const lossOf = (index: number): number => 2 + 1 / (index + 3)

/** All runs of a key, read in pages of different sizes. */
export async function runsOf(store: Store, keyId: string): Promise<StoredRun[]> {
  const all: StoredRun[] = []
  let next: bigint | null = 0n
  for (let limit = 1; next !== null; limit = 3 * limit) {
    const page: RunsPage = await store.runs(keyId, next, limit)
    assert.ok(page.runs.length === limit || page.next === null)
    all.push(...page.runs)
    next = page.next
  }
  return all
}
