import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { openStore } from '../../src/server/store/open.ts'
import { kill, pathOf, start } from './crash.ts'
import { startPostgres } from './postgres.ts'
import { query, serving } from './serving.ts'

test('a lost database is 503 for everything that needs it, charges nothing, and is recovered from', {
  timeout: 60_000,
}, async (t) => {
  const postgres = await startPostgres()
  t.after(() => postgres.stop())
  const server = await serving({ store: await openStore(postgres.url), onError: () => {} })
  assert.equal((await server.get('/loss', query)).status, 200)
  await postgres.restart(async () => {
    for (const path of ['/loss', '/total_flops_used', '/previous_runs', '/healthz']) {
      const { status, body } = await server.get(path, path === '/loss' ? { ...query, num_layers: 6 } : {})
      assert.equal(status, 503, path)
      assert.ok(body.message.length > 5)
    }
  })
  let after = await server.get('/loss', { ...query, num_layers: 8 })
  for (let k = 0; k < 50 && after.status === 503; k++) {
    await new Promise((resolve) => setTimeout(resolve, 100))
    after = await server.get('/loss', { ...query, num_layers: 8 })
  }
  assert.equal(after.status, 200)
  assert.equal((await server.get('/total_flops_used')).text, '20000000000000000')
  await server.close()
})

// A limit on the size of files, which Linux lets another process change, stands for the full disk.
const prlimit = spawnSync('prlimit', ['--version']).status === 0
test('a full disk is 503 and charges nothing; with room again the server goes on', {
  skip: !prlimit,
  timeout: 60_000,
}, async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'isoflop-disk-'))
  const server = await start(join(folder, 'full.sqlite'))
  t.after(async () => {
    await kill(server)
    rmSync(folder, { recursive: true })
  })
  let asked = 0
  const ask = async () => {
    asked++
    return (await fetch(server.url + pathOf(1e-4 + 1e-7 * asked))).status
  }
  const limit = (bytes: string) =>
    assert.equal(spawnSync('prlimit', ['--pid', `${server.child.pid}`, `--fsize=${bytes}:unlimited`]).status, 0)
  assert.equal(await ask(), 200)
  limit('100000')
  const statuses: number[] = []
  for (let k = 0; k < 200 && statuses.at(-1) !== 503; k++) statuses.push(await ask())
  assert.equal(statuses.at(-1), 503)
  assert.ok(statuses.slice(0, -1).every((status) => status === 200))
  limit('unlimited')
  assert.equal(await ask(), 200)
  const total = await (await fetch(`${server.url}/total_flops_used?api_key=course`)).text()
  assert.equal(total, String(BigInt(statuses.length + 1) * 10_000_000_000_000n))
})
