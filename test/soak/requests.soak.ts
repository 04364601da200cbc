import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { kill, pathOf, start } from '../server/crash.ts'
import { attack } from '../server/raw-requests.ts'

const linux = process.platform === 'linux'

test('20,000 raw requests without a key: none costs 50 ms of work, none is 5xx', { skip: !linux }, async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'isoflop-soak-'))
  const server = await start(join(folder, 'requests.sqlite'))
  t.after(async () => {
    await kill(server)
    rmSync(folder, { recursive: true })
  })
  assert.equal((await fetch(server.url + pathOf(0.001))).status, 200) // a key that worked before is not slowed by others' wrong ones
  await attack(server.url, server.child.pid!, 200) // while the server compiles what it runs, its first requests cost more
  const { statuses, mostMs, meanMs } = await attack(server.url, server.child.pid!, 20_000, 200)
  t.diagnostic(`statuses ${JSON.stringify(statuses)}; at most ${mostMs} ms, ${meanMs.toFixed(2)} ms in the mean`)
  assert.ok(mostMs <= 50, `${mostMs} ms`)
  assert.ok(Object.keys(statuses).every((status) => !status.startsWith('5')))
  assert.equal((await fetch(server.url + pathOf(0.0005))).status, 200)
})
