import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { tinyCorpus } from '../backend/tiny-corpus.ts'

const bin = fileURLToPath(new URL('../../bin/isoflop.js', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'isoflop-train-'))
let child: ChildProcess | null = null
after(() => {
  child?.kill('SIGKILL')
  rmSync(folder, { recursive: true })
})

/** Starts `isoflop train`; sends the signal once training goes on. Gives the status and what it said. */
async function train(corpus: string, steps: number, rest: readonly string[], signal: NodeJS.Signals) {
  const shape = ['--d-model', '16', '--num-layers', '1', '--num-heads', '1', '--batch-size', '1', '--threads', '1']
  const args = [bin, 'train', '--corpus', corpus, ...shape, '--steps', String(steps), '--out', 'run', ...rest]
  const started = spawn(process.execPath, args, { cwd: folder })
  child = started
  let said = ''
  let isSent = false
  started.stderr.on('data', (chunk) => {
    said += chunk
    if (isSent || !said.includes('onnxruntime')) return
    isSent = true // the engine is named when all is ready to train
    started.kill(signal)
  })
  started.stdout.resume()
  const status = await new Promise<number | null>((resolve) => started.on('close', resolve))
  return { status, said }
}

test('a training that a signal ends says so by its status, after the checkpoint; --resume goes on', async () => {
  const corpus = await tinyCorpus(folder)
  const interrupted = await train(corpus, 100_000, [], 'SIGINT')
  assert.equal(interrupted.status, 130, interrupted.said)
  assert.match(interrupted.said, /stopped after step \d+ of 100000; the same command with --resume goes on/)
  const again = await train(corpus, 100_000, ['--resume'], 'SIGTERM')
  assert.equal(again.status, 143, again.said)
  const step = ({ said }: { said: string }) => Number(/stopped after step (\d+)/.exec(said)?.[1])
  assert.ok(step(again) >= step(interrupted))
})
