/**
 * How often the 95 % intervals of `surface` cover the truth, on simulated runs of a known law: 400 draws of noise for each
 * design, quantities at 10 times the largest budget. Run with `npm run bench:coverage [-- --draws 400]`.
 */
import { parseArgs } from 'node:util'
import { tokensFor } from '../src/core/flops.ts'
import type { Interval } from '../src/core/interval.ts'
import { random } from '../src/core/random.ts'
import { type Runs, runsOf, withLoss } from '../src/core/run.ts'
import { analyse } from '../src/fit/analysis.ts'
import { frontierLoss } from '../src/law/frontier.ts'
import { powerAt } from '../src/law/power.ts'
import { optimalLoss, optimalParameters, optimalTokens, type SurfaceLaw, surfaceLoss } from '../src/law/surface.ts'
import { handoutLaw, handoutRuns } from '../src/world/handout.ts'

const { values } = parseArgs({
  options: { draws: { type: 'string', default: '400' }, resamples: { type: 'string', default: '1000' } },
})
const draws = Number(values.draws)
const resamples = Number(values.resamples)

interface Design {
  readonly name: string
  readonly law: SurfaceLaw
  readonly runs: Runs
  /** Standard deviation of each run's loss, nats. */
  readonly noise: number
  /** Standard deviation of what all runs of a budget share. */
  readonly shared: number
}

const law: SurfaceLaw = { E: 1.8, A: 480, B: 2100, alpha: 0.35, beta: 0.37, q: 1 }

/** Profiles of `sizes` models each, from 1/width to width times the optimum, off-centre by a fifth. */
function profiles(budgets: number[], sizes: number, width: number): Runs {
  return runsOf(
    budgets.flatMap((flops) =>
      Array.from({ length: sizes }, (_, k) => {
        const parameters = 1.2 * powerAt(optimalParameters(law), flops) * width ** ((2 * k) / (sizes - 1) - 1)
        const tokens = tokensFor(flops, parameters)
        return { parameters, tokens, flops, loss: surfaceLoss(law, parameters, tokens) }
      }),
    ),
  )
}

const sixBudgets = [1e18, 3e18, 1e19, 3e19, 1e20, 3e20]
const designs: Design[] = [
  { name: 'handout, 9 x 8 runs, noise 0.02', law: handoutLaw, runs: handoutRuns(), noise: 0.02, shared: 0 },
  { name: '6 x 6 runs within 3x, noise 0.01', law, runs: profiles(sixBudgets, 6, 3), noise: 0.01, shared: 0 },
  {
    name: '6 x 6 runs within 3x, noise 0.01, and 0.01 shared by a budget',
    law,
    runs: profiles(sixBudgets, 6, 3),
    noise: 0.01,
    shared: 0.01,
  },
]

const names = ['a', 'b', 'alpha', 'beta', 'E', 'N*', 'D*', 'loss'] as const

/** Whether each quantity's interval covers its true value, in the order of `names`. */
async function covered(design: Design, draw: number): Promise<boolean[] | null> {
  const { normal } = random(1, draw)
  const common = new Map<number, number>()
  const loss = design.runs.loss.map((value, i) => {
    const C = design.runs.flops[i]
    if (!common.has(C)) common.set(C, design.shared * normal())
    return value + common.get(C)! + design.noise * normal()
  })
  const target = 10 * design.runs.flops.reduce((high, C) => Math.max(high, C))
  const { methods } = await analyse(
    { runs: withLoss(design.runs, loss) },
    { methods: ['surface'], targets: [target], seed: draw, resamples, threads: 1 },
  )
  const [{ modelSize, datasetSize, lawIntervals, predictions }] = methods
  if (!modelSize?.interval || !datasetSize?.interval || !lawIntervals) return null
  const [{ interval }] = predictions
  const truth = design.law
  const N = optimalParameters(truth)
  const D = optimalTokens(truth)
  const inside = (range: Interval | null, value: number) => range !== null && range[0] <= value && value <= range[1]
  return [
    inside(modelSize.interval, N.exponent),
    inside(datasetSize.interval, D.exponent),
    inside(lawIntervals.alpha, truth.alpha),
    inside(lawIntervals.beta, truth.beta),
    inside(lawIntervals.E, truth.E),
    inside(interval.parameters, powerAt(N, target)),
    inside(interval.tokens, powerAt(D, target)),
    inside(interval.loss, frontierLoss(optimalLoss(truth), target)),
  ]
}

console.log(
  `coverage of 95 % intervals of surface, ${draws} draws, ${resamples} resamples; standard error about 1.1 points`,
)
console.log(`node ${process.version}\n`)
for (const design of designs) {
  const results: boolean[][] = []
  for (let draw = 0; draw < draws; draw++) {
    const result = await covered(design, draw)
    if (result) results.push(result)
  }
  const rate = (k: number) => `${((100 * results.filter((row) => row[k]).length) / results.length).toFixed(1)} %`
  console.log(`${design.name}${results.length < draws ? ` (${draws - results.length} draws without an interval)` : ''}`)
  console.log(`  ${names.map((name, k) => `${name} ${rate(k)}`).join('   ')}\n`)
}
