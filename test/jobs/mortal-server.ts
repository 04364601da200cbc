// A server whose trainings are made by workers, in a process that dies after so many steps (see ../server/mortal.ts):
// `node mortal-server.ts <database> <milliseconds between two looks after reservations>` prints `listening on URL`.
import { writeSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { systemClock } from '../../src/core/clock.ts'
import { createServer } from '../../src/server/app.ts'
import { openStore } from '../../src/server/store/open.ts'
import { countSteps } from '../server/mortal.ts'
import { server } from './pool.ts'

const [location, lookEvery] = process.argv.slice(2)
const app = await createServer({
  store: await openStore(location),
  backend: await server(location, { patienceMs: 10_000, lookEveryMs: 200, tries: 20 }),
  clock: systemClock,
  version: '0.0.0',
  upkeep: { lookEvery: Number(lookEvery), looks: 5, proveEvery: 5 * Number(lookEvery) },
  onError: (error) => process.stderr.write(`${error.message}\n`),
})
await app.listen({ port: 0, host: '127.0.0.1' })
countSteps()
writeSync(1, `listening on http://127.0.0.1:${(app.server.address() as AddressInfo).port}\n`)
