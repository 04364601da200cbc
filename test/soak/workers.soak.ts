import assert from 'node:assert/strict'
import { test } from 'node:test'
import { survivesHardship } from '../jobs/crash.ts'
import { startPostgres } from '../server/postgres.ts'

for (const seed of [7, 8, 9])
  test(`seed ${seed}: 200 trainings of 8 keys: 30 kills of 3 workers, one stopped for a minute, PostgreSQL killed twice; each is answered and charged once`, async (t) => {
    const postgres = await startPostgres()
    t.after(() => postgres.stop())
    const { hits, begun, dropped, unfairness, seconds } = await survivesHardship(postgres, {
      ...{ trainings: 200, keys: 8, workers: 3, kills: 30, restarts: 2, stoppedMs: 60_000, seconds: 2, seed },
    })
    t.diagnostic(
      `${hits} kills hit, ${begun} begun, ${dropped} dropped, out of turn by ${unfairness}, ${seconds.toFixed(0)} s`,
    )
    assert.ok(hits > 20 && begun > 200)
    assert.ok(unfairness <= 1)
    assert.ok(dropped > 0, 'the one that was stopped is told that another has it')
  })
