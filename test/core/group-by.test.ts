import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { groupBy } from '../../src/core/group-by.ts'

test('groups are those of Map.groupBy, in its order', () => {
  const native = (Map as unknown as { groupBy: typeof groupBy }).groupBy
  fc.assert(
    fc.property(fc.array(fc.oneof(fc.integer({ min: -3, max: 3 }), fc.constant(Number.NaN))), (items) => {
      const keyOf = (item: number) => (item < 0 ? -0 : item)
      assert.deepEqual([...groupBy(items, keyOf)], [...native(items, keyOf)])
      assert.deepEqual(groupBy(new Set(items), keyOf), native(new Set(items), keyOf))
    }),
    { seed: 1 },
  )
})
