/** The rate decays to this part of its peak. */
export const finalPart = 0.1

/**
 * The learning rate of a step (counted from 0): a cosine from the peak to a tenth of it over exactly the run's steps, without
 * warm-up (Loshchilov and Hutter 2017; docs/math.md E57).
 *
 * @example cosine(1e-3, 0, 100) // 1e-3
 */
export function cosine(peak: number, step: number, steps: number): number {
  return peak * (finalPart + (1 - finalPart) * 0.5 * (1 + Math.cos((Math.PI * step) / steps)))
}
