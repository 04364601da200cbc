import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { survivesKills } from './crash.ts'
import { startPostgres } from './postgres.ts'

test('SQLite: five kills under load lose no acknowledged answer', { timeout: 120_000 }, async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'isoflop-crash-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const answers = await survivesKills(join(folder, 'crash.sqlite'), 5)
  t.diagnostic(`${answers} acknowledged answers`)
  assert.ok(answers > 50)
})

test('PostgreSQL: five kills under load lose no acknowledged answer', { timeout: 120_000 }, async (t) => {
  const postgres = await startPostgres()
  t.after(() => postgres.stop())
  const answers = await survivesKills(postgres.url, 5)
  t.diagnostic(`${answers} acknowledged answers`)
  assert.ok(answers > 50)
})
