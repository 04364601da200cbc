// Runs queries until the database is full, says so, waits until there is room, and goes on: `node full-disk.ts <file>`.
// Ends with a line of JSON: how many were settled before and after, which, and the codes of the rejections.
import { once } from 'node:events'
import { openStore } from '../../../src/server/store/open.ts'
import type { Store } from '../../../src/server/store/store.ts'
import { configOf, costOf, lossOf } from './examples.ts'

const store = await openStore(process.argv[2])
await store.addKey({ id: 'a', hash: 'a', label: '', budget: 9_200_000_000_000_000_000n, createdAt: 1 })
const codes = new Set<string>()
const settled: number[] = []

async function attempt(store: Store, index: number): Promise<boolean> {
  try {
    const reservation = await store.reserve('a', configOf(index), costOf(index), 1)
    if (reservation.kind !== 'reserved') throw new Error(reservation.kind)
    // The turn ends here for some: their reservation is committed, or lost, before they settle.
    if (index % 3 === 0) await new Promise(setImmediate)
    const run = await store.settle(reservation.ticket, lossOf(index), 9)
    if (run) settled.push(index)
    return run !== null
  } catch (error) {
    codes.add((error as { code?: string }).code ?? String(error))
    return false
  }
}

/** Eight at a time; how many were settled. */
async function attemptMany(from: number, to: number, untilFailure: boolean): Promise<number> {
  const before = settled.length
  for (let index = from; index < to; index += 8) {
    const results = await Promise.all(Array.from({ length: 8 }, (_, i) => attempt(store, index + i)))
    if (untilFailure && results.every((done) => !done)) break
  }
  return settled.length - before
}

const said = async (word: string) => {
  console.log(word)
  await once(process.stdin, 'data')
}

await said('ready')
const before = await attemptMany(0, 800, true)
for (let again = 0; again < 3; again++) await attemptMany(800, 808, true)
await said('full')
const after = await attemptMany(816, 880, false)
process.stdin.destroy()
await store.close()
console.log(JSON.stringify({ before, after, settled, codes: [...codes] }))
