import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { after, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { random } from '../../src/core/random.ts'
import { type RunOptions, run } from '../../src/gpt/run.ts'
import { recordIn } from '../../src/gpt/run-folder.ts'
import { tinyCorpus, tinyRecipe, tinyRun } from './runs.ts'

const root = mkdtempSync(join(tmpdir(), 'isoflop-training-'))
after(() => rmSync(root, { recursive: true }))
const folderOf = (name: string) => join(root, name)

/** All that a run leaves, without how fast it was. */
function leftIn(folder: string) {
  const read = (name: string) => readFileSync(join(folder, name))
  const { speed: _, checksum: __, ...record } = JSON.parse(read('record.jsonl').toString())
  return { checkpoint: read('checkpoint'), steps: read('steps.jsonl').toString(), record }
}

/** Runs until a step was done, and is then asked to stop. */
async function runUntil(step: number, options: RunOptions) {
  const controller = new AbortController()
  const onStep: RunOptions['onStep'] = (report) => {
    if (report.step === step) controller.abort()
  }
  return run({ ...options, signal: controller.signal, onStep })
}

const steps = 120
/** What a run of 120 steps leaves that nothing interrupted. */
let whole: Promise<ReturnType<typeof leftIn>> | null = null
function uninterrupted() {
  whole ??= run(tinyRun(folderOf('whole'), steps)).then(() => leftIn(folderOf('whole')))
  return whole
}

test('a run leaves a line for each step, a checkpoint of the last and a record', async () => {
  const { steps: lines, record } = await uninterrupted()
  const reports = lines
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))
  assert.deepEqual(
    reports.map(({ step }) => step),
    Array.from({ length: steps }, (_, i) => i + 1),
  )
  assert.equal(record.outcome, 'finished')
  assert.equal(record.loss.last, reports.at(-1).loss)
  assert.equal(record.loss.average, reports.at(-1).average)
  assert.deepEqual(record.corpus, { identity: 'tiny text 1', bytesPerToken: 4, passes: (steps * 4) / 99 })
  assert.deepEqual([record.steps, record.seed, record.divergedAt], [steps, 3, null])
})

test('a run that is stopped and resumed leaves the same bytes', async () => {
  const folder = folderOf('stopped')
  for (const step of [1, 40, 41])
    assert.deepEqual(await runUntil(step, tinyRun(folder, steps)), { kind: 'interrupted', step })
  const outcome = await run(tinyRun(folder, steps))
  assert.equal(outcome.kind, 'ended')
  assert.deepEqual(leftIn(folder), await uninterrupted())
})

/** A process that trains in a folder: `lines` tells its steps, and then how it ended. */
function start(folder: string) {
  const script = fileURLToPath(new URL('./training.ts', import.meta.url))
  const child = spawn(process.execPath, [script, folder, String(steps)], { stdio: ['ignore', 'pipe', 'inherit'] })
  return {
    child,
    lines: createInterface({ input: child.stdout }),
    ended: new Promise((end) => child.once('exit', end)),
  }
}

test('a run that is killed, again and again, and resumed leaves the same bytes', { timeout: 120_000 }, async (t) => {
  const folder = folderOf('killed')
  const { integer } = random(4)
  const reached: number[] = []
  for (let kills = 0; kills < 5; kills++) {
    const { child, lines, ended } = start(folder)
    const most = 3 + integer(20)
    let told = 0
    for await (const line of lines) {
      if (told++ === 0 && kills === 0) await assert.rejects(run(tinyRun(folder, steps)), { code: 'TRAINING_RUNNING' })
      if (told < most) continue
      // Some moment within a step or within the saving after it.
      await new Promise((resolve) => setTimeout(resolve, integer(8)))
      reached.push(Number(line))
      child.kill('SIGKILL')
      break
    }
    await ended
  }
  const { lines, ended } = start(folder)
  const told: string[] = []
  for await (const line of lines) told.push(line)
  await ended
  t.diagnostic(`killed after steps ${reached.join(', ')}; the last process began with step ${told[0]}`)
  assert.equal(told.at(-1), 'ended')
  assert.ok(Number(told[0]) > 1, 'it goes on from a checkpoint')
  assert.deepEqual(leftIn(folder), await uninterrupted())
})

test('a finished run answers at once, without an engine', async () => {
  await uninterrupted()
  const outcome = await run(tinyRun(folderOf('whole'), steps, { onStart: () => assert.fail('it started') }))
  assert.equal(outcome.kind, 'ended')
  if (outcome.kind !== 'ended') return
  const { speed, ...record } = outcome.record
  assert.deepEqual(record, (await uninterrupted()).record)
  assert.ok(speed!.tokensPerSecond > 0 && speed!.engine.startsWith('onnxruntime-node'))
})

test('a run that was ended between its last step and its record gets the same record', async () => {
  const folder = folderOf('unrecorded')
  await run(tinyRun(folder, 5))
  const before = leftIn(folder)
  rmSync(join(folder, 'record.jsonl'))
  const outcome = await run(tinyRun(folder, 5))
  assert.equal(outcome.kind === 'ended' && outcome.record.speed, null)
  assert.deepEqual(leftIn(folder), before)
})

test('what is in the folder is neither overwritten nor mixed with another run', async () => {
  const folder = folderOf('stopped twice')
  const options = tinyRun(folder, steps)
  await runUntil(4, options)
  const before = readFileSync(join(folder, 'checkpoint'))
  await assert.rejects(run({ ...options, resume: false }), { code: 'TRAINING_EXISTS' })
  const others: Partial<RunOptions>[] = [
    { recipe: tinyRecipe(steps, { seed: 4 }) },
    { recipe: tinyRecipe(steps, { learningRate: 1e-3 }) },
    { recipe: tinyRecipe(steps + 1) },
    { corpus: tinyCorpus({ identity: 'tiny text 2' }) },
  ]
  for (const other of others) await assert.rejects(run({ ...options, ...other }), { code: 'TRAINING_DIFFERS' })
  await assert.rejects(run({ ...options, recipe: tinyRecipe(steps, { seed: 4 }) }), {
    message: /it has "seed: 3", this one "seed: 4"/,
  })
  assert.deepEqual(readFileSync(join(folder, 'checkpoint')), before)
})

test('a damaged checkpoint is told once, set aside, and trained again from the start to the same end', async () => {
  const folder = folderOf('damaged')
  await runUntil(4, tinyRun(folder, steps))
  const bytes = readFileSync(join(folder, 'checkpoint'))
  bytes[bytes.length >> 1] ^= 4
  writeFileSync(join(folder, 'checkpoint'), bytes)
  const told: string[] = []
  const onDamage = ({ message }: Error) => told.push(message)
  const ended = await run({ ...tinyRun(folder, steps), onDamage })
  assert.equal(told.length, 1)
  assert.match(told[0], /checkpoint is not a checkpoint of this run: its checksum is wrong/)
  assert.deepEqual(readFileSync(join(folder, 'checkpoint.damaged')), bytes)
  const whole = await run(tinyRun(folderOf('undamaged'), steps))
  const { speed: _, ...record } = ended.kind === 'ended' ? ended.record : assert.fail()
  const { speed: __, ...expected } = whole.kind === 'ended' ? whole.record : assert.fail()
  assert.deepEqual(record, expected)
})

test('a record with a flipped bit is told, set aside, and made again from the last checkpoint', async () => {
  const folder = folderOf('record')
  const first = await run(tinyRun(folder, steps))
  const file = join(folder, 'record.jsonl')
  const whole = readFileSync(file)
  for (const at of [10, whole.length >> 1, whole.length - 20]) {
    const bytes = Buffer.from(whole)
    bytes[at] ^= 1
    writeFileSync(file, bytes)
    assert.throws(() => recordIn(folder), { code: 'CHECKPOINT_INVALID' })
    const told: string[] = []
    const again = await run({ ...tinyRun(folder, steps), onDamage: ({ message }) => told.push(message) })
    assert.equal(told.length, 1)
    const losses = (outcome: typeof first) => (outcome.kind === 'ended' ? outcome.record.loss : assert.fail())
    assert.deepEqual(losses(again), losses(first))
  }
})

test('a run that diverges has ended: its record says where and has no losses', async () => {
  const folder = folderOf('diverged')
  const options = tinyRun(folder, 6, { recipe: tinyRecipe(6, { learningRate: 1e25 }) })
  const first = await run(options)
  assert.equal(first.kind, 'ended')
  if (first.kind !== 'ended') return
  const { loss, outcome, divergedAt } = first.record
  assert.deepEqual({ loss, outcome }, { loss: { average: null, last: null, validation: null }, outcome: 'diverged' })
  assert.ok(divergedAt! > 1)
  assert.deepEqual(await run(options), first, 'and stays so')
})

test('a corpus with more words than the model, or with less than a window, is refused before the folder is made', async () => {
  const options = tinyRun(folderOf('refused'), 3)
  await assert.rejects(run({ ...options, corpus: tinyCorpus({ vocabularySize: 51 }) }), { code: 'CONFIG_INVALID' })
  for (const tokens of [
    { train: 32, val: 1000 },
    { train: 1000, val: 32 },
  ])
    await assert.rejects(run({ ...options, corpus: tinyCorpus({ tokens }) }), { code: 'CORPUS_TOO_SMALL' })
  assert.throws(() => readFileSync(join(options.folder, 'run.json')), { code: 'ENOENT' })
})
