import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { type MovedClock, movedClock, noClocks, type Offset } from '../server/clocks.ts'
import { start } from '../server/crash.ts'
import { killServer, type Pair, type Survived, survivesFaults } from '../server/faults.ts'
import { embeddedPostgres, isOurs } from '../server/postgres.ts'

const jumps: readonly Offset[] = ['+1d', '-1d', '+0']

function clocks(t: TestContext, count: number): MovedClock[] {
  const all = Array.from({ length: count }, movedClock)
  t.after(() => {
    for (const { remove } of all) remove()
  })
  return all
}

/** One clock after the other jumps by a day or two; each third time a server is killed, and the next one begins at another time of day. */
const jump = (moved: readonly MovedClock[]) => async (pair: Pair, time: number) => {
  moved[time % moved.length].jump(jumps[Math.floor(time / moved.length) % jumps.length])
  await sleep(1_000)
  if (time % 3 === 2) await killServer(pair, time)
}

const told = (t: TestContext, { answers, freedAfterMs }: Survived) => {
  t.diagnostic(`${answers} answers, nothing reserved ${freedAfterMs} ms after the load`)
  assert.ok(answers > 500)
}

test('SQLite: clocks of two servers jump by a day thirty times, and ten of them are killed: nothing lost, doubled or kept', {
  skip: noClocks,
}, async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'isoflop-soak-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const db = join(folder, 'clocks.sqlite')
  const moved = clocks(t, 2)
  told(t, await survivesFaults(db, 30, jump(moved), (which) => start(db, { env: moved[which].env })))
})

test('PostgreSQL: the same, and its own clock jumps, too', {
  skip: noClocks || (isOurs ? false : 'the PostgreSQL at DATABASE_URL_TEST has a clock of its own'),
}, async (t) => {
  const moved = clocks(t, 3)
  const postgres = await embeddedPostgres({ env: moved[2].env })
  t.after(() => postgres.stop())
  const { url } = postgres
  told(t, await survivesFaults(url, 30, jump(moved), (which) => start(url, { env: moved[which].env })))
})
