import { type Diagnostic, info, short, warning } from '../core/diagnostic.ts'
import { tokensFor } from '../core/flops.ts'
import type { Runs } from '../core/run.ts'
import { powerAt } from '../law/power.ts'
import { optimalParameters, type SurfaceLaw, surfaceLoss } from '../law/surface.ts'
import type { Interval } from './bootstrap.ts'
import type { NormFit } from './norm/fit.ts'
import { besideOthers } from './norm/outliers.ts'
import type { Analysis } from './result.ts'
import type { SurfaceFit } from './surface.ts'

type Subject = Omit<Analysis, 'diagnostics'>

/** What the fitted laws say about the runs and about themselves. */
export function lawDiagnostics(analysis: Subject, norm: NormFit | null, surface: SurfaceFit | null): Diagnostic[] {
  const { runs } = analysis
  const law = norm?.law ?? surface?.law
  return [
    ...(norm && norm.residual.length === runs.size ? [...outliers(runs, norm), ...littleWeight(runs, norm)] : []),
    ...(analysis.headline.determined ? [...fewOf(runs), ...plateau(analysis)] : []),
    ...convergence(analysis, norm, surface),
    ...(law && analysis.headline.determined ? [flatValley(analysis, law)] : []),
    ...withheldIntervals(analysis),
  ]
}

/**
 * A residual this many times the typical one is an outlier: 5, or more where so many normal residuals would be expected to
 * reach farther than that once in a hundred data sets;
 */
const outlierScale = (count: number) => Math.max(5, Math.sqrt(2 * Math.log(100 * count)))
/** and larger than this, relative to the loss. */
const outlierLeast = 1e-3
/** More are counted and not named. */
const mostNamed = 20

/** Runs far from the law that the others follow. */
function outliers(runs: Runs, norm: NormFit): Diagnostic[] {
  const { residual, sd, spread } = besideOthers(norm)
  const far = outlierScale(runs.size)
  const found = Array.from({ length: runs.size }, (_, i) => i)
    .filter((i) => Math.abs(residual[i]) > Math.max(far * sd[i], outlierLeast * runs.loss[i]))
    .sort((i, j) => Math.abs(residual[j]) - Math.abs(residual[i]))
  if (found.length === 0) return []
  const named = found.slice(0, 3).map((i) => {
    const side = residual[i] > 0 ? 'above' : 'below'
    return `${short(Math.abs(residual[i]))} nats ${side} at N = ${short(runs.parameters[i])}, D = ${short(runs.tokens[i])}`
  })
  const rest = found.length - named.length
  return [
    warning(
      'outliers',
      `${found.length} of ${runs.size} runs lie more than ${far.toFixed(1)} standard deviations from the law that the others follow ` +
        `(they scatter by ${short(spread)} nats): ${named.join('; ')}${rest > 0 ? `; and ${rest} more` : ''}.`,
      {
        count: found.length,
        typical: spread,
        runs: found.slice(0, mostNamed).map((run) => ({
          run,
          residual: residual[run],
          parameters: runs.parameters[run],
          tokens: runs.tokens[run],
          loss: runs.loss[run],
        })),
      },
      'Look at these runs: a crash or a wrong number looks like this. norm and huber give them little weight, surface its full one.',
    ),
  ]
}

/** With fewer runs than this that count, the priors of norm decide with them. */
const fewRuns = 10

function fewOf(runs: Runs): Diagnostic[] {
  if (runs.size >= fewRuns) return []
  return [
    warning(
      'few-runs',
      `With ${runs.size} runs the law has as many coefficients as runs, or nearly: its prior decides with them, and its intervals are too narrow where runs scatter.`,
      { runs: runs.size },
      'Expect a 95 % interval to hold in about 85 % of such tables; ten runs or more, at two budgets or more, speak for themselves.',
    ),
  ]
}

/** A run that counts for less than this share of one at the valley's floor at the largest compute hardly counts. */
const little = 1e-3
/** How many runs hardly count for the law, and why; told where it is most of them. */
function littleWeight(runs: Runs, { relevance, data }: NormFit): Diagnostic[] {
  const most = data.work.reduce((high, value) => Math.max(high, value))
  const light = Array.from({ length: runs.size }, (_, i) => i).filter((i) => relevance[i] < little)
  const small = light.filter((i) => Math.exp(data.work[i] - most) < little)
  const high = light.length - small.length
  if (light.length < runs.size / 3) return []
  const parts = [
    ...(small.length > 0 ? [`${small.length} have less than a thousandth of the largest compute`] : []),
    ...(high > 0
      ? [`${high} lie too far from the best loss at their compute (early training, or far from the best size)`]
      : []),
  ]
  return [
    info(
      'little-weight',
      `${light.length} of ${runs.size} runs count for less than a thousandth of a run at the valley's floor at the largest compute: ${parts.join('; ')}.`,
      { count: light.length, small: small.length, high, runs: light.slice(0, 200) },
      'The law is about large compute near the best size; runs near it, at the largest budgets, narrow its interval most.',
    ),
  ]
}

/** An interval of E wider than this share of the lowest loss says nothing. */
const vague = 0.5

function plateau({ runs, methods, bootstrap }: Subject): Diagnostic[] {
  const led = methods.find(({ law, lawIntervals }) => law && lawIntervals?.E)
  const interval = led?.lawIntervals?.E
  if (!led?.law || !interval) return []
  const lowest = runs.loss.reduce((low, L) => Math.min(low, L))
  if (interval[0] > 1e-6 * lowest && interval[1] - interval[0] <= vague * lowest) return []
  return [
    warning(
      'asymptote-not-identified',
      `The plateau E could be anything from ${interval[0].toFixed(3)} to ${interval[1].toFixed(3)} nats (${led.method}: ${led.law.E.toFixed(3)}).`,
      { interval, fitted: led.law.E, method: led.method, confidence: bootstrap.confidence },
      'Trust the best size more than the loss far beyond the data; larger budgets narrow E.',
    ),
  ]
}

/** Exponents beyond these are the ends of the range that surface searches. */
const exponentEnds = { least: 1.1e-3, most: 4.9 } as const

function convergence({ methods }: Subject, norm: NormFit | null, surface: SurfaceFit | null): Diagnostic[] {
  const asked = methods.some(({ method }) => method === 'surface')
  const atEnd =
    surface !== null &&
    (Math.max(surface.law.alpha, surface.law.beta) > exponentEnds.most ||
      Math.min(surface.law.alpha, surface.law.beta) < exponentEnds.least)
  const wanting = [
    ...(norm && !norm.converged ? [{ method: 'norm', law: norm.law }] : []),
    ...(asked && surface && (!surface.converged || atEnd) ? [{ method: 'surface', law: surface.law }] : []),
  ]
  return wanting.map(({ method, law: { alpha, beta } }) =>
    warning(
      'not-converged',
      `${method} ended at alpha = ${alpha.toPrecision(4)}, beta = ${beta.toPrecision(4)} without a clear minimum.`,
      { method, alpha, beta },
      'The runs do not determine this law; vary N and D more widely.',
    ),
  )
}

function flatValley({ runs, targets, flopsRatio }: Subject, law: SurfaceLaw): Diagnostic {
  const largest = runs.flops.reduce((high, C) => Math.max(high, C))
  const C = Math.max(largest, ...targets)
  const [low, high] = valley(law, C / flopsRatio)
  return info(
    'flat-valley',
    `At ${short(C)} FLOPs any N from ${short(low)} to ${short(high)} costs less than 0.1 % in loss.`,
    { flops: C, parameters: [low, high], ratio: high / low },
    'Within it choose by what else matters: smaller models are cheaper to serve.',
  )
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

function withheldIntervals({ runs, bootstrap, methods }: Subject): Diagnostic[] {
  const withheld = methods.flatMap(({ method, withheld: reason }) => (reason === null ? [] : [{ method, reason }]))
  const skipped = methods
    .filter(({ modelSize, withheld: reason }) => modelSize && modelSize.interval === null && reason === null)
    .map(({ method }) => method)
  return [
    ...withheld.map(({ method, reason }) =>
      info(
        'interval-withheld',
        `${method} has no interval: ${reason}.`,
        { method, reason },
        'Its law hangs on single runs. Take the intervals of norm.',
      ),
    ),
    ...(bootstrap.kind === 'score' && skipped.length > 0
      ? [
          info(
            'intervals-skipped',
            `With ${runs.size} runs only norm and surface have intervals; not ${skipped.join(', ')}.`,
            { methods: skipped },
            'Take the intervals of norm, or fit a sample of the runs.',
          ),
        ]
      : []),
  ]
}
