import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { random } from '../../src/core/random.ts'
import { openStore } from '../../src/server/store/open.ts'
import { kill, pathOf, type Running, start } from './crash.ts'
import { audit } from './store/conformance.ts'

/** How long nobody may be kept waiting after a fault, and how long a reservation may outlive what held it, ms. */
const mostMs = 60_000

/** Two servers that share a database, as a fault finds them; it may replace them. */
export interface Pair {
  readonly servers: [Running, Running]
  /** Starts the first or the second one again. */
  startAgain(which: 0 | 1): Promise<Running>
}

export interface Survived {
  readonly answers: number
  /** How long the last reservations outlived the load, ms. */
  readonly freedAfterMs: number
}

/**
 * Loads two servers that share a database, with clients of both asking the same new configurations until they are answered, while
 * a fault comes again and again. In the end everything that was asked is answered and charged once, and nothing stays reserved.
 */
export async function survivesFaults(
  db: string,
  times: number,
  fault: (pair: Pair, time: number) => Promise<void>,
  startOne: (which: 0 | 1) => Promise<Running> = () => start(db),
): Promise<Survived> {
  const pair: Pair = { servers: [await startOne(0), await startOne(1)], startAgain: startOne }
  const answers = new Map<number, string>()
  const { uniform } = random(7, times)
  let isOver = false

  /** Asks one of the servers until it answers; both are asked for the same. */
  const ask = async (server: 0 | 1, rate: number) => {
    let refusal = ''
    for (let waited = 0; waited < 3000; waited++)
      try {
        const response = await fetch(pair.servers[server].url + pathOf(rate))
        const body = (await response.json()) as { loss?: number }
        if (response.status === 200) {
          assert.ok(!answers.has(rate) || answers.get(rate) === String(body.loss), `two losses for ${rate}`)
          answers.set(rate, String(body.loss))
          return
        }
        refusal = `${response.status} ${JSON.stringify(body)}`
        await sleep(20)
      } catch (error) {
        if (error instanceof assert.AssertionError) throw error
        await sleep(20) // the server is away
      }
    assert.fail(`${rate} was asked for ${mostMs} ms after the load and never answered: ${refusal}`)
  }
  let asked = 0
  const client = async () => {
    while (!isOver) {
      const rate = Number((1e-4 + 1e-9 * ++asked).toPrecision(12))
      await Promise.all([ask(0, rate), ask(1, rate)])
    }
  }
  try {
    const clients = Array.from({ length: 8 }, client)
    for (let time = 0; time < times; time++) {
      const enough = answers.size + 20 + Math.floor(60 * uniform())
      while (answers.size < enough) await Promise.race([sleep(5), ...clients])
      await sleep(10 * uniform())
      await fault(pair, time)
    }
    isOver = true
    await Promise.all(clients)
    return { answers: answers.size, freedAfterMs: await checkLedger(db, asked) }
  } finally {
    isOver = true
    await Promise.all(pair.servers.map(kill))
  }
}

/** Every run that was asked for is there once, sums are right, and what is still reserved is freed in time; gives how long that took. */
async function checkLedger(db: string, runs: number): Promise<number> {
  const store = await openStore(db)
  let waited = 0
  try {
    for (; (await store.listKeys()).some(({ reserved }) => reserved > 0n); waited += 200) {
      assert.ok(waited < mostMs, `still reserved after ${mostMs} ms`)
      await sleep(200)
    }
    await audit(store)
    const [{ used }] = await store.listKeys()
    assert.equal(used, BigInt(runs) * 10_000_000_000_000n, 'lost or charged twice')
    return waited
  } finally {
    await store.close()
  }
}

/** kill -9 of one of the servers, and another one in its place. */
export async function killServer({ servers, startAgain }: Pair, time: number): Promise<void> {
  const which = time % 2 === 0 ? 0 : 1
  await kill(servers[which])
  servers[which] = await startAgain(which)
}

/** Stops one of the servers for a while, as a suspended machine does. */
export const stopServer =
  (ms: number) =>
  async ({ servers }: Pair, time: number): Promise<void> => {
    const { child } = servers[time % 2]
    child.kill('SIGSTOP')
    await sleep(ms)
    child.kill('SIGCONT')
  }
