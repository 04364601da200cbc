import type { Advised, Played, PoolView, ViewedPrediction, ViewedPurchase } from '../../src/campaign/pool/view.ts'

/** A small choice of every kind of run, with numbers that are easy to find again. */
const sizes = [1e8, 2e8, 4e8]
const run = (N: number, D: number, row: number) => ({
  ...{ source: '<runs> & more.csv', row, parameters: N, tokens: D, flops: 6 * N * D },
  ...{ rate: 1e-3, batch: 256, unique: row === 3 ? D / 4 : null },
})
export const purchases: ViewedPurchase[] = sizes.flatMap((N, k) =>
  [1e9, 3e9].map((D, j): ViewedPurchase => {
    const diverged = k === 2 && j === 1
    return {
      ...run(N, D, 2 + 2 * k + j),
      ...{
        cost: 10 * (k + 1) + j,
        round: k,
        reason: 'because',
        worth: k === 0 ? null : 1e-4,
        share: k === 0 ? null : 0.123,
      },
      ...{ outcome: diverged ? 'diverged' : 'finished', loss: diverged ? null : 3.5 - 0.1 * k - 0.05 * j },
    }
  }),
)
const prediction: ViewedPrediction = {
  ...{ runs: 5, features: ['rate', 'batch', 'repeats'], best: null, undetermined: null },
  target: [
    { ...run(2e9, 4e10, 2), predicted: 2.51, interval: [2.45, 2.57], loss: 2.5 },
    { ...run(2e9, 8e10, 3), predicted: 2.41, interval: [2.36, 2.46], loss: 2.3 },
    { ...run(4e9, 8e10, 4), predicted: 2.31, interval: [2.2, 2.42], loss: null },
  ],
  scores: { runs: 2, rmse: 0.0781, bias: 0.06, r2: 0.39, covered: 0.5 },
}
const estimate = (value: number) => ({ value, interval: [0.9 * value, 1.1 * value] as const })
const budgetPrediction: ViewedPrediction = {
  ...{ runs: 5, features: ['rate'], target: [], undetermined: null, scores: null },
  best: {
    ...{ flops: 1e22, parameters: estimate(5e9), tokens: estimate(3.3e11), rate: estimate(5e-4) },
    ...{ batch: null, loss: estimate(2.1) },
  },
}

export const played: PoolView<Played> = {
  task: {
    sources: ['<runs> & more.csv'],
    target: { kind: 'runs', sources: ['large.csv'], runs: 3 },
    ...{ unit: 'gpu_hours', budget: 150, seed: 4, confidence: 0.95, batchUnit: 'sequences', lossUnit: 'nats/token' },
  },
  pool: {
    ...{ runs: 9, finished: 8, diverged: 1, open: 0, cost: 400 },
    places: sizes.flatMap((N) => [1e9, 3e9, 9e9].map((D) => ({ parameters: N, tokens: D }))),
  },
  result: {
    ...{ kind: 'played', spent: 123, purchases, prediction },
    rounds: [
      { round: 0, runs: 2, cost: 21, sdBefore: null, sdAfter: null },
      { round: 1, runs: 2, cost: 41, sdBefore: 0.0612, sdAfter: 0.0301 },
      { round: 2, runs: 2, cost: 61, sdBefore: 0.0298, sdAfter: 0.0203 },
    ],
    hindsight: {
      rest: { runs: 3, rmse: 0.0123, bias: -0.004, r2: 0.97, covered: 1 },
      all: { ...prediction, runs: 8, scores: { runs: 2, rmse: 0.0211, bias: 0.01, r2: 0.9, covered: 1 } },
    },
  },
  diagnostics: [
    { code: 'far-extrapolation', severity: 'warning', message: 'It is far.', evidence: {}, advice: 'Believe it less.' },
  ],
  read: [
    {
      ...{ read: 11, used: 9, checkpoints: 0, notes: ['columns: so and so'] },
      excluded: [{ source: '<runs> & more.csv', row: 12, reason: 'cost is -1, expected a positive number' }],
      sources: [{ name: '<runs> & more.csv', rows: 11, sha256: 'abc' }],
    },
  ],
}

export const advised: PoolView<Advised> = {
  ...played,
  task: { ...played.task, target: { kind: 'budget', flops: 1e22 }, unit: 'cost', budget: null },
  pool: { ...played.pool, finished: 5, diverged: 1, open: 3 },
  result: {
    ...{ kind: 'advised', spent: 77, stopped: { kind: 'none-left' }, prediction: budgetPrediction },
    ...{ sdBefore: 0.05, sdAfter: 0.04 },
    next: purchases.slice(2, 4).map(({ loss: _l, outcome: _o, round: _r, ...plan }) => plan),
  },
}
export const opening: PoolView<Advised> = {
  ...advised,
  pool: { ...advised.pool, finished: 0, diverged: 0, open: 9 },
  result: {
    ...{ kind: 'advised', spent: 0, stopped: { kind: 'opening' }, prediction: null, sdBefore: null, sdAfter: null },
    next: purchases.slice(0, 2).map(({ loss: _l, outcome: _o, round: _r, ...plan }) => plan),
  },
}
