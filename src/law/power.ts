/** y = coefficient * x^exponent. */
export interface PowerLaw {
  readonly coefficient: number
  readonly exponent: number
}

/** The law's value at x. */
export const powerAt = (law: PowerLaw, x: number): number => law.coefficient * x ** law.exponent
