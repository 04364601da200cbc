// A worker that dies after so many steps (see ../server/mortal.ts), counted from when it first looks for work: `node mortal-worker.ts <database>`. What it takes first
// it gives back when its leg is over, after a beat; what it takes then it answers, says `lived` and ends.
import { writeSync } from 'node:fs'
import '../server/mortal.ts'
import { lossOf, untilLeft, worker } from './pool.ts'

let legs = 0
const here = await worker(process.argv[2], {
  name: `victim ${process.pid}`,
  legMs: 3_000, // the beat comes after 2.5 s, a quarter of the least patience
  make: async (config, request) =>
    ++legs === 1 ? untilLeft(config, request) : { kind: 'finished', loss: lossOf(config) },
})
setInterval(() => {
  if (!here.events.some(({ kind }) => kind === 'answered')) return
  writeSync(1, 'lived\n')
  process.exit(0)
}, 10)
