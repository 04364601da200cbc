/**
 * What x further portions are worth beside the first one when each tells less than the one before: 1 + limit (1 - e^(-x / limit))
 * (Muennighoff et al. 2023, equation 5), and its derivatives by x and by ln limit.
 */
export function saturated(x: number, limit: number): { value: number; byX: number; byLimit: number } {
  const byX = Math.exp(-x / limit)
  const gained = -limit * Math.expm1(-x / limit)
  return { value: 1 + gained, byX, byLimit: gained - x * byX }
}
