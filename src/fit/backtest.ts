import { selectRuns } from '../core/run.ts'
import { powerAt } from '../law/power.ts'
import { surfaceLoss } from '../law/surface.ts'
import type { FitData, MethodOptions } from './methods.ts'
import { fitMethod } from './methods.ts'
import { profileMinimum } from './parabola.ts'
import { groupBudgets, type Profile } from './profile.ts'
import type { Backtest, SizeMethod } from './result.ts'

/** Budgets that a backtest leaves for the fit, at least. */
const fewestLeft = 3

/** The largest budgets withheld, in turn. */
const withheldCounts = [1, 2, 3]

/** The starts of `huber` in a backtest: its minimum is found from far fewer than 4,500. */
const backtestStarts = 90

/**
 * Fits each method without the one, two and three largest budgets, and compares with what those show. Methods that cannot be
 * fitted without them are left out.
 */
export async function backtest(
  data: FitData,
  methods: readonly SizeMethod[],
  options: MethodOptions,
): Promise<Backtest[]> {
  const results: Backtest[] = []
  for (const withheld of withheldCounts) {
    const test = data.profiles.slice(-withheld)
    if (data.profiles.length - withheld < fewestLeft) break
    const known = withoutBudgets(data, test[0].budget)
    for (const method of methods) {
      if (method === 'envelope') continue // its curves do not end at budgets
      const result = await backtestMethod(method, data, known, test, options)
      if (result) results.push({ ...result, withheld })
    }
  }
  return results
}

/** The data below a budget. */
function withoutBudgets({ runs, profiles }: FitData, least: number): FitData {
  const left = Array.from({ length: runs.size }, (_, i) => i).filter((i) => runs.flops[i] < least * (1 - 1e-9))
  const kept = selectRuns(runs, left)
  const budgets = groupBudgets(kept)
  return { runs: kept, budgets, profiles: profiles.length > 0 ? budgets.profiles : [], curves: null }
}

async function backtestMethod(
  method: SizeMethod,
  { runs }: FitData,
  known: FitData,
  test: readonly Profile[],
  options: MethodOptions,
): Promise<Omit<Backtest, 'withheld'> | null> {
  const fitted = await fitMethod(method, known, { ...options, starts: backtestStarts, threads: 1 })
  if (typeof fitted === 'string') return null
  const { modelSize, law, loss } = fitted.estimate
  const budgets = test.map((profile) => {
    const minimum = profileMinimum(runs, profile)
    const seen = minimum.kind === 'interior' ? minimum : null
    return {
      flops: profile.budget,
      sizeRatio: seen && modelSize && powerAt(modelSize, profile.budget) / seen.parameters,
      lossDifference: seen && loss && loss(profile.budget) - seen.loss,
    }
  })
  const withheldRuns = test.flatMap((profile) => [...profile.runs])
  const squares = (L: typeof law) =>
    L &&
    withheldRuns.reduce((sum, i) => sum + (surfaceLoss(L, runs.parameters[i], runs.tokens[i]) - runs.loss[i]) ** 2, 0)
  const sum = squares(law)
  return { method, budgets, lossError: sum === null ? null : Math.sqrt(sum / withheldRuns.length) }
}
