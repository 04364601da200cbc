/**
 * Speed of the fits beside SciPy in the same run, and of the whole command from process start.
 * `npm run bench:fit [-- FILE --drop 5]` fits the runs of FILE without the given number of highest losses; without a file 240
 * simulated runs. SciPy's part is left out where python3 has no scipy; --published adds the loop as the replication published
 * it, without the analytic gradient (minutes).
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { availableParallelism, cpus, loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { random } from '../src/core/random.ts'
import { type Runs, runAt, runsOf, selectRuns } from '../src/core/run.ts'
import { runSampler } from '../src/fit/bootstrap.ts'
import { refitHuber } from '../src/fit/huber.ts'
import { fitHuber } from '../src/fit/huber-pool.ts'
import { groupBudgets } from '../src/fit/profile.ts'
import { fitSurface } from '../src/fit/surface.ts'
import { readRuns } from '../src/input/read.ts'
import { type SurfaceLaw, surfaceLoss } from '../src/law/surface.ts'
import { median } from '../src/numeric/quantile.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { drop: { type: 'string', default: '0' }, published: { type: 'boolean', default: false } },
})
const root = fileURLToPath(new URL('..', import.meta.url))
const law: SurfaceLaw = { E: 1.8, A: 480, B: 2100, alpha: 0.35, beta: 0.37, q: 1 }

/** 240 runs over four decades of compute with a noise of half a per cent. */
function simulated(): Runs {
  const { normal, uniform } = random(2)
  return runsOf(
    Array.from({ length: 240 }, () => {
      const flops = 1e18 * 10 ** (3.5 * uniform())
      const parameters = 0.05 * flops ** 0.514 * 10 ** (1.2 * (uniform() - 0.5))
      const tokens = flops / (6 * parameters)
      return { parameters, tokens, flops, loss: surfaceLoss(law, parameters, tokens) * Math.exp(0.005 * normal()) }
    }),
  )
}

function withoutHighest(runs: Runs, count: number): Runs {
  const order = Array.from({ length: runs.size }, (_, i) => i).sort((i, j) => runs.loss[i] - runs.loss[j])
  return selectRuns(runs, order.slice(0, runs.size - count))
}

/** Median seconds of a few calls. */
async function seconds(times: number, work: () => unknown): Promise<number> {
  const measured: number[] = []
  for (let k = 0; k < times; k++) {
    const start = performance.now()
    await work()
    measured.push((performance.now() - start) / 1000)
  }
  return median(measured)
}

/** What a reference script prints, or null where Python or SciPy is missing. */
function python(script: string, args: string[]): Record<string, number> | null {
  const { status, stdout } = spawnSync('python3', [join(root, 'scripts/reference', script), ...args], {
    encoding: 'utf8',
  })
  return status === 0 ? JSON.parse(stdout) : null
}

const row = (name: string, value: number, unit: string, note = '') =>
  console.log(`${name.padEnd(52)} ${value.toPrecision(4).padStart(9)} ${unit.padEnd(3)} ${note}`)

const file = positionals[0]
const runs = withoutHighest(file ? (await readRuns([file])).runs : simulated(), Number(values.drop))
console.log(
  `${runs.size} runs from ${file ? 'a file' : 'a simulated law'}; node ${process.version}, ${availableParallelism()} processors (${cpus()[0].model}), load ${loadavg()[0].toFixed(2)}\n`,
)

const one = await seconds(3, () => fitHuber(runs, { threads: 1 }))
const many = await seconds(3, () => fitHuber(runs))
const fit = (await fitHuber(runs))!
row('huber, 4,500 starts, one thread', one, 's', `objective ${fit.objective.toPrecision(10)}`)
row('huber, 4,500 starts, all processors', many, 's', `${fit.agreeing} starts within 5 % of it`)
const sampler = runSampler(runs, groupBudgets(runs), 0)
row(
  'huber, 4,000 bootstrap refits, one thread',
  await seconds(1, () => {
    for (let k = 0; k < 4000; k++) refitHuber(runs, fit.law, sampler(k).weights)
  }),
  's',
)
const surface = fitSurface(runs)!
const surfaceSeconds = await seconds(50, () => fitSurface(runs))
row('surface, variable projection', 1000 * surfaceSeconds, 'ms', `alpha ${surface.law.alpha.toPrecision(9)}`)
row(
  'surface, 4,000 bootstrap refits, one thread',
  await seconds(1, () => {
    for (let k = 0; k < 4000; k++) fitSurface(runs, { weights: sampler(k).weights, near: surface.law })
  }),
  's',
)

const folder = mkdtempSync(join(tmpdir(), 'isoflop-bench-'))
try {
  const rows = join(folder, 'runs.json')
  writeFileSync(rows, JSON.stringify(Array.from({ length: runs.size }, (_, i) => runAt(runs, i))))
  const modes: [string, string[]][] = [
    ['SciPy L-BFGS-B, analytic gradient', ['--plain']],
    ['SciPy L-BFGS-B, analytic gradient, objective / delta', []],
    ...(values.published ? [['SciPy L-BFGS-B as published, no gradient', ['--published']] as [string, string[]]] : []),
  ]
  for (const [name, flags] of modes) {
    const loop = python('huber_loop.py', [rows, ...flags])
    if (loop === null) {
      console.log('python3 with scipy was not found: no comparison')
      break
    }
    row(
      name,
      loop.seconds,
      's',
      `objective ${loop.objective.toPrecision(10)}; one thread ${(loop.seconds / one).toFixed(1)}x, all processors ${(loop.seconds / many).toFixed(1)}x slower than huber`,
    )
  }
  const varpro = python('varpro.py', [rows])
  if (varpro) {
    row(
      'SciPy variable projection, nnls grid',
      1000 * varpro.seconds,
      'ms',
      `${(varpro.seconds / surfaceSeconds).toFixed(1)}x the time of surface`,
    )
    row(
      'NumPy variable projection, grid as one Gram matrix',
      1000 * varpro.secondsBatched,
      'ms',
      `${(varpro.secondsBatched / surfaceSeconds).toFixed(2)}x the time of surface`,
    )
  }
} finally {
  rmSync(folder, { recursive: true })
}

console.log('\nthe command from process start, on the handout, with intervals')
const command = (args: string[]) => () => {
  const { status, stderr } = spawnSync(
    process.execPath,
    [join(root, 'bin/isoflop.js'), 'fit', 'world:handout', ...args],
    { encoding: 'utf8' },
  )
  if (status !== 0) throw new Error(stderr)
}
row('isoflop fit --method surface', await seconds(5, command(['--method', 'surface'])), 's', 'to reach: 1 s')
row('isoflop fit, all methods', await seconds(3, command([])), 's', 'to reach: 10 s')

console.log('\n1,000,000 rows of CSV, read and fitted by surface with intervals')
const scratch = mkdtempSync(join(tmpdir(), 'isoflop-bench-'))
try {
  const csv = join(scratch, 'runs.csv')
  writeFileSync(csv, millionRows())
  const start = performance.now()
  const { status, stdout } = spawnSync(
    process.execPath,
    [join(root, 'bin/isoflop.js'), 'fit', csv, '--method', 'surface', '--json'],
    { encoding: 'utf8' },
  )
  row(
    'isoflop fit runs.csv --method surface',
    (performance.now() - start) / 1000,
    's',
    `to reach: 10 s; status ${status}, ${JSON.parse(stdout).runs.used} runs`,
  )
} finally {
  rmSync(scratch, { recursive: true })
}

/** CSV text of a million runs at six budgets, with noise of 0.02 nats. */
function millionRows(): string {
  const { normal, uniform, integer } = random(3)
  const rows = ['params,tokens,flops,loss']
  for (let k = 0; k < 1_000_000; k++) {
    const flops = [1e18, 3e18, 1e19, 3e19, 1e20, 3e20][integer(6)]
    const parameters = 0.05 * flops ** 0.514 * 10 ** (1.2 * (uniform() - 0.5))
    const tokens = flops / (6 * parameters)
    rows.push(`${parameters},${tokens},${flops},${surfaceLoss(law, parameters, tokens) + 0.02 * normal()}`)
  }
  return rows.join('\n')
}
