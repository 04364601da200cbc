import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { openStore } from '../../src/server/store/open.ts'
import { postgresOfFile } from './postgres.ts'
import { lossOf } from './serving.ts'
import { mortal, survivesEveryStep, wishesOf } from './steps.ts'

const folder = mkdtempSync(join(tmpdir(), 'isoflop-steps-'))
const server = fileURLToPath(new URL('./slow-server.ts', import.meta.url))
const postgres = postgresOfFile()
after(() => rmSync(folder, { recursive: true }))

for (const [name, place, least] of [
  ['SQLite', async () => join(folder, 'steps.sqlite'), 16],
  ['PostgreSQL', () => postgres().database(), 8],
] as const)
  test(`${name}: a server that dies between any two of its steps loses nothing, charges once, and tells everything in order`, {
    timeout: 300_000,
  }, async (t) => {
    const location = await place()
    await (await openStore(location)).close() // its tables are made once
    const start = (steps: number) => {
      // One that dies takes nothing over from those that died before.
      const lookEvery = Number.isFinite(steps) ? '600000' : '100'
      return mortal([server, location, '0', 'the-key-of-victim-1', '20', lookEvery], steps)
    }
    const deaths = await survivesEveryStep(t, { location, start, lossOf, wishes: () => wishesOf(1) })
    t.diagnostic(`${deaths.length} steps: ${deaths.join('; ')}`)
    assert.ok(deaths.length >= least)
  })
