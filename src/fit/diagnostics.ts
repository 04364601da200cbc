import { type Diagnostic, info, short, warning } from '../core/diagnostic.ts'
import type { Runs } from '../core/run.ts'
import { firstEqual } from '../numeric/equal-rows.ts'
import { fTail } from '../numeric/student.ts'
import { driftDiagnostics } from './drift.ts'
import { lineOf, lineText, nextText } from './headline.ts'
import { lawDiagnostics } from './law-diagnostics.ts'
import type { FitData } from './methods.ts'
import type { NormFit } from './norm/fit.ts'
import { extreme } from './parabola.ts'
import type { Profile } from './profile.ts'
import type { Analysis } from './result.ts'
import { type SurfaceFit, surfaceResiduals } from './surface.ts'

export type Subject = Omit<Analysis, 'diagnostics'>

/** Looks at the data and the fits for what the reader should know, in the order of the table in result.ts. */
export function diagnose(
  analysis: Subject,
  data: FitData,
  norm: NormFit | null,
  surface: SurfaceFit | null,
): Diagnostic[] {
  return [
    ...budgetDiagnostics(data),
    ...profileDiagnostics(analysis),
    ...designDiagnostics(analysis),
    ...lawDiagnostics(analysis, norm, surface),
    ...sharedDeviations(data, residualsOf(data, norm, surface)),
    ...driftDiagnostics(analysis),
    ...(analysis.headline.determined ? targetDiagnostics(analysis) : []),
  ]
}

const list = (values: readonly number[]) => values.map(short).join(', ')

function budgetDiagnostics({ runs, budgets, profiles }: FitData): Diagnostic[] {
  const found: Diagnostic[] = []
  const inProfiles = budgets.profiles.reduce((sum, profile) => sum + profile.runs.length, 0)
  if (profiles.length === 0)
    found.push(
      warning(
        'no-profiles',
        `${inProfiles} of ${runs.size} runs share a budget with two other sizes: there are no IsoFLOP profiles.`,
        { runsInProfiles: inProfiles, profiles: budgets.profiles.length },
        'norm does not need profiles; the methods by budget are left out.',
      ),
    )
  const grouped = (profiles.length > 0 ? budgets.groups : []).filter(({ spread }) => spread > 0)
  if (grouped.length > 0)
    found.push(
      info(
        'budgets-grouped',
        `Budgets within 1 % of each other were taken for one: ${list(grouped.map(({ budget }) => budget))} FLOPs.`,
        { budgets: grouped.map(({ budget, spread, runs }) => ({ budget, spread, runs: runs.length })) },
        'If they are meant to be different budgets, put more than 1 % between them.',
      ),
    )
  return found
}

function profileDiagnostics({ runs, profiles }: Subject): Diagnostic[] {
  const found: Diagnostic[] = []
  const budgetsOf = (kind: string) =>
    profiles.filter(({ minimum }) => minimum.kind === kind).map(({ profile }) => profile.budget)

  const tooFew = budgetsOf('too-few')
  if (tooFew.length > 0)
    found.push(
      info(
        'too-few-sizes',
        `Fewer than four sizes at ${list(tooFew)} FLOPs: no parabola is drawn there.`,
        { budgets: tooFew },
        'Train at least five sizes at a budget, on both sides of the best one.',
      ),
    )
  for (const side of ['small', 'large'] as const) {
    const edges = profiles.filter(({ minimum }) => minimum.kind === 'edge' && minimum.side === side)
    if (edges.length === 0) continue
    const end = edges.map(
      ({ profile }) => runs.parameters[side === 'small' ? profile.runs[0] : profile.runs[profile.runs.length - 1]],
    )
    found.push(
      warning(
        'edge-minimum',
        `At ${list(edges.map(({ profile }) => profile.budget))} FLOPs the best size lies beyond the ${extreme(side)} trained one.`,
        { budgets: edges.map(({ profile }, k) => ({ budget: profile.budget, side, size: end[k] })) },
        `Add ${side === 'small' ? 'smaller' : 'larger'} models there: beyond N = ${list(end)}.`,
      ),
    )
  }
  const flat = budgetsOf('not-convex')
  if (flat.length > 0)
    found.push(
      warning(
        'not-convex',
        `The losses at ${list(flat)} FLOPs do not bend upward, so they show no minimum.`,
        { budgets: flat },
        'Widen the range of sizes there, or look for a run that went wrong.',
      ),
    )
  const oneSided = profiles.flatMap(({ profile, minimum }) => {
    if (minimum.kind !== 'interior') return []
    const below = sizesBelow(runs, profile, minimum.parameters)
    const above = profile.sizes - below
    return Math.min(below, above) < 2 ? [{ budget: profile.budget, below, above }] : []
  })
  if (oneSided.length > 0)
    found.push(
      warning(
        'one-sided-profile',
        `At ${list(oneSided.map(({ budget }) => budget))} FLOPs fewer than two sizes lie on one side of the minimum.`,
        { budgets: oneSided },
        'Add sizes on the thin side: the minimum leans on a single run there.',
      ),
    )
  return found
}

/** How many different sizes of a profile are smaller than N. */
function sizesBelow(runs: Runs, profile: Profile, N: number): number {
  let count = 0
  for (let k = 0; k < profile.runs.length && runs.parameters[profile.runs[k]] < N; k++)
    if (k === 0 || runs.parameters[profile.runs[k]] !== runs.parameters[profile.runs[k - 1]]) count++
  return count
}

function designDiagnostics({ runs, headline }: Subject): Diagnostic[] {
  const found: Diagnostic[] = []
  const repeats = repeatedSizes(runs)
  if (repeats.runs > 0)
    found.push(
      info(
        'repeated-sizes',
        `${repeats.runs} runs repeat the N and D of another run; their losses differ by up to ${short(repeats.spread)}.`,
        repeats,
        'If they sweep a learning rate or another setting, fit the best of each with --best.',
      ),
    )
  const line = lineOf(runs)
  if (line)
    found.push(
      warning(
        'single-ray',
        `The runs ${lineText(line)}: along one line the effects of N and of D cannot be told apart.`,
        { ...line },
        'Vary the tokens per parameter, for example 5 and 80 beside 20.',
      ),
    )
  if (!headline.determined)
    found.push(
      warning(
        'not-determined',
        `No law is headlined: ${headline.reasons.join('; ')}.`,
        { reasons: headline.reasons, next: headline.next },
        headline.next ? nextText(headline.next) : 'Vary N and D more widely.',
      ),
    )
  return found
}

/** Runs whose N and D another run has too, and the largest difference of losses among equals. */
function repeatedSizes({ parameters, tokens, loss, size }: Runs): { runs: number; spread: number } {
  const first = firstEqual([parameters, tokens], size)
  const lowest = Float64Array.from(loss)
  const highest = Float64Array.from(loss)
  let repeated = 0
  let spread = 0
  for (let i = 0; i < size; i++) {
    if (first[i] === i) continue
    repeated++
    lowest[first[i]] = Math.min(lowest[first[i]], loss[i])
    highest[first[i]] = Math.max(highest[first[i]], loss[i])
    spread = Math.max(spread, highest[first[i]] - lowest[first[i]])
  }
  return { runs: repeated, spread }
}

/** What is left of the runs by the law of all runs alike, whatever its q; by the additive one where that was fitted to a part only. */
function residualsOf({ runs }: FitData, norm: NormFit | null, surface: SurfaceFit | null): Float64Array | null {
  if (norm && norm.alike.residual.length === runs.size) return norm.alike.residual
  return surface && surfaceResiduals(runs, surface.law)
}

/** Three directions of what budgets share are absorbed by the surface: its level, and the slope and bend along C. */
const absorbedBudgets = 3

/** Whether whole budgets deviate from the surface by more than their runs' own scatter explains: an F test on the means. */
function sharedDeviations({ runs, budgets }: FitData, residuals: Float64Array | null): Diagnostic[] {
  if (residuals === null) return []
  const groups = budgets.groups.filter(({ runs: members }) => members.length >= 3)
  const between = groups.length - absorbedBudgets
  if (between < 2) return []
  let count = 0
  let sumBetween = 0
  let sumWithin = 0
  for (const { runs: members } of groups) {
    const residual = Array.from(members, (i) => residuals[i])
    const mean = residual.reduce((sum, r) => sum + r, 0) / residual.length
    count += residual.length
    sumBetween += residual.length * mean ** 2
    sumWithin += residual.reduce((sum, r) => sum + (r - mean) ** 2, 0)
  }
  const within = count - groups.length - 2
  const typical = Math.sqrt(sumBetween / count)
  const F = sumBetween / between / (sumWithin / within)
  const p = fTail(F, between, within)
  const meanLoss = runs.loss.reduce((sum, L) => sum + L, 0) / runs.size
  if (!(p < 1e-3) || typical < 1e-5 * meanLoss) return []
  return [
    warning(
      'budgets-err-together',
      `The runs of a budget deviate from the law together, by ${short(typical)} nats, more than their scatter explains (p = ${short(p)}).`,
      { typical, F, p, budgets: groups.length },
      'The law misses something that the runs of a budget share (a schedule, a data mix, a learning rate). The intervals allow for it.',
    ),
  ]
}

/** Methods that disagree about N by less than this in loss do not matter, nats. */
const noticeable = 0.002

function targetDiagnostics({ runs, methods, targets }: Subject): Diagnostic[] {
  const found: Diagnostic[] = []
  const largest = runs.flops.reduce((high, C) => Math.max(high, C))
  const target = Math.max(...targets)
  if (target > 100 * largest)
    found.push(
      warning(
        'far-extrapolation',
        `The target ${short(target)} FLOPs is ${short(target / largest)} times the largest budget.`,
        { target, largest, ratio: target / largest },
        'Treat the interval as a lower bound on what can go wrong: it supposes that the law goes on.',
      ),
    )
  // The lowest runs alone are known to be off; the table shows by how much.
  const compared = methods.filter(({ method }) => !method.startsWith('lowest'))
  const sizes = compared.flatMap(({ method, predictions }) => {
    const there = predictions.find(({ flops }) => flops === target)
    return there ? [{ method, parameters: there.parameters, excessLoss: there.excessLoss }] : []
  })
  const low = sizes.reduce((a, b) => (b.parameters < a.parameters ? b : a), sizes[0])
  const high = sizes.reduce((a, b) => (b.parameters > a.parameters ? b : a), sizes[0])
  const cost = Math.max(...sizes.map(({ excessLoss }) => excessLoss ?? Number.POSITIVE_INFINITY))
  if (sizes.length > 1 && high.parameters > 1.2 * low.parameters && cost > noticeable) {
    found.push(
      warning(
        'laws-disagree',
        `At ${short(target)} FLOPs ${low.method} says N = ${short(low.parameters)} and ${high.method} N = ${short(high.parameters)}, ` +
          `${(high.parameters / low.parameters).toFixed(2)} times as much` +
          `${Number.isFinite(cost) ? `; the worst choice costs ${short(cost)} nats by the law that leads` : ''}.`,
        { target, sizes },
        'Prefer norm: surface and huber tie the valley to the frontier, and parabolas lean where a profile is wide or off-centre.',
      ),
    )
  }
  return found
}
