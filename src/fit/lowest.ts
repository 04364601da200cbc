import type { Runs } from '../core/run.ts'
import { type PowerLaw, powerAt } from '../law/power.ts'
import { levenbergMarquardt } from '../numeric/levenberg-marquardt.ts'
import { fitLine } from '../numeric/line.ts'
import type { Estimate } from './estimate.ts'
import { lowestRun, type Profile } from './profile.ts'

/** The losses of the best runs as plain power laws of their size and of their data, which have no plateau. */
export interface LossLaws {
  readonly parameters: PowerLaw
  readonly tokens: PowerLaw
}

/**
 * Method `lowest-raw`: the lowest run of each budget, and N = k C^a through them by least squares on the raw values, as
 * scipy's `curve_fit` does and the course handout suggests. The largest budgets decide nearly alone. Its loss is Loss_opt(N),
 * a power law without a plateau. Null with fewer than two budgets.
 */
export function fitLowestRaw(
  runs: Runs,
  profiles: readonly Profile[],
  weights?: Float64Array,
): (Estimate & { readonly lossLaws: LossLaws }) | null {
  const best = lowestRuns(runs, profiles, weights)
  const modelSize = fitPowerRaw(best.budget, best.parameters)
  const datasetSize = fitPowerRaw(best.budget, best.tokens)
  const lossOfSize = fitPowerRaw(best.parameters, best.loss)
  const lossOfData = fitPowerRaw(best.tokens, best.loss)
  if (!modelSize || !datasetSize || !lossOfSize || !lossOfData) return null
  return {
    modelSize: modelSize.law,
    datasetSize: datasetSize.law,
    law: null,
    loss: (C) => powerAt(lossOfSize.law, powerAt(modelSize.law, C)),
    fitError: { rmse: modelSize.rmse, of: 'parameters' },
    lossLaws: { parameters: lossOfSize.law, tokens: lossOfData.law },
  }
}

/**
 * Method `lowest-log`: the same points, by least squares on logarithms, so that every budget counts the same. It gives no
 * loss. Null with fewer than two budgets.
 */
export function fitLowestLog(runs: Runs, profiles: readonly Profile[], weights?: Float64Array): Estimate | null {
  const best = lowestRuns(runs, profiles, weights)
  const modelSize = fitPowerLog(best.budget, best.parameters)
  const datasetSize = fitPowerLog(best.budget, best.tokens)
  if (!modelSize || !datasetSize) return null
  return {
    modelSize: modelSize.law,
    datasetSize: datasetSize.law,
    law: null,
    loss: null,
    fitError: { rmse: modelSize.rmse, of: 'ln parameters' },
  }
}

/** Budget, N, D and loss of each profile's lowest run. */
function lowestRuns(runs: Runs, profiles: readonly Profile[], weights?: Float64Array) {
  const found = profiles.map((profile) => ({ profile, i: lowestRun(runs, profile, weights) })).filter(({ i }) => i >= 0)
  const column = (values: Float64Array) => found.map(({ i }) => values[i])
  return {
    budget: found.map(({ profile }) => profile.budget),
    parameters: column(runs.parameters),
    tokens: column(runs.tokens),
    loss: column(runs.loss),
  }
}

/** y = k x^a by a straight line through the logarithms; null with fewer than two different x. */
export function fitPowerLog(
  x: readonly number[],
  y: readonly number[],
  weights?: readonly number[],
): { law: PowerLaw; rmse: number } | null {
  const line = fitLine(x.map(Math.log), y.map(Math.log), weights)
  return line && { law: { coefficient: Math.exp(line.intercept), exponent: line.slope }, rmse: line.rmse }
}

/**
 * y = k x^a by least squares on the raw values, started from the straight line through the logarithms; null with fewer than
 * two different x. Scaled by the means, the problem is the same and well conditioned.
 */
export function fitPowerRaw(x: readonly number[], y: readonly number[]): { law: PowerLaw; rmse: number } | null {
  const start = fitPowerLog(x, y)
  if (start === null) return null
  const logX = x.map(Math.log)
  const center = logX.reduce((sum, value) => sum + value, 0) / x.length
  const scale = y.reduce((sum, value) => sum + value, 0) / y.length
  let residuals: number[] = []
  let fitted: number[] = []
  const minimum = levenbergMarquardt(
    {
      cost([logK, a]) {
        fitted = logX.map((value) => Math.exp(logK + a * (value - center)))
        residuals = fitted.map((value, i) => value - y[i] / scale)
        return residuals.reduce((sum, r) => sum + r * r, 0)
      },
      slope() {
        const gradient = new Float64Array(2)
        const normal = new Float64Array(4)
        for (const [i, f] of fitted.entries()) {
          const row = [f, f * (logX[i] - center)]
          for (let j = 0; j < 2; j++) {
            gradient[j] += row[j] * residuals[i]
            for (let k = 0; k < 2; k++) normal[j * 2 + k] += row[j] * row[k]
          }
        }
        return { gradient, normal }
      },
    },
    [Math.log(start.law.coefficient / scale) + start.law.exponent * center, start.law.exponent],
    { tolerance: 1e-13 },
  )
  const [logK, exponent] = minimum.theta
  const coefficient = scale * Math.exp(logK - exponent * center)
  return { law: { coefficient, exponent }, rmse: scale * Math.sqrt(minimum.cost / x.length) }
}
