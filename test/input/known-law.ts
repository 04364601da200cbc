import assert from 'node:assert/strict'
import { random } from '../../src/core/random.ts'
import { analyse } from '../../src/fit/analysis.ts'
import type { RunData } from '../../src/input/read.ts'

/** A run of the law that the tests of files are made from. */
export interface LawRun {
  readonly N: number
  readonly D: number
  readonly C: number
  readonly loss: number
}

const { normal } = random(14)
const lossOf = (N: number, D: number) => 1.69 + 406.4 / N ** 0.34 + 410.7 / D ** 0.28 + 0.003 * normal()

/** 30 runs: five budgets, six sizes about the best of each. */
export const lawRuns: readonly LawRun[] = [1e18, 3e18, 1e19, 3e19, 1e20].flatMap((C) =>
  [0.2, 0.4, 0.64, 1, 1.6, 3.2].map((share) => {
    const N = Math.round(share * 0.79 * 1e8 * (C / 1e18) ** 0.4516)
    const D = Math.round(C / (6 * N))
    return { N, D, C: 6 * N * D, loss: lossOf(N, D) }
  }),
)

/** Asserts that a fit of the runs that were read names what the law does at 1e21 FLOPs: N 1.8e9, D 9.3e10 and a loss of 2.331. */
export async function assertLaw(data: RunData): Promise<void> {
  assert.equal(data.runs.size, lawRuns.length)
  const { methods } = await analyse(data, { targets: [1e21], methods: ['surface'], resamples: 20, threads: 1 })
  const [{ parameters, tokens, loss }] = methods[0].predictions
  assert.ok(Math.abs(Math.log(parameters / 1.8e9)) < 0.1, `N is ${parameters}`)
  assert.ok(Math.abs(Math.log(tokens / 9.3e10)) < 0.1, `D is ${tokens}`)
  assert.ok(loss !== null && Math.abs(loss - 2.331) < 0.02, `the loss is ${loss}`)
}
