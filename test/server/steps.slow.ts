import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { configOfWire } from '../../src/api/contract.ts'
import { idOfConfig } from '../../src/api/v2.ts'
import { deferred } from '../../src/core/deferred.ts'
import { openStore } from '../../src/server/store/open.ts'
import { wire } from './asking.ts'
import { startPostgres, type TestPostgres } from './postgres.ts'
import { lossOf } from './serving.ts'
import { assertInOrder, everyStep, Owner, serverOf } from './steps.ts'
import { audit } from './store/conformance.ts'
import { runsOf } from './store/examples.ts'

const folder = mkdtempSync(join(tmpdir(), 'isoflop-steps-'))
let postgres: TestPostgres
before(async () => {
  postgres = await startPostgres()
})
after(async () => {
  await postgres.stop()
  rmSync(folder, { recursive: true })
})

/** One that is made, one that is cancelled while it runs, and one of GET /loss. */
const [made, cancelled, queried] = [wire(1), { ...wire(2), num_layers: 24 }, wire(3)]
const pathOf = (body: object) => `/v2/runs/${idOfConfig(configOfWire(body as typeof made))}`
const losses = [made, queried].map((body) => lossOf(configOfWire(body)))

/** All that happens to a key: everything is asked until it is answered. */
async function live(owner: Owner): Promise<void> {
  await owner.listen()
  assert.ok((await owner.ask('POST', '/v2/runs', made)).status <= 202)
  assert.equal((await owner.until(pathOf(made), 'finished')).body.loss, losses[0])
  assert.ok((await owner.ask('POST', '/v2/runs', cancelled)).status <= 202)
  await owner.until(pathOf(cancelled), 'running')
  await owner.ask('DELETE', pathOf(cancelled)) // 409 where only the answer was lost
  assert.equal((await owner.ask('GET', pathOf(cancelled))).body.state, 'cancelled')
  const query = new URLSearchParams(
    Object.entries({ ...queried, api_key: owner.key }).map(([name, value]): [string, string] => [name, String(value)]),
  )
  const { body } = await owner.ask('GET', `/loss?${query}`)
  assert.equal(body.loss, losses[1])
}

for (const [name, place, steps] of [
  ['SQLite', async () => join(folder, 'steps.sqlite'), 16],
  ['PostgreSQL', () => postgres.database(), 8],
] as const)
  test(`${name}: a server that dies between any two of its steps loses nothing, charges once, and tells everything in order`, {
    timeout: 300_000,
  }, async (t) => {
    const location = await place()
    await (await openStore(location)).close() // its tables are made once
    const survivor = deferred<string>()
    const owners: Owner[] = []
    const lives: Promise<void>[] = []
    const deaths = await everyStep(3, async (steps) => {
      const victim = await serverOf(location, `the-key-of-victim-${steps}`, steps)
      t.after(victim.kill)
      const owner = new Owner(`the-key-of-victim-${steps}`, victim.url!, survivor)
      owners.push(owner)
      t.after(owner.leave)
      const life = live(owner)
      life.catch(() => {})
      lives.push(life)
      const death = await Promise.race([victim.died, life.then(() => null)])
      victim.kill()
      return death
    })
    t.diagnostic(`${deaths.length} steps: ${deaths.join('; ')}`)
    assert.ok(deaths.length >= steps)
    const last = await serverOf(location, 'the-key-of-the-survivor', Number.POSITIVE_INFINITY)
    t.after(last.kill)
    survivor.resolve(last.url!)
    await Promise.all(lives)

    const store = await openStore(location)
    t.after(() => store.close())
    for (const owner of owners) {
      const { body } = await owner.ask('GET', '/v2/runs')
      assert.deepEqual(
        body.runs.map(({ state }: { state: string }) => state),
        ['finished', 'cancelled', 'finished'],
      )
      await owner.heard(body.last)
      assertInOrder(owner.told)
    }
    for (const { id, used, reserved, label } of await store.listKeys()) {
      const runs = await runsOf(store, id)
      if (runs.length === 0) continue // of the one that survived
      assert.deepEqual([runs.map(({ loss }) => loss), used, reserved], [losses, 2n * 10n ** 16n, 0n], label)
    }
    await audit(store)
    assert.deepEqual(await store.openRequests(), { waiting: 0, running: 0 })
  })
