import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { openStore } from '../../src/server/store/open.ts'
import { query, serving } from './serving.ts'
import { stoppedHolder } from './stopped-holder.ts'

test('another process stopped with the lock of the file: what writes is 503, all else goes on; when it is gone, writes too', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'isoflop-stopped-'))
  const file = join(folder, 'shared.sqlite')
  const server = await serving({ store: await openStore(file, { lockTimeoutMs: 2000 }), onError: () => {} })
  t.after(async () => {
    await server.close()
    rmSync(folder, { recursive: true })
  })
  assert.equal((await server.get('/loss', query)).status, 200)
  const holder = await stoppedHolder(file)
  t.after(() => holder.kill())

  const asked = server.get('/loss', { ...query, num_layers: 6 })
  let isAnswered = false
  asked.then(() => {
    isAnswered = true
  })
  const took: number[] = []
  while (!isAnswered)
    for (const path of ['/total_flops_used', '/previous_runs', '/docs/json', '/metrics']) {
      const started = performance.now()
      assert.equal((await server.get(path)).status, 200)
      took.push(performance.now() - started)
    }
  assert.equal((await asked).status, 503)
  // A loop that waits for the lock itself answers nothing for 2 s; on a busy machine an answer takes a tenth of that.
  assert.ok(took.length >= 4, `${took.length} answers meanwhile`)
  assert.ok(Math.max(...took) < 1500, `the slowest took ${Math.max(...took)} ms`)
  assert.equal((await server.get('/healthz')).status, 503)

  await holder.kill()
  assert.equal((await server.get('/loss', { ...query, num_layers: 6 })).status, 200)
  assert.equal((await server.get('/healthz')).status, 200)
  assert.equal((await server.get('/total_flops_used')).text, '20000000000000000')
})
