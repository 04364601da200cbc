/**
 * Speed of the fits beside SciPy in the same run, and of the whole command from process start.
 * `npm run bench:fit [-- FILE --drop 5 --rounds 3]` fits the runs of FILE without the given number of highest losses; without a file 240
 * simulated runs. Everything is measured in every round, ours beside SciPy's: median and range are printed. PYTHON names the Python that has
 * scipy (python3); without it its part is left out. --published adds the loop as the replication published it, without the analytic gradient (minutes).
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
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
import { roundsOf, roundsOption, Sheet, underWatch } from './rounds.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { ...roundsOption, drop: { type: 'string', default: '0' }, published: { type: 'boolean', default: false } },
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

/** The least seconds of many calls of less than a millisecond: whatever else a machine does only adds to them. */
function leastSeconds(times: number, work: () => unknown): number {
  let least = Number.POSITIVE_INFINITY
  for (let k = 0; k < times; k++) {
    const start = performance.now()
    work()
    least = Math.min(least, (performance.now() - start) / 1000)
  }
  return least
}

/** What a reference script prints, or null where Python or SciPy is missing. */
function python(script: string, args: string[]): Record<string, number> | null {
  const { status, stdout } = spawnSync(
    process.env.PYTHON ?? 'python3',
    [join(root, 'scripts/reference', script), ...args],
    {
      encoding: 'utf8',
    },
  )
  return status === 0 ? JSON.parse(stdout) : null
}

const file = positionals[0]
const runs = withoutHighest(file ? (await readRuns([file])).runs : simulated(), Number(values.drop))
const sheet = new Sheet()

/** Ours, in this process. Gives what SciPy's times are compared with. */
async function measureOurs() {
  const one = await seconds(3, () => fitHuber(runs, { threads: 1 }))
  const many = await seconds(3, () => fitHuber(runs))
  const fit = (await fitHuber(runs))!
  sheet.add('huber, 4,500 starts, one thread', one, 's', `objective ${fit.objective.toPrecision(10)}`)
  sheet.add('huber, 4,500 starts, all processors', many, 's', `${fit.agreeing} starts within 5 % of it`)
  const sampler = runSampler(runs, groupBudgets(runs), 0)
  const refits = (refit: (weights: Float64Array | undefined) => unknown) =>
    seconds(1, () => {
      for (let k = 0; k < 4000; k++) refit(sampler(k).weights)
    })
  const huberRefits = await refits((weights) => refitHuber(runs, fit.law, weights))
  sheet.add('huber, 4,000 bootstrap refits, one thread', huberRefits, 's')
  const { law } = fitSurface(runs)!
  const surface = leastSeconds(500, () => fitSurface(runs))
  sheet.add('surface, variable projection', 1000 * surface, 'ms', `alpha ${law.alpha.toPrecision(9)}`)
  const surfaceRefits = await refits((weights) => fitSurface(runs, { weights, near: law }))
  sheet.add('surface, 4,000 bootstrap refits, one thread', surfaceRefits, 's')
  return { one, many, surface }
}

/** SciPy's and NumPy's on the same runs; false where Python has neither. */
function measureTheirs(rows: string, { one, many, surface }: { one: number; many: number; surface: number }): boolean {
  const modes: [string, string[]][] = [
    ['SciPy L-BFGS-B, analytic gradient', ['--plain']],
    ['SciPy L-BFGS-B, analytic gradient, objective / delta', []],
    ...(values.published ? [['SciPy L-BFGS-B as published, no gradient', ['--published']] as [string, string[]]] : []),
  ]
  for (const [name, flags] of modes) {
    const loop = python('huber_loop.py', [rows, ...flags])
    if (loop === null) return false
    sheet.add(name, loop.seconds, 's', `objective ${loop.objective.toPrecision(10)}`)
    sheet.add(`${name} over huber on one thread`, loop.seconds / one, 'x')
    sheet.add(`${name} over huber on all processors`, loop.seconds / many, 'x')
  }
  const varpro = python('varpro.py', [rows, '--repeats', '200'])
  if (varpro === null) return false
  for (const [name, time] of [
    ['SciPy variable projection, nnls grid', varpro.seconds],
    ['NumPy variable projection, 32 x 32 grid as one Gram matrix', varpro.secondsBatched],
    ["NumPy variable projection, surface's own 12 x 12 grid", varpro.secondsCoarse],
  ] as const) {
    sheet.add(name, 1000 * time, 'ms')
    sheet.add(`${name} over surface`, time / surface, 'x')
  }
  return true
}

/** The command from process start. */
async function measureCommand(csv: string): Promise<void> {
  const command = (args: readonly string[]) => () => {
    const { status, stderr } = spawnSync(process.execPath, [join(root, 'bin/isoflop.js'), 'fit', ...args], {
      encoding: 'utf8',
    })
    if (status !== 0) throw new Error(stderr)
  }
  const handout = 'world:handout'
  const surfaceSeconds = await seconds(5, command([handout, '--method', 'surface']))
  sheet.add('isoflop fit world:handout --method surface', surfaceSeconds, 's', 'from process start; to reach: 1 s')
  sheet.add('isoflop fit world:handout', await seconds(3, command([handout])), 's', 'all methods; to reach: 10 s')
  const millionSeconds = await seconds(1, command([csv, '--method', 'surface', '--json']))
  sheet.add('isoflop fit runs.csv --method surface', millionSeconds, 's', '1,000,000 rows; to reach: 10 s')
}

const rounds = roundsOf(values.rounds)
const folder = mkdtempSync(join(tmpdir(), 'isoflop-bench-'))
const about = `${runs.size} runs from ${file ? 'a file' : 'a simulated law'}; rounds: ${rounds}`
try {
  const rows = join(folder, 'runs.json')
  const csv = join(folder, 'million.csv')
  writeFileSync(rows, JSON.stringify(Array.from({ length: runs.size }, (_, i) => runAt(runs, i))))
  writeFileSync(csv, millionRows())
  await underWatch(console.log, about, async () => {
    let compared = true
    for (let round = 0; round < rounds; round++) {
      const ours = await measureOurs()
      compared = measureTheirs(rows, ours) && compared
      await measureCommand(csv)
    }
    for (const line of sheet.lines()) console.log(line)
    if (!compared) console.log(`${process.env.PYTHON ?? 'python3'} with scipy was not found: no comparison`)
  })
} finally {
  rmSync(folder, { recursive: true })
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
