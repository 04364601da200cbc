import { referenceModel } from './forms.ts'

/**
 * What a learning rate or a batch beside the best one costs. A drawn world wastes tokens: cost c means that D tokens teach what
 * D exp(-c) would. docs/math.md, "Worlds" (E32, E33).
 */

/** A best value that moves as a power law of model size and tokens: at / (N/N0)^-parameters and (D/D0)^tokens. */
export interface MovingBest {
  /** At the reference model. */
  readonly at: number
  /** Exponent of N / N0. */
  readonly parameters: number
  /** Exponent of D / D0. */
  readonly tokens: number
}

export const bestAt = ({ at, parameters, tokens }: MovingBest, N: number, D: number): number =>
  at * (N / referenceModel.parameters) ** parameters * (D / referenceModel.tokens) ** tokens

/** The shape of the cost as a function of x = ln(value / best); all have their minimum, zero, at x = 0. */
export type Bowl =
  | { readonly shape: 'quadratic'; readonly curvature: number }
  /** curvature x^2 near the best, linear beyond `width`. */
  | { readonly shape: 'root'; readonly curvature: number; readonly width: number }
  /** Above the best the curvature is `steepness` times as large. */
  | { readonly shape: 'asymmetric'; readonly curvature: number; readonly steepness: number }

export const bowlShapes = ['quadratic', 'root', 'asymmetric'] as const satisfies readonly Bowl['shape'][]

/** The cost at x = ln(value / best), in ln tokens; never negative. */
export function bowlCost(bowl: Bowl, x: number): number {
  switch (bowl.shape) {
    case 'quadratic':
      return bowl.curvature * x * x
    case 'root':
      return 2 * bowl.curvature * bowl.width ** 2 * (Math.sqrt(1 + (x / bowl.width) ** 2) - 1)
    case 'asymmetric':
      return bowl.curvature * (x > 0 ? bowl.steepness : 1) * x * x
  }
}

/** What the batch does: beyond a critical size it wastes tokens (McCandlish et al. 2018), or it has a best size. */
export type BatchLaw =
  | { readonly kind: 'critical'; readonly tokens: MovingBest }
  | { readonly kind: 'best'; readonly tokens: MovingBest; readonly bowl: Bowl }

export const batchKinds = ['critical', 'best'] as const satisfies readonly BatchLaw['kind'][]

/** The cost of steps of so many tokens, in ln tokens (E33); never negative. */
export function batchCost(law: BatchLaw, stepTokens: number, N: number, D: number): number {
  const ratio = stepTokens / bestAt(law.tokens, N, D)
  return law.kind === 'critical' ? Math.log1p(ratio) : bowlCost(law.bowl, Math.log(ratio))
}

/** ln of the untrained loss with a vocabulary of 32,000 is 10.37; a law is rounded off below it with this sharpness (E34). */
const capSharpness = 10

/** A smooth minimum of a law's loss and the loss before training: at half of it, lower by 1e-4 of it (E34). */
export const cappedLoss = (loss: number, initialLoss: number): number =>
  loss * (1 + (loss / initialLoss) ** capSharpness) ** (-1 / capSharpness)
