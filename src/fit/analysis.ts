import type { Curves, Runs } from '../core/run.ts'
import { type Assessment, assess } from './assessment.ts'
import { backtest } from './backtest.ts'
import { prepare } from './data.ts'
import { diagnose } from './diagnostics.ts'
import { fitFrontiers } from './frontiers.ts'
import { headlineOf, verdictOf } from './headline.ts'
import { lawsOf } from './laws.ts'
import type { Method, MethodOptions, OnStep } from './methods/method.ts'
import { type AskedName, askedOf } from './methods.ts'
import { profileMinimum } from './parabola.ts'
import { asymptoteInterval, exponentRegion } from './region.ts'
import { samplersOf } from './replicates.ts'
import type { Analysis } from './result.ts'
import { settingsDiagnostics, settingsLaws, withoutMethods } from './settings.ts'

/** Beyond this many runs, resampling and refitting is replaced by scores, and methods that lack them get no interval. */
export const mostForRefits = 1_000
/** Beyond this many, there is no backtest; up to it, beyond `mostForRefits`, only of the quick methods. */
const mostForBacktest = 20_000

export interface AnalysisOptions extends Omit<MethodOptions, 'onShare'> {
  /** Budgets to predict, FLOPs; none by default. */
  readonly targets?: readonly number[] | undefined
  /** By name, or methods of one's own; all names but `joint` by default. */
  readonly methods?: readonly (AskedName | Method)[] | undefined
  /** Fit the data-constrained law, too (alone unless methods are named), for so many unique tokens: the most of a run that repeats by default. */
  readonly repeats?: { readonly unique?: readonly number[] | undefined } | undefined
  /** 0.95 by default. */
  readonly confidence?: number | undefined
  /** 0 by default. */
  readonly seed?: number | undefined
  /** Resamples of each bootstrap scheme; 1,000 by default. */
  readonly resamples?: number | undefined
  /** Told of each step as it begins, and of one that takes long, again and again, how far it has come, 0 to 1. */
  readonly onStep?: OnStep | undefined
}

/**
 * Fits runs by every method asked for, with intervals, a backtest and diagnostics.
 *
 * @example const { methods } = await analyse({ runs }, { targets: [1e24] })
 * @throws IsoflopError TOO_FEW_RUNS with fewer than three runs, ONE_BUDGET when all have one budget, NO_REPEATS when repeats are asked for
 * and there are none.
 */
export async function analyse(
  input: { readonly runs: Runs; readonly curves?: Curves | null },
  options: AnalysisOptions = {},
): Promise<Analysis> {
  const { targets = [], confidence = 0.95, seed = 0, resamples = 1000, onStep } = options
  const asked = askedOf(options.methods ?? (options.repeats ? [] : undefined))
  const data = prepare(input.runs, input.curves ?? null)
  const { runs, flopsRatio } = data
  const bootstrap = { resamples, seed, confidence, kind: runs.size > mostForRefits ? 'score' : 'refit' } as const
  const beside = settingsLaws(runs, asked.joint, { ...options, targets, confidence, seed, resamples, flopsRatio })
  if ((beside.joint || beside.repeats) && !asked.frontier && asked.methods.length === 0)
    return withoutMethods({ runs, targets, bootstrap, flopsRatio: beside.repeats ? flopsRatio : 1 }, beside)

  const laws = await lawsOf(data, options)
  const samplers = samplersOf(data, bootstrap.kind === 'refit' ? laws.additive : null, seed)
  const verdict = laws.norm && verdictOf(runs, laws.norm, targets, flopsRatio, seed)
  const frame = { data, targets, domain: axisDomain(runs, targets), bootstrap, samplers, judge: laws.judge, verdict }
  const assessments: Assessment[] = []
  for (const method of asked.methods) {
    onStep?.(method.name)
    assessments.push(
      assess(method, laws.fits.get(method) ?? (await method.fit(data, shared(options, method.name))), frame),
    )
  }
  onStep?.('frontier')
  const frontier = asked.frontier ? fitFrontiers(data, laws.additive, samplers, targets, bootstrap) : null
  onStep?.('backtest')
  const backtests = await backtest(data, methodsToTest(assessments, runs.size), options)

  const small = runs.size <= mostForRefits ? laws.surface : null
  const methods = assessments.map(({ result }) => result)
  const analysis = {
    runs,
    headline: headlineOf(verdict, methods),
    profiles: data.profiles.map((profile) => ({ profile, minimum: profileMinimum(runs, profile) })),
    methods,
    frontier,
    backtests,
    bands: assessments.flatMap(({ band }) => band ?? []),
    region: small && exponentRegion(runs, small, confidence),
    asymptote: small && asymptoteInterval(runs, small, confidence),
    ...beside,
    targets,
    bootstrap,
    flopsRatio,
  }
  const diagnostics = diagnose({ ...analysis, data, laws, assessments })
  return { ...analysis, diagnostics: [...diagnostics, ...settingsDiagnostics(runs, beside)] }
}

/** The options of a method that says how far it has come; each hundredth is told once. */
function shared({ onStep, ...options }: AnalysisOptions, name: string): MethodOptions {
  let told = 0
  const onShare = (share: number) => {
    const now = Math.floor(100 * share) / 100
    if (now <= told) return
    told = now
    onStep?.(name, now)
  }
  return { ...options, onShare }
}

/** The methods that gave something; of very many runs the quick ones, of more none. */
function methodsToTest(assessments: readonly Assessment[], runs: number): Method[] {
  if (runs > mostForBacktest) return []
  return assessments
    .filter(({ fitted, method }) => fitted !== null && (runs <= mostForRefits || method.isQuick))
    .map(({ method }) => method)
}

/** Budgets from the smallest run to the largest target, geometrically spaced, for the figures. */
export function axisDomain(runs: Runs, targets: readonly number[]): number[] {
  const low = runs.flops.reduce((a, b) => Math.min(a, b))
  const high = runs.flops.reduce((a, b) => Math.max(a, b), Math.max(0, ...targets))
  return Array.from({ length: 25 }, (_, k) => low * (high / low) ** (k / 24))
}
