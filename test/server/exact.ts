import assert from 'node:assert/strict'
import { openStore } from '../../src/server/store/open.ts'
import { kill, pathOf, start } from './crash.ts'
import { audit } from './store/conformance.ts'

const cost = 10_000_000_000_000n

/**
 * So many clients of each of two servers ask for more configurations than a key can pay for, those of one server from the first on and those of
 * the other from the last: every run is paid for once, until the budget is used to the last FLOP. Gives the number of requests.
 */
export async function spendsExactly(db: string, clients: number, runs: number): Promise<number> {
  const budget = String(BigInt(runs) * cost)
  const servers = [await start(db, { budget }), await start(db, { budget })]
  const asked = Math.ceil(1.3 * runs)
  const rates = Array.from({ length: asked }, (_, k) => Number((1e-4 + 1e-9 * k).toPrecision(12)))
  const losses = new Map<number, string>()
  const refused = new Set<number>()
  let requests = 0
  try {
    const ask = async (url: string, rate: number) => {
      requests++
      const response = await fetch(url + pathOf(rate))
      const { loss } = (await response.json()) as { loss?: number }
      if (response.status === 403) return refused.add(rate)
      assert.equal(response.status, 200)
      assert.ok(!losses.has(rate) || losses.get(rate) === String(loss), `two losses for ${rate}`)
      losses.set(rate, String(loss))
    }
    const lists = [rates[Symbol.iterator](), rates.toReversed()[Symbol.iterator]()]
    await Promise.all(
      servers.flatMap(({ url }, which) =>
        Array.from({ length: clients }, async () => {
          for (const rate of lists[which]) await ask(url, rate)
        }),
      ),
    )
    // What is in flight when the budget ends is refused to both or to none, and asking again costs nothing.
    for (const rate of losses.keys()) await ask(servers[requests % 2].url, rate)
    assert.equal(losses.size, runs)
    assert.ok(refused.size >= asked - runs)
  } finally {
    await Promise.all(servers.map(kill))
  }
  await checkSums(db, BigInt(runs) * cost)
  return requests
}

async function checkSums(db: string, used: bigint): Promise<void> {
  const store = await openStore(db)
  try {
    await audit(store)
    const [key] = await store.listKeys()
    assert.deepEqual([key.used, key.reserved], [used, 0n])
  } finally {
    await store.close()
  }
}
