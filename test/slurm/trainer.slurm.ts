import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { IsoflopError } from '../../src/core/errors.ts'
import type { RunEvent } from '../../src/launch/folder-trainer.ts'
import { orderOf } from '../../src/launch/order.ts'
import { type SlurmTrainerOptions, slurmTrainer } from '../../src/launch/slurm-trainer.ts'
import type { CampaignJson } from '../../src/report/campaign/json.ts'
import { answer, configOf, programs, space, spaceDocument } from '../launch/programs.ts'
import { noSlurm, startSlurm } from './cluster.ts'

const bin = fileURLToPath(new URL('../../bin/isoflop.js', import.meta.url))

let cluster: Awaited<ReturnType<typeof startSlurm>>
before(async () => {
  if (noSlurm !== false) return
  cluster = await startSlurm()
  process.env.SLURM_CONF = cluster.env.SLURM_CONF
})
after(() => cluster?.stop())

/** A trainer whose jobs run a program of the shell, in a folder of the test. */
function jobs(name: string, text: string, more: Partial<SlurmTrainerOptions> = {}) {
  const { folder, script, write } = programs(name)
  write(text)
  const events: RunEvent[] = []
  const begin = (again: Partial<SlurmTrainerOptions> = {}) =>
    slurmTrainer({
      ...{
        command: `sh '${script}' {folder}`,
        folder,
        space,
        slurm: '--ntasks 1',
        lookEveryMs: 200,
        filePatienceMs: 3000,
      },
      onEvent: (event) => events.push(event),
      ...more,
      ...again,
    })
  const place = (config = configOf()) => join(folder, 'runs', orderOf(space, config).id)
  const starts = (config = configOf()) =>
    readFileSync(join(place(config), 'starts'), 'utf8')
      .trim()
      .split('\n').length
  return { begin, events, folder, place, starts, write }
}

const queue = () => cluster.run('squeue', '--noheader', '--format=%i').trim().split('\n').filter(Boolean)
const untilThere = async (file: string) => {
  for (const end = Date.now() + 30_000; !existsSync(file); await sleep(50)) assert.ok(Date.now() < end, file)
}

test('a job is told its run and its result is taken; its log and the status of one that fails are told', {
  skip: noSlurm,
}, async () => {
  const { begin, place } = jobs('told', `echo "$ISOFLOP_DATA at $ISOFLOP_D_MODEL"; ${answer()}; exit 3`)
  assert.deepEqual(await begin().train(configOf()), { kind: 'finished', loss: 3.21 })
  assert.match(readFileSync(join(place(), 'log.txt'), 'utf8'), /it's \$mine at 64/)
  const failing = jobs('failing', 'echo "no memory" >&2; exit 7')
  const lost = await failing.begin({ retries: 0 }).train(configOf())
  assert.match((lost as { error: IsoflopError }).error.message, /status 7/)
})

test('a job that somebody cancels is submitted again; a node that is drained is waited for', {
  skip: noSlurm,
}, async () => {
  const { begin, place, starts, write } = jobs('cancelled', `echo start >>"$1/starts"; sleep 60; ${answer()}`)
  const going = begin().train(configOf())
  await untilThere(join(place(), 'starts'))
  cluster.run('scontrol', 'update', 'NodeName=localhost', 'State=DRAIN', 'Reason=test')
  write(`echo start >>"$1/starts"; ${answer()}`)
  for (const id of queue()) cluster.run('scancel', id)
  await sleep(6000)
  assert.equal(starts(), 1)
  cluster.run('scontrol', 'update', 'NodeName=localhost', 'State=RESUME')
  assert.deepEqual(await going, { kind: 'finished', loss: 3.21 })
  assert.equal(starts(), 2)
})

test('when nobody waits any more, jobs are cancelled and have time to save; asked again the run goes on', {
  skip: noSlurm,
}, async () => {
  const { begin, place } = jobs(
    'interrupted',
    `test -f "$1/checkpoint" && { ${answer()}; exit; }
    trap 'touch "$1/checkpoint"; exit 1' TERM; touch "$1/ready"; while :; do sleep 0.05; done`,
  )
  const ending = new AbortController()
  const going = begin().train(configOf(), { signal: ending.signal })
  await untilThere(join(place(), 'ready'))
  ending.abort()
  assert.equal((await going).kind, 'interrupted')
  await untilThere(join(place(), 'checkpoint'))
  assert.deepEqual(await begin().train(configOf()), { kind: 'finished', loss: 3.21 })
})

test('detached, what is planned is submitted once and collected later', { skip: noSlurm }, async () => {
  const { begin, starts } = jobs('detached', `echo start >>"$1/starts"; sleep 2; ${answer()}`)
  const detached = () => begin({ isDetached: true }).train(configOf())
  assert.equal((await detached()).kind, 'interrupted')
  assert.equal((await detached()).kind, 'interrupted')
  while (queue().length > 0) await sleep(200)
  assert.deepEqual(await detached(), { kind: 'finished', loss: 3.21 })
  assert.equal(starts(), 1)
})

test('options that Slurm refuses end it with the words of sbatch', { skip: noSlurm }, async () => {
  const { begin } = jobs('refused', answer())
  await assert.rejects(begin({ slurm: '--partition nowhere' }).train(configOf()), (error: IsoflopError) => {
    assert.equal(error.code, 'RUN_FAILED')
    assert.match(error.message, /sbatch failed:.*invalid partition/i)
    return true
  })
})

test('a campaign whose planner dies by kill -9 again and again submits every job once, and ends as if nothing had been', {
  skip: noSlurm,
}, async () => {
  const { folder } = programs('campaign')
  const file = join(folder, 'space.json')
  writeFileSync(file, JSON.stringify({ ...spaceDocument, train_flops: [1e10, 3e10, 1e11], budget: 2e12 }))
  const program = join(folder, 'program.sh')
  const law = 'BEGIN { printf "%.5f", 1.8 + 30 * N ^ -0.33 + 60 * D ^ -0.3 + 0.02 * log(r / 0.008) ^ 2 }'
  writeFileSync(
    program,
    `echo start >>"$1/starts"
loss=$(awk -v N=$ISOFLOP_PARAMETERS -v D=$ISOFLOP_TOKENS -v r=$ISOFLOP_LEARNING_RATE '${law}')
${answer('{"loss": \'"$loss"\'}')}`,
  )
  const start = (out: string, more: readonly string[]) => {
    const run = ['--run', `sh '${program}' {folder}`, '--parallel', '4']
    const args = [
      '--strategy',
      'profiles-surface',
      '--space',
      file,
      ...run,
      '--out',
      join(folder, out),
      '--json',
      ...more,
    ]
    const child = spawn(process.execPath, [bin, 'campaign', ...args], {
      env: process.env,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const said = { stdout: '', stderr: '' }
    for (const name of ['stdout', 'stderr'] as const)
      child[name].on('data', (chunk) => {
        said[name] += chunk
      })
    return { child, ended: new Promise<typeof said>((resolve) => child.once('close', () => resolve(said))) }
  }
  const begun = (out: string) => {
    const runs = join(folder, out, 'runs')
    return existsSync(runs) ? readdirSync(runs).filter((id) => existsSync(join(runs, id, 'starts'))) : []
  }
  const whole = await start('whole', []).ended
  for (const count of [1, 5]) {
    const { child, ended } = start('jobs', ['--slurm', '--ntasks 1'])
    for (const end = Date.now() + 30_000; begun('jobs').length < count; await sleep(50)) assert.ok(Date.now() < end)
    child.kill('SIGKILL')
    await ended
  }
  const last = await start('jobs', ['--slurm', '--ntasks 1']).ended
  const outcome = (text: string) => {
    const { runs, prediction, spentFlops } = JSON.parse(text) as CampaignJson
    return { runs, prediction, spentFlops }
  }
  assert.notEqual(last.stdout, '', last.stderr)
  assert.deepEqual(outcome(last.stdout), outcome(whole.stdout))
  for (const id of begun('jobs'))
    assert.equal(readFileSync(join(folder, 'jobs', 'runs', id, 'starts'), 'utf8'), 'start\n', id)
})

// The last one: a controller that was away lists for minutes jobs that have ended.
test('a controller that dies and does not answer is waited for, before and during a job', {
  skip: noSlurm,
}, async () => {
  const { begin, events, place, starts } = jobs('controller', `echo start >>"$1/starts"; sleep 3; ${answer()}`)
  await cluster.killController()
  const trainer = begin()
  const going = trainer.train(configOf())
  // The commands of Slurm try for as long as MessageTimeout before they say that nobody answers.
  for (const end = Date.now() + 40_000; !events.some(({ kind }) => kind === 'unreachable'); await sleep(100))
    assert.ok(Date.now() < end, 'nobody said that Slurm does not answer')
  cluster.startController()
  await untilThere(join(place(), 'starts'))
  await cluster.killController()
  await sleep(4000)
  cluster.startController()
  assert.deepEqual(await going, { kind: 'finished', loss: 3.21 })
  assert.equal(starts(), 1)
})
