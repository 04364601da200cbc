import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { makeFolder, writeWhole } from '../../src/core/durable.ts'

const root = mkdtempSync(join(tmpdir(), 'isoflop-durable-'))
after(() => rmSync(root, { recursive: true }))

test('a folder is made with those that it is in, once, and refused where there cannot be one', () => {
  const folder = join(root, 'a', 'b', 'c')
  makeFolder(folder)
  makeFolder(folder)
  makeFolder('.')
  makeFolder('/')
  makeFolder(`${root}/x/`)
  symlinkSync('a', join(root, 'link'))
  makeFolder(join(root, 'link', 'new'))
  assert.ok(statSync(join(root, 'a', 'new')).isDirectory() && statSync(folder).isDirectory())
  writeFileSync(join(root, 'file'), '')
  symlinkSync('nowhere/there', join(root, 'lost'))
  for (const [place, code] of [
    ['file', 'EEXIST'],
    ['file/x', 'ENOTDIR'],
    ['lost', 'EEXIST'],
  ])
    assert.throws(() => makeFolder(join(root, place)), { code })
})

test('a system that refuses folders is not asked for ever', {
  skip: process.platform !== 'linux' && 'Linux has /proc',
}, () => {
  assert.throws(() => makeFolder('/proc/isoflop/deeper'), { code: 'ENOENT' })
})

test('a pipe or a device is not replaced by a file', { skip: process.platform === 'win32' && 'no mkfifo' }, () => {
  const pipe = join(root, 'pipe')
  assert.equal(spawnSync('mkfifo', [pipe]).status, 0)
  symlinkSync('pipe', join(root, 'to-pipe'))
  for (const name of ['pipe', 'to-pipe']) assert.throws(() => writeWhole(join(root, name), 'text'), /is no file/)
  assert.ok(statSync(pipe).isFIFO() && statSync(join(root, 'to-pipe')).isFIFO())
})
