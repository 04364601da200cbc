import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Stub } from '../stub-api.ts'
import { against, campaign, once, outcome, resultOf, start, stub } from './campaigns.ts'

test('the adaptive campaign, killed and started again, ends the same', async () => {
  const [api, twin] = [await stub(), await stub()]
  const args = (each: Stub, out: string) => against(each, out, 'adaptive')
  const { child, ended } = start(args(api, 'adaptive'))
  await api.reached(30)
  child.kill('SIGKILL')
  await ended
  const expected = resultOf(await campaign(...args(twin, 'adaptive-whole')))
  assert.deepEqual(outcome(resultOf(await campaign(...args(api, 'adaptive')))), outcome(expected))
  once(api.asked)
  assert.equal(api.charged, twin.charged)
})
