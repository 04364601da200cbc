import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { newtonInPlane, type PlaneFunction } from '../../src/numeric/plane-newton.ts'
import { close } from '../support.ts'

/** A function of a value and its five derivatives, with how often it was asked. */
function planeFunction(at: (x: number, y: number) => { value: number; slope: readonly number[] }) {
  let last: readonly number[] = []
  const f = {
    asked: 0,
    value(x: number, y: number) {
      f.asked++
      const { value, slope } = at(x, y)
      last = slope
      return value
    },
    slope: (out: Float64Array) => out.set(last),
  }
  return f satisfies PlaneFunction
}

const banana = () =>
  planeFunction((x, y) => ({
    value: 100 * (y - x * x) ** 2 + (1 - x) ** 2,
    slope: [-400 * x * (y - x * x) - 2 * (1 - x), 200 * (y - x * x), 1200 * x * x - 400 * y + 2, -400 * x, 200],
  }))

test('the minimum of any convex parabola, by one step of its own and one that says so', () => {
  const number = fc.double({ min: 0.1, max: 10, noNaN: true })
  fc.assert(
    fc.property(number, number, fc.double({ min: -0.9, max: 0.9, noNaN: true }), number, number, (a, c, r, x0, y0) => {
      const b = r * Math.sqrt(a * c)
      const f = planeFunction((x, y) => {
        const [dx, dy] = [x - x0, y - y0]
        return {
          value: 1 + (a * dx * dx) / 2 + b * dx * dy + (c * dy * dy) / 2,
          slope: [a * dx + b * dy, b * dx + c * dy, a, b, c],
        }
      })
      const minimum = newtonInPlane(f, 20, 30)
      close(minimum.x, x0, 1e-11)
      close(minimum.y, y0, 1e-11)
      assert.ok(minimum.converged && f.asked <= 4, `${f.asked} values`)
    }),
  )
})

test("Rosenbrock's valley, from where the Hessian is not positive definite too", () => {
  for (const [x, y] of [
    [-1.2, 1],
    [-1.2, 4],
    [0.1, 3],
    [5, -5],
  ]) {
    const f = banana()
    const minimum = newtonInPlane(f, x, y)
    assert.ok(minimum.converged)
    close(minimum.x, 1, 1e-10)
    close(minimum.y, 1, 1e-10)
    assert.ok(f.asked < 60, `${f.asked} values from ${x}, ${y}`)
  }
})

test('what is not allowed is never entered, and is no minimum', () => {
  const walled = planeFunction((x, y) => ({
    value: x < 2 ? Number.POSITIVE_INFINITY : x * x + y * y + 1,
    slope: [2 * x, 2 * y, 2, 0, 2],
  }))
  const minimum = newtonInPlane(walled, 5, 3)
  assert.ok(minimum.x >= 2 && minimum.x < 2.1, `${minimum.x}`)
  assert.ok(Number.isFinite(minimum.value))
  const outside = newtonInPlane(walled, 1, 1)
  assert.deepEqual([outside.value, outside.converged], [Number.POSITIVE_INFINITY, false])
})

test('a plane has no minimum, and the search ends', () => {
  const plane = planeFunction((x, y) => ({ value: x + y, slope: [1, 1, 0, 0, 0] }))
  assert.equal(newtonInPlane(plane, 1, 1).converged, false)
})
