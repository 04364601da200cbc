import { short } from '../core/diagnostic.ts'
import { parameterTokens, trainFlops } from '../core/flops.ts'
import type { Interval } from '../core/interval.ts'
import { type Runs, runAt, runsOf } from '../core/run.ts'
import { powerAt } from '../law/power.ts'
import { optimalParameters, type SurfaceLaw, surfaceLoss } from '../law/surface.ts'
import { fitLine, type Line } from '../numeric/line.ts'
import { quantileOfSorted } from '../numeric/quantile.ts'
import { drawNorms } from './norm/draws.ts'
import { fitNorm, type NormFit } from './norm/fit.ts'
import type { Headline, MethodResult, NextRuns } from './result.ts'

/** An interval of the best N at the largest trained budget that spans more than this is no answer. */
const mostWidth = 10
/** Runs within this distance, in ln, of one line in (ln N, ln D) lie on it. */
const onLine = 0.05

/** Draws and confidence with which a design is judged. */
const judging = { draws: 200, confidence: 0.95 } as const

/** The line that all runs lie on: D = coefficient N^slope, all of one D or all of one N; null where they do not. */
export type RunsLine =
  | { readonly kind: 'ray'; readonly slope: number; readonly coefficient: number }
  | { readonly kind: 'one D'; readonly value: number }
  | { readonly kind: 'one N'; readonly value: number }

export function lineOf(runs: Runs): RunsLine | null {
  const [x, y] = [runs.parameters.map(Math.log), runs.tokens.map(Math.log)]
  const spread = (values: Float64Array) => {
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length
    return { mean, rmse: Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length) }
  }
  const [ofN, ofD] = [spread(x), spread(y)]
  if (ofN.rmse < onLine) return { kind: 'one N', value: Math.exp(ofN.mean) }
  if (ofD.rmse < onLine) return { kind: 'one D', value: Math.exp(ofD.mean) }
  const line: Line | null = fitLine(x, y)
  if (line === null || line.rmse >= onLine) return null
  return { kind: 'ray', slope: line.slope, coefficient: Math.exp(line.intercept) }
}

/** A line in words: `D = 20 N`. */
export function lineText(line: RunsLine): string {
  if (line.kind === 'one D') return `all have D = ${short(line.value)} tokens`
  if (line.kind === 'one N') return `all have N = ${short(line.value)} parameters`
  const power = Math.abs(line.slope - 1) < 0.02 ? 'N' : `N^${line.slope.toFixed(2)}`
  return `all lie on the line D = ${short(line.coefficient)} ${power}`
}

/** Whether the runs determine a law, and what is said of it. */
export interface Verdict {
  readonly said: Omit<Headline, 'method'>
  /** The law that was judged. */
  readonly law: SurfaceLaw
  readonly line: RunsLine | null
}

/** Whether the runs determine the law of method `norm`, and what to do where they do not. */
export function verdictOf(
  runs: Runs,
  norm: NormFit,
  targets: readonly number[],
  flopsRatio: number,
  seed: number,
): Verdict {
  const { law, converged } = norm
  const largest = Math.exp(norm.data.work.reduce((high, value) => Math.max(high, value)))
  const line = lineOf(runs)
  const width = widthAt(norm, largest, seed)
  const reasons = [
    ...(line ? [`the runs ${lineText(line)}, so the effects of N and of D cannot be told apart`] : []),
    ...(!line && width > mostWidth
      ? [`the best N at the largest trained budget could be anything within a factor of ${short(width)}`]
      : []),
    ...(converged ? [] : ['the fit stopped before it converged']),
  ]
  if (reasons.length === 0) return { said: determined, law, line }
  const inLaw = targets.map((C) => C / flopsRatio)
  const said = {
    determined: false,
    reasons,
    told: toldOf(runs, norm, line, inLaw, seed),
    next: asCounted(nextRuns(runs, norm, largest, width, seed), flopsRatio),
  }
  return { said, law, line }
}

const determined: Verdict['said'] = { determined: true, reasons: [], told: [], next: null }

/** Why a law is left open; null where it is not. Runs on one line leave every law open; what else is wanting, only one law was asked for. */
export function openBecause({ said, law, line }: Verdict, other: SurfaceLaw): string | null {
  return said.determined || (line === null && other !== law) ? null : said.reasons.join('; ')
}

/** Who speaks: the first method that gave something. One without a law claims nothing that runs could leave open. */
export function headlineOf(verdict: Verdict | null, methods: readonly MethodResult[]): Headline {
  const first = methods.find(({ unavailable }) => unavailable === null)
  const said = verdict === null || first?.law === null ? determined : verdict.said
  return { ...said, method: first?.method ?? null }
}

/** The proposed runs with FLOPs as the table counts them. */
const asCounted = (next: NextRuns | null, ratio: number): NextRuns | null =>
  next && { ...next, runs: next.runs.map((run) => ({ ...run, flops: run.flops * ratio })) }

/** High over low end of the interval of the best N at C FLOPs, 6ND. */
function widthAt(norm: NormFit, C: number, seed: number): number {
  const sizes = drawNorms(norm, judging.draws, seed).map(({ law }) => powerAt(optimalParameters(law), C))
  const [low, high] = ends(sizes)
  return high / low
}

function ends(values: readonly number[]): Interval {
  const sorted = Float64Array.from(values).sort()
  const { confidence } = judging
  return [quantileOfSorted(sorted, (1 - confidence) / 2), quantileOfSorted(sorted, (1 + confidence) / 2)]
}

/** What was measured, and, for runs along a ray, the loss farther along it. */
function toldOf(runs: Runs, norm: NormFit, line: RunsLine | null, targets: readonly number[], seed: number): string[] {
  const order = Array.from({ length: runs.size }, (_, i) => i).sort((i, j) => runs.loss[i] - runs.loss[j])
  const at = (i: number) =>
    `${runs.loss[i].toFixed(3)} at N = ${short(runs.parameters[i])}, D = ${short(runs.tokens[i])}`
  const measured = `the lowest measured loss is ${at(order[0])}, the highest ${at(order[order.length - 1])}`
  if (line?.kind !== 'ray' || line.slope < 0.3 || line.slope > 3) return [measured]
  const { slope, coefficient } = line
  const laws = drawNorms(norm, judging.draws, seed)
  const along = targets.map((C) => {
    const N = (parameterTokens(C) / coefficient) ** (1 / (1 + slope))
    const D = coefficient * N ** slope
    const beyond = Math.max(0, Math.log(C) - Math.log(laws[0].drift.from))
    const [low, high] = ends(laws.map(({ law, drift }) => surfaceLoss(law, N, D) * (1 + drift.loss * beyond)))
    const loss = surfaceLoss(norm.law, N, D)
    return `farther along the line, N = ${short(N)} with D = ${short(D)} (${short(C)} FLOPs) would reach ${loss.toFixed(3)} [${low.toFixed(3)}, ${high.toFixed(3)}]`
  })
  return [measured, ...along]
}

/** Tokens per parameter of the profile that is proposed. */
const proposed = [4, 10, 25, 60, 150] as const
/** Its budget over the largest one: the cheapest of these that determines the law, else the last. */
const proposedBudgets = [1 / 10, 1 / 3, 1] as const

/** A profile that would determine the law, tried on losses as the law has them there. */
function nextRuns(runs: Runs, norm: NormFit, largest: number, widthNow: number, seed: number): NextRuns | null {
  const known = Array.from({ length: runs.size }, (_, i) => runAt(runs, i))
  let last: NextRuns | null = null
  for (const share of proposedBudgets) {
    const profile = proposed.map((ratio) => {
      const parameters = Math.sqrt(parameterTokens(share * largest) / ratio)
      const tokens = ratio * parameters
      return { parameters, tokens, flops: trainFlops(parameters, tokens) }
    })
    const added = profile.map((run) => ({ ...run, loss: surfaceLoss(norm.law, run.parameters, run.tokens) }))
    const refitted = fitNorm(runsOf([...known, ...added]), norm.prior)
    if (refitted === null) return null
    last = { runs: profile, widthNow, widthThen: widthAt(refitted, largest, seed) }
    if (last.widthThen < Math.sqrt(mostWidth)) break
  }
  return last
}

/** The proposed runs in words: what to train, and what that would tell. */
export function nextText({ runs, widthNow, widthThen }: NextRuns): string {
  const sizes = runs.map(({ parameters }) => parameters)
  const cost = runs.reduce((sum, { flops }) => sum + flops, 0)
  return (
    `Train ${runs.length} sizes from N = ${short(Math.min(...sizes))} to ${short(Math.max(...sizes))} at ${short(runs[0].flops)} FLOPs each ` +
    `(${short(cost)} in all): if they come out as the law has them, the best N at the largest budget is known within a factor of ` +
    `${short(widthThen)} instead of ${short(widthNow)}.`
  )
}
