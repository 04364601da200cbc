import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { spendsExactly } from '../server/exact.ts'
import { startPostgres } from '../server/postgres.ts'

test('SQLite: 64 clients of each of two servers spend a budget of 2,000 runs to the last FLOP', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'isoflop-soak-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const requests = await spendsExactly(join(folder, 'exact.sqlite'), 64, 2_000)
  t.diagnostic(`${requests} requests`)
  assert.ok(requests > 4_000)
})

test('PostgreSQL: the same', async (t) => {
  const postgres = await startPostgres()
  t.after(() => postgres.stop())
  const requests = await spendsExactly(postgres.url, 64, 2_000)
  t.diagnostic(`${requests} requests`)
  assert.ok(requests > 4_000)
})
