import type {
  Advised,
  NextStopped,
  Played,
  PoolTask,
  PoolView,
  ViewedPlan,
  ViewedPoolRun,
  ViewedPrediction,
} from '../../campaign/pool/view.ts'
import { unitsOf } from '../../core/run.ts'
import type { Scores } from '../../plan/pool/verdict.ts'
import { both } from '../fit/joint-words.ts'
import { compact, counted, excess, listed, nats, percent, significant } from '../number.ts'
import type { Cell, Fact } from '../page/blocks.ts'

/** A column of that name says no unit. */
const hasUnit = ({ unit }: Pick<PoolTask, 'unit'>): boolean => !/^(run[\W_]*)?cost$/i.test(unit)

/** Costs in words: `1.2e21 FLOPs`, `340 gpu_hours`, `340 units of cost`. */
export const costText = (cost: number, task: Pick<PoolTask, 'unit'>): string =>
  `${compact(cost)} ${hasUnit(task) ? task.unit : 'units of cost'}`

/** `1.2e21 of 1.3e21 FLOPs`. */
export const spentText = (spent: number, task: PoolTask): string =>
  task.budget === null ? costText(spent, task) : `${compact(spent)} of ${costText(task.budget, task)}`

/** `the run of 1e22 FLOPs`, or `7 runs of target.csv`. */
export const targetText = ({ target }: PoolTask): string =>
  target.kind === 'budget'
    ? `the best run of ${compact(target.flops)} FLOPs`
    : `${counted(target.runs, 'run')} of ${listed(target.sources)}`

/** What there was to choose from. */
export function poolText({ pool, task }: PoolView): string {
  const { runs, finished, diverged, open, cost } = pool
  const parts = [
    `${finished} with a loss`,
    ...(diverged > 0 ? [`${diverged} diverged`] : []),
    ...(open > 0 ? [`${open} not made yet`] : []),
  ]
  return `${counted(runs, 'run')} of ${listed(task.sources)}: ${listed(parts)}, all together ${costText(cost, task)}`
}

/** How far the predictions of some runs are from their losses on record. */
export function scoresText({ runs, rmse, bias, r2, covered }: Scores, what: string, task: PoolTask): string {
  const sign = bias < 0 ? '-' : '+'
  const explained = r2 !== null && runs > 2 ? `R^2 ${r2.toFixed(3)}, ` : ''
  return (
    `${what}: off by ${excess(rmse)} ${unitsOf(task).difference} (root mean square), ${sign}${excess(Math.abs(bias))} in the mean; ` +
    `${explained}${Math.round(covered * runs)} of ${runs} in their interval.`
  )
}

/** What to train with the target's budget. */
export function bestFacts({ best }: ViewedPrediction, { batchUnit, lossUnit }: PoolTask): Fact[] {
  if (best === null) return []
  return [
    ['N', both(best.parameters)],
    ['D', `${both(best.tokens)} tokens`],
    ...(best.rate ? [['learning rate', both(best.rate)] as const] : []),
    ...(best.batch ? [['batch', `${both(best.batch)} ${batchUnit}`] as const] : []),
    ['loss', `${both(best.loss, nats)} ${lossUnit}`],
  ]
}

/** What the rest of the pool says of a purchase. */
export function hindsightTexts({ result, pool, task }: PoolView<Played>): string[] {
  const { rest, all } = result.hindsight
  const { scores, best, undetermined } = all
  const whole = `From all ${counted(all.runs, 'run')} with a loss, ${costText(pool.cost, task)}`
  return [
    ...(rest
      ? [scoresText(rest, `Of ${counted(rest.runs, 'run')} not bought the losses on record`, task)]
      : ['Every run was bought.']),
    ...(scores ? [scoresText(scores, `${whole}, ${targetText(task)} would have been predicted`, task)] : []),
    ...(best ? [`${whole}: N = ${both(best.parameters)} and a loss of ${both(best.loss, nats)}.`] : []),
    ...(best === null && task.target.kind === 'budget'
      ? [`${whole}, it would not be determined either: ${undetermined}.`]
      : []),
  ]
}

/** Standard deviations of the law at the target: `0.031 to 0.020`. */
export const deviationText = (before: number | null, after: number | null): string =>
  before === null || after === null ? '-' : `${significant(before)} to ${significant(after)}`

/** Why nothing is predicted yet. */
export const unpredictedText = ({ pool }: PoolView): string =>
  pool.finished < 8
    ? `No prediction yet: a law needs 8 runs with a loss, and there ${pool.finished === 1 ? 'is' : 'are'} ${pool.finished}.`
    : 'No loss on record was looked at.'

/** What the next runs would do. */
export function nextText({ result, task }: PoolView<Advised>): string {
  const { next, sdBefore, sdAfter } = result
  const cost = next.reduce((sum, run) => sum + run.cost, 0)
  const what = `${counted(next.length, 'run')} for ${costText(cost, task)}`
  return sdBefore === null || sdAfter === null
    ? `${what}: an opening, which spreads over the settings of the cheap runs`
    : `${what}: they lower the standard deviation of the law at the target from ${deviationText(sdBefore, sdAfter)} ${unitsOf(task).difference}`
}

/** Why no further run is named. */
export function stoppedText(stopped: NextStopped, task: PoolTask): string {
  switch (stopped.kind) {
    case 'none-left':
      return 'Every run of the pool is made or named.'
    case 'budget':
      return (
        `${stopped.left > 0 ? compact(stopped.left) : 'Nothing'} of the budget of ${costText(task.budget ?? 0, task)} would be left, ` +
        `and the cheapest other run costs ${compact(stopped.cheapest)}.`
      )
    case 'opening':
      return 'When these have their loss a law can be fitted, and the same command names the next ones.'
    case 'round':
      return `A round ends at ${costText(stopped.allowance, task)}, an eighth of the budget: then the law is fitted anew.`
    case 'no-gain':
      return 'No other run would lower the uncertainty.'
  }
}

// Columns of tables

/** What a table says of runs: the head and the cells of each, with the settings that any of them has. */
export function runColumns(runs: readonly ViewedPoolRun[], { batchUnit }: Pick<PoolTask, 'batchUnit'>) {
  const sources = new Set(runs.map(({ source }) => source))
  const settings = [
    { title: 'rate', of: ({ rate }: ViewedPoolRun) => rate },
    { title: `batch (${batchUnit})`, of: ({ batch }: ViewedPoolRun) => batch },
    { title: 'unique tokens', of: ({ unique }: ViewedPoolRun) => unique },
  ].filter(({ of }) => runs.some((run) => of(run) !== null))
  const place = ({ source, row }: ViewedPoolRun) => (sources.size > 1 ? `${source}:${row}` : String(row))
  return {
    head: ['row', 'N', 'D', ...settings.map(({ title }) => title)],
    cells: (run: ViewedPoolRun): Cell[] => [
      place(run),
      significant(run.parameters),
      significant(run.tokens),
      ...settings.map(({ of }) => (of(run) === null ? '-' : compact(of(run)!))),
    ],
  }
}

/** The title of a column of costs. */
export function costTitle(task: Pick<PoolTask, 'unit'>): string {
  if (task.unit === 'FLOPs') return 'FLOPs'
  return hasUnit(task) ? `cost (${task.unit})` : 'cost'
}

/** By how much a run lowers the variance at the target. */
export const shareText = ({ share }: ViewedPlan): string =>
  share === null ? 'spread' : percent(Number((100 * share).toPrecision(2)) / 100)

export const roundName = (round: number): string => (round === 0 ? 'opening' : String(round))
