import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { writeOutput } from '../../src/cli/output.ts'
import { writeWhole } from '../../src/core/durable.ts'

const bin = fileURLToPath(new URL('../../bin/isoflop.js', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'isoflop-output-'))
after(() => rmSync(folder, { recursive: true }))
const place = (name: string) => join(folder, name)
const read = (name: string) => readFileSync(place(name), 'utf8')

// A limit on the size of files stands for the full disk: a write beyond it fails as on one, after a part was written.
const posix = process.platform !== 'win32'
test('a report on a full disk is written whole or not at all: what was there stays', { skip: !posix }, () => {
  writeFileSync(place('report.html'), 'the report of yesterday')
  const command =
    'ulimit -f 16; exec "$0" "$1" fit world:handout --method surface --resamples 20 --force --report report.html'
  const { status, stderr } = spawnSync('sh', ['-c', command, process.execPath, bin], { cwd: folder, encoding: 'utf8' })
  assert.equal(status, 2, stderr)
  assert.match(stderr, /error\[OUTPUT_FAILED\]: report\.html could not be written/)
  assert.equal(read('report.html'), 'the report of yesterday')
  assert.ok(!existsSync(place('report.html.new')))
})

test('what lies under the other name is replaced, never written to: a link there leads nowhere', {
  skip: !posix,
}, async () => {
  writeFileSync(place('precious'), 'precious')
  symlinkSync(place('precious'), place('result.new'))
  await writeOutput(place('result'), 'result')
  assert.deepEqual([read('result'), read('precious')], ['result', 'precious'])
  assert.ok(!existsSync(place('result.new')))
  symlinkSync(place('precious'), place('record.new'))
  writeWhole(place('record'), [Buffer.from('one '), Buffer.from('two')])
  assert.deepEqual([read('record'), read('precious')], ['one two', 'precious'])
})

test('a result that is there already keeps its mode, and a link to it stays one', { skip: !posix }, async () => {
  writeFileSync(place('mine'), 'old', { mode: 0o600 })
  symlinkSync(place('mine'), place('link'))
  await writeOutput(place('link'), 'new')
  assert.deepEqual([read('mine'), statSync(place('mine')).mode & 0o777], ['new', 0o600])
})

test('a report can go into a pipe', { skip: !posix }, () => {
  const args = [bin, 'fit', 'world:handout', '--method', 'surface', '--resamples', '20', '--report', '/dev/stderr']
  const shell = 'exec "$0" "$@" 2>&1 >/dev/null | tail -c 8'
  const end = execFileSync('sh', ['-c', shell, process.execPath, ...args], { encoding: 'utf8' })
  assert.equal(end.trim(), '</html>')
})

test('--train-flops-grid takes no number that would be rounded', () => {
  for (const command of ['serve', 'campaign']) {
    const { status, stderr } = spawnSync(
      process.execPath,
      [bin, command, '--train-flops-grid', '1e13,9007199254740993'],
      { cwd: folder, encoding: 'utf8' },
    )
    assert.equal(status, 2)
    assert.match(stderr, /--train-flops-grid is "9007199254740993", expected whole numbers that a double holds/)
    assert.match(stderr, /--train-flops-grid 9007199254740992/)
  }
})
