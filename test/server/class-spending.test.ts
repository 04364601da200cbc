import assert from 'node:assert/strict'
import { test } from 'node:test'
import { spendingOf } from '../../src/server/class-spending.ts'
import type { KeyRecord, StoredRun } from '../../src/server/store/store.ts'

const key = (id: string, budget: bigint): KeyRecord => ({
  ...{ id, label: id, budget, used: 0n, reserved: 0n, revoked: false, instructor: false, createdAt: 0 },
})
const run = (settledAt: number | null, cost: bigint): StoredRun => ({ settledAt, cost, loss: 3, config: {} as never })

test('shares of budgets are told as they were at each moment, also of who has not begun and of runs without a time', () => {
  const keys = [key('a', 100n), key('b', 1000n), key('idle', 100n), key('none', 0n)]
  const runs = new Map([
    ['a', [run(1600, 25n), run(0, 25n)]],
    ['b', [run(null, 100n), run(800, 400n)]],
  ])
  const { times, shares, lines } = spendingOf(keys, runs)
  assert.deepEqual([times[0], times.at(-1), times.length], [0, 1600, 161])
  const at = (time: number) => shares[times.indexOf(time)]
  assert.deepEqual(at(0), [0, 0, 0.1, 0.25, 0.25], 'of 0, 0.1 and 0.25')
  assert.deepEqual(at(790)[2], 0.1)
  assert.deepEqual(at(800), [0, 0, 0.25, 0.5, 0.5])
  assert.deepEqual(at(1600), [0, 0, 0.5, 0.5, 0.5])
  const steps = lines!.map(({ key, at, share }) => [key, at.map((k) => times[k]), share])
  assert.deepEqual(steps, [
    ['a', [0, 1600], [0.25, 0.5]],
    ['b', [0, 800], [0.1, 0.5]],
    ['idle', [], []],
  ])
})

test('a class without runs has no moments, one that is large no lines, and one run is one moment', () => {
  assert.deepEqual(spendingOf([key('a', 1n)], new Map()).times, [])
  const many = Array.from({ length: 151 }, (_, k) => key(`k${k}`, 10n))
  const { lines, shares } = spendingOf(many, new Map([['k3', [run(5, 10n)]]]))
  assert.deepEqual([lines, shares.at(-1)], [null, [0, 0, 0, 0, 0]])
  assert.deepEqual(new Set(spendingOf(many, new Map([['k3', [run(5, 10n)]]])).times), new Set([5]))
})
