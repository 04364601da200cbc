import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { findingLines } from '../../src/cli/doctor.ts'
import { version } from '../../src/core/version.ts'
import { startPostgres } from '../server/postgres.ts'

const bin = fileURLToPath(new URL('../../bin/isoflop.js', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'isoflop-doctor-'))
after(() => rmSync(folder, { recursive: true }))

function doctor(args: readonly string[], environment: NodeJS.ProcessEnv = {}) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [bin, 'doctor', ...args], {
    cwd: folder,
    encoding: 'utf8',
    env: { ...process.env, DATABASE_URL: undefined, ...environment },
  })
  return { status, stdout, stderr }
}

test('what is missing is said in lines of the terminal, and what installs it goes on as a shell reads it', () => {
  const text = 'not installed: npm install --ignore-scripts @resvg/resvg-js@2.6.2 dejavu-fonts-ttf@2.37.3'
  assert.deepEqual(findingLines('absent  PNG files  ', text, 200), [`absent  PNG files  ${text}`])
  const lines = findingLines('absent  PNG files  ', text, 60)
  assert.ok(lines.every((line) => line.length <= 60))
  assert.deepEqual([lines.length, lines[0]], [3, 'absent  PNG files  not installed:'])
  assert.equal(lines.slice(1).join('').replaceAll(/ \\ +/g, ' ').trim(), text.slice('not installed: '.length))
})

test('the doctor finds what the tests themselves use, and leaves nothing behind', () => {
  const { status, stdout } = doctor(['--json', '--out', 'a/b'])
  assert.equal(status, 0, stdout)
  const found: Record<string, { state: string; text: string }> = JSON.parse(stdout)
  for (const [name, text] of [
    ['isoflop', version],
    ['Node', process.version.slice(1)],
    ['SQLite', /^3\.\d+/],
    ['ONNX Runtime', /^onnxruntime-(node|web) 1\./],
    ['processors', /^\d+, .*load/],
    ['memory', /GiB.* free/],
    ['database isoflop.sqlite', /not there yet/],
    ['folder a/b', /written to and locked, [\d.]+ GiB free/],
  ] as const) {
    assert.equal(found[name]?.state, 'ok', name)
    assert.match(found[name].text, typeof text === 'string' ? new RegExp(`^${text.replaceAll('.', '\\.')}$`) : text)
  }
  assert.deepEqual(readdirSync(folder), [])
})

test('the doctor reaches a PostgreSQL, and says of one that is away that it is, without its password', async () => {
  const postgres = await startPostgres()
  try {
    const { status, stdout } = doctor([], { DATABASE_URL: postgres.url })
    assert.equal(status, 0, stdout)
    assert.match(stdout, /^ok +database postgres:\/\/\S+ +PostgreSQL \d+.*answered in \d+ ms$/m)
  } finally {
    await postgres.stop()
  }
  for (const json of [[], ['--json']]) {
    const { status, stdout, stderr } = doctor(json, {
      DATABASE_URL: 'postgres://me:hushhush@127.0.0.1:1/x',
      ISOFLOP_KEYS: 'hushhush',
    })
    assert.equal(status, 2)
    assert.match(stdout, /FAILED +database|"failed"/)
    assert.ok(!`${stdout}${stderr}`.includes('hushhush'))
  }
})

test('a folder that cannot be written to is told', {
  skip: process.platform === 'linux' ? false : 'there is no /proc',
}, () => {
  const { status, stdout } = doctor(['--out', '/proc'])
  assert.equal(status, 2)
  assert.match(stdout, /^FAILED +folder \/proc /m)
})
