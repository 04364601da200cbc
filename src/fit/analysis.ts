import type { Curves, Runs } from '../core/run.ts'
import { type Assessment, assess } from './assessment.ts'
import { backtest } from './backtest.ts'
import type { Resampling } from './bootstrap.ts'
import { prepare } from './data.ts'
import { diagnose } from './diagnostics.ts'
import { fitFrontiers } from './frontiers.ts'
import { headlineOf, verdictOf } from './headline.ts'
import { lawsOf } from './laws.ts'
import type { Method, MethodOptions } from './methods/method.ts'
import { type AskedName, askedOf } from './methods.ts'
import { profileMinimum } from './parabola.ts'
import { asymptoteInterval, exponentRegion } from './region.ts'
import { samplersOf } from './replicates.ts'
import type { Analysis } from './result.ts'
import { tunedResult } from './tuned/assessment.ts'
import { tunedDiagnostics, unusedSettings } from './tuned/diagnostics.ts'

/** Beyond this many runs, resampling and refitting is replaced by scores, and methods that lack them get no interval. */
export const mostForRefits = 1_000
/** Beyond this many, there is no backtest; up to it, beyond `mostForRefits`, only of the quick methods. */
const mostForBacktest = 20_000

export interface AnalysisOptions extends MethodOptions {
  /** Budgets to predict, FLOPs; none by default. */
  readonly targets?: readonly number[] | undefined
  /** By name, or methods of one's own; all names but `joint` by default. */
  readonly methods?: readonly (AskedName | Method)[] | undefined
  /** 0.95 by default. */
  readonly confidence?: number | undefined
  /** 0 by default. */
  readonly seed?: number | undefined
  /** Resamples of each bootstrap scheme; 1,000 by default. */
  readonly resamples?: number | undefined
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
  const asked = askedOf(options.methods)
  const data = prepare(input.runs, input.curves ?? null)
  const { runs, flopsRatio } = data
  const bootstrap = { resamples, seed, confidence, kind: runs.size > mostForRefits ? 'score' : 'refit' } as const
  if (asked.joint && !asked.frontier && asked.methods.length === 0) return jointAlone(runs, targets, bootstrap, onStep)

  const laws = await lawsOf(data, options)
  const samplers = samplersOf(data, bootstrap.kind === 'refit' ? laws.additive : null, seed)
  const verdict = laws.norm && verdictOf(runs, laws.norm, targets, flopsRatio, seed)
  const frame = { data, targets, domain: axisDomain(runs, targets), bootstrap, samplers, judge: laws.judge, verdict }
  const assessments: Assessment[] = []
  for (const method of asked.methods) {
    onStep?.(method.name)
    assessments.push(assess(method, laws.fits.get(method) ?? (await method.fit(data, options)), frame))
  }
  onStep?.('frontier')
  const frontier = asked.frontier ? fitFrontiers(data, laws.additive, samplers, targets, bootstrap) : null
  onStep?.('backtest')
  const backtests = await backtest(data, methodsToTest(assessments, runs.size), options)
  if (asked.joint) onStep?.('joint')
  const joint = asked.joint ? tunedResult(runs, targets, confidence) : null

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
    joint,
    targets,
    bootstrap,
    flopsRatio,
  }
  const diagnostics = diagnose({ ...analysis, data, laws, assessments })
  return { ...analysis, diagnostics: [...diagnostics, ...(joint ? tunedDiagnostics(joint) : unusedSettings(runs))] }
}

/** The methods that gave something; of very many runs the quick ones, of more none. */
function methodsToTest(assessments: readonly Assessment[], runs: number): Method[] {
  if (runs > mostForBacktest) return []
  return assessments
    .filter(({ fitted, method }) => fitted !== null && (runs <= mostForRefits || method.isQuick))
    .map(({ method }) => method)
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

/** Budgets from the smallest run to the largest target, geometrically spaced, for the figures. */
function axisDomain(runs: Runs, targets: readonly number[]): number[] {
  const low = runs.flops.reduce((a, b) => Math.min(a, b))
  const high = runs.flops.reduce((a, b) => Math.max(a, b), Math.max(0, ...targets))
  return Array.from({ length: 25 }, (_, k) => low * (high / low) ** (k / 24))
}
