import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'

const root = mkdtempSync(join(tmpdir(), 'isoflop-ask-'))
after(() => rmSync(root, { recursive: true }))

const program = join(import.meta.dirname, '../../bin/isoflop.js')
const isoflop = (args: readonly string[], input = '') =>
  spawnSync(process.execPath, [program, 'campaign', ...args], { encoding: 'utf8', input, cwd: root })

test('next, tell and forecast drive a campaign from a shell', { timeout: 120_000 }, () => {
  const space = join(import.meta.dirname, '../../examples/spaces/ladder.toml')
  const begun = isoflop(['next', '-n', '100', '--jsonl', '--out', 'a', '--space', space, '--seed', '5'])
  assert.equal(begun.status, 0, begun.stderr)
  const runs = begun.stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
  assert.ok(runs.length > 8)
  // The campaign waits for them; the space, the seed and all else are kept in the folder.
  const waiting = isoflop(['next', '--out', 'a'])
  assert.match(waiting.stdout, /the campaign waits/)
  const outcomes = runs.map(({ id, train_flops }, k) =>
    JSON.stringify(k === 0 ? { id, loss: null } : { id, loss: 2 + 20 / (train_flops / 1e15) ** 0.1 / 10 + k / 1000 }),
  )
  writeFileSync(join(root, 'results.jsonl'), `${outcomes.join('\n')}\n`)
  const told = isoflop(['tell', 'results.jsonl', '--out', 'a', '--json'])
  assert.deepEqual([told.status, JSON.parse(told.stdout).told], [0, runs.length], told.stderr)
  assert.equal(isoflop(['tell', '-', '--out', 'a'], outcomes[1]).status, 0)
  const forecast = JSON.parse(isoflop(['forecast', '--out', 'a', '--json']).stdout)
  assert.ok(forecast.loss > 0 && forecast.told === runs.length)
  const table = isoflop(['next', '-n', '2', '--out', 'a'])
  assert.match(table.stdout, /id\s+configuration.*\n1-0/)
})

test('what does not fit is said with what to do', () => {
  assert.match(
    isoflop(['tell', '-', '--out', 'none'], '{}').stderr,
    /CAMPAIGN_DIFFERS.*\n.*isoflop campaign next --out none/,
  )
  assert.equal(isoflop(['next', '-n', '2', '--out', 'b', '--seed', '5']).status, 0)
  const other = isoflop(['next', '--out', 'b', '--seed', '6'])
  assert.deepEqual([other.status, /begun with another --seed/.test(other.stderr)], [2, true])
  const bad = isoflop(['tell', '-', '--out', 'b'], '{"id": "0-0", "loss": "low"}')
  assert.deepEqual([bad.status, /OUTCOME_INVALID.*row 1 has the loss low/.test(bad.stderr)], [2, true])
  assert.match(isoflop(['tell', '-', '--out', 'b'], 'id,loss\n0-0,\n').stderr, /row 2 has the loss of no number/)
  assert.match(
    isoflop(['tell', '-', '--out', 'b'], 'run,loss\n0-0,3\n').stderr,
    /COLUMN_MISSING.*no columns id and loss/,
  )
  assert.equal(isoflop(['tell', '-', '--out', 'b'], 'id,loss\n0-0,nan\n').status, 0)
  const far = isoflop(
    ['tell', '-', '--out', 'b', '--json'],
    'id,loss,outcome,step\n0-1,9.5,running,3\n0-1,9,running,4\n',
  )
  assert.deepEqual([far.status, ...['taken', 'reported'].map((name) => JSON.parse(far.stdout)[name])], [0, 0, 1])
  const nowhere = isoflop(['tell', '-', '--out', 'b'], 'id,loss,outcome\n0-1,9.5,running\n')
  assert.match(nowhere.stderr, /OUTCOME_INVALID.*How far run "0-1" is/)
  const unasked = isoflop(['tell', '-', '--out', 'b'], '{"id": "7-7", "loss": 3}')
  assert.match(unasked.stderr, /"7-7" was not asked for/)
  assert.match(isoflop(['tell', 'x.jsonl', '--out', 'b']).stderr, /FILE_NOT_FOUND/)
  const early = isoflop(['forecast', '--out', 'b'])
  assert.deepEqual(
    [early.status, /TOO_FEW_RUNS.*\n.*isoflop campaign next --out b names/.test(early.stderr)],
    [2, true],
  )
})
