import assert from 'node:assert/strict'
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

const bin = fileURLToPath(new URL('../../bin/isoflop.js', import.meta.url))
const node24 = fileURLToPath(new URL('../../bin/node24.js', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'isoflop-launch-'))
const launched: ChildProcess[] = []
after(() => {
  for (const child of launched) child.kill('SIGKILL')
  rmSync(folder, { recursive: true })
})

/** The signal that ends a server in good order, or at once. */
type End = 'SIGTERM' | 'SIGKILL' | 'SIGINT'

/** Starts a command that serves; resolves with what it runs on, once it listens. */
async function launch(command: string, args: string[]) {
  const db = `${launched.length}.sqlite`
  const child = spawn(command, [...args, 'serve', '--port', '0', '--db', db], { cwd: folder })
  launched.push(child)
  const ended = once(child, 'exit') as Promise<[number | null, NodeJS.Signals | null]>
  let printed = ''
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk) => {
      printed += chunk
    })
  for (let waited = 0; ; waited += 50) {
    const url = /^listening on (\S+)$/m.exec(printed)?.[1]
    if (url) return { child, ended, url }
    assert.ok(waited < 30_000 && child.exitCode === null, `it does not listen: ${printed}`)
    await sleep(50)
  }
}

const listens = (url: string) =>
  fetch(`${url}/healthz`).then(
    ({ ok }) => ok,
    () => false,
  )

/** Whatever was started must be gone, with its port, within 5 s. */
async function endsWith(command: string, args: string[], signal: End) {
  const launcher = await launch(command, args)
  assert.equal(await listens(launcher.url), true)
  launcher.child.kill(signal)
  const status = await launcher.ended
  let isThere = true
  for (let waited = 0; isThere && waited < 5_000; waited += 100) {
    await sleep(100)
    isThere = await listens(launcher.url)
  }
  assert.equal(isThere, false, `the server outlives ${signal} of the process that started it`)
  return status
}

// A small launcher, so that the tests need no older Node: it does what bin/isoflop.js does there.
const launcher = join(folder, 'launcher.js')
writeFileSync(
  launcher,
  `import { runOnNode24 } from ${JSON.stringify(node24)}\nrunOnNode24([${JSON.stringify(bin)}, ...process.argv.slice(2)])\n`,
)
writeFileSync(join(folder, 'package.json'), '{ "type": "module" }')

for (const signal of ['SIGTERM', 'SIGINT', 'SIGKILL'] as const)
  test(`${signal} of the process that runs Node 24 for the command ends the command`, async () => {
    const [status, by] = await endsWith(process.execPath, [launcher], signal)
    assert.deepEqual([status, by], signal === 'SIGKILL' ? [null, signal] : [0, null])
  })

const npx = spawnSync('npx', ['--version']).status === 0 && process.platform !== 'win32'
for (const signal of ['SIGTERM', 'SIGKILL'] as const)
  test(`${signal} of npx ends the server that it has started`, { skip: npx ? false : 'npx is not here' }, async () => {
    mkdirSync(join(folder, 'node_modules/.bin'), { recursive: true })
    const link = join(folder, 'node_modules/.bin/isoflop')
    rmSync(link, { force: true })
    symlinkSync(bin, link)
    await endsWith('npx', ['--no-install', 'isoflop'], signal)
  })

test('without npm the command outlives who started it', async () => {
  const script = join(folder, 'starter.sh')
  writeFileSync(script, `'${process.execPath}' '${bin}' serve --port 0 --db alone.sqlite & echo "pid $!"; wait`)
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('npm_')))
  const shell = spawn('sh', [script], { cwd: folder, env })
  launched.push(shell)
  let printed = ''
  shell.stdout.on('data', (chunk) => {
    printed += chunk
  })
  while (!/listening on/.test(printed)) await sleep(50)
  const pid = Number(/pid (\d+)/.exec(printed)![1])
  const url = /listening on (\S+)/.exec(printed)![1]
  try {
    shell.kill('SIGKILL')
    await sleep(1500)
    assert.equal(await listens(url), true)
  } finally {
    process.kill(pid, 'SIGKILL')
  }
})

test('the command asks for the Node that npm ci brings', async () => {
  const { nodePackages } = await import(node24)
  const brought = JSON.parse(readFileSync(new URL('../../runtime/node24/package.json', import.meta.url), 'utf8'))
  assert.deepEqual(nodePackages, brought.optionalDependencies)
})
