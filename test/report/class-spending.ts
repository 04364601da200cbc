import type { MeasuredRuns } from '../../src/report/class/figures/profiles.ts'
import type { ClassSpending } from '../../src/report/class/figures/spending.ts'

export const day = 86_400_000
export const begun = Date.UTC(2026, 10, 20, 22)
const steps = (...shares: number[]) => shares.map((share, k) => ({ time: begun + (k + 1) * day, share }))
/** Three students of whom one is looked at, one has not begun. */
export const threeStudents: ClassSpending = {
  ...{ students: 3, until: begun + 6 * day, deadline: begun + 7 * day, zoneMs: 2 * 3_600_000 },
  times: [begun, begun + day, begun + 2 * day, begun + 4 * day],
  shares: [
    [0, 0, 0, 0, 0.1],
    [0, 0.1, 0.2, 0.3, 0.4],
    [0, 0.2, 0.3, 0.5, 0.6],
    [0.1, 0.3, 0.5, 0.7, 0.9],
  ],
  lines: [
    { key: 'a', label: 'Ada', steps: steps(0.2, 0.3, 0.9) },
    { key: 'b', label: 'Babbage', steps: steps(0.1, 0.5) },
    { key: 'c', label: 'Idle', steps: [] },
  ],
  chosen: { key: 'b', label: 'Babbage', steps: steps(0.1, 0.5) },
}

/** Some runs at two budgets, of more. */
export const measured: MeasuredRuns = {
  total: 9,
  runs: [
    ...[
      { flops: 1e15, parameters: 1e6, loss: 5 },
      { flops: 1e15, parameters: 3e6, loss: 4.5 },
    ],
    ...[
      { flops: 1e16, parameters: 1e6, loss: 4.4 },
      { flops: 1e16, parameters: 4e6, loss: 4 },
      { flops: 1e16, parameters: 9e6, loss: 4.1 },
    ],
  ],
}
