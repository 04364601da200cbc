import { unitsOf } from '../../core/run.ts'
import { nextText } from '../../fit/headline.ts'
import type {
  Comparison,
  Diagnosed,
  FittedPower,
  Headlined,
  MethodResult,
  Prediction,
  Scope,
} from '../../fit/result.ts'
import { excessLoss, type SurfaceLaw } from '../../law/surface.ts'
import { compact, excess, exponent, listed, nats, percent, ratio, significant, withInterval } from '../number.ts'
import { words } from '../words/words.ts'
import { answerBudget, availableMethods, largestBudget, optimumOf, predictionAt, sortedTargets } from './facts.ts'

/** Methods whose N differs from the first one's by less than this say the same. */
const agreeing = 0.1

/** The answer in sentences; what there is nothing to say about is empty. */
export interface Answer {
  /** At which budget, by which method. */
  readonly where: string
  readonly size: string
  readonly loss: string
  readonly growth: string
  /** What the other methods say, one by one, and in short. */
  readonly others: string
  readonly othersInShort: string
  readonly truth: string
}

/**
 * What the fits answer at the largest target, or, without targets, at the largest trained budget. `norm` speaks first, or
 * the first method there is; null when no method gave a law, or when the runs do not determine it (`openOf`).
 */
export function answerOf(analysis: Scope & Comparison & Headlined, truth?: SurfaceLaw | null): Answer | null {
  if (!analysis.headline.determined) return null
  const C = answerBudget(analysis)
  const [first, ...others] = availableMethods(analysis)
  const prediction = first && predictionAt(analysis, first.method, C)
  if (!prediction) return null
  const { near, far } = othersAt(analysis, C, prediction, others)
  return {
    where: whereOf(analysis, C, first),
    size: sizeOf(prediction),
    loss: lossOf(prediction, analysis),
    growth: growthOf(first),
    others: othersText(near, far.map(farText)),
    othersInShort: othersText(near, far.length > 0 ? [farRange(far)] : []),
    truth: truth ? truthOf(truth, C, prediction, first) : '',
  }
}

/** What to say where the runs do not determine a law: why, what can be told all the same, and which runs would tell more. */
export interface Open {
  readonly why: string
  readonly told: readonly string[]
  readonly next: string
}

/** Null where a law is headlined. */
export function openOf({ headline: { determined, reasons, told, next } }: Headlined): Open | null {
  if (determined) return null
  const { elsewhere, marks } = words()
  return {
    why: reasons.map(elsewhere).join(marks.semicolon),
    told: told.map(elsewhere),
    next: next ? elsewhere(nextText(next)) : '',
  }
}

/** How far a budget lies beyond the runs, in words. */
export function beyondRuns(analysis: Scope, C: number): string {
  const times = C / largestBudget(analysis)
  const { beyond } = words().fit
  if (times > 1.005) return beyond.times(compact(times))
  return times > 0.995 ? beyond.largest : beyond.within
}

function whereOf(analysis: Scope, C: number, { method }: MethodResult): string {
  return words().fit.where(compact(C), beyondRuns(analysis, C), method, percent(analysis.bootstrap.confidence))
}

function sizeOf({ parameters, tokens, interval }: Prediction): string {
  const N = withInterval(parameters, interval.parameters)
  const D = withInterval(tokens, interval.tokens)
  return words().fit.size(N, D, ratio(tokens / parameters))
}

const lossOf = ({ loss, interval }: Prediction, { runs }: Scope): string =>
  loss === null ? '' : words().fit.loss(withInterval(loss, interval.loss, nats), unitsOf(runs).loss)

function growthOf({ modelSize, datasetSize }: MethodResult): string {
  const power = (law: FittedPower) => `C^${withInterval(law.exponent, law.interval, exponent)}`
  if (!modelSize || !datasetSize) return ''
  return words().fit.growth(power(modelSize), power(datasetSize))
}

interface Other {
  readonly method: string
  readonly prediction: Prediction
  /** Its N over the first method's. */
  readonly times: number
  /** Of differences of losses. */
  readonly unit: string
}

/** The other methods, those first that name nearly the same N. */
function othersAt(
  analysis: Scope & Comparison,
  C: number,
  { parameters }: Prediction,
  others: readonly MethodResult[],
) {
  const unit = unitsOf(analysis.runs).difference
  const found = others.flatMap(({ method }): Other[] => {
    const prediction = predictionAt(analysis, method, C)
    return prediction ? [{ method, prediction, times: prediction.parameters / parameters, unit }] : []
  })
  const agrees = ({ times }: Other) => Math.abs(Math.log(times)) < agreeing
  return { near: found.filter(agrees), far: found.filter((other) => !agrees(other)) }
}

/** Who agrees with the first method, and by how much. */
function nearText(near: readonly Other[]): string {
  const most = Math.max(1, ...near.map(({ times }) => Math.ceil(100 * Math.abs(times - 1))))
  const methods = near.map(({ method }) => method)
  return words().fit.agree(methods, listed(methods), most)
}

/** What each of those who disagree says, and what it costs to believe it. */
const farText = ({ method, prediction, times, unit }: Other): string =>
  words().fit.differs(method, significant(prediction.parameters), ratio(times)) + costText(prediction.excessLoss, unit)

const costText = (cost: number | null, unit: string, isMost = false): string =>
  cost === null ? '' : words().fit.costs(excess(cost), unit, isMost)

/** The same of all who disagree together. */
function farRange(far: readonly Other[]): string {
  if (far.length === 1) return farText(far[0])
  const times = far.map((other) => other.times)
  const costs = far.map(({ prediction }) => prediction.excessLoss)
  const worst = costs.includes(null) ? null : Math.max(...(costs as number[]))
  const named = listed(far.map(({ method }) => method))
  const [low, high] = [Math.min(...times), Math.max(...times)].map(ratio)
  return words().fit.differ(named, low, high) + costText(worst, far[0].unit, true)
}

const othersText = (near: readonly Other[], far: readonly string[]): string =>
  [...(near.length > 0 ? [nearText(near)] : []), ...far].join(words().marks.semicolon)

/** The law that made the runs, its optimum, and how far the answer is from it. */
function truthOf(truth: SurfaceLaw, C: number, { parameters }: Prediction, { method }: MethodResult): string {
  const { parameters: N, tokens: D, loss } = optimumOf(truth, C)
  return (
    words().fit.truth(lawText(truth), significant(N), significant(D), nats(loss)) +
    words().fit.ofTruth(method, ratio(parameters / N), excess(excessLoss(truth, C, parameters)))
  )
}

/** A surface as a formula: `L = 2.69 + 1606.4 / N^0.34 + 3210.7 / D^0.36`, with the norm where it is not the sum. */
export function lawText({ E, A, B, alpha, beta, q }: SurfaceLaw): string {
  const short = (x: number) => compact(x, 5)
  const terms = [`${short(A)} / N^${short(alpha)}`, `${short(B)} / D^${short(beta)}`]
  if (Math.abs(q - 1) < 1e-6) return `L = ${short(E)} + ${terms.join(' + ')}`
  const [ofN, ofD] = terms.map((term) => `(${term})^${compact(1 / q, 3)}`)
  return `L = ${short(E)} + (${ofN} + ${ofD})^${compact(q, 3)}`
}

/** Warnings in the order in which they should shake the reader's trust; what others follow from comes before them. */
const importance = [
  'data-sets-pooled',
  'repeats-counted-fresh',
  'not-determined',
  'single-ray',
  'repeats-memorized',
  'repeats-open',
  'not-converged',
  'few-runs',
  'backtest-drifts',
  'asymptote-not-identified',
  'budgets-deviate-together',
  'no-profiles',
  'edge-minimum',
  'not-convex',
  'far-extrapolation',
  'outliers',
  'laws-disagree',
] as const

/** The most important warnings, the worst first. */
export function topWarnings({ diagnostics }: Diagnosed, most: number): Diagnosed['diagnostics'][number][] {
  const rank = (code: string) => {
    const place = (importance as readonly string[]).indexOf(code)
    return place < 0 ? importance.length : place
  }
  return diagnostics
    .filter(({ severity }) => severity === 'warning')
    .sort((a, b) => rank(a.code) - rank(b.code))
    .slice(0, most)
}

/** All warnings, the worst first, then the notes. */
export const remarksOf = (analysis: Diagnosed): Diagnosed['diagnostics'] => [
  ...topWarnings(analysis, Number.POSITIVE_INFINITY),
  ...analysis.diagnostics.filter(({ severity }) => severity === 'info'),
]

/** How many warnings there are, and which, the worst first. */
export function warningCount(analysis: Diagnosed): string {
  const warnings = topWarnings(analysis, Number.POSITIVE_INFINITY)
  if (warnings.length === 0) return ''
  return words().fit.warnings(warnings.length, warnings.map(({ code }) => code).join(', '))
}

/** N of a method over the true one, and what it truly costs, at a target. */
export function againstTruth(truth: SurfaceLaw, { flops, parameters }: Prediction): { ratio: number; excess: number } {
  const { parameters: N } = optimumOf(truth, flops)
  return { ratio: parameters / N, excess: excessLoss(truth, flops, parameters) }
}

/** The targets, or, without any, the largest trained budget. */
export const reportedBudgets = (analysis: Scope): number[] =>
  analysis.targets.length > 0 ? sortedTargets(analysis) : [answerBudget(analysis)]
