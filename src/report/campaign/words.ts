import { compact } from '../number.ts'

/** What a strategy does, in words, by its name; nothing is said of one that is not known here. */
interface StrategyWords {
  /** Which runs it buys. */
  readonly design: string
  /** How it fits the law. */
  readonly law: string
}

const adaptive: StrategyWords = {
  design:
    'The first round spreads cheap runs evenly over sizes, shapes, learning rates and batches. Where cheap runs hardly learn, three runs ' +
    'at a higher budget tell whether their law holds there; if it does not, few larger runs take their place, and where the best ' +
    'rate and batch sit at the corner of what may be asked they are pinned. Before each later round the law is fitted again, and of ' +
    'many random candidates those are bought that are expected, for each FLOP, to lower most what a wrong choice costs at the target ' +
    'and the variance of the loss there; the last round has a run at a high budget, which checks the law.',
  law:
    'One law describes all runs that learned enough together. The loss of a run is what no model and no data remove (E), plus a term that falls as a power ' +
    'alpha of the size N, plus one that falls as a power beta of the tokens D. A learning rate, a batch or a shape beside the best one ' +
    'acts like fewer tokens or parameters, so runs that were not tuned are corrected instead of discarded. Several forms and ways of ' +
    'counting the embedding are fitted; each is believed as far as it makes the runs probable, and prediction and intervals average ' +
    'over them. Where the runs leave a coefficient open, published laws serve as a weak prior. The equations are in docs/math.md, ' +
    '"The joint law".',
}

const profiles = (reading: string): StrategyWords => ({
  design:
    'A sweep of the learning rate over a few sizes and both batches comes first, then IsoFLOP profiles at growing budgets: several ' +
    'sizes about the one that the profile before suggests, each at the rate that the sweep suggests.',
  law:
    `${reading} The best learning rate follows the Step Law, 1.79 N^-0.713 D^0.307 (Li et al. 2025), scaled to the sweep. ` +
    'The equations are in docs/math.md.',
})

const byStrategy: Readonly<Record<string, StrategyWords>> = {
  adaptive,
  'profiles-lowest': profiles(
    'The lowest run of each profile gives its best size and loss; laws through these reach the target.',
  ),
  'profiles-parabola': profiles(
    'A parabola in ln N through each profile gives its best size and loss; laws through these reach the target.',
  ),
  'profiles-surface': profiles(
    'One loss surface, E + A / N^alpha + B / D^beta, through the runs of the largest profiles gives the best size and its loss.',
  ),
}

const wordsOf = (strategy: string): StrategyWords | null =>
  Object.hasOwn(byStrategy, strategy) ? byStrategy[strategy] : null

export const designWords = (strategy: string): string => wordsOf(strategy)?.design ?? ''

export const lawWords = (strategy: string): string =>
  wordsOf(strategy)?.law ?? `The strategy ${strategy} fitted it in its own way.`

/** What coefficients mean, by the names that laws give them. */
const meanings: Readonly<Record<string, string>> = {
  E: 'loss that neither size nor tokens remove, nats',
  A: 'what size leaves above it at the reference, nats',
  B: 'what tokens leave above it at the reference, nats',
  alpha: 'exponent of size',
  beta: 'exponent of tokens',
  bestRate: 'best learning rate at the reference',
  rateSize: 'exponent of size in the best rate',
  rateTokens: 'exponent of tokens in the best rate',
  widthPerLayer: 'best d_model per layer',
  noise: 'noise of a run, nats',
}

export const meaningOf = (name: string): string => (Object.hasOwn(meanings, name) ? meanings[name] : '')

/** Equations of simple laws, by the names that strategies give them. */
const equations: Readonly<Record<string, string>> = {
  'best size': 'N = coefficient C^exponent',
  surface: 'L = E + A / N^alpha + B / D^beta',
  frontier: 'L = E + coefficient / C^exponent',
  'loss line': 'L = intercept + slope ln C',
  'learning rate': 'rate = coefficient N^parameters D^tokens',
}

export const equationOf = (law: string): string | null => (Object.hasOwn(equations, law) ? equations[law] : null)

/** The reference model of the joint law's coefficients, in words. */
export const referenceText = ({ parameters, tokens }: { parameters: number; tokens: number }): string =>
  `The reference is a model of ${compact(parameters)} parameters on ${compact(tokens)} tokens.`
