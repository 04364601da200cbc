import assert from 'node:assert/strict'
import { test } from 'node:test'
import { classWith, type Fresh } from '../../src/web/class/class-with.ts'

interface Class {
  readonly mark: string
  readonly keys: readonly { readonly id: string; readonly runs: number }[]
  readonly isOpen?: boolean
}

const news = (mark: string, keys: Record<string, number>, more: object = {}): Class => ({
  ...{ mark, keys: Object.entries(keys).map(([id, runs]) => ({ id, runs })), ...more },
})
const fresh = (isWhole: boolean, mark: string, keys: Record<string, number>, more: object = {}): Fresh<Class> => ({
  isWhole,
  ...news(mark, keys, more),
})

test('what has changed takes the place of what was there, new students come last, and the rest stays as it is', () => {
  const before = classWith<Class>(null, fresh(true, 'a-1', { p: 1, q: 2 }, { deadline: 'soon', isOpen: false }), false)!
  assert.deepEqual(before, news('a-1', { p: 1, q: 2 }, { deadline: 'soon', isOpen: false }))
  const after = classWith(before, fresh(false, 'a-3', { q: 3, r: 0 }, { isOpen: true }), false)!
  assert.deepEqual(after, news('a-3', { p: 1, q: 3, r: 0 }, { deadline: 'soon', isOpen: true }))
  assert.equal(after.keys[0], before.keys[0])
})

test('an older answer changes nothing, whichever way it came', () => {
  const now = news('a-3', { p: 3 })
  for (const isTold of [true, false])
    for (const old of [fresh(false, 'a-2', { p: 2 }), fresh(true, 'a-3', { p: 2 })])
      assert.equal(classWith(now, old, isTold), now)
})

test('of another server the whole class is taken, but not while a stream tells; and changes since what is not known fit nothing', () => {
  const now = news('a-3', { p: 3 })
  assert.deepEqual(classWith(now, fresh(true, 'b-1', { p: 2, q: 1 }), false), news('b-1', { p: 2, q: 1 }))
  assert.equal(classWith(now, fresh(true, 'b-1', { p: 2 }), true), now)
  assert.equal(classWith(now, fresh(false, 'b-9', { p: 2 }), false), null)
  assert.equal(classWith<Class>(null, fresh(false, 'a-9', { p: 2 }), false), null)
})
