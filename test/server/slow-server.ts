// A server whose trainings take some milliseconds, in a process that tests may kill:
// `node slow-server.ts <database> <port> <key> <milliseconds of a training> [<milliseconds between two looks after reservations>]` prints `listening on URL`.
// It looks so often that a reservation which nobody renews is taken over after half a second. A training of 24 layers never ends by itself. With STEPS_TO_LIVE it dies
// between two steps: see mortal.ts.
import { writeSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { systemClock } from '../../src/core/clock.ts'
import { IsoflopError } from '../../src/core/errors.ts'
import type { TrainingConfig } from '../../src/cs336/config.ts'
import { createServer } from '../../src/server/app.ts'
import { addKey } from '../../src/server/keys.ts'
import { openStore } from '../../src/server/store/open.ts'
import { countSteps } from './mortal.ts'
import { lossOf } from './serving.ts'

const [location, port, key, ms, lookEvery = '100'] = process.argv.slice(2)
const store = await openStore(location)
await addKey(store, { label: 'slow', budget: 10n ** 30n, now: 0, key })
const app = await createServer({
  store,
  clock: systemClock,
  version: '0.0.0',
  upkeep: { lookEvery: Number(lookEvery), looks: 5, proveEvery: 60_000 },
  onError: (error) => process.stderr.write(`${error.message}\n`),
  backend: {
    name: 'slow',
    producer: { backend: 'slow' },
    async train(config, { signal, onProgress } = {}) {
      onProgress?.({ kind: 'running', curve: [{ step: 1, tokens: 512, loss: 9.5 }] })
      try {
        await sleep((config as TrainingConfig).numLayers === 24 ? 600_000 : Number(ms), undefined, { signal })
      } catch {
        return { kind: 'interrupted', error: new IsoflopError('RUN_INTERRUPTED', 'It was ended.', 'Ask again.') }
      }
      return { kind: 'finished', loss: lossOf(config) }
    },
    close: async () => {},
  },
})
await app.listen({ port: Number(port), host: '127.0.0.1' })
countSteps()
writeSync(1, `listening on http://127.0.0.1:${(app.server.address() as AddressInfo).port}\n`)
