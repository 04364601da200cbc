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
import { compact, excess, listed, nats, percent, significant } from '../number.ts'
import type { Cell, Fact } from '../page/blocks.ts'
import { words } from '../words/words.ts'

/** A column of that name says no unit. */
const hasUnit = ({ unit }: Pick<PoolTask, 'unit'>): boolean => !/^(run[\W_]*)?cost$/i.test(unit)

/** Costs in words: `1.2e21 FLOPs`, `340 gpu_hours`, `340 units of cost`. */
export const costText = (cost: number, task: Pick<PoolTask, 'unit'>): string =>
  hasUnit(task) ? `${compact(cost)} ${task.unit}` : words().pool.units(compact(cost))

/** `1.2e21 of 1.3e21 FLOPs`. */
export const spentText = (spent: number, task: PoolTask): string =>
  task.budget === null ? costText(spent, task) : words().pool.spentOf(compact(spent), costText(task.budget, task))

/** `the run of 1e22 FLOPs`, or `7 runs of target.csv`. */
export const targetText = ({ target }: PoolTask): string =>
  target.kind === 'budget'
    ? words().pool.bestRun(compact(target.flops))
    : words().pool.runsOf(target.runs, listed(target.sources))

/** What there was to choose from. */
export function poolText({ pool, task }: PoolView): string {
  const say = words().pool
  const { runs, finished, diverged, open, cost } = pool
  const parts = [
    say.withLoss(finished),
    ...(diverged > 0 ? [say.diverged(diverged)] : []),
    ...(open > 0 ? [say.open(open)] : []),
  ]
  return say.pool(say.runsOf(runs, listed(task.sources)), listed(parts), costText(cost, task))
}

/** How far the predictions of some runs are from their losses on record. */
export function scoresText({ runs, rmse, bias, r2, covered }: Scores, what: string, task: PoolTask): string {
  const sign = bias < 0 ? '-' : '+'
  const explained = r2 !== null && runs > 2 ? r2.toFixed(3) : null
  const mean = `${sign}${excess(Math.abs(bias))}`
  const inside = Math.round(covered * runs)
  return words().pool.scores(what, excess(rmse), unitsOf(task).difference, mean, inside, runs, explained)
}

/** What to train with the target's budget. */
export function bestFacts({ best }: ViewedPrediction, { batchUnit, lossUnit }: PoolTask): Fact[] {
  if (best === null) return []
  const { names } = words().pool
  return [
    ['N', both(best.parameters)],
    ['D', words().campaign.batchTokens(both(best.tokens))],
    ...(best.rate ? [[names.rate, both(best.rate)] as const] : []),
    ...(best.batch ? [[names.batch, `${both(best.batch)} ${batchUnit}`] as const] : []),
    [names.loss, `${both(best.loss, nats)} ${lossUnit}`],
  ]
}

/** What the rest of the pool says of a purchase. */
export function hindsightTexts({ result, pool, task }: PoolView<Played>): string[] {
  const { rest, all } = result.hindsight
  const { scores, best, undetermined } = all
  const say = words().pool
  const whole = say.fromAll(all.runs, costText(pool.cost, task))
  return [
    ...(rest ? [scoresText(rest, say.notBought(rest.runs), task)] : [say.everyBought]),
    ...(scores ? [scoresText(scores, say.wouldBe(whole, targetText(task)), task)] : []),
    ...(best ? [say.best(whole, both(best.parameters), both(best.loss, nats))] : []),
    ...(best === null && task.target.kind === 'budget'
      ? [say.neither(whole, words().elsewhere(undetermined ?? ''))]
      : []),
  ]
}

/** Standard deviations of the law at the target: `0.031 to 0.020`. */
export const deviationText = (before: number | null, after: number | null): string =>
  before === null || after === null ? '-' : words().pool.range(significant(before), significant(after))

/** Why nothing is predicted yet. */
export const unpredictedText = ({ pool }: PoolView): string =>
  pool.finished < 8 ? words().pool.tooFew(pool.finished) : words().pool.notLooked

/** What the next runs would do. */
export function nextText({ result, task }: PoolView<Advised>): string {
  const { next, sdBefore, sdAfter } = result
  const cost = next.reduce((sum, run) => sum + run.cost, 0)
  const say = words().pool
  const what = say.runsFor(next.length, costText(cost, task))
  return sdBefore === null || sdAfter === null
    ? say.opening(what)
    : say.lowers(what, deviationText(sdBefore, sdAfter), unitsOf(task).difference)
}

/** Why no further run is named. */
export function stoppedText(stopped: NextStopped, task: PoolTask): string {
  const say = words().pool
  switch (stopped.kind) {
    case 'none-left':
      return say.noneLeft
    case 'budget':
      return say.budgetLeft(
        stopped.left > 0 ? compact(stopped.left) : null,
        costText(task.budget ?? 0, task),
        compact(stopped.cheapest),
      )
    case 'opening':
      return say.afterOpening
    case 'round':
      return say.roundEnds(costText(stopped.allowance, task))
    case 'no-gain':
      return say.noGain
  }
}

// Columns of tables

/** What a table says of runs: the head and the cells of each, with the settings that any of them has. */
export function runColumns(runs: readonly ViewedPoolRun[], { batchUnit }: Pick<PoolTask, 'batchUnit'>) {
  const say = words().pool
  const sources = new Set(runs.map(({ source }) => source))
  const settings = [
    { title: say.columns.rate, of: ({ rate }: ViewedPoolRun) => rate },
    { title: say.batchIn(batchUnit), of: ({ batch }: ViewedPoolRun) => batch },
    { title: say.columns.uniqueTokens, of: ({ unique }: ViewedPoolRun) => unique },
  ].filter(({ of }) => runs.some((run) => of(run) !== null))
  const place = ({ source, row }: ViewedPoolRun) => (sources.size > 1 ? `${source}:${row}` : String(row))
  return {
    head: [say.columns.row, 'N', 'D', ...settings.map(({ title }) => title)],
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
  return hasUnit(task) ? words().pool.costIn(task.unit) : words().pool.names.cost
}

/** By how much a run lowers the variance at the target. */
export const shareText = ({ share }: ViewedPlan): string =>
  share === null ? words().pool.spread : percent(Number((100 * share).toPrecision(2)) / 100)

export const roundName = (round: number): string => (round === 0 ? words().pool.openingRound : String(round))
