import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { isOurs, startPostgres } from '../server/postgres.ts'
import { survivesFlips } from '../server/store/flips.ts'
import { survivesFlipsOfPostgres } from '../server/store/postgres-flips.ts'

// 200 flips of each other kind of file are in the slow tests: test/campaign/flips.slow.ts, test/gpt, test/corpus

test('of 2,000 flipped bits all over a SQLite file, and 1,000 in its first page, none is believed', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'isoflop-soak-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const { told, harmless } = await survivesFlips(join(folder, 'flips.sqlite'), 2_000, 1_000)
  t.diagnostic(`${told} told, ${harmless} without a meaning`)
  assert.ok(told > 1_000)
})

test('of 200 flipped bits in tables and indexes of PostgreSQL none is believed', {
  skip: isOurs ? false : 'the PostgreSQL at DATABASE_URL_TEST is not ours to damage',
}, async (t) => {
  const postgres = await startPostgres()
  t.after(() => postgres.stop())
  const { told, harmless } = await survivesFlipsOfPostgres(postgres.url, 200)
  t.diagnostic(`${told} told, ${harmless} without a meaning`)
  assert.ok(told > 100)
})
