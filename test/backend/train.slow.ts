import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { openRunsFolder } from '../../src/backend/runs-folder.ts'
import { type TrainBackendOptions, trainBackend } from '../../src/backend/train.ts'
import { systemClock } from '../../src/core/clock.ts'
import { lock } from '../../src/core/lock.ts'
import type { Progress } from '../../src/core/trainer.ts'
import { openCorpus } from '../../src/corpus/corpus.ts'
import type { TrainingConfig } from '../../src/cs336/config.ts'
import { recipeOf } from '../../src/gpt/recipe.ts'
import type { TrainingRecord } from '../../src/gpt/record.ts'
import { run } from '../../src/gpt/run.ts'
import { lossFrom } from '../trainers.ts'
import { until } from '../until.ts'
import { tinyCorpus } from './tiny-corpus.ts'

const folder = mkdtempSync(join(tmpdir(), 'isoflop-train-'))
let corpusDir: string
let ofFew: TrainingRecord
let ofMany: TrainingRecord
before(async () => {
  corpusDir = await tinyCorpus(folder)
  ofFew = await trained(few)
  ofMany = await trained(many)
})
after(() => rmSync(folder, { recursive: true }))

const settings = { seed: 3, accounting: 'api', device: 'cpu' } as const
const open = (runs: string, change: Partial<TrainBackendOptions> = {}) =>
  trainBackend({
    corpusDir,
    runsDir: join(folder, runs),
    ...settings,
    workers: 1,
    threads: 1,
    loss: 'average',
    ...change,
  })

/** Smaller than what the API takes: a step costs 4.8e7 FLOPs and some milliseconds. */
const tiny = { dModel: 16, numLayers: 1, numHeads: 2, batchSize: 2, learningRate: 1e-3 }
const few: TrainingConfig = { ...tiny, trainFlops: 2.5e8 }
const many: TrainingConfig = { ...tiny, trainFlops: 5e9 }

/** What training a configuration comes to without a backend, on as many threads: on others the last bits differ. */
async function trained(config: TrainingConfig): Promise<TrainingRecord> {
  const corpus = await openCorpus(corpusDir)
  const { vocabularySize } = corpus
  const recipe = recipeOf({ config, steps: null, vocabularySize, seed: settings.seed, accounting: settings.accounting })
  const signal = new AbortController().signal
  const direct = { recipe, corpus, folder: mkdtempSync(join(folder, 'direct-')), resume: false, threads: 1 }
  const outcome = await run({ ...direct, device: 'cpu', clock: systemClock, signal })
  corpus.close()
  assert.equal(outcome.kind, 'ended')
  return outcome.kind === 'ended' ? outcome.record : assert.fail()
}

/** The folder that a backend keeps a configuration in. */
async function folderOf(runs: string, config: TrainingConfig): Promise<string> {
  const corpus = await openCorpus(corpusDir)
  corpus.close()
  return openRunsFolder(join(folder, runs), { corpus: corpus.identity, ...settings }).of(config)
}

const stepsIn = (place: string): number =>
  existsSync(join(place, 'steps.jsonl')) ? readFileSync(join(place, 'steps.jsonl'), 'utf8').split('\n').length - 1 : 0

test('answers what a run gives, once for all who ask, and without training where the folder has it', async () => {
  const backend = await open('once')
  const answers = Promise.all([
    lossFrom(backend, few, 'a'),
    lossFrom(backend, { ...few }, 'b'),
    lossFrom(backend, few, 'a'),
  ])
  await until(() => backend.trainings!.running === 1)
  assert.equal(backend.trainings!.waiting, 0)
  assert.deepEqual(await answers, Array(3).fill(ofFew.loss.average))
  await backend.close()

  for (const loss of ['average', 'last', 'validation'] as const) {
    const again = await open('once', { loss })
    const answer = lossFrom(again, few)
    assert.equal(again.trainings!.running, 0)
    assert.equal(await answer, ofFew.loss[loss])
    await again.close()
  }
})

test('what can never be trained is refused at once', async () => {
  const backend = await open('refused')
  await assert.rejects(lossFrom(backend, { ...few, trainFlops: 1e6 }), {
    code: 'CONFIG_INVALID',
    message: /pay for one step/,
  })
  await assert.rejects(lossFrom(backend, { ...few, numHeads: 3 }), { code: 'CONFIG_INVALID', message: /divide/ })
  assert.equal(existsSync(join(folder, 'refused')), false)
  await backend.close()
  await assert.rejects(open('refused', { corpusDir: folder }), { code: 'CORPUS_MISSING' })
})

test('a training that diverges is refused, and again at once', async () => {
  const backend = await open('diverged')
  const config = { ...few, learningRate: 1e30 }
  await assert.rejects(lossFrom(backend, config), { code: 'TRAINING_DIVERGED', message: /in step 2 / })
  const again = lossFrom(backend, config)
  assert.equal(backend.trainings!.running, 0)
  await assert.rejects(again, { code: 'TRAINING_DIVERGED' })
  await backend.close()
})

test('a process that is killed is an error with its reason; asked again, the answer is the same as ever', async () => {
  const backend = await open('killed')
  const place = await folderOf('killed', many)
  const broken = assert.rejects(lossFrom(backend, many), {
    code: 'TRAINING_FAILED',
    message: /SIGKILL.*Nothing was charged/,
  })
  await until(() => stepsIn(place) > 3)
  const [pid] = spawnSync('pgrep', ['-P', String(process.pid), '-f', 'train-process'], {
    encoding: 'utf8',
  }).stdout.split('\n')
  process.kill(Number(pid), 'SIGKILL')
  await broken
  assert.equal(await lossFrom(backend, many), ofMany.loss.average)
  await backend.close()
})

test('closing saves a checkpoint and refuses; the next one goes on unasked, to the same bits', async () => {
  const backend = await open('closed')
  const place = await folderOf('closed', many)
  const refused = Promise.all(
    [many, few].map((config) =>
      assert.rejects(lossFrom(backend, config), { code: 'TRAINING_STOPPED', message: /server stops/ }),
    ),
  )
  await until(() => stepsIn(place) > 3)
  await backend.close()
  await refused
  await assert.rejects(lossFrom(backend, few), { code: 'TRAINING_STOPPED' })
  const saved = JSON.parse(readFileSync(join(place, 'checkpoint'), 'latin1').split('\n')[0])
  assert.ok(saved.step > 3 && saved.step === stepsIn(place))

  const next = await open('closed')
  assert.deepEqual(readdirSync(join(place, '..')).length, 1, 'what only waited left nothing behind')
  assert.equal(next.trainings!.running, 1)
  await until(() => next.trainings!.running === 0)
  assert.ok(existsSync(join(place, 'record.jsonl')))
  assert.equal(await lossFrom(next, many), ofMany.loss.average)
  await next.close()
})

test('what another process trains is waited for, and the worker does something else meanwhile', async () => {
  const backend = await open('shared')
  const place = await folderOf('shared', few)
  mkdirSync(place, { recursive: true })
  const unlock = lock(join(place, '.run.lock'))!
  const answer = lossFrom(backend, few, 'a')
  const other = { ...few, learningRate: 5e-4 }
  assert.equal(await lossFrom(backend, other, 'a'), (await trained(other)).loss.average)
  unlock()
  assert.equal(await answer, ofFew.loss.average)
  await backend.close()
})

test('who asks is told the curve; when the last one leaves a checkpoint is saved, and only who asks again goes on', async () => {
  const place = await folderOf('left', many)
  const answered = async (signal?: AbortSignal) => {
    const backend = await open('left')
    const told: Progress[] = []
    const outcome = backend.train(many, { asker: 'a', ...(signal && { signal }), onProgress: (one) => told.push(one) })
    return { backend, told, outcome }
  }
  const leaving = new AbortController()
  const first = await answered(leaving.signal)
  await until(() => stepsIn(place) > 3)
  leaving.abort()
  const outcome = await first.outcome
  assert.equal(outcome.kind, 'interrupted')
  const saved = JSON.parse(readFileSync(join(place, 'checkpoint'), 'latin1').split('\n')[0])
  assert.equal(saved.step, stepsIn(place))
  assert.deepEqual([first.backend.trainings!.waiting, first.backend.trainings!.running], [0, 0])
  await first.backend.close()

  const idle = await open('left')
  assert.equal(idle.trainings!.running, 0, 'what nobody wants is not gone on with')
  await idle.close()
  const again = await answered()
  assert.deepEqual(await again.outcome, { kind: 'finished', loss: ofMany.loss.average })
  await again.backend.close()
  for (const { told } of [first, again]) {
    assert.equal(told.at(-1)?.kind, 'running')
    const { curve } = told.at(-1) as Progress & { kind: 'running' }
    assert.ok(curve.length > 0 && curve.every(({ step, tokens }, k) => tokens === step * 1024 && step >= k + 1))
    assert.equal(curve[0].step, 1, 'a curve begins at the beginning, also of a run that was gone on with')
  }
})

test('another seed or accounting has folders of its own', async () => {
  for (const change of [{ seed: 4 }, { accounting: 'non-embedding' as const }]) {
    const backend = await open('once', change)
    assert.notEqual(await lossFrom(backend, few), ofFew.loss.average)
    await backend.close()
  }
  assert.equal(readdirSync(join(folder, 'once')).length, 3)
})
