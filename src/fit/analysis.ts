import type { Diagnostic } from '../core/diagnostic.ts'
import { IsoflopError } from '../core/errors.ts'
import { random } from '../core/random.ts'
import type { Curves, Runs } from '../core/run.ts'
import { type PowerLaw, powerAt } from '../law/power.ts'
import { excessLoss, type SurfaceLaw, surfaceLoss } from '../law/surface.ts'
import { backtest } from './backtest.ts'
import {
  type BootstrapOptions,
  budgetSampler,
  type Interval,
  intervalBy,
  intervalOf,
  type Replicates,
  runSampler,
  type Sampler,
  type Scheme,
  schemes,
} from './bootstrap.ts'
import { diagnose } from './diagnostics.ts'
import { type Estimate, estimateOf, quantities } from './estimate.ts'
import {
  type FrontierPoint,
  fitFrontier,
  fitLogLine,
  fitPinnedFrontier,
  frontierPoints,
  logLineLoss,
  lossOf,
} from './frontier.ts'
import { type FitData, type Fitted, fitMethod } from './methods.ts'
import { type ProfileMinimum, profileMinimum } from './parabola.ts'
import { groupBudgets, type Profile } from './profile.ts'
import { asymptoteInterval, type ExponentRegion, exponentRegion } from './region.ts'
import type {
  Backtest,
  FittedPower,
  FrontierOutcome,
  FrontierResult,
  MethodName,
  MethodResult,
  Prediction,
  SizeMethod,
} from './result.ts'
import { methodNames } from './result.ts'
import { surfaceScores } from './scores.ts'
import type { SurfaceFit } from './surface.ts'

/** Beyond this many runs, resampling and refitting is replaced by `surfaceScores`, and other methods get no interval. */
export const mostForRefits = 20_000

export interface AnalysisOptions {
  /** Budgets to predict, FLOPs; none by default. */
  readonly targets?: readonly number[] | undefined
  /** All by default. */
  readonly methods?: readonly MethodName[] | undefined
  /** 0.95 by default. */
  readonly confidence?: number | undefined
  /** 0 by default. */
  readonly seed?: number | undefined
  /** Resamples of each bootstrap scheme; 1,000 by default. */
  readonly resamples?: number | undefined
  /** Starts of `huber`; all 4,500 by default. */
  readonly starts?: number | undefined
  /** Worker threads; one for each processor by default. No result depends on it. */
  readonly threads?: number | undefined
  /** Told of each step as it begins. */
  readonly onStep?: ((step: string) => void) | undefined
}

/** What a method expects along the compute axis, for a figure's line and band. */
export interface Band {
  readonly method: SizeMethod
  readonly points: readonly Prediction[]
}

/** All that the fits found: what is reported as JSON, and what the figures need beside it. */
export interface Analysis {
  readonly runs: Runs
  readonly profiles: readonly { readonly profile: Profile; readonly minimum: ProfileMinimum }[]
  readonly methods: readonly MethodResult[]
  readonly frontier: FrontierResult | null
  readonly backtests: readonly Backtest[]
  readonly diagnostics: readonly Diagnostic[]
  readonly bands: readonly Band[]
  readonly region: ExponentRegion | null
  /** Profile-likelihood interval of the surface's E. */
  readonly asymptote: Interval | null
  readonly targets: readonly number[]
  readonly bootstrap: BootstrapOptions & { readonly kind: 'refit' | 'score' }
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

  // The surface is fitted in any case: it judges the other methods, and its residuals drive the wild bootstrap.
  onStep?.('surface')
  const surface = (await fitMethod('surface', data, options)) as (Fitted & { estimate: SurfaceFit }) | string
  const judge = typeof surface === 'string' ? null : surface.estimate.law
  const samplers = judge && bootstrap.kind === 'refit' ? bothSamplers(data, judge, seed) : runsOnly(data, seed)
  const domain = axisDomain(runs, targets)

  const results: MethodResult[] = []
  const bands: Band[] = []
  for (const method of methods.filter((name) => name !== 'frontier')) {
    onStep?.(method)
    const fitted = method === 'surface' ? surface : await fitMethod(method, data, options)
    if (typeof fitted === 'string') {
      results.push(unavailable(method, fitted))
      continue
    }
    const replicates = replicate(fitted, data, samplers, bootstrap, judge)
    results.push(methodResult(fitted, replicates, targets, judge, confidence))
    bands.push({ method, points: domain.map((C) => predict(fitted.estimate, replicates, C, judge, confidence)) })
  }

  onStep?.('frontier')
  const frontier = methods.includes('frontier') ? fitFrontiers(data, judge, samplers, targets, bootstrap) : null
  onStep?.('backtest')
  const sizeMethods = results.filter(({ unavailable }) => unavailable === null).map(({ method }) => method)
  const backtests = runs.size > mostForRefits ? [] : await backtest(data, sizeMethods, options)
  const small = typeof surface !== 'string' && runs.size <= mostForRefits ? surface.estimate : null
  const analysis = {
    runs,
    profiles: data.profiles.map((profile) => ({ profile, minimum: profileMinimum(runs, profile) })),
    methods: results,
    frontier,
    backtests,
    bands,
    region: small && exponentRegion(runs, small, confidence),
    asymptote: small && asymptoteInterval(runs, small, confidence),
    targets,
    bootstrap,
  }
  const surfaceFit = typeof surface === 'string' ? null : surface.estimate
  return { ...analysis, diagnostics: diagnose(analysis, data, surfaceFit) }
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
  return { runs, budgets, profiles: usable ? budgets.profiles : [], curves }
}

/** Budgets from the smallest run to the largest target, geometrically spaced, for the figures. */
function axisDomain(runs: Runs, targets: readonly number[]): number[] {
  const low = runs.flops.reduce((a, b) => Math.min(a, b))
  const high = runs.flops.reduce((a, b) => Math.max(a, b), Math.max(0, ...targets))
  return Array.from({ length: 25 }, (_, k) => low * (high / low) ** (k / 24))
}

type Samplers = ReadonlyMap<Scheme, Sampler>

function bothSamplers(data: FitData, law: SurfaceLaw, seed: number): Samplers {
  const budgets = budgetSampler(data.runs, data.budgets, law, seed)
  return budgets ? new Map([...runsOnly(data, seed), ['budgets', budgets]]) : runsOnly(data, seed)
}

const runsOnly = ({ runs, budgets }: FitData, seed: number): Samplers =>
  new Map([['runs', runSampler(runs, budgets, seed)]])

/** Draws whole training curves with replacement; the weights are those of curves. */
const curveSampler =
  (runs: Runs, curveCount: number, seed: number): Sampler =>
  (replicate) => {
    const { integer } = random(seed, 3, replicate)
    const weights = new Float64Array(curveCount)
    for (let k = 0; k < curveCount; k++) weights[integer(curveCount)]++
    return { runs, weights }
  }

/** Every scheme's estimates by one method. */
function replicate(
  fitted: Fitted,
  data: FitData,
  samplers: Samplers,
  bootstrap: Analysis['bootstrap'],
  judge: SurfaceLaw | null,
): Replicates {
  if (bootstrap.kind === 'score') {
    if (fitted.method !== 'surface' || judge === null) return new Map()
    const laws = surfaceScores(data.runs, data.budgets, judge, bootstrap) ?? new Map<Scheme, SurfaceLaw[]>()
    return new Map(
      laws.entries().map(([scheme, list]) => [scheme, list.map((law) => estimateOf(law, fitted.estimate.fitError!))]),
    )
  }
  const own: Samplers =
    fitted.method === 'envelope' && data.curves
      ? new Map([['runs', curveSampler(data.runs, data.curves.curveCount, bootstrap.seed)]])
      : samplers
  const draw = (sampler: Sampler) => Array.from({ length: bootstrap.resamples }, (_, k) => fitted.refit(sampler(k)))
  return new Map(own.entries().map(([scheme, sampler]) => [scheme, draw(sampler)]))
}

function unavailable(method: SizeMethod, reason: string): MethodResult {
  return {
    method,
    modelSize: null,
    datasetSize: null,
    law: null,
    lawIntervals: null,
    exponentBy: null,
    predictions: [],
    fitError: null,
    excluded: [],
    lossLaws: null,
    objective: null,
    unavailable: reason,
  }
}

function methodResult(
  { method, estimate, excluded, lossLaws, objective }: Fitted,
  replicates: Replicates,
  targets: readonly number[],
  judge: SurfaceLaw | null,
  confidence: number,
): MethodResult {
  const interval = (quantity: (estimate: Estimate) => number) => intervalOf(replicates, quantity, confidence)
  const power = (law: PowerLaw | null, exponent: (estimate: Estimate) => number): FittedPower | null =>
    law && { ...law, interval: interval(exponent) }
  const coefficients = ['E', 'A', 'B', 'alpha', 'beta'] as const
  const by = (scheme: Scheme) => intervalBy(replicates, scheme, quantities.modelSizeExponent, confidence)
  return {
    method,
    modelSize: power(estimate.modelSize, quantities.modelSizeExponent),
    datasetSize: power(estimate.datasetSize, quantities.datasetSizeExponent),
    law: estimate.law,
    lawIntervals:
      estimate.law &&
      (Object.fromEntries(coefficients.map((name) => [name, interval(quantities.coefficient(name))])) as Record<
        keyof SurfaceLaw,
        Interval | null
      >),
    exponentBy: Object.fromEntries(schemes.map((scheme) => [scheme, by(scheme)])) as Record<Scheme, Interval | null>,
    predictions: targets.map((C) => predict(estimate, replicates, C, judge, confidence)),
    fitError: estimate.fitError,
    excluded,
    lossLaws,
    objective,
    unavailable: null,
  }
}

function predict(
  estimate: Estimate,
  replicates: Replicates,
  C: number,
  judge: SurfaceLaw | null,
  confidence: number,
): Prediction {
  const interval = (quantity: (estimate: Estimate) => number) => intervalOf(replicates, quantity, confidence)
  const parameters = quantities.parameters(C)(estimate)
  return {
    flops: C,
    parameters,
    tokens: quantities.tokens(C)(estimate),
    loss: estimate.loss ? estimate.loss(C) : null,
    excessLoss: judge && excessLoss(judge, C, parameters),
    interval: {
      parameters: interval(quantities.parameters(C)),
      tokens: interval(quantities.tokens(C)),
      loss: estimate.loss ? interval(quantities.loss(C)) : null,
    },
  }
}

/** The three frontiers, each with intervals from the same resamples as the other methods. */
function fitFrontiers(
  { runs, profiles }: FitData,
  judge: SurfaceLaw | null,
  samplers: Samplers,
  targets: readonly number[],
  { resamples, confidence, kind }: Analysis['bootstrap'],
): FrontierResult | null {
  const points = frontierPoints(runs, profiles)
  if (points.length < 2) return null
  const resampled: ReadonlyMap<Scheme, readonly FrontierPoint[][]> = new Map(
    kind === 'score'
      ? []
      : samplers.entries().map(([scheme, sampler]) => [
          scheme,
          Array.from({ length: resamples }, (_, k) => {
            const sample = sampler(k)
            return frontierPoints(sample.runs, profiles, sample.weights)
          }),
        ]),
  )
  const outcome = <Fit>(
    fit: (points: readonly FrontierPoint[]) => Fit | null,
    loss: (fit: Fit) => (C: number) => number,
  ): FrontierOutcome<Fit> | null => {
    const own = fit(points)
    if (own === null) return null
    const replicates: Replicates = new Map(
      resampled.entries().map(([scheme, samples]) => [
        scheme,
        samples.map((sample) => {
          const refit = fit(sample)
          return refit && { ...noEstimate, loss: loss(refit) }
        }),
      ]),
    )
    const predictions = targets.map((flops) => ({
      flops,
      loss: loss(own)(flops),
      interval: intervalOf(replicates, quantities.loss(flops), confidence),
    }))
    return { fit: own, predictions }
  }
  return {
    points,
    free: outcome(fitFrontier, lossOf),
    pinned: judge && outcome((points) => fitPinnedFrontier(points, judge.E), lossOf),
    line: outcome(fitLogLine, (fit) => (C) => logLineLoss(fit.law, C)),
  }
}

const noEstimate: Estimate = { modelSize: null, datasetSize: null, law: null, loss: null, fitError: null }

/** Residuals of the runs from a surface, nats: measured minus fitted. */
export const residuals = (runs: Runs, law: SurfaceLaw): Float64Array =>
  runs.loss.map((L, i) => L - surfaceLoss(law, runs.parameters[i], runs.tokens[i]))

/** The best size of a method at a target, if it gives one. */
export const sizeAt = (result: MethodResult, C: number): number | null =>
  result.modelSize && powerAt(result.modelSize, C)
