import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { lock, lockByOwner } from '../../src/core/lock.ts'

const folder = mkdtempSync(join(tmpdir(), 'isoflop-lock-'))
after(() => rmSync(folder, { recursive: true }))

const kinds = { SQLite: lock, 'a file that names its process': lockByOwner }
const module = new URL('../../src/core/lock.ts', import.meta.url).href
let count = 0
const another = () => join(folder, `${count++}.lock`)

/** A process that takes a lock and keeps it; says whether it got it. */
async function holder(kind: string, file: string) {
  const program = `const { ${kind} } = await import('${module}')
    console.log(${kind}('${file}') !== null); setInterval(() => {}, 1000)`
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const said = await new Promise<string>((resolve) => child.stdout.once('data', (text) => resolve(String(text).trim())))
  const kill = () =>
    new Promise<void>((resolve) => {
      child.once('exit', () => resolve())
      child.kill('SIGKILL')
    })
  return { got: said === 'true', kill }
}

for (const held of ['lock', 'lockByOwner'])
  for (const [name, take] of Object.entries(kinds))
    test(`a lock held by ${held} keeps out one by ${name}, also after its process was killed no longer`, {
      // Nothing but /proc/locks shows SQLite's locks to a Node without SQLite.
      skip: held === 'lock' && take === lockByOwner && process.platform !== 'linux' ? 'only Linux shows locks' : false,
    }, async () => {
      const file = another()
      const other = await holder(held, file)
      try {
        assert.equal(other.got, true)
        assert.equal(take(file), null)
      } finally {
        await other.kill()
      }
      const left = take(file)
      assert.ok(left, 'the lock of a killed process is there for ever')
      left()
    })

for (const [name, take] of Object.entries(kinds))
  test(`a lock by ${name} keeps out its own process until it is given back`, () => {
    const file = another()
    const unlock = take(file)
    assert.ok(unlock)
    assert.equal(take(file), null)
    unlock()
    take(file)!()
  })

test('nothing but the empty file is left of a lock that names its process', () => {
  const own = mkdtempSync(join(folder, 'own-'))
  lockByOwner(join(own, 'a'))!()
  assert.deepEqual(readdirSync(own), ['a'])
})

test('a number that another process has now does not keep a lock; one of another machine does', () => {
  const file = another()
  const { pid } = spawnSync(process.execPath, ['--version'])
  const owner = (named: object) => writeFileSync(`${file}.owner`, JSON.stringify(named))
  owner({ host: hostname(), pid, started: '1' })
  lockByOwner(file)!()
  if (process.platform === 'linux') {
    owner({ host: hostname(), pid: process.ppid, started: '1' })
    lockByOwner(file)!()
  }
  owner({ host: `${hostname()}-2`, pid: process.ppid, started: '1' })
  assert.equal(lockByOwner(file), null)
  assert.equal(lock(file), null)
})

test('of ten processes that start at once, over the file of one that was killed, one has the lock', async () => {
  const file = another()
  await (await holder('lockByOwner', file)).kill()
  const all = await Promise.all(Array.from({ length: 10 }, () => holder('lockByOwner', file)))
  try {
    assert.equal(all.filter(({ got }) => got).length, 1)
  } finally {
    await Promise.all(all.map(({ kill }) => kill()))
  }
})

test('a folder that is not there is said by the system', () => {
  for (const take of Object.values(kinds)) assert.throws(() => take(join(folder, 'none', 'a.lock')))
})
