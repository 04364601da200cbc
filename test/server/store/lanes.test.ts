import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { createLanes, createPatience } from '../../../src/server/store/lanes.ts'

test('of each name so many at a time, in order; other names do not wait', async () => {
  const lanes = createLanes(2)
  const patience = createPatience(5_000)
  const log: string[] = []
  const work = (name: string) => async () => {
    log.push(`+${name}`)
    await sleep(20)
    log.push(`-${name}`)
    return name
  }
  const done = ['a1', 'a2', 'a3', 'a4', 'b1'].map((name) => lanes(name[0], patience, work(name)))
  assert.deepEqual(log, ['+a1', '+a2', '+b1'])
  assert.deepEqual(await Promise.all(done), ['a1', 'a2', 'a3', 'a4', 'b1'])
  assert.deepEqual(
    log.filter((line) => line.startsWith('+')),
    ['+a1', '+a2', '+b1', '+a3', '+a4'],
  )
  assert.ok(log.indexOf('+a3') > log.indexOf('-a1'))
  patience.end()
})

test('who waits too long is told so and leaves its place; work that fails leaves it too', async () => {
  const lanes = createLanes(1)
  const long = lanes('a', createPatience(5_000), () => sleep(200, 'long'))
  const impatient = createPatience(30)
  await assert.rejects(
    lanes('a', impatient, async () => 'never'),
    /too long/,
  )
  assert.equal(impatient.isOver, true)
  const fails = lanes('a', createPatience(5_000), async () => {
    throw new Error('broken')
  })
  const after = lanes('a', createPatience(5_000), async () => 'after')
  await assert.rejects(fails, /broken/)
  assert.deepEqual([await long, await after], ['long', 'after'])
  assert.equal(await lanes('a', createPatience(10), async () => 'free again'), 'free again')
})
