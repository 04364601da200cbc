/** L(C) = E + coefficient / C^exponent: the best loss at C FLOPs, with the plateau E. docs/math.md (E4). */
export interface FrontierLaw {
  readonly E: number
  readonly coefficient: number
  readonly exponent: number
}

/** The best loss at C FLOPs, nats per token. */
export const frontierLoss = (law: FrontierLaw, C: number): number => law.E + law.coefficient * C ** -law.exponent
