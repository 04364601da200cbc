import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { killServer, type Survived, stopServer, survivesFaults } from '../server/faults.ts'
import { startPostgres } from '../server/postgres.ts'

const told = (t: TestContext, { answers, freedAfterMs }: Survived) => {
  t.diagnostic(`${answers} answers, nothing reserved ${freedAfterMs} ms after the load`)
  assert.ok(answers > 100)
}

function sqliteFile(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'isoflop-soak-'))
  t.after(() => rmSync(folder, { recursive: true }))
  return join(folder, 'faults.sqlite')
}

async function postgresFor(t: TestContext) {
  const postgres = await startPostgres()
  t.after(() => postgres.stop())
  return postgres
}

test('SQLite: one of two servers killed a hundred times: all answered, nothing lost, doubled or kept', async (t) => {
  told(t, await survivesFaults(sqliteFile(t), 100, killServer))
})

test('PostgreSQL: one of two servers killed a hundred times: the same', async (t) => {
  told(t, await survivesFaults((await postgresFor(t)).url, 100, killServer))
})

test('PostgreSQL: the postmaster killed thirty times: the same', async (t) => {
  const postgres = await postgresFor(t)
  told(t, await survivesFaults(postgres.url, 30, () => postgres.kill('postmaster')))
})

test('PostgreSQL: the processes behind the connections killed thirty times: the same', async (t) => {
  const postgres = await postgresFor(t)
  told(t, await survivesFaults(postgres.url, 30, () => postgres.kill('backends')))
})

test('SQLite: one of two servers stopped ten times for a minute: the same', async (t) => {
  told(t, await survivesFaults(sqliteFile(t), 10, stopServer(60_000)))
})

test('PostgreSQL: one of two servers stopped ten times for a minute: the same', async (t) => {
  told(t, await survivesFaults((await postgresFor(t)).url, 10, stopServer(60_000)))
})
