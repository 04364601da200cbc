import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

const file = (path: string) => fileURLToPath(new URL(`../${path}`, import.meta.url))
const bin = file('bin/isoflop.js')
const folder = mkdtempSync(join(tmpdir(), 'isoflop-examples-'))
const key = 'a-learner-of-the-notebook'
const server = spawn(process.execPath, [bin, 'serve', '--port', '0', '--key', key], { cwd: folder })
after(async () => {
  server.kill('SIGKILL')
  rmSync(folder, { recursive: true })
})

/** Where the server of this test listens. */
async function listening(): Promise<string> {
  let printed = ''
  for (const stream of [server.stdout, server.stderr])
    stream.on('data', (chunk) => {
      printed += chunk
    })
  for (let waited = 0; ; waited += 50) {
    const url = /^listening on (\S+)$/m.exec(printed)?.[1]
    if (url) return url
    assert.ok(waited < 30_000 && server.exitCode === null, `it does not listen: ${printed}`)
    await sleep(50)
  }
}

const notebook = JSON.parse(readFileSync(file('examples/assignment.ipynb'), 'utf8'))
const script = notebook.cells
  .filter((cell: { cell_type: string }) => cell.cell_type === 'code')
  .map((cell: { source: string[] }) => cell.source.join(''))
  .join('\n\n')

const lacking =
  spawnSync('python3', ['-c', 'import requests']).status === 0 ? false : 'python3 with requests is not here'

test('the notebook does the assignment, from the first query to the submission', { skip: lacking }, async () => {
  const url = await listening()
  const { status, stdout, stderr } = spawnSync('python3', ['-'], {
    cwd: folder,
    input: script,
    encoding: 'utf8',
    env: { ...process.env, ISOFLOP_URL: url, ISOFLOP_API_KEY: key, ISOFLOP: `${process.execPath} ${bin}` },
  })
  assert.equal(status, 0, stderr)
  assert.match(stdout, /^spent: 1\.\d+e\+18 of 2e18$/m)
  assert.match(stdout, /^submitted: 200$/m)
  const said = await (await fetch(`${url}/submission?api_key=${key}`)).json()
  assert.ok(JSON.stringify(said).includes('"predicted_loss"'), JSON.stringify(said))
  const [, loss] = /^loss ([\d.]+) /m.exec(stdout) ?? []
  assert.ok(Number(loss) > 2 && Number(loss) < 3.6, stdout)
  const planned = spawnSync(process.execPath, [bin, 'campaign', '--runs', 'runs.json', '--dry-run'], {
    cwd: folder,
    encoding: 'utf8',
  })
  // Its world is another one than the campaign's usual: the plan leads to runs that the learner asks for.
  const [, next] =
    /\nNext, with runs that you make: isoflop (.*)\n$/.exec(planned.stdout) ?? assert.fail(planned.stderr)
  assert.equal(next, 'campaign next -n 8 --runs runs.json --out out-mine')
  const named = spawnSync(process.execPath, [bin, ...next.split(' ')], { cwd: folder, encoding: 'utf8' })
  const sizesOf = (text: string) =>
    [...text.matchAll(/d_model (\d+)|^ *\S+ +\S+ +(\d+) +\d+ +\d+ +\d+ /gm)].map(([, a, b]) => a ?? b)
  assert.ok(sizesOf(planned.stdout).length > 0, named.stderr)
  const wanted = sizesOf(planned.stdout).slice(0, 8)
  assert.deepEqual(sizesOf(named.stdout).slice(0, wanted.length), wanted)
})

test('the notebook is kept without outputs, and links lead somewhere', () => {
  for (const { cell_type: kind, outputs, execution_count: count, source } of notebook.cells) {
    if (kind === 'code') assert.deepEqual([outputs, count], [[], null])
    for (const [, to] of source.join('').matchAll(/\]\(([^)]+)\)/g))
      assert.ok(existsSync(join(file('examples'), to)), to)
  }
})
