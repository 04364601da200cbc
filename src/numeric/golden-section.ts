const shrink = (Math.sqrt(5) - 1) / 2
const steps = 60

/** The minimum of a function with one valley between two points, to about nine digits of the argument (Kiefer 1953). */
export function goldenSection(f: (x: number) => number, low: number, high: number): number {
  let left = high - shrink * (high - low)
  let right = low + shrink * (high - low)
  let [fLeft, fRight] = [f(left), f(right)]
  for (let k = 0; k < steps; k++)
    if (fLeft <= fRight) {
      high = right
      right = left
      fRight = fLeft
      left = high - shrink * (high - low)
      fLeft = f(left)
    } else {
      low = left
      left = right
      fLeft = fRight
      right = low + shrink * (high - low)
      fRight = f(right)
    }
  return 0.5 * (low + high)
}
