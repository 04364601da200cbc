import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { liveFile } from '../../src/campaign/live-file.ts'
import { full } from '../report/campaigns.ts'

const folder = mkdtempSync(join(tmpdir(), 'watch-cli-'))
after(() => rmSync(folder, { recursive: true, force: true }))
const command = fileURLToPath(new URL('../../bin/isoflop.js', import.meta.url))

function watch(...args: string[]) {
  const env = { ...process.env, ISOFLOP_WATCH_TOKEN: '', DISPLAY: '', WAYLAND_DISPLAY: '' }
  delete (env as Partial<typeof env>).ISOFLOP_WATCH_TOKEN
  const child = spawn(process.execPath, [command, 'watch', ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] })
  const said = { stdout: '', stderr: '' }
  for (const name of ['stdout', 'stderr'] as const)
    child[name].setEncoding('utf8').on('data', (part) => {
      said[name] += part
    })
  const ended = once(child, 'close').then(([status]) => ({ status: status as number, ...said }))
  return { child, said, ended }
}

test('who shows the page to other machines has to have a secret that cannot be guessed', async () => {
  for (const [args, message] of [
    [['--host', '0.0.0.0'], /--host 0\.0\.0\.0 shows the page to other machines, and came without --watch-token/],
    [['--host', '0.0.0.0', '--watch-token', 'short'], /--watch-token has 5 characters, expected at least 16/],
    [['--watch-token', 'sixteen letters#'], /--watch-token has characters that a link cannot have/],
    [['--port', 'x'], /--port/],
  ] as const) {
    const { status, stderr, stdout } = await watch(folder, ...args).ended
    assert.equal(status, 2, stderr)
    assert.match(stderr, message)
    assert.equal(stdout, '')
  }
})

test('a folder of runs that were chosen from a pool is refused, with what to open instead', async () => {
  const pool = mkdtempSync(join(folder, 'pool-'))
  for (const name of ['purchases.jsonl', 'report.html']) writeFileSync(join(pool, name), '')
  const { status, stderr } = await watch(pool).ended
  assert.equal(status, 2, stderr)
  assert.match(stderr, /chosen from a pool.*nothing to watch/)
  assert.ok(stderr.includes(join(pool, 'report.html')), stderr)
})

test('a file that is taken for the folder, a port that is taken, and an address of another machine are said with what to do', async () => {
  const file = join(folder, 'runs.csv')
  writeFileSync(file, '')
  const taken = createServer().listen(0, '127.0.0.1')
  await once(taken, 'listening')
  const { port } = taken.address() as AddressInfo
  const secret = ['--watch-token', 'a-secret-that-is-long-enough']
  for (const [args, message] of [
    [[file], new RegExp(`runs\\.csv is a file.*\\n.*isoflop watch ${folder}`)],
    [
      [folder, '--port', String(port)],
      new RegExp(`127\\.0\\.0\\.1:${port} cannot be listened on.*\\n.*another --port`),
    ],
    [[folder, '--host', '203.0.113.9', ...secret], /203\.0\.113\.9:0 cannot be listened on.*\n.*another --host/],
  ] as const) {
    const { status, stderr } = await watch(...args).ended
    assert.equal(status, 2, stderr)
    assert.match(stderr, /^error\[BAD_OPTION\]/)
    assert.match(stderr, message)
  }
  taken.close()
})

test('the link is printed, works once, the next one is printed, and Ctrl-C ends it', async () => {
  const live = { live: 1, state: 'ended', view: full.view, capacity: 1, command: '' }
  writeFileSync(liveFile(folder), JSON.stringify(live))
  const { child, said, ended } = watch(folder)
  const printed = async (form: RegExp) => {
    for (;;) {
      const found = form.exec(said.stdout)
      if (found) return found[1]
      await once(child.stdout, 'data')
    }
  }
  const link = await printed(/^(http:\/\/127\.0\.0\.1:\d+\/#\S+)\n/m)
  const { origin, hash } = new URL(link)
  const enter = (token: string) =>
    fetch(`${origin}/session`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ token }),
    })
  const first = await enter(hash.slice(1))
  assert.equal(first.status, 204)
  const cookie = first.headers.get('set-cookie')!.split(';')[0]
  assert.equal((await enter(hash.slice(1))).status, 401)
  const next = await printed(/^For another browser: (\S+)$/m)
  assert.equal((await enter(new URL(next).hash.slice(1))).status, 204)
  const report = await fetch(`${origin}/api/report`, { headers: { cookie } })
  assert.equal(report.status, 404)
  child.kill('SIGINT')
  const { status, stderr } = await ended
  assert.equal(status, 0, stderr)
})
