/** Huber's loss: r^2 / 2 within delta, linear beyond it (Huber 1964). */
export const huberLoss = (r: number, delta: number): number => {
  const size = Math.abs(r)
  return size <= delta ? 0.5 * r * r : delta * (size - 0.5 * delta)
}

/** The derivative of Huber's loss: r, cut at -delta and delta. */
export const huberSlope = (r: number, delta: number): number => Math.max(-delta, Math.min(delta, r))
