import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { commandTrainer } from '../../src/launch/command-trainer.ts'
import { readSpace } from '../../src/space/file.ts'
import { tinyCorpus } from '../backend/tiny-corpus.ts'
import { programs } from '../launch/programs.ts'

const example = (name: string) => fileURLToPath(new URL(`../../examples/cluster/${name}`, import.meta.url))

/** The Python that has PyTorch; another one than the path's is named by $PYTHON. */
const python = process.env.PYTHON ?? 'python3'
const hasTorch = spawnSync(python, ['-c', 'import torch']).status === 0

/** What the programs said, for whoever wonders why a test fails. */
const logsIn = (runs: string): string =>
  readdirSync(runs)
    .map((id) => readFileSync(join(runs, id, 'log.txt'), 'utf8'))
    .join('\n')

test('examples/cluster: train.py trains what its space asks for, and goes on after SIGTERM to the same loss', {
  skip: hasTorch ? false : 'PyTorch is not on this machine',
}, async () => {
  const { folder } = programs('example')
  const corpus = await tinyCorpus(folder)
  const space = await readSpace(example('space.json'))
  const config = {
    ...{ dModel: 64, numLayers: 2, numHeads: 4 },
    ...{ batchSize: 8, learningRate: 0.006, trainFlops: 1e11 },
  }
  const begin = (out: string) =>
    commandTrainer({
      command: `${python} ${example('train.py')} {folder} --data '${corpus}'`,
      ...{ folder: join(folder, out), space },
    })
  const whole = await begin('whole').train(config)
  assert.equal(whole.kind, 'finished', logsIn(join(folder, 'whole', 'runs')))
  const { loss } = whole as { loss: number }
  assert.ok(loss > 3 && loss < 5.6, `${loss}: 300 words have 5.7 nats`)

  const ending = new AbortController()
  const broken = begin('broken')
  const going = broken.train(config, { signal: ending.signal })
  while ((broken.running()[0]?.share ?? 0) < 0.15) await sleep(20)
  ending.abort()
  assert.equal((await going).kind, 'interrupted')
  assert.deepEqual(await begin('broken').train(config), whole)
})

test('examples/cluster: what docs/cluster.md shows of config.json is what a run of its space is told', async () => {
  const { folder } = programs('shown')
  const space = await readSpace(example('space.json'))
  const config = { dModel: 64, numLayers: 2, numHeads: 4, batchSize: 8, learningRate: 0.006, trainFlops: 1e11 }
  writeFileSync(join(folder, 'print.sh'), 'cp "$1/config.json" "$2"; echo \'{"loss": 1}\' >"$1/result.json"')
  const command = `sh '${join(folder, 'print.sh')}' {folder} '${join(folder, 'told.json')}'`
  await commandTrainer({ command, folder, space }).train(config)
  const told = JSON.parse(readFileSync(join(folder, 'told.json'), 'utf8'))
  const text = readFileSync(new URL('../../docs/cluster.md', import.meta.url), 'utf8')
  const { purpose, ...shown } = JSON.parse(text.slice(text.indexOf('    {\n'), text.indexOf('    }\n') + 6))
  assert.deepEqual(told, shown)
})
