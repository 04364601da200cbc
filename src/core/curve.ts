import type { CurvePoint } from './trainer.ts'

/** Points that a curve is kept to: enough to draw it, little enough to send it once a second. */
const most = 256

/** A curve that grows without end and stays short: beyond `most` points every other one is dropped, and then as many between those that come. */
export class ThinnedCurve {
  #points: CurvePoint[] = []
  #stride = 1
  #seen = 0
  #last: CurvePoint | null = null

  add(point: CurvePoint): void {
    this.#last = point
    if (this.#seen++ % this.#stride !== 0) return
    this.#points.push(point)
    if (this.#points.length < most) return
    this.#points = this.#points.filter((_, k) => k % 2 === 0)
    this.#stride *= 2
  }

  /** The points that are left, in order; the latest is always there. */
  points(): readonly CurvePoint[] {
    const last = this.#last
    return last === null || this.#points.at(-1) === last ? [...this.#points] : [...this.#points, last]
  }
}
