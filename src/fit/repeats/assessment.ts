import { IsoflopError } from '../../core/errors.ts'
import { everyNth, type Runs, unitsOf } from '../../core/run.ts'
import { epochsWorthOnAverage, epochWorth, type RepeatsLaw, servedSize, supportedSize } from '../../law/repeats.ts'
import { saturated } from '../../law/saturation.ts'
import type { NormPrior } from '../norm/prior.ts'
import type { Estimated } from '../tuned/estimate.ts'
import { undeterminedSize } from '../undetermined.ts'
import { epochsOf, type RepeatsData, uniqueTokens } from './data.ts'
import { drawRepeats, type RepeatsDraw } from './draws.ts'
import { fitRepeats, type RepeatsFit } from './fit.ts'
import { lateRuns } from './late.ts'
import { intervalOf, type Limit, limitOf, mapLimit } from './limit.ts'
import type { EpochPoint, EpochsTaught, FittedRepeats, RepeatedTarget, RepeatsResult, WorthUpTo } from './result.ts'
import { freshTarget, lossByEpochs, type Question, targetOf } from './targets.ts'

export interface RepeatsQuestion {
  /** Budgets, FLOPs as the table counts them. */
  readonly targets: readonly number[]
  /** Unique tokens to tell the best run for; by default the most of a run that saw tokens again. */
  readonly unique?: readonly number[] | undefined
  readonly confidence: number
  readonly draws: number
  readonly seed: number
  readonly flopsRatio: number
  readonly prior?: NormPrior | undefined
}

/** Fewer runs say nothing that the prior does not. */
const fewestRuns = 8
/** Of more runs than this every so many-th is fitted: they tell the law well enough, and all would take minutes. */
const mostRuns = 2000
/** Draws from a posterior: more do not move a 95 % interval by a tenth of its width. */
const mostDraws = 400
/** With fewer draws whose numbers have not run away there is no interval. */
const fewestDraws = 10
/** Shares of a fresh token's worth whose epochs are told, and epochs whose worth is. */
const shares = [0.9, 0.5] as const
const epochsTold = [2, 4, 8, 16, 32, 64] as const
/** How far figures go beyond the epochs of the runs. */
const figure = { epochs: 64, points: 49 } as const

/**
 * Fits the data-constrained law and says what repeated tokens are worth, and the best size and epochs at each budget with so many
 * unique tokens, beside the best on fresh data (docs/math.md, "Repeated data").
 * @example repeatsResult(runs, { targets: [1e22], confidence: 0.95, draws: 400, seed: 0, flopsRatio: 1 })
 * @throws IsoflopError NO_REPEATS where no run saw a token twice.
 */
export function repeatsResult(all: Runs, asked: RepeatsQuestion): RepeatsResult {
  const every = Math.ceil(all.size / mostRuns)
  const runs = every > 1 ? everyNth(all, every) : all
  const unique = uniqueTokens(runs)
  const repeated = unique.filter((U, i) => U < runs.tokens[i])
  if (repeated.length === 0) throw noRepeats(all)
  if (runs.size < fewestRuns) return { kind: 'unavailable', reason: `${runs.size} runs, it needs ${fewestRuns}` }
  const fit = fitRepeats(runs, asked.prior)
  const draws = drawRepeats(fit, Math.min(asked.draws, mostDraws), asked.seed).filter(({ law }) => isSound(law))
  if (!isSound(fit.law) || !Number.isFinite(fit.scale) || draws.length < fewestDraws)
    return { kind: 'unavailable', reason: 'no law of this form comes near these runs' }
  const question: Question = { fit, draws, confidence: asked.confidence, flopsRatio: asked.flopsRatio }
  const uniques = asked.unique ?? [repeated.reduce((a, b) => Math.max(a, b))]
  return { ...told(question, asked, uniques), every, repeated: repeated.length }
}

/** Whether the numbers of a law have not run away, as those of losses that are none do. */
const isSound = ({ fresh: { E, A, B, alpha, beta }, tokens, size }: RepeatsLaw): boolean =>
  [E, A, B, alpha, beta, 1 / A, 1 / B, tokens, size].every(Number.isFinite)

const noRepeats = ({ size, tuning }: Runs): IsoflopError =>
  new IsoflopError(
    'NO_REPEATS',
    `Expected runs that saw some of their tokens more than once, got ${size} runs ${tuning?.unique ? 'of one epoch or less' : 'without unique tokens or epochs'}.`,
    'Name the column with --columns unique_tokens=COLUMN or epochs=COLUMN, or fit without --repeats.',
  )

function told(question: Question, { targets }: RepeatsQuestion, uniques: readonly number[]) {
  const { fit, draws, confidence } = question
  const { data, law } = fit
  const mostEpochs = epochsOf(data).reduce((a, b) => Math.max(a, b))
  const tokens = limitOf(fit, draws, 'tokens', mostEpochs - 1, confidence)
  const undetermined = openBecause(question)
  const pairs = undetermined === null ? targets.flatMap((flops) => uniques.map((unique) => ({ flops, unique }))) : []
  const found = pairs.map(({ flops, unique }) => targetOf(question, flops, unique))
  const isTold = ({ epochs, loss, cost }: RepeatedTarget) =>
    [epochs, loss, cost].every(isFinitelyKnown) && (epochs.value <= mostEpochs || hasUpperEnd(tokens))
  const last = targets.at(-1)
  return {
    kind: 'fitted',
    undetermined,
    lossUnit: unitsOf(data.runs).loss,
    runs: data.runs.size,
    mostEpochs,
    law,
    norms: fit.modes.map(({ q, weight }) => ({ q, weight })),
    converged: fit.converged,
    scatter: fit.scale,
    tokens,
    size: limitOf(fit, draws, 'size', mostExcess(fit), confidence),
    worth: shares.map((share) => worthUpTo(share, tokens)),
    taught: epochsTold.filter((epochs) => epochs <= mostEpochs).map((epochs) => taughtBy(epochs, question)),
    fresh: undetermined === null ? targets.map((flops) => freshTarget(question, flops)) : [],
    targets: found.filter(isTold),
    withheld: found.filter((target) => !isTold(target)).map(({ flops, unique }) => ({ flops, unique })),
    late: lateRuns(fit),
    curve: worthCurve(question, Math.max(figure.epochs, mostEpochs)),
    seen: seenWorth(fit),
    byEpochs:
      last === undefined || undetermined !== null
        ? []
        : uniques.flatMap((unique) => lossByEpochs(question, last, unique) ?? []),
  } as const satisfies Omit<FittedRepeats, 'every' | 'repeated'>
}

const isFinitelyKnown = ({ value, interval }: Estimated): boolean => [value, ...interval].every(Number.isFinite)
const hasUpperEnd = ({ kind }: Limit): boolean => kind === 'between' || kind === 'at-most'

/** Why the runs do not determine the best size on fresh data at the largest compute that they are worth; null where they do. */
function openBecause(question: Question): string | null {
  const { fit, draws, flopsRatio } = question
  const [{ drift }] = draws
  return undeterminedSize(fit.data.runs, freshTarget(question, drift.from * flopsRatio).parameters.interval)
}

const worthUpTo = (share: number, tokens: Limit): WorthUpTo => ({
  share,
  last: mapLimit(tokens, (R) => epochWorth({ tokens: R }, share)),
  average: mapLimit(tokens, (R) => epochsWorthOnAverage({ tokens: R }, share)),
})

/** The largest N over what the unique tokens support, less 1. */
function mostExcess({ data: { runs, unique }, law }: RepeatsFit): number {
  return runs.parameters.reduce((most, N, i) => Math.max(most, N / supportedSize(law.fresh, unique[i]) - 1), 0)
}

function taughtBy(epochs: number, { fit, draws, confidence }: Question): EpochsTaught {
  const worth = (R: number) => saturated(epochs - 1, R).value
  const values = draws.map(({ law }: RepeatsDraw) => worth(law.tokens))
  return { epochs, worth: { value: worth(fit.law.tokens), interval: intervalOf(values, confidence) } }
}

function worthCurve(question: Question, most: number): EpochPoint[] {
  return Array.from({ length: figure.points }, (_, k) => {
    const epochs = most ** (k / (figure.points - 1))
    const { value, interval } = taughtBy(epochs, question).worth
    return { epochs, value, low: interval[0], high: interval[1] }
  })
}

/** What the tokens of each run that repeats taught, in epochs of fresh ones, if all else of the law holds for it exactly. */
function seenWorth({ data, law }: RepeatsFit): { epochs: number; worth: number }[] {
  const epochs = epochsOf(data)
  return [...epochs].flatMap((e, i) => {
    const worth = e > 1 ? taughtIn(data, law, i) / data.unique[i] : Number.NaN
    return Number.isFinite(worth) ? [{ epochs: e, worth }] : []
  })
}

/** The D' that gives a run's loss at its size; not finite where no D' does. */
function taughtIn({ runs, unique }: RepeatsData, law: RepeatsLaw, i: number): number {
  const { E, A, B, alpha, beta, q } = law.fresh
  const ofSize = A * servedSize(law, runs.parameters[i], unique[i]) ** -alpha
  const ofTokens = (runs.loss[i] - E) ** (1 / q) - ofSize ** (1 / q)
  return (B / ofTokens ** q) ** (1 / beta)
}
