import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { openWorld } from '../../src/world/worlds.ts'

const bin = fileURLToPath(new URL('../../bin/isoflop.js', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'isoflop-simulate-'))
after(() => rmSync(folder, { recursive: true }))
const isoflop = (args: string[], input = '') =>
  spawnSync(process.execPath, [bin, ...args], { encoding: 'utf8', input, maxBuffer: 1 << 26 })

const header = 'note,d_model,num_layers,num_heads,batch_size,learning_rate,train_flops'
const configs = `${header}\n"a, b",256,4,4,128,0.001,10000000000000000\n,1536,30,12,128,0.003,1e19\n`

test('simulate adds a loss and leaves every other column as it stood', async () => {
  const world = await openWorld('seed:7')
  const { status, stdout, stderr } = isoflop(['simulate', '-', '--world', 'seed:7', '--noise-free'], configs)
  assert.equal(status, 0, stderr)
  const lines = stdout.trimEnd().split('\n')
  assert.equal(lines[0], `${header},loss`)
  const config = { dModel: 256, numLayers: 4, numHeads: 4, batchSize: 128, learningRate: 0.001, trainFlops: 1e16 }
  assert.equal(lines[1], `"a, b",256,4,4,128,0.001,10000000000000000,${world.loss(config)}`)
  assert.match(lines[2], /^,1536,30,12,128,0\.003,1e19,[\d.]+$/)
  // A loss that is there is replaced, in its place; what comes out can go in again.
  const noisy = isoflop(['simulate', '-', '--world', 'seed:7'], stdout).stdout.trimEnd().split('\n')
  assert.equal(noisy[0], `${header},loss`)
  assert.ok(noisy[1].endsWith(`,${world.observe(config)}`))
})

test('simulate refuses a bad row and a missing column with their codes', () => {
  const bad = isoflop(['simulate', '-'], configs.replace('256', 'wide'))
  assert.deepEqual([bad.status, bad.stdout], [2, ''])
  assert.match(bad.stderr, /^error\[CONFIG_INVALID\]: <stdin> row 2: d_model "wide" is not a number/)
  assert.match(isoflop(['simulate', '-'], 'd_model\n1\n').stderr, /^error\[COLUMN_MISSING\]/)
  assert.match(isoflop(['simulate', '-', '--world', 'moon'], configs).stderr, /^error\[WORLD_UNKNOWN\]/)
  const far = isoflop(['simulate', '-', '--world', 'seed:1'], configs.replace(/0\.001,1(0+)/, '1e-300,1e300'))
  assert.deepEqual([far.status, far.stdout], [2, ''])
  assert.match(far.stderr, /^error\[CONFIG_INVALID\]: <stdin> row 2: the loss in seed:1 is/)
})

test('simulate takes what is not CSV, and 20,000 rows in a moment', () => {
  const record = '{"d_model":64,"num_layers":2,"num_heads":2,"batch_size":128,"learning_rate":0.001,"train_flops":1e13'
  const { stdout } = isoflop(['simulate', '-', '--noise-free'], `${record},"tags":["a","b"],"loss":null}\n`)
  assert.match(stdout, /,tags,loss\n64,2,2,128,0\.001,10000000000000,"\[""a"",""b""\]",10\.\d+\n$/)
  const many = Array.from({ length: 20_000 }, (_, k) => `x,${64 + (k % 900)},4,2,128,0.001,${1e13 + k}\n`).join('')
  const started = performance.now()
  assert.equal(isoflop(['simulate', '-'], `${header}\n${many}`).stdout.split('\n').length, 20_002)
  assert.ok(performance.now() - started < 5000)
})

test('world list and world show: law, noise, optima, JSON and figures', () => {
  assert.match(isoflop(['world', 'list']).stdout, /^cs336 .+\nhandout .+\nchinchilla .+\nseed:N .+\nstaged:N /)
  const text = isoflop(['world', 'show', 'seed:2']).stdout
  assert.match(text, /noise: [\d.]+ nats/)
  assert.equal(text.match(/^ +\de\d\d /gm)?.length, 17)
  const json = JSON.parse(isoflop(['world', 'show', 'cs336', '--target', '1e19,1e20', '--json']).stdout)
  assert.equal(json.targets.length, 2)
  assert.ok(json.targets[0].loss > json.targets[1].loss)
  assert.equal(json.optima.length, 16)
})

test('world show draws; its JSON stays JSON; what it cannot do ends with a code', () => {
  const { status, stdout, stderr } = isoflop(['world', 'show', 'handout', '--target', '1.5e19', '--plots', folder])
  assert.equal(status, 0, stderr)
  assert.match(stdout, /^ +1\.5e19 /m)
  assert.match(
    stdout,
    /\nwrote .+profiles\.svg,\s+.+profiles\.png\n\nNext: isoflop serve --world handout --db handout\.sqlite\n$/,
  )
  const svg = readFileSync(join(folder, 'profiles.svg'), 'utf8')
  for (const words of ['1e15', '1e19', 'parameters N', 'true loss in handout']) assert.ok(svg.includes(words), words)
  assert.equal(readFileSync(join(folder, 'profiles.png')).subarray(1, 4).toString(), 'PNG')
  const json = isoflop(['world', 'show', 'seed:2', '--json', '--force', '--plots', folder])
  assert.equal(JSON.parse(json.stdout).form, 'broken-data')
  const file = join(folder, 'profiles.svg')
  for (const [args, code] of [
    [['show', 'moon'], 'WORLD_UNKNOWN'],
    [['show', 'seed:2', '--plots', file], 'OUTPUT_FAILED'],
    [['show', '--bogus'], 'BAD_OPTION'],
    [['show'], 'BAD_OPTION'],
  ] as const) {
    const failed = isoflop(['world', ...args])
    assert.deepEqual([failed.status, failed.stdout], [2, ''], args.join(' '))
    assert.match(failed.stderr, new RegExp(`^error\\[${code}\\]: .+\\n  .+\\n$`))
  }
})

test('help of simulate and world show two examples', () => {
  for (const args of [['simulate'], ['world'], ['world', 'show']])
    assert.equal(isoflop([...args, '--help']).stdout.match(/^ {2}isoflop /gm)?.length, 2, args.join(' '))
})
