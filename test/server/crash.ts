import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { random } from '../../src/core/random.ts'

const bin = fileURLToPath(new URL('../../bin/isoflop.js', import.meta.url))

export interface Running {
  readonly url: string
  readonly child: ChildProcess
}

/** What a server is started with besides its database. */
export interface Starting {
  /** FLOPs of its key. */
  readonly budget?: string
  /** Added to the environment. */
  readonly env?: Readonly<Record<string, string>>
}

/** Starts `isoflop serve` on a free port over a database; resolves when it listens. */
export async function start(db: string, { budget = '9e18', env = {} }: Starting = {}): Promise<Running> {
  const args = [bin, 'serve', '--port', '0', '--db', db, '--world', 'handout', '--key', 'course', '--budget', budget]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'], env: { ...process.env, ...env } })
  for await (const line of createInterface({ input: child.stdout! })) {
    const url = line.match(/^listening on (\S+)/)?.[1]
    if (url) return { url, child }
  }
  throw new Error('isoflop serve ended before it listened')
}

export async function kill({ child }: Running): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return // it has ended before
  const ended = new Promise((resolve) => child.once('exit', resolve))
  child.kill('SIGKILL')
  await ended
}

export const pathOf = (rate: number) =>
  `/loss?d_model=256&num_layers=4&num_heads=4&batch_size=128&learning_rate=${rate}&train_flops=10000000000000&api_key=course`

/** Eight clients ask for new configurations until the server is gone; what was answered goes into `acknowledged`. */
async function load(url: string, nextRate: () => number, acknowledged: Map<number, string>): Promise<void> {
  const client = async () => {
    for (;;) {
      const rate = nextRate()
      try {
        const response = await fetch(url + pathOf(rate))
        const { loss } = (await response.json()) as { loss: number }
        if (response.status === 200) acknowledged.set(rate, String(loss))
      } catch {
        return
      }
    }
  }
  await Promise.all(Array.from({ length: 8 }, client))
}

/** After a restart: every acknowledged answer is there and the runs add up to what the key has used. */
async function check(url: string, acknowledged: ReadonlyMap<number, string>): Promise<void> {
  const runs = await fetch(`${url}/previous_runs?api_key=course`)
  const { previous_runs } = (await runs.json()) as {
    previous_runs: { learning_rate: number; loss: number; train_flops: number }[]
  }
  const total = await (await fetch(`${url}/total_flops_used?api_key=course`)).text()
  assert.equal(total, String(BigInt(previous_runs.length) * 10_000_000_000_000n))
  const kept = new Map(previous_runs.map(({ learning_rate, loss }) => [learning_rate, String(loss)]))
  assert.equal(kept.size, previous_runs.length, 'a configuration was charged twice')
  for (const [rate, loss] of acknowledged) assert.equal(kept.get(rate), loss, `the answer for ${rate} is lost`)
}

/**
 * Loads a server and kills it with SIGKILL, again and again, each time after a seeded number of new answers and some milliseconds, so
 * that a slow machine is killed at work, too; checks after every restart.
 */
export async function survivesKills(db: string, times: number): Promise<number> {
  const acknowledged = new Map<number, string>()
  const { uniform } = random(1, times)
  let asked = 0
  const nextRate = () => Number((1e-4 + 1e-9 * ++asked).toPrecision(12))
  for (let k = 0; k < times; k++) {
    const server = await start(db)
    if (acknowledged.size > 0) await check(server.url, acknowledged)
    const loading = load(server.url, nextRate, acknowledged)
    const enough = acknowledged.size + 20 + Math.floor(80 * uniform())
    while (acknowledged.size < enough) await sleep(1)
    await sleep(10 * uniform())
    await kill(server)
    await loading
  }
  const last = await start(db)
  await check(last.url, acknowledged)
  await kill(last)
  return acknowledged.size
}
