import { type Runs, selectRuns } from '../core/run.ts'
import { powerAt } from '../law/power.ts'
import { surfaceLoss } from '../law/surface.ts'
import { median } from '../numeric/quantile.ts'
import type { FitData } from './data.ts'
import { quantities } from './estimate.ts'
import type { Method, MethodOptions } from './methods/method.ts'
import { profileMinimum } from './parabola.ts'
import { groupBudgets, type Profile } from './profile.ts'
import type { Backtest } from './result.ts'

/** Budgets that a backtest leaves for the fit, at least. */
const fewestLeft = 3

/** The largest budgets withheld, in turn. */
const withheldCounts = [1, 2, 3]

/** The starts of `huber` in a backtest: its minimum is found from far fewer than 4,500. */
const backtestStarts = 90

/** What is withheld from a fit: profiles, or, where there are none, a band of compute each. */
interface Withheld {
  readonly flops: number
  readonly runs: Int32Array
  readonly profile: Profile | null
}

/**
 * Fits each method without the one, two and three largest budgets, and compares with what those show. Methods that cannot be
 * fitted without them are left out. Runs without profiles are withheld by compute, a factor of two at a time.
 */
export async function backtest(data: FitData, methods: readonly Method[], options: MethodOptions): Promise<Backtest[]> {
  if (methods.length === 0) return []
  const results: Backtest[] = []
  for (const { withheld, known, test } of splitsOf(data))
    for (const method of methods) {
      const result = await backtestMethod(method, data.runs, known, test, options)
      if (result) results.push({ method: method.name, ...result, withheld, reached: largest(known.runs) })
    }
  return results
}

/** Draws that tell how sure a withheld fit was. */
const backtestDraws = 60

function deviation(values: readonly number[]): number {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length)
}

const largest = ({ flops }: Runs): number => flops.reduce((high, C) => Math.max(high, C))

function splitsOf(data: FitData): { withheld: number; known: FitData; test: Withheld[] }[] {
  return withheldCounts.flatMap((withheld) => {
    const test = data.profiles.length > 0 ? lastProfiles(data, withheld) : lastBands(data.runs, withheld)
    return test === null ? [] : [{ withheld, known: withoutBudgets(data, leastOf(data.runs, test)), test }]
  })
}

const leastOf = ({ flops }: Runs, test: readonly Withheld[]): number =>
  test.reduce((least, { runs }) => runs.reduce((low, i) => Math.min(low, flops[i]), least), Number.POSITIVE_INFINITY)

function lastProfiles({ profiles }: FitData, withheld: number): Withheld[] | null {
  if (profiles.length - withheld < fewestLeft) return null
  return profiles.slice(-withheld).map((profile) => ({ flops: profile.budget, runs: profile.runs, profile }))
}

/** Bands of compute that have runs, from the largest down; null where less than half of the runs or ten would be left. */
function lastBands(runs: Runs, withheld: number): Withheld[] | null {
  const most = largest(runs)
  const bands = Array.from({ length: withheld }, (_, k) => {
    const inside = Int32Array.from({ length: runs.size }, (_, i) => i).filter(
      (i) => runs.flops[i] <= most / 2 ** k && runs.flops[i] > most / 2 ** (k + 1),
    )
    return {
      flops: Math.exp(inside.reduce((sum, i) => sum + Math.log(runs.flops[i]), 0) / inside.length),
      runs: inside,
      profile: null,
    }
  })
  const out = bands.reduce((sum, band) => sum + band.runs.length, 0)
  if (runs.size - out < Math.max(10, runs.size / 2)) return null
  return bands.filter((band) => band.runs.length > 0).reverse()
}

/** The data below a budget, without training curves: those do not end at budgets. */
function withoutBudgets({ runs, profiles, flopsRatio }: FitData, least: number): FitData {
  const left = Array.from({ length: runs.size }, (_, i) => i).filter((i) => runs.flops[i] < least * (1 - 1e-9))
  const kept = selectRuns(runs, left)
  const budgets = groupBudgets(kept)
  return { runs: kept, budgets, profiles: profiles.length > 0 ? budgets.profiles : [], curves: null, flopsRatio }
}

async function backtestMethod(
  method: Method,
  runs: Runs,
  known: FitData,
  test: readonly Withheld[],
  options: MethodOptions,
): Promise<Pick<Backtest, 'budgets' | 'lossError'> | null> {
  const fitted = await method.fit(known, { ...options, starts: backtestStarts, threads: 1 })
  if (typeof fitted === 'string') return null
  const { modelSize, law, loss } = fitted.estimate
  const error = law && ((i: number) => surfaceLoss(law, runs.parameters[i], runs.tokens[i]) - runs.loss[i])
  const draws = fitted.replicas.kind === 'draws' ? fitted.replicas.draw(backtestDraws, 0) : []
  const budgets = test.map(({ flops, profile, runs: members }) => {
    const lossSd = draws.length > 0 ? deviation(draws.map(quantities.loss(flops))) : null
    if (profile === null)
      return { flops, lossSd, sizeRatio: null, lossDifference: error && median(Float64Array.from(members, error)) }
    const minimum = profileMinimum(runs, profile)
    const seen = minimum.kind === 'interior' ? minimum : null
    return {
      flops,
      lossSd,
      sizeRatio: seen && modelSize && powerAt(modelSize, flops) / seen.parameters,
      lossDifference: seen && loss && loss(flops) - seen.loss,
    }
  })
  const withheldRuns = test.flatMap(({ runs: members }) => [...members])
  const sum = error && withheldRuns.reduce((total, i) => total + error(i) ** 2, 0)
  return { budgets, lossError: sum === null ? null : Math.sqrt(sum / withheldRuns.length) }
}
