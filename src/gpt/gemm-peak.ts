import type { Clock } from '../core/clock.ts'
import type { Engine } from './engine.ts'
import { Graph } from './graph.ts'

/** Large enough for the kernels' best, small enough for the caches of a laptop. */
const size = 1024
/** How long to measure, ms. */
const patience = 400

/**
 * The FLOP/s that an engine reaches in products of square matrices: what a training step can hope for. The best third of some
 * 0.4 s, since a machine that does other things besides is slower than it could be.
 */
export async function gemmPeak(engine: Engine, clock: Clock): Promise<number> {
  const graph = new Graph()
  const shape = [size, size]
  // Several in a row, so that starting and ending a run does not count.
  const factor = graph.input('b', shape)
  const once = graph.gemm(graph.input('a', shape), factor)
  graph.output('c', graph.gemm(graph.gemm(graph.gemm(once, factor), factor), factor))
  const matrix = () => ({ data: new Float32Array(size * size).fill(1 / size), shape })
  const { run, close } = await engine.load(
    graph.encode(),
    new Map([
      ['a', matrix()],
      ['b', matrix()],
    ]),
    new Map([['c', matrix()]]),
  )
  await run()
  const rates: number[] = []
  const begun = clock.now()
  while (rates.length < 3 || clock.now() - begun < patience) {
    const before = clock.now()
    await run()
    rates.push(graph.matrixFlops / Math.max(1e-3, (clock.now() - before) / 1e3))
  }
  await close()
  rates.sort((a, b) => b - a)
  return rates[Math.floor(rates.length / 3)]
}
