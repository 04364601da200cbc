import type { Groups } from '../../core/groups.ts'
import type { Curves, Runs } from '../../core/run.ts'
import { type AnalysisOptions, analyse } from '../../fit/analysis.ts'
import { type FirstFit, firstFit } from '../../fit/first.ts'
import { analyseGroups, type GroupsOptions } from '../../fit/groups/analysis.ts'
import type { GroupsAnalysis } from '../../fit/groups/result.ts'
import { type AskedName, lawMethodNames, methodNames } from '../../fit/method-names.ts'
import type { OnStep } from '../../fit/methods/method.ts'
import type { Analysis } from '../../fit/result.ts'

/** As `AnalysisOptions`, to be sent: methods by name, null where none is named. */
export interface FitOptions extends Omit<AnalysisOptions, 'onStep' | 'methods' | 'threads'> {
  readonly methods: readonly AskedName[] | null
}

/** What is to be fitted, and how. */
export interface FitRequest {
  readonly id: number
  readonly runs: Runs
  readonly curves: Curves | null
  /** Where each group is to be fitted alone. */
  readonly groups: Groups | null
  readonly options: FitOptions
}

/** What it came to: the numbers that lead, without intervals, then the quick methods, then all. */
export type FitNews =
  | { readonly id: number; readonly kind: 'step'; readonly step: string; readonly share: number | null }
  | { readonly id: number; readonly kind: 'first'; readonly fit: FirstFit }
  | { readonly id: number; readonly kind: 'fitted'; readonly analysis: Analysis; readonly isWhole: boolean }
  | { readonly id: number; readonly kind: 'compared'; readonly groups: GroupsAnalysis; readonly isWhole: boolean }
  | { readonly id: number; readonly kind: 'fault'; readonly message: string; readonly advice: string }

/** What takes several times as long as all the others. */
const slow: readonly AskedName[] = ['huber', 'joint']

const tell = (news: FitNews): void => postMessage(news)

/** Fits as `isoflop fit` does, in one thread, which changes no result. */
async function fit({ id, runs, curves, groups, options }: FitRequest): Promise<void> {
  const { repeats, ...plain } = options
  const methods = options.methods ?? (repeats ? [] : methodNames)
  const onStep: OnStep = (step, share = undefined) => tell({ id, kind: 'step', step, share: share ?? null })
  const all = { ...options, methods, threads: 1, onStep }
  if (groups !== null) return compare({ id, runs, curves, groups }, methods, all)
  if (methods.includes('norm')) {
    const first = await firstFit({ runs, curves }, plain)
    if (first !== null) tell({ id, kind: 'first', fit: first })
  }
  const quick = methods.filter((name) => !slow.includes(name))
  if (quick.length > 0 && (repeats || quick.length < methods.length))
    tell({
      ...{ id, kind: 'fitted', isWhole: false },
      analysis: await analyse({ runs, curves }, { ...plain, methods: quick, threads: 1, onStep }),
    })
  tell({ id, kind: 'fitted', analysis: await analyse({ runs, curves }, all), isWhole: true })
}

/** Each group alone and what they share: which does not depend on the slow methods, so that it is told without them first. */
async function compare(
  { id, groups, ...data }: Pick<FitRequest, 'id' | 'runs' | 'curves'> & { readonly groups: Groups },
  methods: readonly AskedName[],
  options: AnalysisOptions,
): Promise<void> {
  const quick = methods.filter((name) => !slow.includes(name))
  const told = async (options: GroupsOptions, isWhole: boolean) => {
    const compared = await analyseGroups({ ...data, groups }, options)
    tell({ id, kind: 'compared', groups: compared, isWhole })
    return compared
  }
  if (quick.length === 0 || quick.length === methods.length) return void (await told({ ...options, methods }, true))
  const { comparison } = await told({ ...options, methods: quick }, false)
  const isLed = lawMethodNames.some((name) => quick.includes(name))
  await told({ ...options, methods, comparison: isLed ? comparison : undefined }, true)
}

addEventListener('message', async ({ data }: MessageEvent<FitRequest>) => {
  try {
    await fit(data)
  } catch (error) {
    const { message, advice } = error as { message?: string; advice?: string }
    tell({ id: data.id, kind: 'fault', message: message ?? String(error), advice: advice ?? '' })
  }
})
