import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Graph } from '../../src/gpt/graph.ts'
import { add } from '../../src/gpt/ops/add.ts'
import { plus, Tape } from '../../src/gpt/tape.ts'
import { drawn, loaded, seeded } from './graphs.ts'
import { nativeEngine } from './models.ts'

const engine = await nativeEngine()

test('derivatives of every use are added up, onto the sum that was begun', async () => {
  const grids = { a: drawn([3], seeded(1)), b: drawn([3], seeded(2)), begun: drawn([3], seeded(3)) }
  const model = await loaded(engine, grids, (graph, { a, b, begun }) => {
    const tape = new Tape(graph)
    const y = add(tape, add(tape, a, b), add(tape, a, a))
    const loss = tape.record(graph.total(y), [y], (derivative) => [
      plus(graph, graph.multiply(graph.constant('ones', [3], Float32Array.of(1, 1, 1)), derivative)),
    ])
    const [da, db] = tape.differentiate(loss, [a, b], new Map([[a.name, begun]]))
    return { da, db }
  })
  await model.run()
  await model.close()
  assert.deepEqual([...model.results.db], [1, 1, 1])
  for (let i = 0; i < 3; i++) assert.equal(model.results.da[i], Math.fround(grids.begun.at(i) + 3))
})

test('what the loss does not depend on has no derivative', () => {
  const tape = new Tape(new Graph())
  const [a, b, c] = ['a', 'b', 'c'].map((name) => tape.graph.input(name, [2]))
  const loss = tape.graph.total(add(tape, a, b))
  assert.throws(() => tape.differentiate(loss, [c]), /the loss does not depend on c/)
})
