import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openStore } from '../../src/server/store/open.ts'
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
