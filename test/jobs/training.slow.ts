import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { systemClock } from '../../src/core/clock.ts'
import { openCorpus } from '../../src/corpus/corpus.ts'
import { recipeOf } from '../../src/gpt/recipe.ts'
import { run } from '../../src/gpt/run.ts'
import { tinyCorpus } from '../backend/tiny-corpus.ts'
import { startPostgres, type TestPostgres } from '../server/postgres.ts'
import { until } from '../until.ts'
import { processes } from './processes.ts'

const { folder, start, serve, jobs, close } = processes('workers-train')
let [corpusDir, postgres] = ['', undefined as unknown as TestPostgres]
before(async () => {
  ;[corpusDir, postgres] = await Promise.all([tinyCorpus(folder), startPostgres()])
})
after(async () => {
  close()
  await postgres.stop()
})

/** Six steps of the smallest model that the API takes. */
const config = { dModel: 64, numLayers: 2, numHeads: 4, batchSize: 128, learningRate: 0.001, trainFlops: 3e11 }
const key = 'ada-has-a-key-of-her-own'
const query = `d_model=64&num_layers=2&num_heads=4&batch_size=128&learning_rate=0.001&train_flops=3e11&api_key=${key}`

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

const steps = () => fileOfRun('steps.jsonl').split('\n').length - 1

async function uninterrupted(): Promise<number | null> {
  const corpus = await openCorpus(corpusDir)
  const recipe = recipeOf({ config, steps: null, seed: 0, vocabularySize: corpus.vocabularySize, accounting: 'api' })
  const options = { recipe, corpus, folder: join(folder, 'direct'), resume: false, device: 'cpu', threads: 1 } as const
  const outcome = await run({ ...options, clock: systemClock, signal: new AbortController().signal })
  corpus.close()
  return outcome.kind === 'ended' ? outcome.record.loss.average : null
}

test('a training goes from worker to worker, of which one is ended and one is killed, to the loss of a run that was never interrupted', async () => {
  const server = await serve(postgres.url, key, '--corpus', corpusDir, '--train-flops-grid', '3e11')
  const { url } = server
  const asked = fetch(`${url}/loss?${query}`)
  const work = () => start('worker', '--db', postgres.url, '--corpus', corpusDir, '--threads', '1')

  const first = work()
  await until(() => steps() >= 1, 'the first worker trains')
  const listed = JSON.parse(jobs(postgres.url, '--json'))
  assert.deepEqual(listed.counts, [{ state: 'running', tags: '', count: 1 }])
  assert.equal(listed.jobs[0].config.d_model, 64)
  const documented = readFileSync(fileURLToPath(new URL('../../docs/json.md', import.meta.url)), 'utf8').split(
    '# What `isoflop jobs --json`',
  )[1]
  for (const name of Object.keys(listed.jobs[0]))
    assert.ok(documented.includes(`\`${name}\``), `docs/json.md lacks ${name}`)
  assert.match(listed.jobs[0].worker, /:\d+$/)
  assert.match(await (await fetch(`${url}/metrics`)).text(), /isoflop_jobs\{state="running",tags=""\} 1/)
  await first.end('SIGTERM')
  assert.match(first.said(), /: saved and given back/)

  const second = work()
  await until(() => /attempt 2/.test(second.said()), 'the second worker goes on at once')
  await until(() => steps() >= 3, 'the second worker trains')
  await second.end('SIGKILL')

  const third = work()
  const answer = await asked
  assert.equal(answer.status, 200, third.said())
  assert.equal(((await answer.json()) as { loss: number }).loss, await uninterrupted())
  await until(() => /: finished, loss/.test(third.said()), 'it says so')
  assert.match(third.said(), /attempt 3/)
  assert.match(jobs(postgres.url), /^Nothing waits/)
  await third.end('SIGTERM')
  await server.end('SIGTERM')
})
