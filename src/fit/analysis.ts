import { IsoflopError } from '../core/errors.ts'
import { trainFlops } from '../core/flops.ts'
import type { Curves, Runs } from '../core/run.ts'
import { median } from '../numeric/quantile.ts'
import { backtest } from './backtest.ts'
import { diagnose } from './diagnostics.ts'
import { headlineOf, lineOf } from './headline.ts'
import { type FitData, type Fitted, fitMethod, fittedNorm, fittedSurface, inFlops } from './methods.ts'
import type { NormPrior } from './norm/prior.ts'
import { fitFrontiers, methodResult, predict, unavailable, withoutPredictions } from './outcome.ts'
import { profileMinimum } from './parabola.ts'
import { groupBudgets } from './profile.ts'
import { asymptoteInterval, exponentRegion } from './region.ts'
import { replicate, samplersOf } from './replicates.ts'
import {
  type Analysis,
  type AskedName,
  type Band,
  type Headline,
  type MethodName,
  type MethodResult,
  methodNames,
  type Resampling,
} from './result.ts'
import { tunedDiagnostics, unusedSettings } from './tuned/diagnostics.ts'
import { tunedResult } from './tuned/outcome.ts'

export type { Analysis } from './result.ts'

/** Beyond this many runs, resampling and refitting is replaced by `surfaceScores`, and other methods get no interval. */
export const mostForRefits = 1_000
/** Beyond this many, there is no backtest; up to it, beyond `mostForRefits`, only of the methods that are fitted in a second. */
const mostForBacktest = 20_000
const quickMethods: readonly MethodName[] = ['norm', 'surface']

export interface AnalysisOptions {
  /** Budgets to predict, FLOPs; none by default. */
  readonly targets?: readonly number[] | undefined
  /** All but `joint` by default. */
  readonly methods?: readonly AskedName[] | undefined
  /** 0.95 by default. */
  readonly confidence?: number | undefined
  /** 0 by default. */
  readonly seed?: number | undefined
  /** What method `norm` believes beforehand; `usualPrior` by default. */
  readonly prior?: NormPrior | undefined
  /** Resamples of each bootstrap scheme; 1,000 by default. */
  readonly resamples?: number | undefined
  /** Starts of `huber`; all 4,500 by default. */
  readonly starts?: number | undefined
  /** Worker threads; one for each processor by default. No result depends on it. */
  readonly threads?: number | undefined
  /** Told of each step as it begins. */
  readonly onStep?: ((step: string) => void) | undefined
}

/**
 * Fits runs by every method asked for, with intervals, a backtest and diagnostics.
 *
 * @example const { methods } = await analyse({ runs }, { targets: [1e24] })
 * @throws IsoflopError TOO_FEW_RUNS with fewer than three runs, ONE_BUDGET when all have one budget.
 */
export async function analyse(
  input: { readonly runs: Runs; readonly curves?: Curves | null },
  options: AnalysisOptions = {},
): Promise<Analysis> {
  const { targets = [], confidence = 0.95, seed = 0, resamples = 1000, onStep } = options
  const methods = methodNames.filter((name) => options.methods?.includes(name) ?? true)
  const data = prepare(input.runs, input.curves ?? null)
  const { runs } = data
  const bootstrap = { resamples, seed, confidence, kind: runs.size > mostForRefits ? 'score' : 'refit' } as const

  const asksJoint = options.methods?.includes('joint') ?? false
  if (asksJoint && methods.length === 0) return jointAlone(runs, targets, bootstrap, onStep)
  // Both are fitted in any case: norm judges the other methods and the runs, the surface's residuals drive the wild bootstrap.
  onStep?.('norm')
  const norm = inFlops(fittedNorm(runs, options.prior), data)
  onStep?.('surface')
  const surface = inFlops(fittedSurface(runs), data)
  const additive = typeof surface === 'string' ? null : surface.estimate.law
  const judging = typeof norm === 'string' ? additive : norm.estimate.law
  const judge = judging && { law: judging, flopsRatio: data.flopsRatio }
  const samplers = samplersOf(data, bootstrap.kind === 'refit' ? additive : null, seed)
  const domain = axisDomain(runs, targets)

  const design = typeof norm === 'string' ? null : headlineOf(runs, norm.norm, targets, data.flopsRatio, seed)
  const line = lineOf(runs) !== null
  const results: MethodResult[] = []
  const bands: Band[] = []
  for (const method of methods.filter((name) => name !== 'frontier')) {
    onStep?.(method)
    const fitted: Fitted | string =
      method === 'norm' ? norm : method === 'surface' ? surface : await fitMethod(method, data, options)
    if (typeof fitted === 'string') {
      results.push(unavailable(method, fitted))
      continue
    }
    const replicates = replicate(fitted, data, samplers, bootstrap, additive)
    const result = methodResult(fitted, replicates, targets, judge, confidence)
    const reason = result.law && design ? undeterminedBy(design, method, line) : null
    results.push(reason === null ? result : withoutPredictions(result, reason))
    if (reason !== null) continue
    bands.push({ method, points: domain.map((C) => predict(fitted.estimate, replicates, C, judge, confidence)) })
  }

  onStep?.('frontier')
  const frontier = methods.includes('frontier') ? fitFrontiers(data, additive, samplers, targets, bootstrap) : null
  onStep?.('backtest')
  const sizeMethods = results.filter(({ unavailable }) => unavailable === null).map(({ method }) => method)
  const tested = runs.size > mostForRefits ? sizeMethods.filter((method) => quickMethods.includes(method)) : sizeMethods
  const backtests = runs.size > mostForBacktest ? [] : await backtest(data, tested, options)
  if (asksJoint) onStep?.('joint')
  const joint = asksJoint ? tunedResult(runs, targets, confidence) : null
  const small = typeof surface !== 'string' && runs.size <= mostForRefits ? surface.estimate : null
  const [first] = results.filter(({ unavailable }) => unavailable === null)
  const headline: Headline = {
    ...(design ?? { determined: true, reasons: [], told: [], next: null }),
    method: first?.method ?? null,
  }
  const analysis = {
    runs,
    headline:
      first && first.law === null ? { ...headline, determined: true, reasons: [], told: [], next: null } : headline,
    profiles: data.profiles.map((profile) => ({ profile, minimum: profileMinimum(runs, profile) })),
    methods: results,
    frontier,
    backtests,
    bands,
    region: small && exponentRegion(runs, small, confidence),
    asymptote: small && asymptoteInterval(runs, small, confidence),
    joint,
    targets,
    bootstrap,
    flopsRatio: data.flopsRatio,
  }
  const normFit = typeof norm === 'string' ? null : norm.norm
  const surfaceFit = typeof surface === 'string' ? null : surface.estimate
  const ofJoint = joint ? tunedDiagnostics(joint) : unusedSettings(runs)
  return { ...analysis, diagnostics: [...diagnose(analysis, data, normFit, surfaceFit), ...ofJoint] }
}

/** The joint law by itself: nothing of what the other methods suffer from is said. */
function jointAlone(
  runs: Runs,
  targets: readonly number[],
  bootstrap: Resampling,
  onStep: AnalysisOptions['onStep'],
): Analysis {
  onStep?.('joint')
  const joint = tunedResult(runs, targets, bootstrap.confidence)
  const reasons = joint.undetermined === null ? [] : [joint.undetermined]
  return {
    runs,
    headline: { method: null, determined: reasons.length === 0, reasons, told: [], next: null },
    profiles: [],
    methods: [],
    frontier: null,
    backtests: [],
    bands: [],
    region: null,
    asymptote: null,
    joint,
    targets,
    bootstrap,
    flopsRatio: 1,
    diagnostics: tunedDiagnostics(joint),
  }
}

/** Groups the runs and decides whether they form IsoFLOP profiles. */
function prepare(runs: Runs, curves: Curves | null): FitData {
  if (runs.size < 3)
    throw new IsoflopError(
      'TOO_FEW_RUNS',
      `Expected at least 3 runs, got ${runs.size}.`,
      'Add runs: a scaling law needs several sizes at several budgets.',
    )
  const budgets = groupBudgets(runs)
  if (budgets.groups.length < 2)
    throw new IsoflopError(
      'ONE_BUDGET',
      `Expected runs of at least two compute budgets, but all ${runs.size} have C = ${budgets.groups[0].budget.toPrecision(4)}.`,
      'Add runs at another budget: one profile shows a best size, not how it grows with compute.',
    )
  const inProfiles = budgets.profiles.reduce((sum, { runs }) => sum + runs.length, 0)
  const usable = budgets.profiles.length >= 2 && inProfiles >= runs.size / 2
  return { runs, budgets, profiles: usable ? budgets.profiles : [], curves, flopsRatio: flopsRatioOf(runs) }
}

/** Runs with at least this share of the largest compute say how FLOPs are counted; smaller ratios are rounding. */
const counting = { share: 0.2, least: 0.01 } as const

/** The median of C / 6ND over the largest runs. */
function flopsRatioOf({ size, flops, parameters, tokens }: Runs): number {
  const largest = flops.reduce((high, C) => Math.max(high, C))
  const ratios = Float64Array.from({ length: size }, (_, i) => flops[i] / trainFlops(parameters[i], tokens[i])).filter(
    (_, i) => flops[i] >= counting.share * largest,
  )
  const ratio = median(ratios)
  return Math.abs(Math.log(ratio)) < counting.least ? 1 : ratio
}

/** Runs on one line leave every law open; what else is wanting, only the law of `norm` is asked for. */
function undeterminedBy(
  { determined, reasons }: Omit<Headline, 'method'>,
  method: MethodName,
  line: boolean,
): string | null {
  return determined || !(line || method === 'norm') ? null : reasons.join('; ')
}

/** Budgets from the smallest run to the largest target, geometrically spaced, for the figures. */
function axisDomain(runs: Runs, targets: readonly number[]): number[] {
  const low = runs.flops.reduce((a, b) => Math.min(a, b))
  const high = runs.flops.reduce((a, b) => Math.max(a, b), Math.max(0, ...targets))
  return Array.from({ length: 25 }, (_, k) => low * (high / low) ** (k / 24))
}
