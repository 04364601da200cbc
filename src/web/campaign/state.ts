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

/** The campaign with as many runs as are drawn, and which of all those are. */
export const drawnView = computed<{ readonly view: CampaignView; readonly numbers: readonly number[] } | null>(() => {
  const { value } = view
  if (value === null) return null
  const { runs } = value
  if (runs.length <= mostDrawn) return { view: value, numbers: runs.map((_, k) => k) }
  const numbers = evenly(runs.length, mostDrawn)
  const places = new Map(numbers.map((number, k) => [number, k]))
  const thinned = value.evidence && {
    ...value.evidence,
    fitted: value.evidence.fitted.length === 0 ? [] : numbers.flatMap((number) => value.evidence!.fitted[number] ?? []),
    backtest: value.evidence.backtest.flatMap((one) => {
      const run = places.get(one.run)
      return run === undefined ? [] : [{ ...one, run }]
    }),
  }
  return { view: { ...value, runs: numbers.map((number) => runs[number]), evidence: thinned }, numbers }
})

const evenly = (count: number, most: number): number[] =>
  Array.from({ length: most }, (_, k) => Math.round((k * (count - 1)) / (most - 1)))

/** Measured minus fitted loss of each run that is in the fit. */
export const residuals = computed<ReadonlyMap<object, number>>(
  () => new Map(view.value ? usedRuns(view.value).map(({ run, residual }) => [run, residual]) : []),
)
