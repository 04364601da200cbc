/**
 * What `isoflop fit --group-by` says two groups share, on simulated pairs of known laws: how often each model is given up though it
 * holds, how often it is where it does not, and how often intervals hold the truth. Run with
 * `npm run bench:groups [-- --pairs 200 --from 0 --only tokens]`.
 */
import { parseArgs } from 'node:util'
import { tokensFor } from '../src/core/flops.ts'
import type { Interval } from '../src/core/interval.ts'
import { type Random, random } from '../src/core/random.ts'
import { type Runs, runsOf } from '../src/core/run.ts'
import { bestPlace, comparePair, tokensForLoss } from '../src/fit/groups/compare.ts'
import type { PairComparison } from '../src/fit/groups/result.ts'
import { sharings } from '../src/fit/groups/sharing.ts'
import { usualPrior } from '../src/fit/norm/prior.ts'
import { powerAt } from '../src/law/power.ts'
import { optimalParameters, type SurfaceLaw, surfaceLoss } from '../src/law/surface.ts'

const { values } = parseArgs({
  options: {
    pairs: { type: 'string', default: '200' },
    from: { type: 'string', default: '0' },
    only: { type: 'string' },
  },
})

/** How the second law comes of the first, and the model that is true of them. */
interface Case {
  readonly name: string
  readonly truth: string
  change(law: SurfaceLaw, rng: Random): SurfaceLaw
}

const between = (rng: Random, low: number, high: number): number => low * (high / low) ** rng.uniform()
const fewerTokens = (law: SurfaceLaw, k: number): SurfaceLaw => ({ ...law, B: law.B * k ** law.beta })
const pivot = { N: 3e8, D: 1e10 }

const cases: Case[] = [
  { name: 'one law', truth: 'one', change: (law) => law },
  { name: 'tokens 0.5x to 2x', truth: 'tokens', change: (law, rng) => fewerTokens(law, between(rng, 0.5, 2)) },
  {
    name: 'and E 0.05 higher',
    truth: 'plateau',
    change: (law, rng) => ({ ...fewerTokens(law, between(rng, 0.5, 2)), E: law.E + 0.05 }),
  },
  {
    name: 'and E 0.2 higher',
    truth: 'plateau',
    change: (law, rng) => ({ ...fewerTokens(law, between(rng, 0.5, 2)), E: law.E + 0.2 }),
  },
  {
    name: 'beta 0.03 lower',
    truth: 'own',
    change: (law) => ({ ...law, beta: law.beta - 0.03, B: law.B * pivot.D ** -0.03 }),
  },
]
const noises = [
  { own: 0.005, shared: 0 },
  { own: 0.005, shared: 0.005 },
  { own: 0.02, shared: 0 },
] as const

/** A law near those of the literature, both terms some 0.5 nats at the pivot. */
function drawLaw(rng: Random): SurfaceLaw {
  const [alpha, beta] = [between(rng, 0.27, 0.42), between(rng, 0.27, 0.42)]
  const term = () => between(rng, 0.35, 0.7)
  const q = [0.5, 0.7, 1][rng.integer(3)]
  return { E: 1.4 + 0.6 * rng.uniform(), A: term() * pivot.N ** alpha, B: term() * pivot.D ** beta, alpha, beta, q }
}

/** Profiles about the optimum of some law, with noise of each run and of each budget. */
function measured(
  law: SurfaceLaw,
  budgets: readonly number[],
  width: number,
  noise: (typeof noises)[number],
  rng: Random,
): Runs {
  return runsOf(
    budgets.flatMap((flops) => {
      const common = noise.shared * rng.normal()
      return Array.from({ length: 6 }, (_, k) => {
        const parameters = 1.1 * powerAt(optimalParameters(law), flops) * width ** (k / 2.5 - 1)
        const tokens = tokensFor(flops, parameters)
        return {
          parameters,
          tokens,
          flops,
          loss: surfaceLoss(law, parameters, tokens) + common + noise.own * rng.normal(),
        }
      })
    }),
  )
}

interface Outcome {
  readonly pair: PairComparison
  readonly covers: readonly boolean[]
  readonly widths: readonly number[]
}

/** Where best runs are held beside each other: ten times the largest budget, FLOPs. */
const beyond = 3e21

const inside = ([low, high]: Interval, value: number) => low <= value && value <= high

function outcomeOf({ change }: Case, noise: (typeof noises)[number], number: number): Outcome {
  const rng = random(92, number)
  const a = drawLaw(rng)
  const b = change(a, rng)
  const runs = [
    measured(a, [1e18, 3e18, 1e19, 3e19, 1e20, 3e20], 3, noise, rng),
    measured(b, [1e18, 3e18, 1e19, 3e19, 1e20], 4, noise, rng),
  ]
  const pair = comparePair(
    [
      { name: 'a', runs: runs[0] },
      { name: 'b', runs: runs[1] },
    ],
    { places: [1e20, 1e21].map((flops) => bestPlace(a, flops)), budgets: [{ flops: beyond, works: [beyond, beyond] }] },
    {
      prior: usualPrior,
      confidence: 0.95,
      seed: number,
      resamples: 199,
      level: 0.05,
    },
  )
  // The true factor is asked for at the N and D, and for the loss, that the true law of the first has there.
  const factors = pair.worth.map(({ parameters, tokens, factor }) => ({
    factor,
    truth: tokensForLoss(b, parameters, surfaceLoss(a, parameters, tokens)) / tokens,
  }))
  const [{ parameters: ratio }] = pair.optima
  return {
    pair,
    covers: [
      ...factors.map(({ factor, truth }) => inside(factor.interval, truth)),
      pair.tokens === null || inside(pair.tokens.interval, (b.B / a.B) ** (1 / a.beta)),
      inside(pair.plateau.interval, b.E - a.E),
      pair.differences === null || inside(pair.differences.beta.interval, b.beta - a.beta),
      inside(ratio.interval, bestPlace(b, beyond).parameters / bestPlace(a, beyond).parameters),
    ],
    widths: [
      ...factors.map(({ factor: { value, interval } }) => Math.log(interval[1] / value)),
      Math.log(ratio.interval[1] / ratio.value),
    ],
  }
}

const percent = (share: number) => (Number.isFinite(share) ? `${(100 * share).toFixed(1)} %` : 'no end')
const median = (values: number[]) => values.sort((x, y) => x - y)[values.length >> 1]
console.log(`${values.pairs} pairs from ${values.from}; node ${process.version}`)
console.log(
  'given up: one, tokens, plateau, exponents; kept; covered: factor of tokens at 1e20, at 1e21, k, E, beta where said, ratio of the best N at 3e21\n',
)
for (const test of cases.filter(({ name }) => !values.only || name.startsWith(values.only)))
  for (const noise of noises) {
    const outcomes = Array.from({ length: Number(values.pairs) }, (_, k) =>
      outcomeOf(test, noise, Number(values.from) + k),
    )
    const share = (is: (outcome: Outcome) => boolean) => percent(outcomes.filter(is).length / outcomes.length)
    const covered = (k: number, said: (pair: PairComparison) => boolean) => {
      const those = outcomes.filter(({ pair }) => said(pair))
      return those.length === 0
        ? '-'
        : `${percent(those.filter(({ covers }) => covers[k]).length / those.length)} of ${those.length}`
    }
    console.log(`${test.name} (${test.truth}), noise ${noise.own}, shared by a budget ${noise.shared}`)
    console.log(`  given up ${[0, 1, 2, 3].map((k) => share(({ pair }) => pair.tests[k].p < 0.05)).join(', ')}`)
    console.log(`  kept ${sharings.map(({ name }) => `${name} ${share(({ pair }) => pair.kept === name)}`).join(', ')}`)
    const always = () => true
    console.log(
      `  covered ${[
        covered(0, always),
        covered(1, always),
        covered(2, ({ tokens }) => tokens !== null),
        covered(3, always),
        covered(4, ({ differences }) => differences !== null),
        covered(5, always),
      ].join(
        ', ',
      )}; half widths ${[0, 1, 2].map((k) => percent(median(outcomes.map(({ widths }) => widths[k])))).join(', ')}\n`,
    )
  }
