// A server's worth of queries in a process that tests may kill:
// `node hammer.ts <location> <key id> <configurations> <workers> [<pause, ms>]`
// prints `open`, waits for a line, then reserves and settles the configurations until the budget is used, each worker
// beginning at another one. It prints `<configuration> <used>` after every acknowledged settle. Writes to a pipe are
// synchronous, so a kill loses no line of it.
import { once } from 'node:events'
import { writeSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { apiCodec } from '../../../src/cs336/config.ts'
import { openStore } from '../../../src/server/store/open.ts'
import { configOf, costOf, lossOf } from './examples.ts'

const [location, keyId, configurations, workers, pauseMs = '0'] = process.argv.slice(2)
const count = Number(configurations)
const store = await openStore(location)
writeSync(1, 'open\n')
await once(process.stdin, 'data')
process.stdin.destroy()

async function work(start: number): Promise<void> {
  for (let step = 0; step < count; step++) {
    const index = (start + step) % count
    const reservation = await store.reserve(keyId, configOf(index), costOf(index), 1)
    if (reservation.kind === 'refused') return
    if (reservation.kind !== 'reserved') continue
    if (pauseMs !== '0') await sleep(Number(pauseMs))
    const settled = await store.settle(reservation.ticket, lossOf(index), 9)
    writeSync(1, `${apiCodec.identity(configOf(index))} ${settled!.used}\n`)
  }
}

await Promise.all(Array.from({ length: Number(workers) }, (_, i) => work(Math.floor((i * count) / Number(workers)))))
await store.close()
