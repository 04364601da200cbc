import type { PowerLaw } from '../law/power.ts'
import { levenbergMarquardt } from '../numeric/levenberg-marquardt.ts'
import { fitLine } from '../numeric/line.ts'
import type { Estimate } from './estimate.ts'

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

/**
 * N_opt(C) and D_opt(C) through points by least squares on logarithms, without a loss; null with fewer than two different
 * budgets.
 */
export function estimateOfPoints(
  budgets: readonly number[],
  sizes: readonly number[],
  tokens: readonly number[],
): Estimate | null {
  const modelSize = fitPowerLog(budgets, sizes)
  const datasetSize = fitPowerLog(budgets, tokens)
  if (!modelSize || !datasetSize) return null
  return {
    modelSize: modelSize.law,
    datasetSize: datasetSize.law,
    law: null,
    loss: null,
    fitError: { rmse: modelSize.rmse, of: 'ln parameters' },
  }
}
