import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { killServer, type Survived, stopServer, survivesFaults } from './faults.ts'
import { startPostgres } from './postgres.ts'

// The same with more and longer faults: test/soak/faults.soak.ts

const told = (t: TestContext, { answers, freedAfterMs }: Survived) => {
  t.diagnostic(`${answers} answers, nothing reserved ${freedAfterMs} ms after the load`)
  assert.ok(answers > 20)
}

function sqliteFile(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'isoflop-faults-'))
  t.after(() => rmSync(folder, { recursive: true }))
  return join(folder, 'faults.sqlite')
}

const limits = { timeout: 240_000 }

test('SQLite: one of two servers killed thrice: all answered, nothing lost, doubled or kept', limits, async (t) => {
  told(t, await survivesFaults(sqliteFile(t), 3, killServer))
})

test('SQLite: one of two servers stopped twice for 3 s: the same', limits, async (t) => {
  told(t, await survivesFaults(sqliteFile(t), 2, stopServer(3_000)))
})

test('PostgreSQL: one of two servers killed, its postmaster twice, its backends twice: the same', limits, async (t) => {
  const postgres = await startPostgres()
  t.after(() => postgres.stop())
  const faults = [killServer, () => postgres.kill('postmaster'), () => postgres.kill('backends')] as const
  told(t, await survivesFaults(postgres.url, 5, (pair, time) => faults[[0, 1, 2, 1, 2][time]](pair, time)))
})
