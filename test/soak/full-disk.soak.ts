import assert from 'node:assert/strict'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Survived, survivesFaults } from '../server/faults.ts'
import { embeddedPostgres, isOurs } from '../server/postgres.ts'
import { type SmallDisk, smallDisk } from '../server/small-disk.ts'

/** Does work on a disk of its own. */
async function onDisk(t: TestContext, megabytes: number, work: (disk: SmallDisk) => Promise<Survived>): Promise<void> {
  const disk = smallDisk(megabytes)
  if (disk === null) return t.skip('a file system cannot be mounted here')
  t.after(() => disk.remove())
  const { answers, freedAfterMs } = await work(disk)
  t.diagnostic(`${answers} answers, nothing reserved ${freedAfterMs} ms after the load`)
  assert.ok(answers > 300)
}

/** The disk is full for some seconds. */
const fill = (disk: SmallDisk) => async () => {
  disk.fill()
  await sleep(3_000)
  disk.makeRoom()
}

test('SQLite: its disk is full ten times under load: nothing lost, doubled or kept', async (t) => {
  await onDisk(t, 16, (disk) => survivesFaults(join(disk.folder, 'full.sqlite'), 10, fill(disk)))
})

test('PostgreSQL: the same; it is started again where it ended', {
  skip: isOurs ? false : 'the PostgreSQL at DATABASE_URL_TEST has a disk of its own',
}, async (t) => {
  await onDisk(t, 256, async (disk) => {
    const postgres = await embeddedPostgres({ parent: disk.folder })
    try {
      return await survivesFaults(postgres.url, 10, async () => {
        await fill(disk)()
        await postgres.revive()
      })
    } finally {
      await postgres.stop()
    }
  })
})
