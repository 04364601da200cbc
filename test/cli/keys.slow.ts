import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { displayWidth } from '../../src/report/page/width.ts'
import { findKey } from '../../src/server/keys.ts'
import { changeSettings } from '../../src/server/settings.ts'
import { openStore } from '../../src/server/store/open.ts'
import type { Store } from '../../src/server/store/store.ts'
import { addKey, run } from '../server/store/conformance.ts'
import { configOf, costOf } from '../server/store/examples.ts'

/** `isoflop keys`, `class` and `grade` as somebody types them who has a class. */

const root = fileURLToPath(new URL('../..', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'isoflop-keys-'))
after(() => rmSync(folder, { recursive: true }))

function isoflop(...args: string[]) {
  const { DATABASE_URL: _, ...env } = process.env
  const command = [join(root, 'bin/isoflop.js'), ...args]
  return spawnSync(process.execPath, command, { cwd: folder, encoding: 'utf8', env, stdio: ['ignore', 'pipe', 'pipe'] })
}

/** What a command says that has to work. */
function said(...args: string[]): string {
  const { status, stdout, stderr } = isoflop(...args)
  assert.equal(status, 0, stderr)
  return stdout
}

async function inStore<Result>(place: string, work: (store: Store) => Promise<Result>): Promise<Result> {
  const store = await openStore(join(folder, place))
  try {
    return await work(store)
  } finally {
    await store.close()
  }
}

test('whatever reads a database says where there is none, and makes none', () => {
  const commands = [
    'keys list',
    'keys export',
    'keys reset k1 --yes',
    'keys revoke k1',
    'keys set-budget k1 1',
    'deadline',
    'grade',
    'class',
  ]
  for (const command of commands) {
    const { status, stderr } = isoflop(...command.split(' '))
    assert.equal(status, 2, command)
    assert.match(stderr, /^error\[DATABASE_MISSING\]: There is no database of isoflop at isoflop\.sqlite\./, command)
  }
  assert.deepEqual(readdirSync(folder), [])
})

test('a class from a list: a key each in a file for its owner alone, and nobody twice', async () => {
  writeFileSync(join(folder, 'names.csv'), 'name,email,budget\n王小明,w@x,\nAda,a@x,3e18\n=1+1,e@x,\n')
  const add = ['keys', 'add', '--from', 'names.csv', '--db', 'class.sqlite', '--budget', '1.5e18']
  assert.equal(said(...add, '--out', 'keys.csv'), '3 keys made, written to keys.csv\n')
  if (process.platform !== 'win32') assert.equal(statSync(join(folder, 'keys.csv')).mode & 0o777, 0o600)
  const [head, ...rows] = readFileSync(join(folder, 'keys.csv'), 'utf8').trimEnd().split('\n')
  assert.equal(head, 'name,email,key_id,key,budget')
  assert.deepEqual(
    rows.map((row) => row.replace(/,k[0-9a-f]{10},[\w-]{24},/, ',ID,KEY,')),
    ['王小明,w@x,ID,KEY,1.5e18', 'Ada,a@x,ID,KEY,3e18', "'=1+1,e@x,ID,KEY,1.5e18"],
  )
  const [, , id, key] = rows[1].split(',')
  assert.equal((await inStore('class.sqlite', (store) => findKey(store, key)))!.id, id)
  assert.match(isoflop(...add, '--out', 'keys.csv').stderr, /keys\.csv, which is there already/)
  const again = isoflop(...add, '--out', 'more.csv')
  assert.equal(again.stdout, 'no key made\n')
  assert.match(again.stderr, /3 of the list have a key already/)
  assert.ok(!existsSync(join(folder, 'more.csv')))
  for (const wrong of [
    ['--label', 'x'],
    ['--key-file', '-'],
  ])
    assert.equal(isoflop(...add, ...wrong).status, 2)
  assert.match(isoflop(...add.slice(0, 2), '--out', 'x', '--db', 'class.sqlite').stderr, /With --from alone/)
  assert.equal((await inStore('class.sqlite', (store) => store.listKeys())).length, 3)

  const list = said('keys', 'list', '--db', 'class.sqlite').trimEnd().split('\n')
  assert.match(list[0], /^key {10}label +budget {2}used$/)
  assert.match(list[2], /^k[0-9a-f]{10} {2}Ada +3e18 {5}0$/)
  assert.match(said('keys', 'export', '--db', 'class.sqlite'), /\nk[0-9a-f]{10},Ada,3000000000000000000,0,no,no,2/)
})

test('a key is revoked, works again, is replaced; a budget below what is used is said; a reset asks', async () => {
  const place = ['--db', 'one.sqlite']
  await inStore('one.sqlite', async (store) => {
    await addKey(store, 'a', 10n ** 18n)
    for (const index of [1, 2]) await run(store, 'a', index)
    await store.submit('a', { config: configOf(3), predictedLoss: 2.5, submittedAt: 1_700_000_000_000 }, 5)
  })
  const key = () => inStore('one.sqlite', (store) => store.getKey('a'))
  const next = '\nNext: isoflop class a --db one.sqlite\n'
  assert.equal(said('keys', 'revoke', 'a', ...place), `a revoked\n${next}`)
  assert.equal((await key())!.revoked, true)
  assert.equal(said('keys', 'restore', 'a', ...place), `a works\n${next}`)
  assert.equal((await key())!.revoked, false)
  const secret = said('keys', 'rekey', 'a', ...place).trim()
  assert.equal((await inStore('one.sqlite', (store) => findKey(store, secret)))!.id, 'a')
  const cut = isoflop('keys', 'set-budget', 'a', '1.5e10', ...place)
  assert.equal(cut.stdout, `a has a budget of 1.5e10 FLOPs\n${next}`)
  assert.match(cut.stderr, /a has used 1\.80144e16 FLOPs already, and has nothing left/)
  assert.equal(isoflop('keys', 'set-budget', 'a', '1e18', ...place).stderr, '')

  const unasked = isoflop('keys', 'reset', 'a', ...place)
  assert.equal(unasked.status, 2)
  assert.match(
    unasked.stderr,
    /Forget 2 runs and 1\.80144e16 used FLOPs of a \(label of a\), 1 prediction \(which stay\)\?/,
  )
  assert.equal((await key())!.used, costOf(1) + costOf(2))
  assert.equal(said('keys', 'reset', 'a', '--yes', ...place), `a is reset\n${next}`)
  assert.equal((await key())!.used, 0n)
  assert.equal((await inStore('one.sqlite', (store) => store.submissions('a'))).length, 1)
  said('keys', 'reset', 'a', '--yes', '--submissions', ...place)
  assert.equal((await inStore('one.sqlite', (store) => store.submissions('a'))).length, 0)
  assert.equal(said('keys', 'undo', 'a', ...place), `a has 0 runs and 1 prediction again\n${next}`)
  assert.equal(said('keys', 'undo', 'a', ...place), `a has 2 runs again\n${next}`)
  assert.equal((await key())!.used, costOf(1) + costOf(2))
  assert.match(said('keys', 'undo', 'a', ...place), /^a has its earlier key again; the later one works no more\n/)
  assert.equal(await inStore('one.sqlite', (store) => findKey(store, secret)), null)
  assert.match(isoflop('keys', 'undo', 'a', ...place).stderr, /neither reset nor given another key/)
  for (const command of ['rekey', 'restore', 'revoke', 'reset', 'undo'])
    assert.equal(isoflop('keys', command, 'x', ...place).status, 2)
})

test('the class says what an instructor has set on the page', async () => {
  const place = ['--db', 'set.sqlite']
  await inStore('set.sqlite', (store) => addKey(store, 'a', 10n ** 18n))
  const changed = () => JSON.parse(said('class', '--json', ...place)).changed
  assert.match(said('class', ...place), /^1 key: 0 asked, 0 submitted; no deadline\n/)
  assert.deepEqual(changed(), { submissions: null, leaderboard: null })
  await inStore('set.sqlite', (store) => changeSettings(store, { submissions: 3, leaderboard: true }))
  assert.match(
    said('class', ...place),
    /; no deadline; a key may submit 3 predictions, as was set on the page; the leaderboard is shown, as was set on the page\n/,
  )
  assert.deepEqual(changed(), { submissions: 3, leaderboard: true })
})

test('tables of names in any script stand in columns', async () => {
  await inStore('wide.sqlite', async (store) => {
    for (const [k, label] of ['王小明', 'Ada', 'Zoë', '한국어 이름', 'e\u0301', '😀'].entries())
      await store.addKey({ id: `k${k}`, hash: `${k}`, label, budget: 2n * 10n ** 18n, createdAt: k })
  })
  for (const command of [['keys', 'list'], ['class']]) {
    const lines = said(...command, '--db', 'wide.sqlite')
      .split('\n')
      .filter((line) => line.includes('2e18'))
    const places = lines.map((line) => displayWidth(line.slice(0, line.indexOf('2e18'))))
    assert.deepEqual(new Set(places).size, 1, lines.join('\n'))
    assert.equal(lines.length, 6)
  }
})

const hasTerminal = spawnSync('script', ['-qec', 'true', '/dev/null']).status === 0

test('at a terminal a reset is asked about, and only yes is yes', {
  skip: !hasTerminal && 'there is no script(1)',
}, async () => {
  await inStore('asked.sqlite', async (store) => {
    await addKey(store, 'a')
    await run(store, 'a', 1)
  })
  const answer = async (typed: string) => {
    const line = `'${process.execPath}' '${join(root, 'bin/isoflop.js')}' keys reset a --db asked.sqlite`
    const { stdin, stdout } = spawn('script', ['-qec', line, '/dev/null'], { cwd: folder })
    let printed = ''
    stdout.on('data', (chunk) => {
      if (!printed.includes('[y/N]') && String(chunk).includes('[y/N]')) stdin.write(typed)
      printed += chunk
    })
    for await (const _ of stdout);
    assert.match(printed, /Forget 1 run and 9\.0072e15 used FLOPs of a \(label of a\)\? \[y\/N\]/)
    return [
      printed.match(/a stays as it is|a is reset/)?.[0],
      (await inStore('asked.sqlite', (store) => store.getKey('a')))!.used,
    ]
  }
  for (const no of ['n\r', '\r', 'yep\r', '\x04', '\x03'])
    assert.deepEqual(await answer(no), ['a stays as it is', costOf(1)], JSON.stringify(no))
  assert.deepEqual(await answer('y\r'), ['a is reset', 0n])
})
