import assert from 'node:assert/strict'
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { Progress } from '../../src/core/trainer.ts'
import { orderOf } from '../../src/launch/order.ts'
import { until } from '../until.ts'
import { answer, configOf, programs, space } from './programs.ts'

const placeIn = (folder: string) => join(folder, 'runs', orderOf(space, configOf()).id)

/** A process that runs the program of a folder as a worker does, to be killed. */
function runner(folder: string, script: string, within: readonly string[] = []): ChildProcess {
  const modules = ['../../src/launch/command-trainer.ts', './programs.ts'].map((name) =>
    JSON.stringify(fileURLToPath(new URL(name, import.meta.url))),
  )
  const code = `import { commandTrainer } from ${modules[0]}; import { configOf, space } from ${modules[1]}
    await commandTrainer({ command: ${JSON.stringify(`sh '${script}' {folder}`)}, folder: ${JSON.stringify(folder)}, space, isOwn: true }).train(configOf())`
  const [program, ...args] = [...within, process.execPath, '--no-warnings', '--input-type=module', '-e', code]
  return spawn(program, args, { stdio: 'inherit' })
}

const isThere = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

test('a program that is our own ends with us, even by kill -9, and saves what it has before', async () => {
  const { folder, script, write } = programs('own')
  write('trap \'echo saved >"$1/checkpoint"; exit 0\' TERM; echo $$ >"$1/pid"; while :; do sleep 0.1; done')
  const child = runner(folder, script)
  const pidFile = join(placeIn(folder), 'pid')
  await until(() => existsSync(pidFile) && readFileSync(pidFile, 'utf8').trim() !== '', 'it runs')
  const ended = once(child, 'exit')
  child.kill('SIGKILL')
  await ended
  await until(() => existsSync(join(placeIn(folder), 'checkpoint')), 'it saves')
  await until(() => !isThere(Number(readFileSync(pidFile, 'utf8'))), 'it ends')
})

test('what another machine began in a shared folder, or another process here, is begun anew from what was saved', async () => {
  const { folder, read, trainer } = programs('taken over')
  const first = trainer(`echo begun >>"$1/log"; while :; do sleep 0.1; done`, { retries: 0 })
  void first.train(configOf()).catch(() => {})
  const place = placeIn(folder)
  await until(() => existsSync(join(place, 'log')), 'the other one runs')
  const own = trainer(`echo again >>"$1/log"; ${answer()}`, { isOwn: true, retries: 0, triesOf: 'request' })
  assert.deepEqual(await own.train(configOf()), { kind: 'finished', loss: 3.21 })
  assert.match(read(`runs/${orderOf(space, configOf()).id}/log`), /begun\nagain\n$/)
})

test('of two machines that share a folder the one that claimed it last goes on: the other one ends its program first, and leaves what is there', {
  skip: spawnSync('unshare', ['--uts', 'true']).status === 0 ? false : 'no machine with another name can be had here',
}, async () => {
  const { folder, script, write, read, trainer } = programs('two machines')
  write('echo begun >>"$1/log"; trap \'echo ended >>"$1/log"; exit 0\' TERM; while :; do sleep 0.1; done')
  const cutOff = runner(folder, script, ['unshare', '--uts', 'sh', '-c', 'hostname elsewhere; exec "$@"', 'sh'])
  const place = placeIn(folder)
  await until(() => existsSync(join(place, 'log')), 'the other one runs')
  const here = trainer(`echo again >>"$1/log"; ${answer()}`, { isOwn: true, retries: 0, triesOf: 'request' })
  assert.deepEqual(await here.train(configOf()), { kind: 'finished', loss: 3.21 })
  assert.equal(read(`runs/${orderOf(space, configOf()).id}/log`), 'begun\nended\nagain\n')
  if (cutOff.exitCode === null) await once(cutOff, 'exit')
  assert.deepEqual(await here.train(configOf()), { kind: 'finished', loss: 3.21 }, 'what is there was left alone')
})

test('a program that is our own is told to end by SIGTERM where nobody waits, and asked again it goes on', async () => {
  const { folder, trainer } = programs('left')
  const leaving = new AbortController()
  const text = `[ -e "$1/half" ] && { ${answer()}; exit; }; trap 'touch "$1/half"; exit 0' TERM; touch "$1/on"; while :; do sleep 0.1; done`
  const own = trainer(text, { isOwn: true, retries: 0, triesOf: 'request' })
  const asked = own.train(configOf(), { signal: leaving.signal })
  await until(() => existsSync(join(placeIn(folder), 'on')), 'it runs')
  leaving.abort()
  assert.equal((await asked).kind, 'interrupted')
  assert.deepEqual(await own.train(configOf()), { kind: 'finished', loss: 3.21 })
})

test('whoever asks hears of the history that a program writes', async () => {
  const { folder, trainer } = programs('told')
  const heard: Progress[] = []
  const { steps } = orderOf(space, configOf())
  const text = `echo '{"step": ${Math.round(steps / 2)}, "loss": 5.5}' >"$1/history.jsonl"; until [ -e "$1/heard" ]; do sleep 0.1; done; ${answer()}`
  const outcome = await trainer(text).train(configOf(), {
    onProgress(progress) {
      heard.push(progress)
      writeFileSync(join(placeIn(folder), 'heard'), '')
    },
  })
  assert.equal(outcome.kind, 'finished')
  assert.ok(heard[0].kind === 'running')
  assert.deepEqual(
    heard[0].curve.map(({ step, loss }) => [step, loss]),
    [[Math.round(steps / 2), 5.5]],
  )
})
