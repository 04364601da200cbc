import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { openStore } from '../../src/server/store/open.ts'
import { postgresOfFile } from '../server/postgres.ts'
import { type SlowServer, slowServer } from '../server/slow-servers.ts'
import { audit } from '../server/store/conformance.ts'
import { runsOf } from '../server/store/examples.ts'
import { until } from '../until.ts'

const bin = fileURLToPath(new URL('../../bin/isoflop.js', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'isoflop-api-campaign-'))
const key = 'a-key-that-nobody-guesses'
const keyFile = join(folder, 'key.txt')
const postgres = postgresOfFile()
before(async () => {
  writeFileSync(keyFile, `${key}\n`)
})
after(() => rmSync(folder, { recursive: true }))

/** A campaign of some dozens of runs, eight at a time. */
function campaign(url: string, out: string) {
  const args = ['campaign', '--api', url, '--api-key-file', keyFile, '--out', out, '--parallel', '8', '--json']
  const planned = ['--strategy', 'profiles-parabola', '--budget', '2e17']
  const child = spawn(process.execPath, [bin, ...args, ...planned], { stdio: ['ignore', 'pipe', 'pipe'] })
  let [stdout, stderr] = ['', '']
  child.stdout.on('data', (text) => {
    stdout += text
  })
  child.stderr.on('data', (text) => {
    stderr += text
  })
  const ended = once(child, 'close').then(([status]) => ({ status, stdout, stderr }))
  return { child, ended }
}

const kill = async ({ child }: { child: ChildProcess }) => {
  const closed = once(child, 'close')
  child.kill('SIGKILL')
  await closed
}

const answered = (out: string): number => {
  const file = join(out, 'campaign.jsonl')
  return existsSync(file) ? readFileSync(file, 'utf8').split('\n').length - 1 : 0
}

const predictionIn = (stdout: string) => {
  const { prediction, runs } = JSON.parse(stdout)
  return JSON.stringify({ prediction, runs: runs.length })
}

for (const [name, place] of [
  ['SQLite', async (which: string) => join(folder, `${which}.sqlite`)],
  ['PostgreSQL', () => postgres().database()],
] as const)
  test(`${name}: a campaign whose planner and server are killed again and again ends as one that nobody touched, and pays for nothing twice`, async (t) => {
    const location = await place('killed')
    const server = await slowServer(location, key, 250)
    const other = await slowServer(await place('calm'), key, 10)
    const servers: SlowServer[] = [server, other]
    t.after(() => Promise.all(servers.map(({ kill }) => kill())))
    const out = join(folder, `${name}-killed`)
    for (const enough of [3, 10, 18]) {
      const begun = campaign(server.url, out)
      await until(() => answered(out) >= enough || begun.child.exitCode !== null, 'no answers came')
      if (enough !== 10) await server.restart()
      await kill(begun)
    }
    const before = answered(out)
    const last = campaign(server.url, out)
    await until(() => answered(out) > before || last.child.exitCode !== null, 'it does not go on')
    await server.restart()
    const { status, stdout, stderr } = await last.ended
    assert.equal(status, 0, stderr)

    const calm = await campaign(other.url, join(folder, `${name}-calm`)).ended
    assert.equal(calm.status, 0, calm.stderr)
    assert.equal(predictionIn(stdout), predictionIn(calm.stdout))

    const store = await openStore(location)
    t.after(() => store.close())
    const [{ id, used, reserved }] = await store.listKeys()
    const runs = await runsOf(store, id)
    assert.equal(runs.length, answered(out))
    assert.equal(
      runs.reduce((sum, { cost }) => sum + cost, 0n),
      used,
    )
    assert.equal(reserved, 0n)
    await audit(store)
  })
