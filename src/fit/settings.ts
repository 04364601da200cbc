import type { Diagnostic } from '../core/diagnostic.ts'
import type { Runs } from '../core/run.ts'
import type { OnStep } from './methods/method.ts'
import type { NormPrior } from './norm/prior.ts'
import { repeatsResult } from './repeats/assessment.ts'
import { repeatsDiagnostics } from './repeats/diagnostics.ts'
import type { RepeatsResult } from './repeats/result.ts'
import type { Analysis, Repeated, Scope, Tuned } from './result.ts'
import { tunedResult } from './tuned/assessment.ts'
import { tunedDiagnostics, unusedSettings } from './tuned/diagnostics.ts'

/** The laws of more than N and D; null which were not asked for. */
export interface SettingsLaws extends Tuned, Repeated {}

export interface SettingsQuestion {
  readonly targets: readonly number[]
  readonly repeats?: { readonly unique?: readonly number[] | undefined } | undefined
  readonly prior?: NormPrior | undefined
  readonly confidence: number
  readonly seed: number
  readonly resamples: number
  readonly flopsRatio: number
  readonly onStep?: OnStep | undefined
}

/** The joint law and that of repeated data, where they are asked for. */
export function settingsLaws(runs: Runs, isJoint: boolean, question: SettingsQuestion): SettingsLaws {
  const { repeats, targets, confidence, resamples, onStep } = question
  if (repeats) onStep?.('repeats')
  const repeated = repeats ? repeatsResult(runs, { ...question, ...repeats, draws: resamples }) : null
  if (isJoint) onStep?.('joint')
  return { repeats: repeated, joint: isJoint ? tunedResult(runs, targets, confidence) : null }
}

const diagnosticsOf = ({ joint, repeats }: SettingsLaws): Diagnostic[] => [
  ...(joint ? tunedDiagnostics(joint) : []),
  ...(repeats ? repeatsDiagnostics(repeats) : []),
]

/** What these laws should say, and, without the joint one, which settings the methods by N and D do not see. */
export const settingsDiagnostics = (runs: Runs, laws: SettingsLaws): Diagnostic[] => [
  ...diagnosticsOf(laws),
  ...(laws.joint ? [] : unusedSettings(runs)),
]

/** These laws by themselves: nothing of what the methods by N and D suffer from is said. */
export function withoutMethods(scope: Scope, laws: SettingsLaws): Analysis {
  const { joint, repeats } = laws
  const reasons = [joint?.undetermined, repeats && openBecause(repeats)].filter((reason) => typeof reason === 'string')
  return {
    ...scope,
    ...laws,
    headline: { method: null, determined: reasons.length === 0, reasons, told: [], next: null },
    profiles: [],
    methods: [],
    frontier: null,
    backtests: [],
    bands: [],
    region: null,
    asymptote: null,
    diagnostics: diagnosticsOf(laws),
  }
}

const openBecause = (repeats: RepeatsResult): string | null =>
  repeats.kind === 'unavailable' ? repeats.reason : repeats.undetermined
