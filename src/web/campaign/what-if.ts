import { computed, effect, signal } from '@preact/signals'
import type { CampaignView } from '../../campaign/view.ts'
import type { StrategyName } from '../../plan/strategy-names.ts'
import type { Pins } from '../../space/pinned.ts'
import type { Refit, RefitRequest } from '../refit/refit.ts'
import { dropped, view } from './state.ts'

/** What is asked beside what the campaign does: null where it is as the campaign has it. */
export const target = signal<number | null>(null)
export const law = signal<StrategyName | null>(null)
/** Settings that the run at the target is to have: those that no law is known of have none. */
export const pins = signal<Pins>({})

export type Answered =
  | { readonly kind: 'fitting' }
  | { readonly kind: 'fitted'; readonly refit: Refit; readonly kept: readonly number[] }
  | { readonly kind: 'fault'; readonly message: string }

/** What came of it; null where nothing is asked. */
export const answered = signal<Answered | null>(null)

export const isAsked = computed(
  () => target.value !== null || law.value !== null || dropped.value.size > 0 || Object.keys(pins.value).length > 0,
)

export function reset(): void {
  target.value = null
  law.value = null
  pins.value = {}
  dropped.value = new Set()
}

/** A hand that drags asks often: it is answered when it rests so long, ms. */
const restMs = 120

/** Whether a fit is under way, beside what was answered last. */
export const isFitting = signal(false)

let worker: Worker | null = null
let asked = 0
let due = 0

/** Fits whenever something else is asked. One fit at a time: what was asked meanwhile is asked when it has ended. */
export function startWhatIf(): () => void {
  return effect(() => {
    const { value: shown } = view
    const wanted = [target.value, law.value, dropped.value, pins.value]
    asked++
    clearTimeout(due)
    if (shown === null || !isAsked.value || wanted.length === 0) {
      answered.value = null
      return
    }
    due = window.setTimeout(ask, restMs)
  })
}

function ask(): void {
  const shown = view.value
  if (shown === null || !isAsked.value || isFitting.peek()) return
  isFitting.value = true
  if (answered.value?.kind !== 'fitted') answered.value = { kind: 'fitting' }
  const { kept, request } = requestOf(shown)
  worker ??= new Worker(document.documentElement.dataset.worker!, { type: 'module' })
  worker.onmessage = ({ data }: MessageEvent<{ id: number; refit?: Refit; fault?: string }>) => {
    isFitting.value = false
    if (data.id !== asked) return ask()
    if (!isAsked.value) return
    answered.value = data.refit
      ? { kind: 'fitted', refit: data.refit, kept }
      : { kind: 'fault', message: data.fault ?? '' }
  }
  worker.onerror = () => {
    isFitting.value = false
    answered.value = { kind: 'fault', message: 'the worker did not start' }
  }
  worker.postMessage(request)
}

function requestOf({ runs, task, space }: CampaignView): { kept: number[]; request: RefitRequest } {
  const kept = runs.map((_, k) => k).filter((k) => !dropped.value.has(k))
  const { seed, budget } = task
  return {
    kept,
    request: {
      id: asked,
      task: { seed, budget, target: target.value ?? task.target },
      strategy: law.value ?? (task.strategy as StrategyName),
      spec: space.spec,
      runs: kept.map((k) => runs[k]),
      pins: pins.value,
    },
  }
}

/** The campaign as it would be, and which of its runs are left; null where nothing is asked, or not answered yet. */
export const supposed = computed<{ readonly view: CampaignView; readonly numbers: readonly number[] } | null>(() => {
  const [shown, answer] = [view.value, answered.value]
  if (shown === null || answer?.kind !== 'fitted') return null
  const { estimate, evidence } = answer.refit
  const task = { ...shown.task, target: target.value ?? shown.task.target }
  const runs = answer.kept.map((k) => shown.runs[k])
  return {
    view: { ...shown, task, runs, estimate, evidence, history: [], result: null },
    numbers: answer.kept,
  }
})
