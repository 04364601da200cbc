import assert from 'node:assert/strict'
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { random } from '../../../src/core/random.ts'
import { openStore } from '../../../src/server/store/open.ts'
import { logState } from '../../../src/server/store/sqlite-log.ts'
import { addKey, run } from './conformance.ts'
import { runsOf } from './examples.ts'

const folder = mkdtempSync(join(tmpdir(), 'isoflop-log-'))
after(() => rmSync(folder, { recursive: true }))

const frame = 24 + 4096

/** The file and the log of a server that was killed after so many runs. */
const killed = await (async () => {
  const file = join(folder, 'live.db')
  const store = await openStore(file)
  await addKey(store, 'a', 10n ** 30n)
  for (let k = 0; k < 60; k++) await run(store, 'a', k)
  copyFileSync(file, join(folder, 'killed.db'))
  const log = readFileSync(`${file}-wal`)
  await store.close()
  return { file: join(folder, 'killed.db'), log }
})()

/** What a database with another log has, or why it has nothing. */
async function openedWith(log: Buffer) {
  const file = join(folder, 'opened.db')
  for (const end of ['', '-wal', '-shm']) rmSync(file + end, { force: true })
  copyFileSync(killed.file, file)
  writeFileSync(`${file}-wal`, log, { mode: 0o600 })
  const store = await openStore(file)
  try {
    return { runs: (await runsOf(store, 'a')).length, cautions: store.cautions }
  } finally {
    await store.close()
  }
}

const flippedAt = (at: number, bit = 0): Buffer => {
  const copy = Buffer.from(killed.log)
  copy[at] ^= 1 << bit
  return copy
}

test('of 200 flipped bits in a log none takes back what was answered: each is told', async () => {
  assert.equal(logState(killed.log), 'whole')
  assert.deepEqual(await openedWith(killed.log), { runs: 60, cautions: [] })
  const { integer } = random(6, 1)
  // The last page cannot be told from one that was being written when the server was killed.
  const states = Array.from({ length: 200 }, () => flippedAt(integer(killed.log.length - frame), integer(8))).map(
    logState,
  )
  assert.ok(states.every((state) => state !== 'whole'))
  assert.ok(states.filter((state) => state === 'damaged').length > 180)
  await assert.rejects(openedWith(flippedAt(5 * frame)), { code: 'RECORD_DAMAGED' })
  await assert.rejects(openedWith(flippedAt(17)), { code: 'RECORD_DAMAGED' })
})

test('an end that was being written is dropped: without a word where a process was killed, with one after a power cut', async () => {
  const { log } = killed
  for (const cut of [1, 100, frame - 1, frame, frame + 5]) {
    const { runs, cautions } = await openedWith(log.subarray(0, log.length - cut))
    assert.ok(runs === 59 || runs === 60, `${runs} runs`)
    assert.deepEqual(cautions, [])
  }
  const last = lastCommitBefore(log, log.length)
  const first = lastCommitBefore(log, last)
  assert.ok(last - first >= 2 * frame, 'the last transaction has several pages')
  const { runs, cautions } = await openedWith(flippedAt(first + frame + 500))
  assert.equal(runs, 59)
  assert.match(cautions.join(), /as after a power cut/)
})

/** Where the frame begins that ends the last transaction before a place. */
function lastCommitBefore(log: Buffer, place: number): number {
  for (let at = place - frame; at >= 32; at -= frame) if (log.readUInt32BE(at + 4) !== 0) return at
  return assert.fail('no commit')
}

test('what an earlier log left in its place is nothing, and a log in the other order of bytes is read as well', () => {
  const { log } = killed
  const other = Buffer.from(log)
  for (let at = 32 + 10 * frame; at < other.length; at += frame)
    other.writeUInt32BE((other.readUInt32BE(at + 8) ^ 7) >>> 0, at + 8)
  assert.equal(logState(other), 'whole')
  for (const length of [0, 31, 32, 33, 32 + frame, 5000]) assert.equal(logState(log.subarray(0, length)), 'whole')
  assert.equal(logState(bigEndian(log)), 'whole')
})

/** The same log as a machine writes it whose words begin with the high byte. */
function bigEndian(log: Buffer): Buffer {
  const copy = Buffer.from(log)
  copy[3] |= 1
  let [first, second] = [0, 0]
  const add = (from: number, to: number) => {
    for (let at = from; at < to; at += 8) {
      first = (first + copy.readUInt32BE(at) + second) >>> 0
      second = (second + copy.readUInt32BE(at + 4) + first) >>> 0
    }
  }
  const seal = (at: number) => {
    copy.writeUInt32BE(first, at)
    copy.writeUInt32BE(second, at + 4)
  }
  add(0, 24)
  seal(24)
  for (let at = 32; at + frame <= copy.length; at += frame) {
    add(at, at + 8)
    add(at + 24, at + frame)
    seal(at + 16)
  }
  return copy
}
