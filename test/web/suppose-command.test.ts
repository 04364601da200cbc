import assert from 'node:assert/strict'
import { test } from 'node:test'
import { supposedCommand } from '../../src/web/campaign/suppose-command.ts'

const nothing = { target: null, strategy: null, pins: {}, dropped: 0 }

test('another target or law is a command with a folder of its own, which takes the runs along', () => {
  const command = "isoflop campaign --run 'python train.py --out {folder}' --out out/own --parallel 8"
  assert.equal(
    supposedCommand(command, { ...nothing, target: 1.5e20 }),
    "isoflop campaign --run 'python train.py --out {folder}' --parallel 8 --runs out/own/campaign.jsonl --target 1.5e20 --out out/own-1.5e20",
  )
  assert.equal(
    supposedCommand('npx isoflop campaign --world seed:7', { ...nothing, target: 1e20, strategy: 'profiles-parabola' }),
    'npx isoflop campaign --world seed:7 --runs out/campaign.jsonl --target 1e20 --strategy profiles-parabola --out out-1e20-profiles-parabola',
  )
})

test('what no command says has none, and none that would send or read something else is made', () => {
  const asked = { ...nothing, target: 1e20 }
  assert.equal(supposedCommand('isoflop campaign', nothing), null)
  assert.equal(supposedCommand('', asked), null)
  assert.equal(supposedCommand('isoflop campaign --api http://x --submit', asked), null)
  assert.equal(supposedCommand("isoflop campaign --out 'my folder'", asked), null)
  assert.equal(supposedCommand("isoflop campaign --run 'a --out {folder}'", asked), null)
  assert.equal(supposedCommand('isoflop campaign', { ...asked, dropped: 1 }), null)
  assert.equal(supposedCommand('isoflop campaign', { ...asked, pins: { batchSize: 128 } }), null)
})
