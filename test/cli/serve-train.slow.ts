import assert from 'node:assert/strict'
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { systemClock } from '../../src/core/clock.ts'
import { openCorpus } from '../../src/corpus/corpus.ts'
import { recipeOf } from '../../src/gpt/recipe.ts'
import { run } from '../../src/gpt/run.ts'
import { tinyCorpus } from '../backend/tiny-corpus.ts'
import { until } from '../until.ts'

const bin = fileURLToPath(new URL('../../bin/isoflop.js', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'isoflop-serve-train-'))
const running: ChildProcess[] = []
let corpusDir: string
before(async () => {
  corpusDir = await tinyCorpus(folder)
})
after(() => {
  for (const child of running) child.kill('SIGKILL')
  rmSync(folder, { recursive: true })
})

/** Three steps of the smallest model that the API takes. */
const config = { dModel: 64, numLayers: 2, numHeads: 4, batchSize: 128, learningRate: 0.001, trainFlops: 1.5e11 }
const path = (key: string) =>
  `/loss?d_model=64&num_layers=2&num_heads=4&batch_size=128&learning_rate=0.001&train_flops=1.5e11&api_key=${key}`

interface Served {
  readonly url: string
  /** What it printed until it listened, and after that. */
  printed(): string
  /** Ends it with a signal, and gives what it ended with. */
  end(signal: NodeJS.Signals): Promise<number | NodeJS.Signals>
}

function serve(): Promise<Served> {
  const options = ['--corpus', corpusDir, '--train-flops-grid', '5e10,1.5e11', '--threads', '2', '--key', 'ada', 'bob']
  const child = spawn(process.execPath, [bin, 'serve', '--port', '0', '--backend', 'train', ...options], {
    cwd: folder,
  })
  running.push(child)
  const ended = new Promise<number | NodeJS.Signals>((resolve) =>
    child.once('exit', (status, signal) => resolve(signal ?? status ?? 0)),
  )
  const end = (signal: NodeJS.Signals) => {
    child.kill(signal)
    return ended
  }
  let printed = ''
  return new Promise((resolve, reject) => {
    child.once('exit', (status) => reject(new Error(`ended with ${status}: ${printed}`)))
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk) => {
        printed += chunk
        const url = /^listening on (\S+)\n/m.exec(printed)?.[1]
        if (url) resolve({ url, end, printed: () => printed })
      })
  })
}

/** A file of the only training that there is; empty where it is not there yet. */
function fileOfRun(name: string): string {
  try {
    const [settings] = readdirSync(join(folder, 'runs'))
    const [training] = readdirSync(join(folder, 'runs', settings))
    return readFileSync(join(folder, 'runs', settings, training, name), 'latin1')
  } catch {
    return ''
  }
}

const savedStep = () => Number(/"step":(\d+)/.exec(fileOfRun('checkpoint'))?.[1] ?? 0)

/** The loss that an uninterrupted run reports. */
async function uninterrupted(): Promise<number | null> {
  const corpus = await openCorpus(corpusDir)
  const recipe = recipeOf({ config, steps: null, seed: 0, vocabularySize: corpus.vocabularySize, accounting: 'api' })
  const options = { recipe, corpus, folder: join(folder, 'direct'), resume: false, device: 'cpu', threads: 2 } as const
  const outcome = await run({ ...options, clock: systemClock, signal: new AbortController().signal })
  corpus.close()
  assert.equal(recipe.steps, 3)
  return outcome.kind === 'ended' ? outcome.record.loss.average : null
}

test('SIGTERM and kill -9 cost at most a step: each start goes on, to the loss of a run that was never interrupted', async () => {
  const first = await serve()
  const asked = fetch(first.url + path('ada'))
  await until(() => fileOfRun('run.json') !== '')
  const ended = first.end('SIGTERM')
  const refused = await asked
  assert.equal(refused.status, 503)
  assert.match(((await refused.json()) as { message: string }).message, /^The server stops .* Nothing was charged/)
  assert.equal(await ended, 0)
  assert.ok(savedStep() <= 1)

  const second = await serve()
  await until(() => savedStep() >= 1 || fileOfRun('steps.jsonl') !== '')
  assert.equal(await second.end('SIGKILL'), 'SIGKILL')

  const third = await serve()
  const answer = await fetch(third.url + path('bob'))
  assert.match(third.printed(), /\n {2}onnxruntime-node [\d.]+ on cpu, 2 threads: \S+ FLOP\/s in large products\n/)
  assert.equal(answer.status, 200)
  assert.deepEqual(await answer.json(), { loss: await uninterrupted(), total_flops_used: 1.5e11 })
  assert.equal((await fetch(`${third.url}/total_flops_used?api_key=ada`)).status, 422)
  assert.equal(await third.end('SIGTERM'), 0)
})

test('options that do not fit the backend end with a code', () => {
  for (const args of [
    ['--backend', 'train'],
    ['--backend', 'train', '--corpus', 'nowhere'],
    ['--backend', 'train', '--corpus', corpusDir, '--world', 'cs336'],
    ['--backend', 'train', '--corpus', corpusDir, '--device', 'cuda'],
    ['--backend', 'train', '--corpus', corpusDir, '--loss', 'best'],
    ['--backend', 'train', '--corpus', corpusDir, '--workers', '0'],
    ['--corpus', corpusDir],
    ['--workers', '2'],
    ['--backend', 'replay:runs.csv', '--seed', '1'],
    ['--train-flops-grid', '1.5'],
  ]) {
    const options = { encoding: 'utf8', cwd: folder } as const
    const { status, stderr } = spawnSync(process.execPath, [bin, 'serve', '--db', 'x.sqlite', ...args], options)
    assert.equal(status, 2, `${args} ${stderr}`)
    assert.match(stderr, /^error\[(BAD_OPTION|CORPUS_MISSING|DEVICE_UNAVAILABLE)\]: .+\n {2}.+\n$/)
  }
})
