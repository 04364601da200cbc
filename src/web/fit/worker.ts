import type { Groups } from '../../core/groups.ts'
import type { Curves, Runs } from '../../core/run.ts'
import { type AnalysisOptions, analyse } from '../../fit/analysis.ts'
import { analyseGroups } from '../../fit/groups/analysis.ts'
import type { GroupsAnalysis } from '../../fit/groups/result.ts'
import { type MethodName, methodNames } from '../../fit/method-names.ts'
import type { Analysis } from '../../fit/result.ts'

/** What is to be fitted, and how. */
export interface FitRequest {
  readonly id: number
  readonly runs: Runs
  readonly curves: Curves | null
  /** Where each group is to be fitted alone. */
  readonly groups: Groups | null
  readonly options: Omit<AnalysisOptions, 'onStep' | 'methods'> & { readonly methods: readonly MethodName[] | null }
}

/** What it came to. Of one data set the quick methods are told first. */
export type FitNews =
  | { readonly id: number; readonly kind: 'step'; readonly step: string }
  | { readonly id: number; readonly kind: 'fitted'; readonly analysis: Analysis; readonly isWhole: boolean }
  | { readonly id: number; readonly kind: 'compared'; readonly groups: GroupsAnalysis }
  | { readonly id: number; readonly kind: 'fault'; readonly message: string; readonly advice: string }

/** The one that takes ten times as long as all the others. */
const slow: MethodName = 'huber'

const tell = (news: FitNews): void => postMessage(news)

/** Fits as `isoflop fit` does, in one thread, which changes no result. */
async function fit({ id, runs, curves, groups, options }: FitRequest): Promise<void> {
  const asked = options.methods ?? methodNames
  const all: AnalysisOptions = {
    ...options,
    methods: asked,
    threads: 1,
    onStep: (step) => tell({ id, kind: 'step', step }),
  }
  if (groups !== null) {
    tell({ id, kind: 'compared', groups: await analyseGroups({ runs, curves, groups }, all) })
    return
  }
  const quick = asked.filter((name) => name !== slow)
  const isSlow = quick.length < asked.length
  if (quick.length > 0)
    tell({
      id,
      kind: 'fitted',
      analysis: await analyse({ runs, curves }, { ...all, methods: quick }),
      isWhole: !isSlow,
    })
  if (isSlow) tell({ id, kind: 'fitted', analysis: await analyse({ runs, curves }, all), isWhole: true })
}

addEventListener('message', async ({ data }: MessageEvent<FitRequest>) => {
  try {
    await fit(data)
  } catch (error) {
    const { message, advice } = error as { message?: string; advice?: string }
    tell({ id: data.id, kind: 'fault', message: message ?? String(error), advice: advice ?? '' })
  }
})
