import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { CampaignJson } from '../../src/report/campaign/json.ts'
import { tinyCorpus } from '../backend/tiny-corpus.ts'
import { answer, spaceDocument } from '../launch/programs.ts'

const bin = fileURLToPath(new URL('../../bin/isoflop.js', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'isoflop-run-'))
after(() => rmSync(folder, { recursive: true, force: true }))

const space = join(folder, 'space.json')
writeFileSync(space, JSON.stringify({ ...spaceDocument, train_flops: [1e10, 3e10, 1e11], budget: 2e12 }))

/** A law, after a tenth of a second; every start is on record. */
const program = join(folder, 'program.sh')
writeFileSync(
  program,
  `echo $$ >>"$1/starts"; sleep \${REST:-0.1}
loss=$(awk -v N=$ISOFLOP_PARAMETERS -v D=$ISOFLOP_TOKENS -v r=$ISOFLOP_LEARNING_RATE 'BEGIN { printf "%.5f", 1.8 + 30 * N ^ -0.33 + 60 * D ^ -0.3 + 0.02 * log(r / 0.008) ^ 2 }')
${answer('{"loss": \'"$loss"\'}')}`,
)

/** Starts a campaign whose runs a program makes, in a process group of its own as a terminal does. */
function start(out: string, { run = `sh ${program} {folder}`, parallel = 4, env = {}, more = [] as string[] } = {}) {
  const args = ['--space', space, '--run', run, '--parallel', String(parallel), '--out', out, '--json', ...more]
  const child = spawn(process.execPath, [bin, 'campaign', '--strategy', 'profiles-surface', ...args], {
    cwd: folder,
    env: { ...process.env, ...env },
  })
  const printed = { stdout: '', stderr: '' }
  for (const name of ['stdout', 'stderr'] as const)
    child[name].on('data', (chunk) => {
      printed[name] += chunk
    })
  const ended = new Promise<{ status: number | null; stdout: string; stderr: string }>((resolve) =>
    child.on('close', (status) => resolve({ status, ...printed })),
  )
  return { child, ended, printed }
}

const runsIn = (out: string): string[] => {
  const runs = join(folder, out, 'runs')
  return existsSync(runs) ? readdirSync(runs).map((id) => join(runs, id)) : []
}
const begun = (out: string) => runsIn(out).filter((run) => existsSync(join(run, 'starts')))
const startsOf = (run: string) => readFileSync(join(run, 'starts'), 'utf8').trim().split('\n')
const outcome = (stdout: string) => {
  const { runs, prediction, spentFlops, stopped } = JSON.parse(stdout) as CampaignJson
  return { runs, prediction, spentFlops, stopped }
}

/** Waits for a number of runs to have been begun. */
async function until(out: string, count: number): Promise<void> {
  while (begun(out).length < count) await sleep(20)
}

/** Waits until a process has ended and whoever inherited it has looked at its end. */
async function untilGone(pid: number): Promise<void> {
  for (const end = Date.now() + 5000; Date.now() < end; await sleep(20))
    try {
      process.kill(pid, 0)
    } catch {
      return
    }
  assert.fail(`process ${pid} still runs`)
}

test('a campaign whose planner dies by kill -9 again and again starts every program once, and ends as if nothing had been', async () => {
  const whole = await start('whole').ended
  assert.equal(whole.status, 0, whole.stderr)
  const total = begun('whole').length
  assert.ok(total >= 12, String(total))
  for (const count of [1, 4, 8, 11]) {
    const { child, ended } = start('dying')
    await until('dying', count)
    child.kill('SIGKILL')
    await ended
  }
  const last = await start('dying').ended
  assert.equal(last.status, 0, last.stderr)
  assert.deepEqual(outcome(last.stdout), outcome(whole.stdout))
  for (const run of begun('dying')) assert.equal(startsOf(run).length, 1, run)
  assert.equal(begun('dying').length, total)
})

test('Ctrl-C begins no more runs and waits; again the programs save and end; the same command goes on', async () => {
  const { child, ended, printed } = start('stopped', { env: { REST: '60' } })
  await until('stopped', 4)
  child.kill('SIGINT')
  while (!printed.stderr.includes('Ctrl-C')) await sleep(20)
  assert.match(
    printed.stderr,
    /the 4 that go on are waited for: Ctrl-C again gives SIGTERM and time to save\. Go on.*: isoflop/,
  )
  await sleep(500)
  for (const run of begun('stopped')) for (const pid of startsOf(run)) process.kill(Number(pid), 0)
  child.kill('SIGINT')
  const { status, stderr } = await ended
  assert.equal(status, 130, stderr)
  assert.match(stderr, /SIGTERM to 4 runs/)
  assert.equal(begun('stopped').length, 4)
  for (const run of begun('stopped')) for (const pid of startsOf(run)) await untilGone(Number(pid))
  const again = await start('stopped').ended
  assert.equal(again.status, 0, again.stderr)
  const whole = await start('whole').ended
  assert.deepEqual(outcome(again.stdout), outcome(whole.stdout))
})

test('one Ctrl-C and patience: what runs is waited for and kept, nothing more is begun', async () => {
  const { child, ended } = start('patient', { env: { REST: '2' }, parallel: 3 })
  await until('patient', 3)
  child.kill('SIGINT')
  const { status, stderr } = await ended
  assert.equal(status, 130, stderr)
  assert.equal(begun('patient').length, 3)
  for (const run of begun('patient')) assert.ok(existsSync(join(run, 'result.json')), run)
})

test('SIGTERM stands for two Ctrl-C; a third one kills a program that does not end', async () => {
  const deaf = `trap '' TERM; echo $$ >>{folder}/starts; while :; do sleep 0.1; done`
  const { child, ended, printed } = start('deaf', { run: deaf, parallel: 2 })
  await until('deaf', 2)
  child.kill('SIGTERM')
  while (!printed.stderr.includes('Ctrl-C again kills')) await sleep(20)
  await sleep(300)
  assert.equal(child.exitCode, null)
  child.kill('SIGINT')
  const { status, stderr } = await ended
  assert.equal(status, 130, stderr)
  assert.match(stderr, /killing 2 runs/)
  for (const run of begun('deaf')) for (const pid of startsOf(run)) await untilGone(Number(pid))
})

test('programs outlive a planner whose terminal is closed, or that gets Ctrl-\\; the same command waits for them', async () => {
  for (const [name, count] of [
    ['SIGHUP', 1],
    ['SIGQUIT', 5],
  ] as const) {
    const { child, ended } = start('closed', { env: { REST: '3' } })
    await until('closed', count)
    child.kill(name)
    await ended
    const open = begun('closed').filter((run) => !existsSync(join(run, 'result.json')))
    assert.ok(open.length > 0)
    for (const run of open) for (const pid of startsOf(run)) process.kill(Number(pid), 0)
  }
  const again = await start('closed').ended
  assert.equal(again.status, 0, again.stderr)
  assert.match(again.stderr, /still runs: waiting for it/)
  for (const run of begun('closed')) assert.equal(startsOf(run).length, 1, run)
})

const noTerminal = spawnSync('script', ['--version']).status === 0 ? false : 'script is not on this machine'
test('on a terminal of 60 columns one line tells what each run is at, while it runs', {
  skip: noTerminal,
}, async () => {
  const go = join(folder, 'go')
  const slow = join(folder, 'slow.sh')
  const point = (share: number, loss: number) =>
    `echo '{"tokens": '$((ISOFLOP_TOKENS * ${share} / 100))', "loss": ${loss}}' >>"$1/history.jsonl"`
  const rest = (file: string) => `while ! test -e '${go}${file}'; do sleep 0.1; done`
  writeFileSync(slow, `${point(25, 5.511)}; ${rest('1')}; ${point(76, 4.822)}; ${rest('2')}; ${answer()}`)
  const run = ['--run', `sh ${slow} {folder}`, '--out', 'shown']
  const words = [process.execPath, bin, 'campaign', '--strategy', 'profiles-surface', '--space', space, ...run]
  const command = words.map((word) => `'${word}'`).join(' ')
  const child = spawn('script', ['-qfec', `stty cols 60; exec ${command}`, '/dev/null'], {
    cwd: folder,
    env: { ...process.env, TERM: 'xterm', NO_COLOR: '' },
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  let shown = ''
  child.stdout.on('data', (chunk) => {
    shown += chunk
  })
  for (const [pattern, file] of [
    [/; 1 running: 2[45] % at 5\.511/, '1'],
    [/; 1 running: 7[56] % at 4\.822/, '2'],
  ] as const) {
    while (!pattern.test(shown)) {
      assert.equal(child.exitCode, null, shown)
      await sleep(20)
    }
    writeFileSync(`${go}${file}`, '')
  }
  const ended = new Promise((resolve) => child.once('close', resolve))
  child.stdin.write('\x03') // Ctrl-C, as a keyboard sends it
  await ended
  const drawn = shown
    .split('\r\x1b[K')
    .map((line) => line.split(/[\r\n]|\^C/)[0])
    .filter((line) => / of .* FLOPs/.test(line))
  assert.ok(drawn.length >= 2, shown)
  for (const line of drawn) assert.ok(line.length < 60, line)
})

test('a program that always fails ends the campaign with its words', async () => {
  const { status, stderr } = await start('broken', { run: 'echo "no module named train" >&2; exit 2; : {folder}' })
    .ended
  assert.equal(status, 2)
  assert.match(stderr, /error\[RUN_FAILED\].*3 configurations failed/)
  assert.match(stderr, /no module named train/)
  // Three that failed, and what was begun before the third was noticed.
  assert.ok(runsIn('broken').length <= 3 + 2 * 4, String(runsIn('broken').length))
})

test('--run does not go with --api and --world, nor its options without it', async () => {
  for (const [more, message] of [
    [['--world', 'seed:7'], /--world and --run exclude each other/],
    [['--time-limit', '5 parsecs'], /--time-limit is "5 parsecs", expected seconds, minutes, hours or days/],
    [['--retries', '-1'], /--retries is "-1"/],
  ] as const) {
    const { status, stderr } = await start('options', { more: [...more] }).ended
    assert.equal(status, 2)
    assert.match(stderr, message)
  }
})

test('real trainings: a campaign of isoflop train by its own command', async () => {
  const corpus = await tinyCorpus(folder)
  const small = {
    ...{ name: 'real', vocabulary: 300, context: 512, budget: 1.2e10, target: { flops: 1e11 } },
    shapes: { d_model: { from: 16, to: 48 }, num_layers: { from: 1, to: 2 }, head_dim: 16, flops: '6N+head' },
    batch: { unit: 'sequences', sizes: [1] },
    ...{ learning_rate: 0.01, train_flops: [3e8, 1e9] },
  }
  const file = join(folder, 'real.json')
  writeFileSync(file, JSON.stringify(small))
  const train = `${process.execPath} ${bin} train --corpus ${corpus} --threads 1 --steps {steps} --out {folder} --resume`
  const shape = '--d-model {d_model} --num-layers {num_layers} --num-heads {num_heads}'
  const run = `${train} ${shape} --batch-size {batch_size} --learning-rate {learning_rate}`
  const more = ['--space', file]
  const { status, stdout, stderr } = await start('real', { run, parallel: 2, more }).ended
  assert.equal(status, 0, stderr)
  const { runs, lost } = JSON.parse(stdout) as CampaignJson
  assert.deepEqual(lost, [])
  assert.ok(runs.length >= 6, String(runs.length))
  for (const { loss } of runs) assert.ok(loss !== null && loss > 2 && loss < 6.5, String(loss))
  const [first] = runsIn('real')
  const result = JSON.parse(readFileSync(join(first, 'result.json'), 'utf8'))
  const record = JSON.parse(readFileSync(join(first, 'record.jsonl'), 'utf8'))
  assert.deepEqual(result, { loss: record.loss.validation, tokens: record.tokens })
})
