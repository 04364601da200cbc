import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { configOfWire } from '../../src/api/contract.ts'
import { runsApi } from '../../src/client/runs.ts'
import { random } from '../../src/core/random.ts'
import { openStore } from '../../src/server/store/open.ts'
import { wire } from './asking.ts'
import { postgresOfFile } from './postgres.ts'
import { lossOf } from './serving.ts'
import { slowServer } from './slow-servers.ts'
import { audit } from './store/conformance.ts'
import { runsOf } from './store/examples.ts'

const folder = mkdtempSync(join(tmpdir(), 'isoflop-requests-'))
const key = 'a-key-that-nobody-guesses'
const postgres = postgresOfFile()
after(() => rmSync(folder, { recursive: true }))

const asked = 24
const kills = 5

for (const [name, place] of [
  ['SQLite', async () => join(folder, 'requests.sqlite')],
  ['PostgreSQL', () => postgres().database()],
] as const)
  test(`${name}: two servers are killed ${kills} times while ${asked} runs are asked for and cancelled: each comes to one end, charged once`, async (t) => {
    const location = await place()
    const servers = [await slowServer(location, key, 150), await slowServer(location, key, 150)]
    t.after(() => Promise.all(servers.map(({ kill }) => kill())))
    const clients = servers.map(({ url }) => runsApi({ url, apiKey: key, retries: 60, backoffMs: 20 }))
    const { integer, uniform } = random(16, asked)
    const configs = Array.from({ length: asked }, (_, k) => configOfWire(wire(k)))
    const clientAt = (k: number) => clients[k % clients.length]

    let isOver = false
    const killing = (async () => {
      for (let kill = 0; kill < kills && !isOver; kill++) {
        await sleep(300 * uniform())
        await servers[integer(servers.length)].restart()
      }
    })()
    const ends = await Promise.all(
      configs.map(async (config, k) => {
        await sleep(40 * k)
        await clientAt(k).ask(config)
        if (k % 10 === 9)
          await clientAt(k + 1)
            .cancel(config)
            .catch(expectEnded)
        for (;;) {
          const run = await clientAt(k + 1).run(config, { wait: 5 })
          if (run.state !== 'waiting' && run.state !== 'running') return run
        }
      }),
    )
    await killing
    isOver = true

    const store = await openStore(location)
    t.after(() => store.close())
    const [{ id, used, reserved }] = await store.listKeys()
    const runs = await runsOf(store, id)
    const finished = ends.filter(({ state }) => state === 'finished')
    for (const [k, { state, loss, flopsCharged }] of ends.entries()) {
      assert.ok(state === 'finished' || (state === 'cancelled' && k % 10 === 9), `${k} is ${state}`)
      assert.deepEqual([loss, flopsCharged], state === 'finished' ? [lossOf(configs[k]), 1e16] : [null, 0])
    }
    assert.equal(runs.length, finished.length)
    assert.deepEqual([used, reserved], [BigInt(finished.length) * 10n ** 16n, 0n])
    await audit(store)
    const counts = await store.openRequests()
    assert.deepEqual(counts, { waiting: 0, running: 0 })
  })

const expectEnded = (error: unknown) => assert.equal((error as { code?: string }).code, 'RUN_ENDED')
