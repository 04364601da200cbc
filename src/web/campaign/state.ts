import { computed, signal } from '@preact/signals'
import type { CampaignNews } from '../../campaign/live.ts'
import type { CampaignView } from '../../campaign/view.ts'
import type { CampaignEvidence } from '../../plan/evidence.ts'
import { usedRuns } from '../../report/campaign/facts.ts'

/** What is known of the campaign; null before anything is. */
export const news = signal<CampaignNews | null>(null)

/** The run that is looked at, and the one that is pointed at, by their places among the runs. */
export const selected = signal<number | null>(null)
export const pointed = signal<number | null>(null)

/** Runs that are left out of what is fitted here. */
export const dropped = signal<ReadonlySet<number>>(new Set())

let evidence: CampaignEvidence | null = null

/** Takes what is new. */
export function take(told: CampaignNews): void {
  const before = news.value
  const isNew = before?.epoch !== told.epoch
  if (isNew) {
    selected.value = null
    pointed.value = null
    dropped.value = new Set()
    evidence = null
  }
  const known = isNew || before === null ? [] : before.runs.slice(0, told.from)
  if (told.evidence !== undefined) evidence = told.evidence
  news.value = {
    ...told,
    runs: told.runs.length === 0 && !isNew && before ? before.runs : [...known, ...told.runs],
    evidence,
  }
}

/** The campaign as figures take it. What the law says of runs comes before runs that it does not know. */
export const view = computed<CampaignView | null>(() => {
  const { value } = news
  return value && { ...value.view, runs: value.runs, evidence: value.evidence ?? null }
})

/** More runs than this are drawn thinned: a figure takes 0.1 s for so many. */
export const mostDrawn = 600

/** A campaign, and what its runs are called. */
export interface Numbered {
  readonly view: CampaignView
  readonly numbers: readonly number[]
}

/** A campaign with as many runs as are drawn. */
export function drawnOf(whole: Numbered): Numbered {
  const { runs, evidence } = whole.view
  if (runs.length <= mostDrawn) return whole
  const kept = evenly(runs.length, mostDrawn)
  const places = new Map(kept.map((k, place) => [k, place]))
  const thinned = evidence && {
    ...evidence,
    fitted: evidence.fitted.length === 0 ? [] : kept.flatMap((k) => evidence.fitted[k] ?? []),
    backtest: evidence.backtest.flatMap((one) => {
      const run = places.get(one.run)
      return run === undefined ? [] : [{ ...one, run }]
    }),
  }
  return {
    view: { ...whole.view, runs: kept.map((k) => runs[k]), evidence: thinned },
    numbers: kept.map((k) => whole.numbers[k]),
  }
}

const evenly = (count: number, most: number): number[] =>
  Array.from({ length: most }, (_, k) => Math.round((k * (count - 1)) / (most - 1)))

/** Measured minus fitted loss of each run that is in the fit. */
export const residuals = computed<ReadonlyMap<object, number>>(
  () => new Map(view.value ? usedRuns(view.value).map(({ run, residual }) => [run, residual]) : []),
)
