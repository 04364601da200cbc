import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { IsoflopError } from '../../src/core/errors.ts'
import { summed } from '../../src/core/summed.ts'
import { commandTrainer } from '../../src/launch/command-trainer.ts'
import { Failures } from '../../src/launch/failures.ts'
import { orderOf } from '../../src/launch/order.ts'
import { spaceOfDocument } from '../../src/space/file.ts'
import { answer, configOf, programs, space, spaceDocument } from './programs.ts'

const starts = (folder: string) => readFileSync(join(folder, 'starts'), 'utf8').trim().split('\n').length

test('a program is told the run by file, by placeholders and by its environment; its result counts, not its status', async () => {
  const { folder, trainer } = programs('told')
  const config = configOf()
  const text = 'shift; printf "%s\\n" "$@" >"$ISOFLOP_FOLDER/args"; set -- "$ISOFLOP_FOLDER"'
  const command = `sh '${join(folder, 'program.sh')}' {folder} {d_model} {tokens} {data} {fused} {slot} "\${HOME:+home}" {{d_model}}`
  const { train } = trainer(`${text}; env | grep ^ISOFLOP >"$1/env"; ${answer()}; exit 3`, { command })
  assert.deepEqual(await train(config, { purpose: { round: 2, reason: 'to see' } }), { kind: 'finished', loss: 3.21 })

  const { id, tokens, steps } = orderOf(space, config)
  const place = join(folder, 'runs', id)
  const args = readFileSync(join(place, 'args'), 'utf8').trim().split('\n')
  assert.deepEqual(args, ['64', String(tokens), "it's $mine", 'true', '0', 'home', '{d_model}'])
  const told = JSON.parse(readFileSync(join(place, 'config.json'), 'utf8'))
  const { isoflop, ...rest } = told
  assert.deepEqual(rest, {
    ...{ id, d_model: 64, num_layers: 2, num_heads: 4, batch_size: 4, learning_rate: 0.008, train_flops: 1e11 },
    ...{ parameters: 2 * 12 * 64 ** 2, tokens, steps, step_tokens: 512, context_length: 128, vocabulary_size: 512 },
    constants: spaceDocument.constants,
    purpose: { round: 2, reason: 'to see' },
  })
  assert.equal(tokens, steps * 512)
  assert.equal(steps, Math.floor(1e11 / (6 * (2 * 12 * 64 ** 2 + 512 * 64)) / 512))
  const env = readFileSync(join(place, 'env'), 'utf8').split('\n')
  for (const line of ['ISOFLOP_D_MODEL=64', `ISOFLOP_TOKENS=${tokens}`, "ISOFLOP_DATA=it's $mine", `ISOFLOP_ID=${id}`])
    assert.ok(env.includes(line), line)
})

test('an unknown placeholder, no command and a constant with a taken name are refused before anything runs', () => {
  const begin = (command: string, own = space) => commandTrainer({ command, folder: '/nowhere', space: own })
  assert.throws(() => begin('train {width} {folder}'), {
    code: 'BAD_OPTION',
    message: /\{width\}, expected.*\{d_model\}.*\{folder\}.*\{data\}/,
  })
  assert.throws(() => begin('  '), { code: 'BAD_OPTION' })
  const taken = spaceOfDocument({ ...spaceDocument, constants: { tokens: 1 } }, 'taken')
  assert.throws(() => begin('train', taken), { code: 'SPACE_INVALID', message: /constants\.tokens/ })
})

test('every form of a result is an outcome or a failure that says why; nothing else is believed', async () => {
  const { trainer } = programs('results')
  const made: [string, object][] = [
    ['{"loss": 2.5, "seconds": 3, "curve": [[1, 9]]}', { kind: 'finished', loss: 2.5 }],
    ['{"diverged": true}', { kind: 'diverged' }],
    ['{"loss": NaN}', { kind: 'diverged' }],
    ['{"note": "NaN", "loss": -Infinity}', { kind: 'diverged' }],
    ['{"loss": null}', { kind: 'diverged' }],
  ]
  for (const [k, [result, outcome]] of made.entries())
    assert.deepEqual(await trainer(answer(result)).train(configOf(32 + 16 * k)), outcome, result)
  const failed: [string, RegExp][] = [
    ['{"loss": 2.5', /not JSON/],
    ['{"loss": -1}', /loss/],
    ['{"loss": "2.5"}', /expected \{"loss": 3\.21\}/],
    ['[2.5]', /expected/],
    ['{"diverged": false}', /expected/],
    ['{"loss": 2.5, "tokens": 100}', /is of 100 tokens, expected the \d+/],
  ]
  for (const [k, [result, why]] of failed.entries()) {
    const outcome = await trainer(answer(result), { retries: 0 }).train(configOf(128 + 16 * k))
    assert.equal(outcome.kind, 'lost', result)
    assert.match((outcome as { error: IsoflopError }).error.message, why)
  }
  // A pipe in the place of the file holds nobody up.
  const piped = await trainer('mkfifo "$1/result.json"', { retries: 0 }).train(configOf(256))
  assert.equal(piped.kind, 'lost')
})

test('a run that fails is tried again; one that fails always among others that do not is lost, and stays so', async () => {
  const { folder, trainer } = programs('failing')
  const text = `echo start >>"$1/starts"; test $ISOFLOP_D_MODEL = 64 && { echo "no memory" >&2; exit 7; }; test $(wc -l <"$1/starts") = 2 || exit 1; ${answer()}`
  const first = trainer(text)
  const lost = await first.train(configOf(64))
  assert.equal(lost.kind, 'lost')
  assert.match(
    (lost as { error: IsoflopError }).error.message,
    /2 tries: it ended with status 7 and it left no result\.json/,
  )
  assert.deepEqual(await first.train(configOf(96)), { kind: 'finished', loss: 3.21 })
  assert.deepEqual(
    first.events.map(({ kind }) => kind),
    ['failed', 'failed', 'lost', 'failed'],
  )
  const again = trainer(text)
  assert.equal((await again.train(configOf(64))).kind, 'lost')
  assert.deepEqual(again.events, [])
  assert.equal(starts(join(folder, 'runs', orderOf(space, configOf(64)).id)), 2)
})

test('tries are counted over all starts of a campaign, by the same command; what failed while nobody looked counts, too', async () => {
  const { folder, trainer } = programs('again')
  const place = join(folder, 'runs', orderOf(space, configOf()).id)
  const text = 'echo start >>"$1/starts"; exit 7'
  const ending = new AbortController()
  const stopping = trainer(text, { onEvent: ({ kind }) => kind === 'failed' && ending.abort() })
  assert.equal((await stopping.train(configOf(), { signal: ending.signal })).kind, 'interrupted')
  assert.equal((await trainer(text).train(configOf())).kind, 'lost')
  assert.equal(starts(place), 2)
  assert.equal((await trainer(text).train(configOf())).kind, 'lost')
  assert.equal(starts(place), 2)
  const other = trainer(text, { command: `sh '${join(folder, 'program.sh')}' {folder} --mended` })
  assert.equal((await other.train(configOf())).kind, 'lost')
  assert.equal(starts(place), 4)
  const asked = trainer(text, { retries: 0, triesOf: 'request' })
  for (const count of [5, 6]) {
    assert.equal((await asked.train(configOf())).kind, 'lost')
    assert.equal(starts(place), count)
  }

  const unseen = programs('unseen')
  const alone = join(unseen.folder, 'runs', orderOf(space, configOf()).id)
  const first = unseen.trainer(`${text}`, { retries: 0 })
  mkdirSync(alone, { recursive: true })
  const gone = { kind: 'process', process: { host: hostname(), pid: 2 ** 22 + 1, started: 'never' }, slot: 0 }
  writeFileSync(join(alone, 'job.json'), summed({ ...gone, startedAt: 0, logFrom: 0 }))
  writeFileSync(join(alone, 'exit'), '7\n')
  const outcome = await first.train(configOf())
  assert.match((outcome as { error: IsoflopError }).error.message, /1 try: it ended with status 7/)
  assert.equal(existsSync(join(alone, 'starts')), false)
})

test('three configurations that fail one after another end it with the words of the program; once it is mended all are asked again', async () => {
  const { folder, trainer } = programs('broken')
  const broken = trainer('echo "python: cannot find train.py"; exit 2', { retries: 0, parallel: 4 })
  const widths = [32, 48, 64, 80]
  const ends = await Promise.allSettled(widths.map((width) => broken.train(configOf(width))))
  assert.equal(ends.filter(({ status }) => status === 'rejected').length, 2)
  await assert.rejects(broken.train(configOf(96)), (error: IsoflopError) => {
    assert.equal(error.code, 'RUN_FAILED')
    assert.match(error.message, /3 configurations failed.*status 2.*\n.*cannot find train\.py/)
    return true
  })
  assert.equal(existsSync(join(folder, 'runs', orderOf(space, configOf(96)).id, 'log.txt')), false)
  const mended = trainer(answer(), { retries: 0 })
  for (const width of widths) assert.equal((await mended.train(configOf(width))).kind, 'finished')
})

test('one configuration that fails each time it is asked for ends nothing: others may be sound', () => {
  const failures = new Failures()
  const failure = (folder: string) => ({ folder, words: 'out of memory', settle: () => {}, forget: () => {} })
  for (let k = 0; k < 5; k++) failures.failed(failure('a'))
  failures.failed(failure('b'))
  assert.throws(() => failures.failed(failure('c')), { code: 'RUN_FAILED', message: /^3 configurations failed/ })
})

test('a run whose time is up is ended, lost, costs what its history says that it used, and is not asked for again', async () => {
  const { folder, trainer } = programs('slow')
  const config = configOf()
  const { id, steps } = orderOf(space, config)
  const text = `echo start >>"$1/starts"; echo '{"step": ${Math.floor(steps / 4)}, "loss": 5.5}' >"$1/history.jsonl"; exec sleep 100`
  const limited = trainer(text, { timeLimitMs: 400 })
  const going = limited.train(config)
  while (limited.running()[0]?.loss !== 5.5) await sleep(10)
  const outcome = await going
  assert.equal(outcome.kind, 'lost')
  const { error, spentFlops } = outcome as { error: IsoflopError; spentFlops: number }
  assert.equal(error.code, 'RUN_LOST')
  assert.match(error.message, /after its time of 0\.4 s/)
  assert.ok(Math.abs(spentFlops / 1e11 - 0.25) < 0.01, String(spentFlops))
  const again = await trainer(text).train(config)
  assert.deepEqual(
    { kind: again.kind, spentFlops: (again as { spentFlops: number }).spentFlops },
    { kind: 'lost', spentFlops },
  )
  assert.equal(starts(join(folder, 'runs', id)), 1)
})

test('when nobody waits any more, programs get SIGTERM and time to save; asked again the run goes on', async () => {
  const { folder, trainer } = programs('interrupted')
  const place = join(folder, 'runs', orderOf(space, configOf()).id)
  const text = `test -f "$1/checkpoint" && { ${answer()}; exit; }
    trap 'sleep 0.2; touch "$1/checkpoint"; exit 1' TERM; touch "$1/ready"; while :; do sleep 0.05; done`
  const ending = new AbortController()
  const going = trainer(text).train(configOf(), { signal: ending.signal })
  while (!existsSync(join(place, 'ready'))) await sleep(10)
  ending.abort()
  assert.equal((await going).kind, 'interrupted')
  assert.ok(existsSync(join(place, 'checkpoint')))
  assert.deepEqual(await trainer(text).train(configOf()), { kind: 'finished', loss: 3.21 })
})

test('no more runs at once than there are places, and each has a place of its own', async () => {
  const { folder, trainer } = programs('slots')
  const { train } = trainer(
    `mkdir "$1/../slot$ISOFLOP_SLOT" || exit 1; sleep 0.1; rmdir "$1/../slot$ISOFLOP_SLOT"; echo $ISOFLOP_SLOT >>"$1/../../slots"; ${answer()}`,
    { parallel: 2, retries: 0 },
  )
  const outcomes = await Promise.all([32, 48, 64, 80, 96].map((width) => train(configOf(width))))
  assert.ok(outcomes.every(({ kind }) => kind === 'finished'))
  const used = new Set(readFileSync(join(folder, 'slots'), 'utf8').trim().split('\n'))
  assert.deepEqual([...used].sort(), ['0', '1'])
})

test('FLOPs that pay for no step are refused and cost nothing', async () => {
  const { folder, trainer } = programs('short')
  assert.equal((await trainer(answer()).train({ ...configOf(256), trainFlops: 1e6 })).kind, 'refused')
  assert.equal(existsSync(join(folder, 'runs')), false)
})

test('a job on record whose process has ended is started again, whoever has its number now; one of another machine is nobody’s guess', async () => {
  const { folder, trainer } = programs('stale')
  const { id } = orderOf(space, configOf())
  const place = join(folder, 'runs', id)
  mkdirSync(place, { recursive: true })
  const record = (process_: object) =>
    writeFileSync(
      join(place, 'job.json'),
      summed({ kind: 'process', process: process_, slot: 0, startedAt: 0, logFrom: 0 }, 2),
    )
  record({ host: 'another-machine', pid: 1, started: '1' })
  await assert.rejects(trainer(answer()).train(configOf()), { code: 'RUN_ELSEWHERE' })
  const host = execFileSync('hostname', { encoding: 'utf8' }).trim()
  record({ host, pid: process.pid, started: '1' })
  assert.deepEqual(await trainer(answer()).train(configOf()), { kind: 'finished', loss: 3.21 })
  assert.equal(existsSync(join(place, 'job.json')), false)
  writeFileSync(join(place, 'job.json'), '{"process": 1}')
  assert.throws(() => trainer(answer()), { code: 'RECORD_DAMAGED' })
  assert.ok(readdirSync(place).includes('result.json'))
})

test('a run that is cancelled gets SIGTERM, counts for what it used, and the others go on', async () => {
  const { folder, trainer } = programs('cancelled')
  const trap = `trap 'echo told >"$1/told"; exit 0' TERM; echo '{"step": 20, "loss": 5}' >"$1/history.jsonl"; touch "$1/ready"`
  const wide = `case "$ISOFLOP_D_MODEL" in 128) ${answer()}; exit;; esac; ${trap}; while :; do sleep 0.02; done`
  // As with --run, where what runs ends only when it is told to twice.
  const never = new AbortController().signal
  const begin = trainer(wide, { parallel: 2, ending: { save: never, kill: never } })
  assert.equal(begin.cancels, true)
  const config = configOf()
  const { id, steps } = orderOf(space, config)
  const place = join(folder, 'runs', id)
  const cancelling = new AbortController()
  const cancelled = begin.train(config, { cancel: cancelling.signal })
  const other = begin.train(configOf(128))
  while (!existsSync(join(place, 'ready'))) await sleep(10)
  cancelling.abort()
  const outcome = await cancelled
  assert.deepEqual(await other, { kind: 'finished', loss: 3.21 })
  assert.ok(outcome.kind === 'lost' && outcome.error.code === 'RUN_CANCELLED')
  assert.equal(outcome.spentFlops, (20 / steps) * config.trainFlops)
  assert.ok(existsSync(join(place, 'told')))
  assert.deepEqual(begin.running(), [])
  // One that was not begun costs nothing and leaves nothing.
  const before = await begin.train(configOf(96), { cancel: AbortSignal.abort() })
  assert.equal(before.kind, 'refused')
  assert.ok(!existsSync(join(folder, 'runs', orderOf(space, configOf(96)).id)))
})
