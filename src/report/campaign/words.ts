import { compact } from '../number.ts'

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
