import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { survivesKills } from '../server/crash.ts'
import { startPostgres } from '../server/postgres.ts'

test('SQLite: a hundred kills under load lose no acknowledged answer', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'isoflop-soak-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const answers = await survivesKills(join(folder, 'crash.sqlite'), 100)
  t.diagnostic(`${answers} acknowledged answers`)
  assert.ok(answers > 1000)
})

test('PostgreSQL: a hundred kills under load lose no acknowledged answer', async (t) => {
  const postgres = await startPostgres()
  t.after(() => postgres.stop())
  const answers = await survivesKills(postgres.url, 100)
  t.diagnostic(`${answers} acknowledged answers`)
  assert.ok(answers > 1000)
})
