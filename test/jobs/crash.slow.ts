import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startPostgres } from '../server/postgres.ts'
import { survivesHardship } from './crash.ts'

test('workers and PostgreSQL are killed, one worker is stopped and comes back: every query is answered once and charged once', async (t) => {
  const postgres = await startPostgres()
  t.after(() => postgres.stop())
  const hardship = {
    trainings: 40,
    keys: 4,
    workers: 3,
    kills: 6,
    restarts: 1,
    stoppedMs: 16_000,
    seconds: 0.3,
    seed: 1,
  }
  const { hits, begun, dropped, unfairness, seconds } = await survivesHardship(postgres, hardship)
  t.diagnostic(
    `${hits} of 6 kills hit, ${begun} begun, ${dropped} dropped, turns out of order by ${unfairness}, ${seconds.toFixed(1)} s`,
  )
  assert.ok(hits > 0 && begun > hardship.trainings, 'something was made again')
  assert.ok(unfairness <= 1)
})
