import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { start } from '../server/crash.ts'
import { cpuMs } from '../server/raw-requests.ts'

const linux = process.platform === 'linux'
const seconds = 30
const attackers = 16

const pathOf = (key: string) =>
  `/loss?d_model=256&num_layers=4&num_heads=4&batch_size=128&learning_rate=0.001&train_flops=10000000000000&api_key=${key}`

test(`wrong keys from one address for ${seconds} s: a handful is looked at, and who has a key hardly notices`, {
  skip: !linux,
}, async (t) => {
  const { url, child } = await start(':memory:')
  t.after(() => child.kill('SIGKILL'))
  const ask = async (key: string) => {
    const response = await fetch(url + pathOf(key))
    await response.arrayBuffer()
    return response.status
  }
  assert.equal(await ask('course'), 200)
  const began = performance.now()
  const before = cpuMs(child.pid!)
  const isOver = () => performance.now() - began > 1000 * seconds
  const statuses: Record<number, number> = {}
  let asked = 0
  const attack = async () => {
    while (!isOver()) {
      const status = await ask(String(10_000_000 + asked++))
      statuses[status] = (statuses[status] ?? 0) + 1
    }
  }
  const took: number[] = []
  const neighbour = async () => {
    for (; !isOver(); await sleep(20)) {
      const from = performance.now()
      assert.equal(await ask('course'), 200)
      took.push(performance.now() - from)
    }
  }
  await Promise.all([neighbour(), ...Array.from({ length: attackers }, attack)])
  took.sort((a, b) => a - b)
  const [median, slowest] = [took[took.length >> 1], took[took.length - 1]]
  const work = (cpuMs(child.pid!) - before) / asked
  t.diagnostic(
    `${asked} wrong keys, ${statuses[422]} looked at; ${work.toFixed(3)} ms of work each; a right key: median ${median.toFixed(1)} ms, slowest ${slowest.toFixed(0)} ms`,
  )
  assert.deepEqual(Object.keys(statuses), ['422', '429'])
  assert.ok(statuses[422] <= 20 + seconds / 3 + 1, `${statuses[422]} were looked at`)
  assert.ok(work < 1 && median < 100, `${work} ms of work, ${median} ms for who has a key`)
})
