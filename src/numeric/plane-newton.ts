/** A smooth function of two variables, called once and again without anything being allocated. */
export interface PlaneFunction {
  /** Its value; not finite where the point is not allowed. */
  value(x: number, y: number): number
  /** Writes gradient and Hessian at the point of the last `value`: fx, fy, fxx, fxy, fyy. */
  slope(out: Float64Array): void
}

export interface PlaneMinimum {
  readonly x: number
  readonly y: number
  readonly value: number
  readonly iterations: number
  readonly converged: boolean
}

/** Undamped steps end at once where they are this small: Newton's error is about the square of the step before. */
const lastStep = 1e-7
const firstDamping = 1e-3
const mostDamping = 1e16
const mostIterations = 200

/**
 * A local minimum by Newton's steps, damped like Levenberg's and Marquardt's where the Hessian is not positive definite or a step does
 * not lower the value. Converged when a step moves the point by less than a relative 1e-11 (by less than 1e-7 where it is Newton's own), or
 * when no step lowers the value any more.
 */
export function newtonInPlane(f: PlaneFunction, startX: number, startY: number): PlaneMinimum {
  const slope = new Float64Array(5)
  let x = startX
  let y = startY
  let value = f.value(x, y)
  let damping = 0
  if (!Number.isFinite(value)) return { x, y, value, iterations: 0, converged: false }
  f.slope(slope)
  for (let iteration = 1; iteration <= mostIterations; iteration++) {
    const [fx, fy, fxx, fxy, fyy] = slope
    // Entries far below the largest are lifted, lest a direction that the data barely see runs away.
    const least = 1e-3 * Math.max(fxx, fyy) || 1
    const a = fxx + damping * Math.max(fxx, least)
    const c = fyy + damping * Math.max(fyy, least)
    const determinant = a * c - fxy * fxy
    if (!(a > 0 && determinant > 1e-14 * a * c)) {
      if (damping > mostDamping) return { x, y, value, iterations: iteration, converged: false }
      damping = Math.max(firstDamping, 4 * damping)
      continue
    }
    const dx = (c * fx - fxy * fy) / determinant
    const dy = (a * fy - fxy * fx) / determinant
    const moved = Math.max(Math.abs(dx) / Math.abs(x), Math.abs(dy) / Math.abs(y))
    const trial = f.value(x - dx, y - dy)
    const small = moved < (damping === 0 ? lastStep : 1e-11)
    if (trial <= value || (small && trial <= value * (1 + 1e-13))) {
      x -= dx
      y -= dy
      value = trial
      if (small || value === 0) return { x, y, value, iterations: iteration, converged: true }
      f.slope(slope)
      damping = damping > firstDamping ? damping / 8 : 0
    } else {
      if (small || damping > mostDamping) return { x, y, value, iterations: iteration, converged: true }
      damping = Math.max(firstDamping, 4 * damping)
    }
  }
  return { x, y, value, iterations: mostIterations, converged: false }
}
