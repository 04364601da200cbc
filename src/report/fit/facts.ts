import { lawMethodNames } from '../../fit/method-names.ts'
import type { Comparison, Frontiers, MethodResult, Prediction, Repeated, Scope, Tuned } from '../../fit/result.ts'
import { frontierLoss } from '../../law/frontier.ts'
import { powerAt } from '../../law/power.ts'
import { optimalLoss, optimalParameters, optimalTokens, type SurfaceLaw } from '../../law/surface.ts'
import { extent } from '../draw/axis.ts'

/** One method's result, if it was asked for and gave one. */
export const resultOf = (analysis: Comparison, method: string): MethodResult | null =>
  analysis.methods.find((result) => result.method === method && result.unavailable === null) ?? null

/** The result whose loss surface leads: that of `norm`, else of `surface`; null without one that the runs determine. */
export function leaderOf(analysis: Comparison): MethodResult | null {
  const [leader] = lawMethodNames.flatMap((name) => resultOf(analysis, name) ?? [])
  return leader?.undetermined === null ? leader : null
}

/** The loss surface that leads. */
export const surfaceOf = (analysis: Comparison): SurfaceLaw | null => leaderOf(analysis)?.law ?? null

/** The methods that gave a law, in the order of the comparison. */
export const availableMethods = (analysis: Comparison): MethodResult[] =>
  analysis.methods.filter(({ unavailable }) => unavailable === null)

/** Which budgets were trained, FLOPs, and which are asked for. */
export interface Reach extends Pick<Scope, 'targets'> {
  readonly runs: { readonly flops: Iterable<number> }
}

/** The largest budget that was trained, FLOPs. */
export const largestBudget = ({ runs }: Reach): number => extent(runs.flops)?.[1] ?? 0

/** The targets in ascending order. */
export const sortedTargets = ({ targets }: Pick<Scope, 'targets'>): number[] =>
  [...new Set(targets)].sort((a, b) => a - b)

/** The budget that answers are given at: the largest target, else the largest trained budget. */
export const answerBudget = (analysis: Scope): number => sortedTargets(analysis).at(-1) ?? largestBudget(analysis)

/** A method's prediction at one of the targets, or along its band; null where it has none. */
export function predictionAt(analysis: Comparison, method: string, C: number): Prediction | null {
  const band = analysis.bands.find((candidate) => candidate.method === method)
  const all = [...(resultOf(analysis, method)?.predictions ?? []), ...(band?.points ?? [])]
  return all.find(({ flops }) => Math.abs(flops / C - 1) < 1e-9) ?? null
}

/** What a law has as its best at a budget. */
export function optimumOf(law: SurfaceLaw, C: number): { parameters: number; tokens: number; loss: number } {
  return {
    parameters: powerAt(optimalParameters(law), C),
    tokens: powerAt(optimalTokens(law), C),
    loss: frontierLoss(optimalLoss(law), C),
  }
}

/** Whether anything but the laws of more than N and D was asked for. */
export const hasMethods = ({ joint, repeats, methods, frontier }: Comparison & Frontiers & Tuned & Repeated): boolean =>
  (joint === null && repeats === null) || methods.length > 0 || frontier !== null
