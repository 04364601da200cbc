/**
 * Requests per second of the training API on loopback, 32 connections: new configurations and repeats, on SQLite and on
 * PostgreSQL, beside a FastAPI + SQLAlchemy + PostgreSQL server of the same contract in the same run where Python has the
 * packages (fastapi, uvicorn, sqlalchemy, psycopg2). `npm run bench:server [-- --seconds 8 --rounds 3]`: all is measured in every round, median and range
 * are printed.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import autocannon from 'autocannon'
import { startPostgres } from '../test/server/postgres.ts'
import { roundsOf, roundsOption, Sheet, underWatch } from './rounds.ts'

const { values } = parseArgs({ options: { ...roundsOption, seconds: { type: 'string', default: '8' } } })
const duration = Number(values.seconds)
const rounds = roundsOf(values.rounds)
const sheet = new Sheet()
const root = fileURLToPath(new URL('..', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'isoflop-bench-'))
const connections = 32

/** Paths of configurations that no run asked for before: the rate changes in steps of 1e-9. */
let asked = 0
const fresh = () => {
  asked++
  const rate = (1e-4 + 1e-9 * asked).toPrecision(12)
  return `/loss?d_model=256&num_layers=4&num_heads=4&batch_size=128&learning_rate=${rate}&train_flops=10000000000000&api_key=bench`
}

interface Rate {
  readonly perSecond: number
  readonly p99: number
  readonly failed: number
}

/** Loads a server for some seconds, after one second that does not count. */
async function load(url: string, path: () => string): Promise<Rate> {
  const run = (seconds: number) =>
    autocannon({
      url,
      connections,
      duration: seconds,
      requests: [{ setupRequest: (request) => ({ ...request, path: path() }) }],
    })
  await run(1)
  const result = await run(duration)
  return {
    perSecond: result['2xx'] / result.duration,
    p99: result.latency.p99,
    failed: result.non2xx + result.errors + result.timeouts,
  }
}

/** Starts `isoflop serve` and gives its address once it listens. */
async function serve(db: string): Promise<{ url: string; process: ChildProcess }> {
  const child = spawn(
    process.execPath,
    [join(root, 'bin/isoflop.js'), 'serve', '--port', '0', '--db', db, '--key', 'bench', '--budget', '9e18'],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  )
  for await (const line of createInterface({ input: child.stdout! })) {
    const url = line.match(/^listening on (\S+)/)?.[1]
    if (url) return { url, process: child }
  }
  throw new Error('isoflop serve ended before it listened')
}

async function stop(child: ChildProcess): Promise<void> {
  const ended = new Promise((resolve) => child.once('exit', resolve))
  child.kill('SIGTERM')
  await ended
}

function note(name: string, { perSecond, p99, failed }: Rate): void {
  sheet.add(name, perSecond, '/s')
  sheet.add(`${name}: p99`, p99, 'ms', failed > 0 ? `${failed} failed` : '')
}

async function measure(name: string, db: string): Promise<{ fresh: Rate; repeats: Rate }> {
  const server = await serve(db)
  try {
    const news = await load(server.url, fresh)
    note(`${name}, new configurations`, news)
    const again = fresh()
    const repeats = await load(server.url, () => again)
    note(`${name}, repeats`, repeats)
    return { fresh: news, repeats }
  } finally {
    await stop(server.process)
  }
}

/** The peer, where Python has its packages. */
async function measurePeer(database: string, workers: number): Promise<Rate | null> {
  const has = spawnSync('python3', ['-c', 'import fastapi, uvicorn, sqlalchemy, psycopg2'])
  if (has.status !== 0) return null
  const port = 18_000 + (process.pid % 1000) + workers
  const child = spawn(
    'python3',
    [join(root, 'scripts/reference/peer_server.py'), '--port', String(port), '--workers', String(workers)],
    {
      stdio: ['ignore', 'inherit', 'inherit'],
      env: { ...process.env, DATABASE_URL: database.replace(/^postgres(ql)?:/, 'postgresql+psycopg2:') },
      cwd: join(root, 'scripts/reference'),
    },
  )
  try {
    const url = `http://127.0.0.1:${port}`
    await answers(`${url}/healthz`)
    return await load(url, fresh)
  } finally {
    await stop(child)
  }
}

async function answers(url: string): Promise<void> {
  for (let k = 0; k < 100; k++) {
    const ok = await fetch(url).then(
      (response) => response.ok,
      () => false,
    )
    if (ok) return
    await new Promise((resolve) => setTimeout(resolve, 200))
  }
  throw new Error(`${url} did not answer`)
}

/** One round on fresh databases; false where Python has no peer. */
async function measureRound(round: number, postgres: Postgres): Promise<boolean> {
  const sqlite = await measure('isoflop, SQLite', join(folder, `bench-${round}.sqlite`))
  const onPostgres = await measure('isoflop, PostgreSQL', postgres.url)
  for (const workers of [1, 2]) {
    const peer = await measurePeer(postgres.url, workers)
    if (peer === null) return false
    const name = `FastAPI + SQLAlchemy + PostgreSQL, ${workers} worker${workers > 1 ? 's' : ''}`
    note(name, peer)
    sheet.add(`isoflop on SQLite over ${name}`, sqlite.fresh.perSecond / peer.perSecond, 'x')
    sheet.add(`isoflop on PostgreSQL over ${name}`, onPostgres.fresh.perSecond / peer.perSecond, 'x')
  }
  return true
}
type Postgres = Awaited<ReturnType<typeof startPostgres>>

const about = `${connections} connections, ${duration} s each, rounds: ${rounds}; the load comes from the same machine`
const postgres = await startPostgres()
try {
  await underWatch(console.log, about, async () => {
    let compared = true
    for (let round = 0; round < rounds; round++) compared = (await measureRound(round, postgres)) && compared
    for (const line of sheet.lines()) console.log(line)
    if (!compared) console.log('python3 with fastapi, uvicorn, sqlalchemy and psycopg2 was not found: no comparison')
  })
  console.log(
    'to reach: SQLite 5,000/s new with p99 under 30 ms, 15,000/s repeats, 10x the peer; PostgreSQL 3x the peer',
  )
} finally {
  await postgres.stop()
  rmSync(folder, { recursive: true, force: true })
}
