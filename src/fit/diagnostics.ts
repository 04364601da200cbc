import type { Diagnostic, DiagnosticCode } from '../core/diagnostic.ts'
import { tokensFor } from '../core/flops.ts'
import type { Runs } from '../core/run.ts'
import { powerAt } from '../law/power.ts'
import { optimalParameters, type SurfaceLaw, surfaceLoss } from '../law/surface.ts'
import { firstEqual } from '../numeric/equal-rows.ts'
import { fitLine } from '../numeric/line.ts'
import { median } from '../numeric/quantile.ts'
import { fTail } from '../numeric/student.ts'
import type { Interval } from './bootstrap.ts'
import type { FitData } from './methods.ts'
import { extreme } from './parabola.ts'
import type { Profile } from './profile.ts'
import type { Analysis } from './result.ts'
import { type SurfaceFit, surfaceResiduals } from './surface.ts'

type Subject = Omit<Analysis, 'diagnostics'>

/** Looks at the data and the fits for what the reader should know, in the order of the table in result.ts. */
export function diagnose(analysis: Subject, data: FitData, surface: SurfaceFit | null): Diagnostic[] {
  return [
    ...budgetDiagnostics(data),
    ...profileDiagnostics(analysis),
    ...designDiagnostics(data.runs),
    ...(surface ? surfaceDiagnostics(analysis, surface) : []),
    ...(surface ? sharedDeviations(data, surface.law) : []),
    ...intervalDiagnostics(analysis),
    ...targetDiagnostics(analysis),
  ]
}

const warning = (
  code: DiagnosticCode,
  message: string,
  evidence: Diagnostic['evidence'],
  advice: string,
): Diagnostic => ({ code, severity: 'warning', message, evidence, advice })

const info = (code: DiagnosticCode, message: string, evidence: Diagnostic['evidence'], advice: string): Diagnostic => ({
  ...warning(code, message, evidence, advice),
  severity: 'info',
})

const short = (x: number) => x.toPrecision(3).replace('e+', 'e')
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
        'Use surface or huber, which do not need profiles; the methods by budget are left out.',
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

function designDiagnostics(runs: Runs): Diagnostic[] {
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
  const ray = fitLine(runs.parameters.map(Math.log), runs.tokens.map(Math.log))
  if (ray === null || ray.rmse < 0.05)
    found.push(
      warning(
        'single-ray',
        ray === null
          ? 'All runs have one model size, so the effect of N cannot be seen.'
          : `All runs lie on one line: D grows as N^${ray.slope.toFixed(2)} (D = ${short(Math.exp(ray.intercept))} N^${ray.slope.toFixed(2)}).`,
        { slope: ray?.slope ?? null, spread: ray?.rmse ?? null },
        'Vary the tokens per parameter, for example 5 and 80 beside 20: along one line alpha and beta cannot be told apart.',
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

/**
 * A residual this many times the typical one is an outlier: 5, or more where so many normal residuals would be expected to
 * reach farther than that once in a hundred data sets;
 */
const outlierScale = (count: number) => Math.max(5, Math.sqrt(2 * Math.log(100 * count)))
/** and larger than this, relative to the loss. */
const outlierLeast = 1e-3

function surfaceDiagnostics({ runs, asymptote, bootstrap, targets }: Subject, surface: SurfaceFit): Diagnostic[] {
  const found: Diagnostic[] = []
  const { law } = surface
  const residual = surfaceResiduals(runs, law)
  const scale = 1.4826 * median(residual.map(Math.abs)) // the standard deviation, if normal
  const far = outlierScale(runs.size)
  const outliers = Array.from({ length: runs.size }, (_, i) => i)
    .filter((i) => Math.abs(residual[i]) > Math.max(far * scale, outlierLeast * runs.loss[i]))
    .sort((i, j) => Math.abs(residual[j]) - Math.abs(residual[i]))
  if (outliers.length > 0)
    found.push(
      warning(
        'outliers',
        `${outliers.length} of ${runs.size} runs lie more than ${far.toFixed(1)} typical deviations (${short(scale)} nats each) from the surface; ` +
          `the farthest by ${short(residual[outliers[0]])} nats at N = ${short(runs.parameters[outliers[0]])}, C = ${short(runs.flops[outliers[0]])}.`,
        {
          count: outliers.length,
          typical: scale,
          runs: outliers.slice(0, 20).map((run) => ({ run, residual: residual[run] })),
        },
        'Look at these runs, and compare surface with huber, which barely listens to outliers.',
      ),
    )
  if (asymptote) {
    const lowest = runs.loss.reduce((low, L) => Math.min(low, L))
    const vague = asymptote[0] <= 1e-6 * lowest || asymptote[1] - asymptote[0] > 0.2 * lowest
    if (vague)
      found.push(
        warning(
          'asymptote-not-identified',
          `The plateau E could be anything from ${asymptote[0].toFixed(3)} to ${asymptote[1].toFixed(3)} nats (fitted: ${law.E.toFixed(3)}).`,
          { interval: asymptote, fitted: law.E, confidence: bootstrap.confidence },
          'Trust the best size more than the loss far beyond the data; larger budgets narrow E.',
        ),
      )
  }
  if (!surface.converged || Math.max(law.alpha, law.beta) > 4.9 || Math.min(law.alpha, law.beta) < 1.1e-3)
    found.push(
      warning(
        'not-converged',
        `The surface ended at alpha = ${law.alpha.toPrecision(4)}, beta = ${law.beta.toPrecision(4)} without a clear minimum.`,
        { converged: surface.converged, alpha: law.alpha, beta: law.beta },
        'The runs do not determine this law; vary N and D more widely.',
      ),
    )
  const largest = runs.flops.reduce((high, C) => Math.max(high, C))
  const C = Math.max(largest, ...targets)
  const [low, high] = valley(law, C)
  found.push(
    info(
      'flat-valley',
      `At ${short(C)} FLOPs any N from ${short(low)} to ${short(high)} costs less than 0.1 % in loss.`,
      { flops: C, parameters: [low, high], ratio: high / low },
      'Within it choose by what else matters: smaller models are cheaper to serve.',
    ),
  )
  return found
}

/** The sizes whose loss under the law is within 0.1 % of the best at C. */
function valley(law: SurfaceLaw, C: number): Interval {
  const best = powerAt(optimalParameters(law), C)
  const loss = (logRatio: number) => {
    const N = best * Math.exp(logRatio)
    return surfaceLoss(law, N, tokensFor(C, N))
  }
  const level = loss(0) * 1.001
  const end = (sign: number) => {
    let near = 0
    let far = 20
    for (let k = 0; k < 60; k++) {
      const middle = 0.5 * (near + far)
      if (loss(sign * middle) < level) near = middle
      else far = middle
    }
    return best * Math.exp(sign * near)
  }
  return [end(-1), end(1)]
}

/** Three directions of what budgets share are absorbed by the surface: its level, and the slope and bend along C. */
const absorbedBudgets = 3

/** Whether whole budgets deviate from the surface by more than their runs' own scatter explains: an F test on the means. */
function sharedDeviations({ runs, budgets }: FitData, law: SurfaceLaw): Diagnostic[] {
  const groups = budgets.groups.filter(({ runs: members }) => members.length >= 3)
  const residuals = surfaceResiduals(runs, law)
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
      `The runs of a budget deviate from the surface together, by ${short(typical)} nats, more than their scatter explains (p = ${short(p)}).`,
      { typical, F, p, budgets: groups.length },
      'The law misses something that the runs of a budget share (a schedule, a data mix, a learning rate). The intervals allow for it.',
    ),
  ]
}

function intervalDiagnostics({ runs, bootstrap, methods }: Subject): Diagnostic[] {
  const found: Diagnostic[] = []
  const without = methods
    .filter(({ modelSize }) => modelSize && modelSize.interval === null)
    .map(({ method }) => method)
  if (bootstrap.kind === 'score' && without.length > 0)
    found.push(
      info(
        'intervals-skipped',
        `With ${runs.size} runs only surface has intervals, from resampled scores; not ${without.join(', ')}.`,
        { methods: without },
        'Take the intervals of surface, or fit a sample of the runs.',
      ),
    )
  return found
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
  const sizes = methods.flatMap(({ method, predictions }) => {
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
          `${Number.isFinite(cost) ? `; by the surface the worst choice costs ${short(cost)} nats` : ''}.`,
        { target, sizes },
        'Prefer surface, or huber where there are outliers; lowest-raw and lowest-log keep the grid of sizes as an error.',
      ),
    )
  }
  return found
}
