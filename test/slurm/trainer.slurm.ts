import assert from 'node:assert/strict'
import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { Live } from '../../src/campaign/live.ts'
import { type ViewedOpen, viewedSpace } from '../../src/campaign/view.ts'
import { slurmJobs } from '../../src/cli/watched-jobs.ts'
import type { IsoflopError } from '../../src/core/errors.ts'
import { cancelJob, isJobCancelled } from '../../src/launch/cancel-job.ts'
import type { RunEvent } from '../../src/launch/folder-trainer.ts'
import { orderOf } from '../../src/launch/order.ts'
import { runFolder } from '../../src/launch/run-folder.ts'
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
after(async () => {
  await cluster?.stop()
  // A trainer of a test that failed waits for its Slurm for ever.
  setTimeout(() => process.exit(1), 10_000).unref()
})

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

const until = async (what: string, isSo: () => boolean, ms = 60_000) => {
  for (const end = Date.now() + ms; !isSo(); await sleep(50)) assert.ok(Date.now() < end, what)
}
const untilThere = (file: string) => until(file, () => existsSync(file))
const jobIn = (place: string): string => JSON.parse(readFileSync(join(place, 'job.json'), 'utf8')).id
/** The job of a run, once it is on record: a job may begin before sbatch has said its number. */
const jobOf = async (place: string): Promise<string> => {
  await untilThere(join(place, 'job.json'))
  return jobIn(place)
}
const isQueued = (id: string) => cluster.run('squeue', '--noheader', '--format=%i').split('\n').includes(id)
/**
 * Slurm holds what it sends back into the queue for two minutes. Not begun at the first moment in which that is possible: a job whose node tells only then
 * how its first part ended is FAILED to Slurm 22.05, and stays so (3 of 112; none of 64 where it rested 1.5 s).
 */
const beginNow = async (id: string) => {
  const isPending = () => /PENDING/.test(cluster.run('scontrol', 'show', 'job', id))
  await until(`job ${id} is back in the queue`, isPending)
  await sleep(3000)
  cluster.run('scontrol', 'update', `JobId=${id}`, 'StartTime=now')
}
/** A program of two parts, of which the second needs what the first one saved when it got SIGTERM. */
const ofTwoParts = `echo start >>"$1/starts"; test -f "$1/checkpoint" && { ${answer()}; exit; }
  trap 'touch "$1/checkpoint"; exit 0' TERM; touch "$1/ready"; while :; do sleep 0.05; done`
const made = { kind: 'finished', loss: 3.21 }
const wordsOf = (outcome: unknown): string => (outcome as { error: IsoflopError }).error.message

/** A space, and a program in it that answers by a law at once. */
function campaigns() {
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
  /** Starts the command, on a machine of another name where one is given. */
  const start = (out: string, more: readonly string[] = [], host: string | null = null) => {
    const args = ['--space', file, '--run', `sh '${program}' {folder}`, '--parallel', '4', '--out', join(folder, out)]
    const line = [process.execPath, bin, 'campaign', '--strategy', 'profiles-surface', ...args, '--json', ...more]
    const [command, ...rest] =
      host === null ? line : ['unshare', '--uts', 'sh', '-c', `hostname ${host}; exec "$@"`, 'sh', ...line]
    const child = spawn(command, rest, { env: process.env, stdio: ['ignore', 'pipe', 'pipe'] })
    const said = { stdout: '', stderr: '' }
    for (const name of ['stdout', 'stderr'] as const)
      child[name].on('data', (chunk) => {
        said[name] += chunk
      })
    const ended = new Promise<typeof said & { status: number | null }>((resolve) =>
      child.once('close', (status) => resolve({ ...said, status })),
    )
    return { child, ended }
  }
  const begun = (out: string): string[] => {
    const runs = join(folder, out, 'runs')
    const all = existsSync(runs) ? readdirSync(runs).map((id) => join(runs, id)) : []
    return all.filter((run) => existsSync(join(run, 'starts')))
  }
  const eachOnce = (out: string) => {
    for (const run of begun(out)) assert.equal(readFileSync(join(run, 'starts'), 'utf8'), 'start\n', run)
  }
  return { start, begun, eachOnce, folder }
}
const outcome = (text: string) => {
  const { runs, prediction, spentFlops } = JSON.parse(text) as CampaignJson
  return { runs, prediction, spentFlops }
}
/** Whether this machine lets a process have a name of its own for it. */
const canRename = noSlurm === false && spawnSync('unshare', ['--uts', 'hostname', 'login1']).status === 0
const slurm = ['--slurm', '--ntasks 1']

// Limits of time are minutes: everything waits side by side.
describe('side by side', { skip: noSlurm, concurrency: true }, () => {
  describe('one job each', { concurrency: true }, () => {
    test('a run that is cancelled takes its job with it, also where nobody waits for jobs, and the others go on', async () => {
      const text = `case "$ISOFLOP_D_MODEL" in 128) sleep 1; ${answer()}; exit;; esac
        echo '{"step": 20, "loss": 5}' >"$1/history.jsonl"; touch "$1/ready"; exec sleep 600`
      for (const isDetached of [false, true]) {
        const { begin, place } = jobs(`cancelled-${isDetached}`, text, { parallel: 2 })
        const config = configOf()
        const cancelling = new AbortController()
        const trainer = begin()
        const out = isDetached
          ? await begin({ isDetached }).train(config)
          : trainer.train(config, { cancel: cancelling.signal })
        const other = trainer.train(configOf(128))
        await untilThere(join(place(), 'ready'))
        const id = await jobOf(place())
        cancelling.abort()
        const outcome = isDetached
          ? await begin({ isDetached }).train(config, { cancel: cancelling.signal })
          : await out
        assert.ok(outcome.kind === 'lost' && outcome.error.code === 'RUN_CANCELLED', JSON.stringify(outcome))
        assert.equal(outcome.spentFlops, (20 / orderOf(space, config).steps) * config.trainFlops)
        await until('its job has ended', () => !isQueued(id))
        assert.deepEqual(await other, made)
      }
    })

    test('a job is told its run and its result is taken; its log and the status of one that fails are told', async () => {
      const { begin, place } = jobs('told', `echo "$ISOFLOP_DATA at $ISOFLOP_D_MODEL"; ${answer()}; exit 3`)
      assert.deepEqual(await begin().train(configOf()), made)
      assert.match(readFileSync(join(place(), 'log.txt'), 'utf8'), /it's \$mine at 64/)
      const failing = jobs('failing', 'echo "no memory" >&2; exit 7')
      assert.match(wordsOf(await failing.begin({ retries: 0 }).train(configOf())), /status 7/)
    })

    test('a job that somebody cancels is submitted again; a node that is drained is waited for', async () => {
      const slurm = '--partition drained'
      const { begin, place, starts, write } = jobs('cancelled', `echo start >>"$1/starts"; sleep 600`, { slurm })
      const going = begin().train(configOf())
      await untilThere(join(place(), 'starts'))
      cluster.run('scontrol', 'update', 'NodeName=drained', 'State=DRAIN', 'Reason=test')
      write(`echo start >>"$1/starts"; ${answer()}`)
      const first = await jobOf(place())
      cluster.run('scancel', first)
      await until('another job', () => existsSync(join(place(), 'job.json')) && jobIn(place()) !== first)
      await sleep(2000)
      assert.equal(starts(), 1)
      cluster.run('scontrol', 'update', 'NodeName=drained', 'State=RESUME')
      assert.deepEqual(await going, made)
      assert.equal(starts(), 2)
    })

    test('when nobody waits any more, jobs are cancelled, have time to save and are waited for; asked again the run goes on, and no try is counted', async () => {
      const { begin, place, events } = jobs('interrupted', ofTwoParts, { retries: 0 })
      const ending = new AbortController()
      const going = begin().train(configOf(), { signal: ending.signal })
      await untilThere(join(place(), 'ready'))
      ending.abort()
      assert.equal((await going).kind, 'interrupted')
      assert.ok(existsSync(join(place(), 'checkpoint')))
      assert.deepEqual(await begin().train(configOf()), made)
      assert.ok(events.every(({ kind }) => kind === 'found'))
    })

    test('two wishes: no more runs are begun, and what runs is waited for', async () => {
      const ending = { save: new AbortController().signal, kill: new AbortController().signal }
      const { begin, place } = jobs('waiting', `echo start >>"$1/starts"; sleep 2; ${answer()}`, { ending })
      const stop = new AbortController()
      const trainer = begin()
      const going = trainer.train(configOf(), { signal: stop.signal })
      await untilThere(join(place(), 'starts'))
      stop.abort()
      assert.equal((await trainer.train(configOf(96), { signal: stop.signal })).kind, 'interrupted')
      assert.equal(existsSync(join(place(configOf(96)), 'job.json')), false)
      assert.deepEqual(await going, made)
    })

    test('a program that does not end is killed where that is wished', async () => {
      const [save, kill] = [new AbortController(), new AbortController()]
      const ending = { save: save.signal, kill: kill.signal }
      const deaf = `trap '' TERM; echo $$ >"$1/pid"; while :; do sleep 0.1; done`
      const { begin, place } = jobs('deaf', deaf, { ending })
      const going = begin().train(configOf())
      await untilThere(join(place(), 'pid'))
      save.abort()
      kill.abort()
      assert.equal((await going).kind, 'interrupted')
      const pid = Number(readFileSync(join(place(), 'pid'), 'utf8'))
      await until('the program has ended', () => {
        try {
          return !process.kill(pid, 0)
        } catch {
          return true
        }
      })
    })

    test('detached, what is planned is submitted once and collected later', async () => {
      const { begin, place, starts } = jobs(
        'detached',
        `echo start >>"$1/starts"; while ! test -e "$1/go"; do sleep 0.1; done; ${answer()}`,
      )
      const detached = () => begin({ isDetached: true }).train(configOf())
      assert.equal((await detached()).kind, 'interrupted')
      const id = await jobOf(place())
      assert.equal((await detached()).kind, 'interrupted')
      writeFileSync(join(place(), 'go'), '')
      await until('the job has ended', () => !isQueued(id))
      assert.deepEqual(await detached(), made)
      assert.equal(starts(), 1)
    })

    test('detached, a job is cancelled while no campaign is there; the next call counts what it used', async () => {
      const text = `echo '{"tokens": 1000, "loss": 5}' >"$1/history.jsonl"; echo x >"$1/starts"; while :; do sleep 0.1; done`
      const { begin, folder, place } = jobs('given-up', text)
      const config = configOf()
      const run = { folder, space, config }
      assert.equal(await cancelJob(run), false)
      const call = (cancel?: AbortSignal) => begin({ isDetached: true }).train(config, cancel && { cancel })
      assert.equal((await call()).kind, 'interrupted')
      const id = await jobOf(place())
      await untilThere(join(place(), 'starts'))
      assert.equal(isJobCancelled(run), false)
      // A number on record that is another job's by now is left alone.
      const other = configOf(96)
      const place96 = runFolder(join(folder, 'runs'), orderOf(space, other))
      place96.begin()
      place96.started({ kind: 'slurm', id, startedAt: 0, logFrom: 0 })
      assert.equal(await cancelJob({ ...run, config: other }), false)
      // As the page does, which knows the space as plain data.
      const { cancel, isCancelled } = slurmJobs(folder)
      const shown = [{ view: { space: viewedSpace(space) } } as Live, { config } as unknown as ViewedOpen] as const
      assert.equal(isCancelled(...shown), false)
      assert.equal(await cancel(...shown), true)
      assert.equal(isCancelled(...shown), true)
      assert.equal(isJobCancelled(run), true)
      await until('the job has ended', () => !isQueued(id))
      const outcome = await call(AbortSignal.abort())
      assert.equal(outcome.kind, 'lost')
      const { tokens, trainFlops } = orderOf(space, config)
      assert.equal((outcome as { spentFlops?: number }).spentFlops, (1000 / tokens) * trainFlops)
    })

    test('detached, tries are counted over all calls; a program that always fails is not begun again before somebody says so', async () => {
      const widths = [32, 48, 64].map((width) => configOf(width))
      const { begin, folder, place, starts, write } = jobs('broken', 'echo start >>"$1/starts"; exit 9')
      const call = async () => {
        const trainer = begin({ isDetached: true })
        const ends = await Promise.allSettled(widths.map((config) => trainer.train(config)))
        const ids = widths.flatMap((config) =>
          existsSync(join(place(config), 'job.json')) ? [jobIn(place(config))] : [],
        )
        await until('the jobs have ended', () => ids.every((id) => !isQueued(id)))
        return ends.map((end) => (end.status === 'fulfilled' ? end.value.kind : (end.reason as IsoflopError).code))
      }
      assert.deepEqual(await call(), ['interrupted', 'interrupted', 'interrupted'])
      assert.deepEqual(await call(), ['interrupted', 'interrupted', 'interrupted'])
      assert.deepEqual((await call()).toSorted(), ['RUN_FAILED', 'lost', 'lost'])
      assert.deepEqual(await call(), ['RUN_FAILED', 'RUN_FAILED', 'RUN_FAILED'])
      for (const config of widths) assert.equal(starts(config), 2)
      const words = await begin({ isDetached: true })
        .train(widths[0])
        .catch((error: IsoflopError) => error)
      assert.match((words as IsoflopError).message, /Nothing is submitted since the program always failed:.*status 9/)
      assert.match((words as IsoflopError).advice, /stopped\.json/)
      write(answer())
      rmSync(join(folder, 'stopped.json'))
      assert.deepEqual(await call(), ['interrupted', 'interrupted', 'interrupted'])
      assert.deepEqual(await call(), ['finished', 'finished', 'finished'])
    })

    test('a job that is held is waited for, and what to do is said once', async () => {
      const { begin, events, place } = jobs('held', answer(), { slurm: '--hold', lookEveryMs: 100 })
      const going = begin().train(configOf())
      await until('somebody says that the job is held', () => events.length > 0)
      const id = await jobOf(place())
      await sleep(500)
      assert.deepEqual(events, [{ kind: 'held', folder: place(), job: id, reason: 'JobHeldUser' }])
      cluster.run('scontrol', 'release', id)
      assert.deepEqual(await going, made)
    })

    test('options that Slurm refuses end it with the words of sbatch', async () => {
      const { begin } = jobs('refused', answer())
      await assert.rejects(begin({ slurm: '--partition nowhere' }).train(configOf()), (error: IsoflopError) => {
        assert.equal(error.code, 'RUN_FAILED')
        assert.match(error.message, /sbatch failed:.*invalid partition/i)
        return true
      })
    })

    test('a result that is seen late is taken as long as --file-patience lasts; then the run is tried again, and lost', async () => {
      // The script of the job is killed, and leaves no status.
      const dies = 'kill -9 $(ps -o ppid= -p $PPID)'
      const leavesQueue = async (place: string) => {
        await untilThere(join(place, 'job.json'))
        const id = jobIn(place)
        await until('the job has ended', () => !isQueued(id))
      }
      const late = jobs('late', dies, { filePatienceMs: 60_000, lookEveryMs: 100 })
      const going = late.begin().train(configOf())
      await leavesQueue(late.place())
      await sleep(3000)
      execFileSync('sh', ['-c', answer(), 'sh', late.place()])
      assert.deepEqual(await going, made)
      assert.deepEqual(late.events, [])
      const never = jobs('never', dies, { filePatienceMs: 500, retries: 0 })
      assert.match(
        wordsOf(await never.begin().train(configOf())),
        /1 try: its job ended as FAILED and it left no result\.json/,
      )
    })

    test('a job over its time is lost, costs what its history says, and is not asked for again', async () => {
      const { begin, place, starts } = jobs(
        'over',
        `echo start >>"$1/starts"; echo '{"step": 1, "tokens": '$((ISOFLOP_TOKENS / 4))'}' >"$1/history.jsonl"; exec sleep 600`,
        { slurm: '--time 1' },
      )
      const lost = (await begin().train(configOf())) as { kind: string; spentFlops: number }
      assert.equal(lost.kind, 'lost')
      assert.match(wordsOf(lost), /not ready after the time that Slurm gives it/)
      assert.ok(Math.abs(lost.spentFlops / 1e11 - 0.25) < 0.01, String(lost.spentFlops))
      assert.equal((await begin().train(configOf())).kind, 'lost')
      assert.equal(starts(), 1)
      assert.equal(existsSync(join(place(), 'job.json')), false)
    })

    test('a program that saves when --signal tells it that its time ends goes on as often as it takes, whatever --retries says', async () => {
      const leg = `n=$(cat "$1/legs" 2>/dev/null || echo 0); echo start >>"$1/starts"; test $n = 2 && { ${answer()}; exit; }
      trap 'echo $((n + 1)) >"$1/legs"; echo "{\\"tokens\\": $((ISOFLOP_TOKENS * (n + 1) / 3))}" >>"$1/history.jsonl"; exit 0' TERM
      while :; do sleep 0.05; done`
      const slurm = '--time 1 --signal=B:TERM@55'
      const { begin, events, starts } = jobs('legs', leg, { slurm, retries: 0 })
      assert.deepEqual(await begin().train(configOf()), made)
      assert.deepEqual(
        events.map((event) => [event.kind, event.kind === 'saved' && Math.round(3 * event.share)]),
        [
          ['saved', 1],
          ['saved', 2],
        ],
      )
      assert.equal(starts(), 3)
    })

    test('one that gets no further between its ends is lost after its tries', async () => {
      const stuck = `echo start >>"$1/starts"; trap 'exit 0' TERM; while :; do sleep 0.05; done`
      const { begin, events, starts } = jobs('stuck', stuck, { slurm: '--time 1 --signal=B:TERM@55', retries: 0 })
      assert.match(wordsOf(await begin().train(configOf())), /1 try: it ended with status 143 and it left no result/)
      assert.deepEqual(
        events.map(({ kind }) => kind),
        ['failed', 'lost'],
      )
      assert.equal(starts(), 1)
    })

    test('a job that somebody sends back into the queue goes on there', async () => {
      const { begin, events, place, starts } = jobs('requeued', ofTwoParts, { slurm: '--requeue', retries: 0 })
      const going = begin().train(configOf())
      await untilThere(join(place(), 'ready'))
      const id = await jobOf(place())
      cluster.run('scontrol', 'requeue', id)
      await beginNow(id)
      assert.deepEqual(await going, made)
      assert.deepEqual([starts(), events], [2, []])
    })

    test('one that has left its result and is sent back all the same is not made again', async () => {
      const slow = `echo start >>"$1/starts"; ${answer()}; while :; do sleep 0.1; done`
      const { begin, place, starts } = jobs('done', slow, { slurm: '--requeue' })
      const trained = begin().train(configOf())
      await untilThere(join(place(), 'job.json'))
      const id = await jobOf(place())
      assert.deepEqual(await trained, made)
      cluster.run('scontrol', 'requeue', id)
      await beginNow(id)
      await until('the job has ended', () => !isQueued(id))
      assert.equal(starts(), 1)
    })

    test('a job that gives way to an urgent one goes on behind it', async () => {
      const slurm = '--partition contested --exclusive --requeue'
      const { begin, events, place, starts } = jobs('contested', ofTwoParts, { slurm, retries: 0 })
      const going = begin().train(configOf())
      await untilThere(join(place(), 'ready'))
      const id = await jobOf(place())
      cluster.run('sbatch', '--partition', 'urgent', '--exclusive', '--output=/dev/null', '--wrap', 'sleep 1')
      await beginNow(id)
      assert.deepEqual(await going, made)
      assert.deepEqual([starts(), events], [2, []])
    })
  })

  describe('a campaign of the command', { concurrency: true }, () => {
    const { start, begun, eachOnce, folder } = campaigns()
    const whole = noSlurm === false ? start('whole').ended : null

    test('whose planner dies by kill -9 and goes on from another login node submits every job once, and ends as if nothing had been', async () => {
      for (const [host, count] of [
        ['login1', 1],
        ['login2', 5],
      ] as const) {
        const { child, ended } = start('dying', slurm, canRename ? host : null)
        await until(`${count} jobs`, () => begun('dying').length >= count)
        child.kill('SIGKILL')
        await ended
      }
      const last = await start('dying', slurm, canRename ? 'login3' : null).ended
      assert.equal(last.status, 0, last.stderr)
      assert.deepEqual(outcome(last.stdout), outcome((await whole!).stdout))
      eachOnce('dying')
    })

    test('by --detach, called again and again as cron does, comes to the same report', async () => {
      const job = (run: string) => (existsSync(join(run, 'job.json')) ? [jobIn(run)] : [])
      const out = () => begun('cron').flatMap(job)
      let calls = 0
      for (; ; calls++) {
        assert.ok(calls < 40, 'it does not end')
        const { status, stdout, stderr } = await start('cron', [...slurm, '--detach']).ended
        assert.equal(status, 0, stderr)
        if (!stderr.includes('Jobs are out')) {
          assert.deepEqual(outcome(stdout), outcome((await whole!).stdout))
          break
        }
        await until(
          'the jobs have begun',
          () => readdirSync(join(folder, 'cron', 'runs')).length === begun('cron').length,
        )
        await until('the jobs have ended', () => out().every((id) => !isQueued(id)))
      }
      assert.ok(calls >= 4, `${calls} calls`)
      assert.ok(existsSync(join(folder, 'cron', 'report.html')))
      eachOnce('cron')
    })
  })
})

// The last ones: a controller that was away lists for minutes jobs that have ended.
test('a controller that answers nobody for a minute is waited for', { skip: noSlurm }, async () => {
  const { begin, events, starts } = jobs('mute', `echo start >>"$1/starts"; ${answer()}`)
  const mute = cluster.muteController(60_000)
  const going = begin().train(configOf())
  await mute
  assert.ok(events.some(({ kind }) => kind === 'unreachable'))
  assert.deepEqual(await going, made)
  assert.equal(starts(), 1)
})

test('a controller that dies is waited for, before and during a job', { skip: noSlurm }, async () => {
  const { begin, events, place, starts } = jobs('controller', `echo start >>"$1/starts"; sleep 3; ${answer()}`)
  await cluster.killController()
  const going = begin().train(configOf())
  // The commands of Slurm try for as long as MessageTimeout before they say that nobody answers.
  await until('somebody says that Slurm does not answer', () => events.some(({ kind }) => kind === 'unreachable'))
  cluster.startController()
  await untilThere(join(place(), 'starts'))
  await cluster.killController()
  await sleep(4000)
  cluster.startController()
  assert.deepEqual(await going, made)
  assert.equal(starts(), 1)
})
