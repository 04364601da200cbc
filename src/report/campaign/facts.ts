import type { CampaignTruth } from '../../campaign/truth.ts'
import type { CampaignView, ViewedRun } from '../../campaign/view.ts'
import { groupBy } from '../../core/group-by.ts'
import type { Interval } from '../../core/interval.ts'
import { normal95 } from '../../numeric/quantile.ts'
import type { FittedRun } from '../../plan/evidence.ts'
import { compact, listed } from '../number.ts'
import { words } from '../words/words.ts'

/** `16 at 1e15, 14 at 3e15 and 1 at 1e16`: runs by their FLOPs. */
export function budgetsText(runs: readonly ViewedRun[]): string {
  const groups = [...groupBy(runs, ({ config }) => config.trainFlops)].sort(([p], [q]) => p - q)
  return listed(groups.map(([flops, group]) => words().campaign.runsAt(group.length, compact(flops))))
}

/** The budgets of some runs, FLOPs, ascending. */
export const budgetsOf = (runs: readonly ViewedRun[]): number[] =>
  [...new Set(runs.map(({ config }) => config.trainFlops))].sort((a, b) => a - b)

export const costOf = (runs: readonly ViewedRun[]): number =>
  runs.reduce((sum, { config }) => sum + config.trainFlops, 0)

/** The largest budget that was trained, FLOPs; 0 without runs. */
export const largestBudget = (runs: readonly ViewedRun[]): number => budgetsOf(runs).at(-1) ?? 0

/** A run whose training did not diverge. */
export type MeasuredRun = ViewedRun & { readonly loss: number }

export const isTrained = (run: ViewedRun): run is MeasuredRun => run.loss !== null

/** A run that was in the fit, and what the law says of it. */
export interface UsedRun {
  readonly run: MeasuredRun
  readonly fitted: FittedRun & { readonly kind: 'used' }
  /** Measured minus fitted loss, nats. */
  readonly residual: number
}

/** The runs that were in the fit, in their order. */
export const usedRuns = ({ runs, evidence }: CampaignView): UsedRun[] =>
  (evidence?.fitted ?? []).flatMap((fitted, i) => {
    const run = runs[i]
    return fitted.kind === 'used' && run && isTrained(run) ? [{ run, fitted, residual: run.loss - fitted.loss }] : []
  })

/** A run whose loss was foretold with an interval before it was known. */
export interface ForetoldRun {
  readonly run: MeasuredRun
  readonly predicted: number
  readonly interval: Interval
}

/** Runs whose loss was expected before they were bought. */
export const foretoldRuns = ({ runs }: CampaignView): ForetoldRun[] =>
  runs.flatMap((run) => {
    if (!run.expected || !isTrained(run)) return []
    const { loss: predicted, sd } = run.expected
    return [{ run, predicted, interval: [predicted - normal95 * sd, predicted + normal95 * sd] }]
  })

/** Runs at the largest budgets as the cheaper ones foretell them. */
export const backtestRuns = ({ runs, evidence }: CampaignView): ForetoldRun[] =>
  (evidence?.backtest ?? []).flatMap(({ run: index, predicted, interval }) => {
    const run = runs[index]
    return run && isTrained(run) ? [{ run, predicted, interval }] : []
  })

export const isInside = ({ run, interval: [low, high] }: ForetoldRun): boolean => run.loss >= low && run.loss <= high

/** Root mean square; 0 for nothing. */
export const rootMeanSquare = (values: readonly number[]): number =>
  values.length === 0 ? 0 : Math.sqrt(values.reduce((sum, value) => sum + value * value, 0) / values.length)

/** A point of a line whose loss is lower than at both ends; null where the lowest is at an end. */
export function valley<T extends { readonly loss: number }>(points: readonly T[]): T | null {
  const least = points.reduce((k, { loss }, i) => (loss < points[k].loss ? i : k), 0)
  return least > 0 && least < points.length - 1 ? points[least] : null
}

/** `2.551 to 2.709`. */
export const range = ([low, high]: Interval, format: (x: number) => string): string =>
  words().campaign.range(format(low), format(high))

/** What is true of the prediction; null before there is one, and where nobody knows. */
export const truthOf = ({ result }: CampaignView): CampaignTruth | null => result?.truth ?? null

/** Whether runs are of the trainer of `--run`, by what records call it: a test compares them. */
export const isProgram = (source: string): boolean => source === 'command'

/** Where runs come from, as it is said: in records a program is told by the name of its trainer. */
export const sourceName = (source: string): string => (isProgram(source) ? words().campaign.yourProgram : source)

/** The name of a simulated world, or the API's address. */
export const sourceText = ({ task: { source } }: CampaignView): string =>
  source.startsWith('world:') ? words().campaign.simulatedWorld(source.slice('world:'.length)) : sourceName(source)

/** The points of the loss along N at the target: of the law, or else the alternatives that were weighed. */
export function targetPoints({ evidence, result }: CampaignView) {
  const curve = evidence?.target ?? []
  const points = curve.length > 0 ? curve : (result?.prediction.alternatives ?? [])
  return points
    .filter(({ loss }) => Number.isFinite(loss))
    .map(({ parameters, loss, interval: [low, high] }) => ({ parameters, loss, low, high }))
    .sort((a, b) => a.parameters - b.parameters)
}
