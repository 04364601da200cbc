import assert from 'node:assert/strict'
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { after, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { changeBehind } from '../server/store/behind.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const bin = join(root, 'bin/isoflop.js')
const folder = mkdtempSync(join(tmpdir(), 'isoflop-serve-'))
const running: ChildProcess[] = []
after(() => {
  for (const child of running) child.kill('SIGKILL')
  rmSync(folder, { recursive: true })
})

const isoflop = (...args: string[]) => spawnSync(process.execPath, [bin, ...args], { encoding: 'utf8', cwd: folder })
const isoflopWith = (input: string, ...args: string[]) =>
  spawnSync(process.execPath, [bin, ...args], { encoding: 'utf8', cwd: folder, input })

interface Served {
  readonly url: string
  readonly printed: () => string
  readonly child: ChildProcess
  /** Asks it to stop and gives its exit status. */
  stop(): Promise<number | null>
}

/** Starts `isoflop serve` on a free port in the test's folder; resolves when it says that it listens. */
function serve(...args: string[]): Promise<Served> {
  const child = spawn(process.execPath, [bin, 'serve', '--port', '0', ...args], { cwd: folder })
  running.push(child)
  let printed = ''
  return new Promise((resolve, reject) => {
    const ended = new Promise<number | null>((done) => child.once('exit', done))
    child.once('exit', (status) => reject(new Error(`ended with ${status}: ${printed}`)))
    const look = (chunk: Buffer) => {
      printed += chunk
      const url = printed.match(/^listening on (\S+)\n/m)?.[1]
      const stop = () => {
        child.kill('SIGTERM')
        return ended
      }
      if (url) setTimeout(() => resolve({ url, printed: () => printed, child, stop }), 50)
    }
    child.stdout.on('data', look)
    child.stderr.on('data', look)
  })
}

const loss = (url: string, key: string, change = '') =>
  fetch(
    `${url}/loss?d_model=256&num_layers=4&num_heads=4&batch_size=128&learning_rate=0.001&train_flops=1e16&api_key=${key}${change}`,
  )

test('a first start prints a key with a curl line that works; a second start does not, and keeps the runs', async () => {
  const first = await serve('--db', 'first.sqlite')
  const curl = first.printed().match(/curl '([^']+)'/)![1]
  const key = new URL(curl).searchParams.get('api_key')!
  assert.ok(first.printed().includes(`\n  ${key}\n`))
  assert.equal((await fetch(curl)).status, 200)
  const answer = await (await loss(first.url, key)).json()
  assert.equal(await first.stop(), 0)
  const again = await serve('--db', 'first.sqlite')
  assert.doesNotMatch(again.printed(), /curl/)
  assert.deepEqual(await (await loss(again.url, key)).json(), answer)
  await again.stop()
})

test('keys: added, listed, revoked, budgeted and reset while the server runs; never stored or listed themselves', async () => {
  const db = ['--db', 'keys.sqlite']
  const key = isoflop('keys', 'add', '--label', 'Ada', '--budget', '3e16', ...db).stdout.trim()
  assert.match(key, /^[\w-]{20,}$/)
  const server = await serve(...db)
  assert.equal((await loss(server.url, key)).status, 200)
  const list = () => JSON.parse(isoflop('keys', 'list', '--json', ...db).stdout)
  const [{ id, label, used, budget }] = list()
  assert.deepEqual([label, used, budget], ['Ada', '10000000000000000', '30000000000000000'])
  assert.ok(!isoflop('keys', 'list', ...db).stdout.includes(key))
  const file = spawnSync('grep', ['-c', key, join(folder, 'keys.sqlite')], { encoding: 'utf8' })
  assert.equal(file.stdout.trim(), '0')

  isoflop('keys', 'set-budget', id, '1e16', ...db)
  assert.equal((await loss(server.url, key, '&num_layers=6')).status, 422) // a parameter given twice
  const other = (await loss(server.url, key)).status
  assert.equal(other, 200) // a repeat is free, whatever the budget
  const refused = await fetch(
    `${server.url}/loss?d_model=128&num_layers=4&num_heads=4&batch_size=128&learning_rate=0.001&train_flops=1e16&api_key=${key}`,
  )
  assert.equal(refused.status, 403)
  isoflop('keys', 'reset', id, '--yes', ...db)
  assert.equal(list()[0].used, '0')
  isoflop('keys', 'revoke', id, ...db)
  assert.equal((await loss(server.url, key)).status, 422)
  assert.equal(isoflop('keys', 'revoke', 'nobody', ...db).status, 2)
  await server.stop()
})

test('keys that are given: in a file or on stdin, said what became of them, never empty, never seen by others unsaid', async () => {
  const db = ['--db', 'given.sqlite']
  writeFileSync(join(folder, 'keys.txt'), 'a-long-and-secret-key-1\n\n  a-long-and-secret-key-2\n', { mode: 0o644 })
  const added = isoflop('keys', 'add', '--key-file', 'keys.txt', '--label', 'class', ...db)
  assert.match(added.stdout, /^k[0-9a-f]{10} added\nk[0-9a-f]{10} added\n$/)
  assert.match(added.stderr, /chmod 600/)
  const [one] = added.stdout.split(' ')
  const again = isoflopWith('a-long-and-secret-key-1\n', 'keys', 'add', '--key-file', '-', ...db)
  assert.deepEqual(
    [again.status, again.stdout, again.stderr],
    [0, `${one} has this key already, and stays as it is\n`, ''],
  )
  isoflop('keys', 'revoke', one, ...db)
  const revoked = isoflopWith('a-long-and-secret-key-1\n', 'keys', 'add', '--key-file', '-', ...db)
  assert.equal(revoked.status, 2)
  assert.equal(revoked.stdout, `${one} had this key, and was revoked\n`)
  assert.match(revoked.stderr, /^error\[BAD_OPTION\]: .*stays revoked/)
  for (const key of ['', ' ', 'two words']) {
    const refused = isoflop('keys', 'add', '--key', key, ...db)
    assert.equal(refused.status, 2)
    assert.match(refused.stderr, /^error\[BAD_OPTION\]: A key has 1 to 200/)
  }
  assert.match(isoflop('keys', 'add', '--key', '12345678', ...db).stderr, /--weak-keys/)
  assert.equal(isoflop('serve', '--key', '', '--port', '0', ...db).status, 2)
  const server = await serve('--key-file', 'keys.txt', ...db)
  assert.match(server.printed(), new RegExp(`^note: .* that of ${one}, which was revoked`, 'm'))
  assert.equal((await loss(server.url, 'a-long-and-secret-key-2')).status, 200)
  assert.equal((await loss(server.url, 'a-long-and-secret-key-1')).status, 422)
  await server.stop()
})

test('keys come from $ISOFLOP_KEYS; a server for other machines takes weak ones with --weak-keys alone', async () => {
  const db = ['--db', 'weak.sqlite']
  process.env.ISOFLOP_KEYS = '06543210 a-long-and-secret-key'
  const local = await serve(...db)
  assert.equal((await loss(local.url, '06543210')).status, 200)
  await local.stop()
  for (const args of [
    ['--host', '0.0.0.0'],
    ['--proxy', '127.0.0.1'],
    ['--host', '::'],
  ]) {
    const refused = isoflop('serve', '--port', '0', ...args, ...db)
    assert.equal(refused.status, 2, `${args}`)
    assert.match(refused.stderr, /^error\[BAD_OPTION\]: A key of fewer than 16 characters can be guessed/)
  }
  const open = await serve('--host', '0.0.0.0', '--weak-keys', ...db)
  const url = `http://127.0.0.1:${new URL(open.url).port}`
  assert.equal((await loss(url, '06543210')).status, 200)
  await open.stop()
  process.env.ISOFLOP_KEYS = ''
  const strict = await serve('--proxy', '127.0.0.1', '10.0.0.0/8', ...db)
  assert.equal((await loss(strict.url, '06543210')).status, 422)
  assert.equal((await loss(strict.url, 'a-long-and-secret-key')).status, 200)
  await strict.stop()
  delete process.env.ISOFLOP_KEYS
  for (const proxy of ['caddy', '10.0.0.0/40', '1.2.3.4/', '1.2.3.4/0'])
    assert.match(isoflop('serve', '--proxy', proxy, ...db).stderr, /^error\[BAD_OPTION\]: --proxy is/)
})

test('--key makes sure of keys; two servers share one SQLite file', async () => {
  const [one, two] = await Promise.all([
    serve('--db', 'shared.sqlite', '--key', 'course'),
    serve('--db', 'shared.sqlite', '--key', 'course'),
  ])
  const answers = await Promise.all(
    Array.from({ length: 20 }, async (_, k) => {
      const response = await loss(k % 2 ? one.url : two.url, 'course')
      return (await response.json()) as { total_flops_used: number }
    }),
  )
  assert.equal(new Set(answers.map((answer) => JSON.stringify(answer))).size, 1)
  assert.equal(answers[0].total_flops_used, 1e16)
  await Promise.all([one.stop(), two.stop()])
})

test('the predictions are graded against the simulated truth', async () => {
  const server = await serve('--db', 'grade.sqlite', '--world', 'handout', '--key', 'course', '--leaderboard')
  const body = {
    d_model: 1024,
    num_layers: 16,
    num_heads: 16,
    batch_size: 128,
    learning_rate: 0.001,
    predicted_loss: 2.7,
  }
  const sent = await fetch(`${server.url}/submission`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-api-key': 'course' },
    body: JSON.stringify(body),
  })
  assert.equal(sent.status, 200)
  assert.doesNotMatch(server.printed(), /handout/)
  const open = await (await fetch(`${server.url}/leaderboard`)).text()
  assert.doesNotMatch(open, /regret/)
  const staff = isoflop('keys', 'add', '--instructor', '--db', 'grade.sqlite').stdout.trim()
  assert.match(isoflop('keys', 'list', '--db', 'grade.sqlite').stdout, / {2}instructor$/m)
  const board = await fetch(`${server.url}/leaderboard?api_key=${staff}`)
  const { leaderboard } = (await board.json()) as { leaderboard: { regret: number }[] }
  const { grades, bestLoss } = JSON.parse(isoflop('grade', '--db', 'grade.sqlite', '--json').stdout)
  assert.equal(grades.length, 1)
  assert.equal(grades[0].regret, leaderboard[0].regret)
  assert.ok(grades[0].regret >= 0 && Math.abs(grades[0].trueLoss - bestLoss - grades[0].regret) < 1e-12)
  assert.match(isoflop('grade', '--db', 'grade.sqlite').stdout, /regret/)
  await server.stop()
})

test('the deadline is kept by the database: changed for all servers by name, told at every start, and grade says it', async () => {
  const db = ['--db', 'deadline.sqlite']
  const time = '2126-12-15T23:59:00.000Z'
  const slip = refusedServe('--db', 'slip.sqlite', '--world', 'handout', '--deadline', '2016-12-15T23:59Z')
  assert.match(slip.stderr, /^error\[DEADLINE_PASSED\]: 2016-12-15.* has passed already/m)
  const first = await serve(...db, '--world', 'handout', '--key', 'course', '--deadline', '2126-12-15T23:59Z')
  const second = await serve(...db, '--world', 'handout', '--leaderboard')
  for (const { printed } of [first, second]) assert.ok(printed().includes(`predictions are taken until ${time}`))
  const refused = refusedServe(...db, '--world', 'handout', '--deadline', '2126-12-16T23:59Z')
  assert.match(refused.stderr, /^error\[DEADLINE_DIFFERS\]: .*2126-12-15T23:59:00.000Z; .*2126-12-16T23:59:00.000Z\.$/m)
  assert.match(isoflop('grade', ...db).stderr, /^note: predictions are taken until 2126-12-15/m)
  assert.equal(JSON.parse(isoflop('grade', '--json', ...db).stdout).deadline, time)
  const told = async () => ((await (await fetch(`${second.url}/leaderboard`)).json()) as { deadline: string }).deadline
  assert.equal(await told(), time)
  // A slip of the pen would tell the truth.
  assert.match(
    isoflop('deadline', '2026-01-01T00:00Z', ...db).stderr,
    /^error\[DEADLINE_PASSED\]: 2026-01-01.* has passed already.*\n.*--yes/,
  )
  assert.equal(await told(), time)
  assert.match(isoflop('deadline', '2026-01-01T00:00Z', '--yes', ...db).stdout, /until 2026-01-01T00:00:00.000Z/)
  assert.equal(await told(), '2026-01-01T00:00:00.000Z')
  assert.match(isoflop('deadline', 'none', ...db).stderr, /^error\[DEADLINE_PASSED\]: /)
  assert.match(isoflop('deadline', 'none', '--reopen', ...db).stdout, /^no deadline/)
  assert.match(isoflop('deadline', ...db).stdout, /^no deadline/)
  assert.equal(await told(), null)
  assert.match(isoflop('deadline', 'soon', ...db).stderr, /^error\[BAD_OPTION\]: /)
  await Promise.all([first.stop(), second.stop()])
})

/** What serving comes to that is refused. */
const refusedServe = (...args: string[]) => isoflop('serve', '--port', '0', ...args)

test('a database has the answers of one world: another is refused with both names, and grade takes it from there', async () => {
  const db = ['--db', 'world.sqlite']
  const first = await serve(...db, '--world', 'seed:7', '--key', 'course')
  assert.equal((await loss(first.url, 'course')).status, 200)
  await first.stop()
  writeFileSync(
    join(folder, 'other.csv'),
    `${'d_model,num_layers,num_heads,batch_size,learning_rate,train_flops,loss'}\n256,4,4,128,0.001,1e16,5.5\n`,
  )
  for (const [args, name] of [
    [['--world', 'cs336'], /world seed:7, .*; what is to be served is simulate, world cs336, /],
    [['--world', 'seed:8', '--adopt'], /world seed:7, .*; what is to be served is simulate, world seed:8, /],
    [['--backend', 'replay:other.csv'], /world seed:7, .* is replay, table [0-9a-f]{12}\.$/m],
    [['--world', 'seed:7', '--train-flops-grid', '1e13,1e16'], /train flops 1e13,3e13,.*train flops 1e13,1e16\.$/m],
  ] as const) {
    const { status, stderr } = refusedServe(...db, ...args)
    assert.equal(status, 2)
    assert.match(stderr, /^error\[PRODUCER_DIFFERS\]: /)
    assert.match(stderr, name)
  }
  assert.equal(JSON.parse(isoflop('grade', '--json', ...db).stdout).world, 'seed:7')
  assert.match(isoflop('grade', '--world', 'cs336', ...db).stderr, /^error\[PRODUCER_DIFFERS\]: .*seed:7.*cs336/)
  const again = await serve(...db, '--world', 'seed:7')
  assert.equal((await loss(again.url, 'course')).status, 200)
  await again.stop()
  const [{ id }] = JSON.parse(isoflop('keys', 'list', '--json', ...db).stdout)
  isoflop('keys', 'reset', id, '--yes', ...db)
  assert.equal(refusedServe(...db, '--world', 'seed:8').status, 2, 'not without a word')
  const adopted = await serve(...db, '--world', 'seed:8', '--adopt')
  assert.match(adopted.printed(), /^note: The database is for simulate, world seed:7, .* Shall it be for .*seed:8/m)
  await adopted.stop()
  assert.equal(JSON.parse(isoflop('grade', '--json', ...db).stdout).world, 'seed:8')
})

test('a database of an older version is asked about, with what its runs tell, and is not guessed', async () => {
  const db = ['--db', 'older.sqlite']
  const forget = () => {
    const file = new DatabaseSync(join(folder, 'older.sqlite'))
    file.exec("DELETE FROM facts WHERE name = 'producer'") // older versions noted nothing
    file.close()
  }
  const first = await serve(...db, '--world', 'seed:7', '--key', 'course')
  assert.equal((await loss(first.url, 'course')).status, 200)
  await first.stop()
  forget()
  const right = refusedServe(...db, '--world', 'seed:7')
  assert.match(right.stderr, /^error\[PRODUCER_UNKNOWN\]: .*of 1 runs, 1 have the loss .*seed:7.*\?\n.*--adopt/)
  const wrong = refusedServe(...db, '--world', 'seed:8')
  assert.match(wrong.stderr, /^error\[PRODUCER_UNKNOWN\]: .*of 1 runs, 0 have the loss .*seed:8/)
  assert.match(isoflop('grade', ...db).stderr, /^error\[PRODUCER_UNKNOWN\]: /)
  assert.equal(isoflop('grade', '--world', 'seed:7', ...db).status, 0)
  const adopted = await serve(...db, '--world', 'seed:7', '--adopt')
  await adopted.stop()
  assert.equal(refusedServe(...db, '--world', 'seed:8', '--adopt').status, 2)
  assert.equal(isoflop('grade', ...db).status, 0)
  const file = new DatabaseSync(join(folder, 'older.sqlite'))
  const { value } = file.prepare("SELECT value FROM facts WHERE name = 'producer'").get() as { value: string }
  file.close()
  const other = value.replace(/("version",")[0-9a-f]{12}/, '$1000000000000')
  changeBehind(join(folder, 'older.sqlite'), `UPDATE facts SET value = '${other}' WHERE name = 'producer'`)
  const otherVersion = /^error\[PRODUCER_DIFFERS\]: .*version 000000000000.*version [0-9a-f]{12}/
  assert.match(isoflop('grade', ...db).stderr, otherVersion)
  assert.match(refusedServe(...db, '--world', 'seed:7').stderr, otherVersion)
})

const terminal = spawnSync('script', ['--version']).status === 0
test('at a terminal the question is asked, and no is no', {
  skip: terminal ? false : 'script is not here',
}, async () => {
  const db = ['--db', 'asked.sqlite']
  const first = await serve(...db, '--world', 'seed:7')
  await first.stop()
  const asked = (answer: string) => {
    // An address that cannot be listened on ends it behind the question.
    const command = [process.execPath, bin, 'serve', '--host', '256.1.1.1', ...db, '--world', 'seed:8'].join(' ')
    const { stdout } = spawnSync('script', ['-qec', command, '/dev/null'], {
      ...{ encoding: 'utf8', cwd: folder, input: `${answer}\n`, timeout: 20_000 },
    })
    return stdout
  }
  assert.match(asked('n'), /Shall it be for .*seed:8.*\[y\/N\][\s\S]*error\[PRODUCER_DIFFERS\]/)
  assert.equal(JSON.parse(isoflop('grade', '--json', ...db).stdout).world, 'seed:7')
  assert.match(asked('y'), /error\[BAD_OPTION\]: 256\.1\.1\.1/)
  assert.equal(JSON.parse(isoflop('grade', '--json', ...db).stdout).world, 'seed:8')
})

test('replay serves recorded runs, and refuses others with the nearest', async () => {
  writeFileSync(
    join(folder, 'recorded.csv'),
    'd_model,num_layers,num_heads,batch_size,learning_rate,train_flops,loss\n256,4,4,128,0.001,1e16,5.5\n',
  )
  const server = await serve('--backend', 'replay:recorded.csv', '--db', 'replay.sqlite', '--key', 'course')
  assert.equal(((await (await loss(server.url, 'course')).json()) as { loss: number }).loss, 5.5)
  const other = await fetch(
    `${server.url}/loss?d_model=256&num_layers=6&num_heads=4&batch_size=128&learning_rate=0.001&train_flops=1e16&api_key=course`,
  )
  assert.equal(other.status, 404)
  assert.match(((await other.json()) as { message: string }).message, /nearest: d_model 256, num_layers 4/)
  assert.equal(await server.stop(), 0)
  assert.match(
    isoflop('grade', '--db', 'replay.sqlite').stderr,
    /^error\[BAD_OPTION\]: .* of replay, table [0-9a-f]{12}, /,
  )
})

test('bad options end with a code', async () => {
  const server = await serve('--db', 'port.sqlite')
  const port = new URL(server.url).port
  for (const args of [
    ['serve', '--world', 'moon', '--db', 'x.sqlite'],
    ['serve', '--backend', 'magic', '--db', 'x.sqlite'],
    ['serve', '--port', 'x'],
    ['serve', '--budget', '1.5'],
    ['serve', '--deadline', '2026-12-15'],
    ['serve', '--deadline', '2026-12-15T23:59'],
    ['serve', '--deadline', '2026-13-15T23:59Z'],
    ['serve', '--submissions', '0'],
    ['serve', '--port', port, '--db', 'taken.sqlite'],
    ['serve', '--db', join('missing', 'deep', 'x.sqlite'), '--port', '0'],
  ]) {
    const { status, stderr } = isoflop(...args)
    assert.equal(status, 2, `${args} ${stderr}`)
    assert.match(stderr, /^error\[[A-Z_]+\]: .+\n {2}.+\n$/)
  }
  await server.stop()
  // The start at a port that was taken has made no key that nobody saw.
  const next = await serve('--db', 'taken.sqlite')
  assert.match(next.printed(), /A first key/)
  await next.stop()
})

const python = spawnSync('python3', ['-c', 'import requests']).status === 0
test("the course's Python snippets work with the address changed", {
  skip: python ? false : 'python3 with requests is not here',
}, async () => {
  const server = await serve('--db', 'python.sqlite', '--key', 'course')
  const { status, stdout, stderr } = spawnSync('python3', [join(root, 'examples/query.py'), server.url, 'course'], {
    encoding: 'utf8',
  })
  assert.equal(status, 0, stderr)
  const lines = stdout.trim().split('\n')
  assert.match(lines[0], /^\{'loss': \d+\.\d+, 'total_flops_used': 30000000000000000\}$/)
  assert.equal(lines[1], lines[0])
  assert.equal(lines[2], '30000000000000000')
  assert.match(
    lines[3],
    /^\{'previous_runs': \[\{'d_model': 256, 'num_layers': 6, 'num_heads': 8, 'batch_size': 128, 'learning_rate': 0\.001, 'train_flops': 30000000000000000, 'loss': \d+\.\d+\}\]\}$/,
  )
  assert.equal(lines[4], "404 {'message': 'd_model must be in range [64, 1024], got 9999'}")
  assert.equal(lines[5], "422 {'message': 'Invalid API key provided: INVALID_API_KEY'}")
  await server.stop()
})

test('help of what a class needs shows two examples at least', () => {
  for (const command of ['serve', 'keys', 'class', 'grade', 'deadline']) {
    const { status, stdout } = isoflop(command, '--help')
    assert.equal(status, 0)
    assert.ok(stdout.split('Examples:')[1].match(/\n {2}isoflop /g)!.length >= 2, command)
  }
})
