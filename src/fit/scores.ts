import { random } from '../core/random.ts'
import type { Runs } from '../core/run.ts'
import type { SurfaceLaw } from '../law/surface.ts'
import { cholesky, invertPositive } from '../numeric/cholesky.ts'
import { type BootstrapOptions, type Scheme, schemes } from './bootstrap.ts'
import { centredLogs } from './centred-logs.ts'
import { type Linearized, leaveOutResiduals, linearize, scatter } from './linearize.ts'
import type { Budgets } from './profile.ts'
import { shiftLaw } from './surface.ts'

/**
 * Both bootstrap schemes for a surface of very many runs, without refitting: one Gauss-Newton step from the fitted law with
 * resampled scores (Kline and Santos 2012). Within a budget the resampled sum of scores is normal by the central limit theorem.
 * Null when the runs do not determine the coefficients, with or without any one budget.
 */
export function surfaceScores(
  runs: Runs,
  budgets: Budgets,
  law: SurfaceLaw,
  { resamples, seed }: BootstrapOptions,
): Map<Scheme, SurfaceLaw[]> | null {
  const linear = linearize(runs, budgets, law)
  const inverse = invertPositive(linear.square, 5)
  const adjusted = leaveOutResiduals(linear, budgets)
  if (inverse === null || adjusted === null) return null
  const root = cholesky(scoreCovariance(linear, budgets), 5) ?? new Float64Array(25) // singular: nothing varies
  const sums = budgets.groups.map(({ runs: members }) => scatter(linear.gradient, adjusted, members).product)

  const byRuns = (normal: () => number, score: Float64Array) => {
    const z = Float64Array.from({ length: 5 }, normal)
    for (let j = 0; j < 5; j++) for (let k = 0; k <= j; k++) score[j] += root[j * 5 + k] * z[k]
  }
  const byBudgets = (normal: () => number, score: Float64Array) => {
    for (const sum of sums) {
      const multiplier = normal()
      for (let k = 0; k < 5; k++) score[k] += multiplier * sum[k]
    }
  }
  const centre = centredLogs(runs)
  const drawn = (scheme: Scheme) =>
    Array.from({ length: resamples }, (_, replicate) => {
      const { normal } = random(seed, scheme === 'runs' ? 1 : 2, replicate)
      const score = new Float64Array(5)
      if (scheme === 'runs') byRuns(normal, score)
      else byBudgets(normal, score)
      const step = Float64Array.from({ length: 5 }, (_, j) =>
        score.reduce((sum, s, k) => sum + inverse[j * 5 + k] * s, 0),
      )
      return shiftLaw(law, step, centre)
    })
  return new Map(schemes.map((scheme) => [scheme, drawn(scheme)]))
}

/** The covariance of the sum of scores when runs are drawn with replacement within their budgets, `[5, 5]`. */
function scoreCovariance({ gradient, residual, byBudget }: Linearized, budgets: Budgets): Float64Array {
  const scores = gradient.map((column) => column.map((value, i) => value * residual[i]))
  const covariance = new Float64Array(25)
  for (const [g, { runs: members }] of budgets.groups.entries()) {
    const { square } = scatter(scores, residual, members)
    const sum = byBudget[g].product
    for (let j = 0; j < 5; j++)
      for (let k = 0; k < 5; k++) covariance[j * 5 + k] += square[j * 5 + k] - (sum[j] * sum[k]) / members.length
  }
  return covariance
}
