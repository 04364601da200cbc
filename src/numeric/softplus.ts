/** ln(1 + e^x): a smooth max(x, 0) that overflows nowhere. */
export const softplus = (x: number): number => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)))

/** 1 / (1 + e^-x), the derivative of `softplus`. */
export const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x))
