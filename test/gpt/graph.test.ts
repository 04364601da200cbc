import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Graph, type Tensor } from '../../src/gpt/graph.ts'
import { trainingGraph } from '../../src/gpt/step-graph.ts'
import { check, drawn, drawnIds, type Grid, gridOf, type Plain, seeded } from './graphs.ts'
import { nativeEngine, pinnedCut, pinnedShape } from './models.ts'

const engine = await nativeEngine()

/** Sizes of three dimensions, and a seed of the numbers in them. */
const cases = fc.tuple(fc.nat(4), fc.nat(4), fc.nat(4), fc.nat(1000)).map(([p, q, r, seed]) => ({
  ...{ p: p + 1, q: q + 1, r: r + 1 },
  random: seeded(seed),
}))
type Case = typeof cases extends fc.Arbitrary<infer Value> ? Value : never

const forAll = (property: (drawn: Case) => Promise<void>) =>
  fc.assert(fc.asyncProperty(cases, property), { numRuns: 6, seed: 1 })

/** Sums over 0 .. count - 1. */
const sum = (count: number, term: (i: number) => number): number => {
  let total = 0
  for (let i = 0; i < count; i++) total += term(i)
  return total
}

/** 2 / sqrt(pi) times the integral of exp(-t^2), by its series. */
function erf(x: number): number {
  let term = x
  let total = x
  for (let n = 1; n < 80; n++) {
    term *= (-x * x) / n
    total += term / (2 * n + 1)
  }
  return (2 / Math.sqrt(Math.PI)) * total
}

test('element by element: operands repeat along sizes of one and missing dimensions', () =>
  forAll(async ({ p, q, r, random }) => {
    const a = drawn([p, q, r], random)
    const others: [Grid, (i: number, j: number, k: number) => number[]][] = [
      [drawn([p, q, r], random), (...index) => index],
      [drawn([r], random), (_i, _j, k) => [k]],
      [drawn([p, q, 1], random), (i, j) => [i, j, 0]],
      [drawn([1, q, r], random), (_i, j, k) => [0, j, k]],
    ]
    const inputs = { a, ...Object.fromEntries(others.map(([grid], n) => [`b${n}`, grid])) }
    await check(engine, inputs, (graph, tensors) => {
      const found = others.map(([b, indexOf], n): Record<string, [Tensor, Plain]> => {
        const second = tensors[`b${n}`]
        const of = (f: (x: number, y: number) => number): Plain => {
          return (i, j, k) => f(a.at(i, j, k), b.at(...indexOf(i, j, k)))
        }
        return {
          [`add ${n}`]: [graph.add(tensors.a, second), of((x, y) => x + y)],
          [`subtract ${n}`]: [graph.subtract(tensors.a, second), of((x, y) => x - y)],
          [`multiply ${n}`]: [graph.multiply(tensors.a, second), of((x, y) => x * y)],
          [`divide ${n}`]: [graph.divide(tensors.a, second), of((x, y) => x / y)],
        }
      })
      return Object.assign({}, ...found)
    })
  }))

test('functions of one number', () =>
  forAll(async ({ p, q, r, random }) => {
    const a = drawn([p, q, r], random)
    await check(engine, { a }, (graph, { a: x }) => {
      const of = (f: (x: number) => number): Plain => {
        return (i, j, k) => f(a.at(i, j, k))
      }
      return {
        scale: [graph.scale(x, -2.5), of((v) => -2.5 * v)],
        same: [graph.scale(x, 1), of((v) => v)],
        shift: [graph.shift(x, 0.75), of((v) => v + 0.75)],
        exp: [graph.exp(x), of(Math.exp)],
        erf: [graph.erf(x), of(erf)],
        atLeast: [graph.atLeast(x, 0.25), of((v) => Math.max(v, 0.25))],
        log: [graph.log(graph.exp(x)), of((v) => v)],
        squareRoot: [graph.squareRoot(graph.multiply(x, x)), of(Math.abs)],
        scalar: [graph.add(x, graph.scalar(3)), of((v) => v + 3)],
      }
    })
  }))

test('sums, means and softmax over a dimension', () =>
  forAll(async ({ p, q, r, random }) => {
    const a = drawn([p, q, r], random)
    await check(engine, { a }, (graph, { a: x }) => ({
      'sum 0': [graph.sum(x, 0), (_, j, k) => sum(p, (i) => a.at(i, j, k))],
      'sum 1': [graph.sum(x, 1), (i, _, k) => sum(q, (j) => a.at(i, j, k))],
      'sum -1': [graph.sum(x, -1), (i, j) => sum(r, (k) => a.at(i, j, k))],
      'mean 0': [graph.mean(x, 0), (_, j, k) => sum(p, (i) => a.at(i, j, k)) / p],
      'mean -1': [graph.mean(x, -1), (i, j) => sum(r, (k) => a.at(i, j, k)) / r],
      total: [graph.total(x), () => sum(p, (i) => sum(q, (j) => sum(r, (k) => a.at(i, j, k))))],
      softmax: [graph.softmax(x), (i, j, k) => Math.exp(a.at(i, j, k)) / sum(r, (l) => Math.exp(a.at(i, j, l)))],
    }))
  }))

test('products of matrices', () =>
  forAll(async ({ p, q, r, random }) => {
    const grids = {
      ...{ a: drawn([p, q], random), at: drawn([q, p], random), b: drawn([q, r], random), bt: drawn([r, q], random) },
      ...{
        c: drawn([p, r], random),
        row: drawn([r], random),
        x: drawn([2, p, q], random),
        y: drawn([2, q, r], random),
      },
    }
    const { a, at, b, bt, c, row, x, y } = grids
    await check(engine, grids, (graph, t) => ({
      plain: [graph.gemm(t.a, t.b), (i, k) => sum(q, (j) => a.at(i, j) * b.at(j, k))],
      left: [graph.gemm(t.at, t.b, { transposeA: true }), (i, k) => sum(q, (j) => at.at(j, i) * b.at(j, k))],
      right: [graph.gemm(t.a, t.bt, { transposeB: true }), (i, k) => sum(q, (j) => a.at(i, j) * bt.at(k, j))],
      both: [
        graph.gemm(t.at, t.bt, { transposeA: true, transposeB: true, factor: 0.3 }),
        (i, k) => 0.3 * sum(q, (j) => at.at(j, i) * bt.at(k, j)),
      ],
      plus: [
        graph.gemm(t.a, t.b, { factor: -2, plus: t.c }),
        (i, k) => c.at(i, k) - 2 * sum(q, (j) => a.at(i, j) * b.at(j, k)),
      ],
      bias: [graph.gemm(t.a, t.b, { plus: t.row }), (i, k) => row.at(k) + sum(q, (j) => a.at(i, j) * b.at(j, k))],
      matmul: [graph.matmul(t.x, t.y), (n, i, k) => sum(q, (j) => x.at(n, i, j) * y.at(n, j, k))],
      swapped: [
        graph.matmul(graph.swapped(t.y), graph.swapped(t.x)),
        (n, k, i) => sum(q, (j) => x.at(n, i, j) * y.at(n, j, k)),
      ],
    }))
  }))

test('moving elements about', () =>
  forAll(async ({ p, q, r, random }) => {
    const a = drawn([p, q, r], random)
    const b = drawn([p, 2, r], random)
    const flat = gridOf([p * q * r], a.data)
    await check(engine, { a, b }, (graph, t) => {
      const joined = graph.concat([t.a, t.b], 1)
      const [first, last] = graph.split(joined, 1, [q, 2])
      const last1 = (i: number, j: number, k: number) => b.at(i, j + 1, k)
      return {
        transpose: [graph.transpose(t.a, [2, 0, 1]), (k, i, j) => a.at(i, j, k)],
        reshape: [graph.reshape(t.a, [q, p * r]), (i, j) => flat.at(i * p * r + j)],
        concat: [joined, (i, j, k) => (j < q ? a.at(i, j, k) : b.at(i, j - q, k))],
        first: [first, a.at],
        last: [last, b.at],
        slice: [graph.slice(joined, 1, q + 1, q + 2), last1],
        whole: [graph.slice(graph.concat([t.a], 2), 0, 0, p), a.at],
        unsplit: [graph.split(t.a, 0, [p])[0], a.at],
      }
    })
  }))

test('elements named by ids', () =>
  forAll(async ({ p, q, r, random }) => {
    const a = drawn([p, q], random)
    const rows = drawnIds([r], p, random)
    const columns = drawnIds([p, 1], q, random)
    const values = drawn([p, 1], random)
    await check(engine, { a, rows, columns, values }, (graph, t) => ({
      rows: [graph.rows(t.a, t.rows), (i, j) => a.at(rows.at(i), j)],
      pick: [graph.pick(t.a, t.columns), (i) => a.at(i, columns.at(i, 0))],
      replace: [
        graph.replace(t.a, t.columns, t.values),
        (i, j) => (j === columns.at(i, 0) ? values.at(i, 0) : a.at(i, j)),
      ],
    }))
  }))

test('a shape that is declared wrong does not run', async () => {
  const a = drawn([2, 3], seeded(0))
  await assert.rejects(check(engine, { a }, (graph, t) => ({ exp: [graph.node('Exp', [t.a], [3, 2]), () => 0] })))
  const graph = new Graph()
  assert.throws(() => graph.reshape(graph.input('a', [2, 3]), [4]), /\[2,3\] has no shape \[4\]/)
})

test('FLOPs of matrix products are two for each multiplication', () => {
  const graph = new Graph()
  const a = graph.input('a', [5, 3])
  graph.gemm(a, graph.input('b', [3, 7]))
  assert.equal(graph.matrixFlops, 2 * 5 * 3 * 7)
  graph.gemm(a, graph.input('c', [5, 2]), { transposeA: true })
  assert.equal(graph.matrixFlops, 2 * 5 * 3 * 7 + 2 * 3 * 5 * 2)
  graph.matmul(graph.input('x', [2, 4, 3]), graph.input('y', [2, 3, 6]))
  assert.equal(graph.matrixFlops, 2 * 5 * 3 * 7 + 2 * 3 * 5 * 2 + 2 * 2 * 4 * 3 * 6)
})

test('equal graphs are equal bytes, and every constant is there once', () => {
  const encoded = () => trainingGraph(pinnedShape, pinnedCut, true).bytes
  assert.deepEqual(encoded(), encoded())
  const graph = new Graph()
  graph.scalar(2)
  const once = graph.encode()
  graph.scalar(2)
  assert.deepEqual(graph.encode(), once)
  assert.notDeepEqual(trainingGraph(pinnedShape, { ...pinnedCut, block: 16 }, true).bytes, encoded())
})
