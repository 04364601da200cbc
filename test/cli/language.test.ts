import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { fileURLToPath } from 'node:url'

const bin = fileURLToPath(new URL('../../bin/isoflop.js', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'isoflop-language-'))
after(() => rmSync(folder, { recursive: true }))

const isoflop = (...args: string[]) =>
  spawnSync(process.execPath, [bin, ...args], {
    encoding: 'utf8',
    cwd: folder,
    env: { ...process.env, COLUMNS: '80', NO_COLOR: '1' },
  })
const read = (name: string) => readFileSync(join(folder, name), 'utf8')
const quick = ['fit', 'world:handout', '--method', 'norm', '--resamples', '20']

test('fit --lang zh prints, reports and draws in Chinese; PNG keeps English, because its font has no Chinese', () => {
  const report = join(folder, 'report.html')
  const [chinese, english] = ['zh', 'en'].map((language) =>
    isoflop(...quick, '--lang', language, '--report', report, '--plots', join(folder, language)),
  )
  assert.deepEqual([chinese.status, english.status], [0, 0], chinese.stderr + english.stderr)
  assert.match(chinese.stdout, /^world:handout 中的 72 个实验\n[\s\S]*\n方法 +a +区间/)
  assert.match(read('zh/profiles.svg'), />参数量 N<\/text>/)
  assert.match(read('en/profiles.svg'), />parameters N<\/text>/)
  assert.deepEqual(readFileSync(join(folder, 'zh/profiles.png')), readFileSync(join(folder, 'en/profiles.png')))
  assert.match(read('report.html'), /<html lang="en">/)
})

test('campaign --lang zh writes a Chinese report and the same record', () => {
  const out = (language: string) => {
    const result = isoflop(
      'campaign',
      '--world',
      'seed:7',
      '--strategy',
      'profiles-parabola',
      '--budget',
      '2e18',
      '--lang',
      language,
      '--out',
      join(folder, language),
    )
    assert.equal(result.status, 0, result.stderr)
    return result.stdout
  }
  const [chinese, english] = [out('zh'), out('en')]
  assert.match(chinese, /^1e19 FLOPs 处：\n/)
  assert.match(read('zh/report.html'), /<html lang="zh-Hans">[\s\S]*<h2>1\. 购买了哪些实验，为什么<\/h2>/)
  assert.match(english, /^At 1e19 FLOPs:\n/)
  assert.equal(read('zh/submission.json'), read('en/submission.json'))
})

test('another language is an error that names those there are', () => {
  const { status, stderr } = isoflop('fit', 'world:handout', '--lang', 'fr')
  assert.notEqual(status, 0)
  assert.match(stderr, /--lang is "fr", expected one of: en, zh\./)
})
