import type { Runs } from '../core/run.ts'

/** The means of ln N and ln D over the runs. */
export interface LogCentre {
  readonly meanX: number
  readonly meanY: number
}

/** ln N and ln D, each minus its mean. */
export function centredLogs(runs: Runs): LogCentre & { readonly x: Float64Array; readonly y: Float64Array } {
  const x = runs.parameters.map(Math.log)
  const y = runs.tokens.map(Math.log)
  const mean = (values: Float64Array) => values.reduce((sum, value) => sum + value, 0) / values.length
  const meanX = mean(x)
  const meanY = mean(y)
  return { x: x.map((value) => value - meanX), y: y.map((value) => value - meanY), meanX, meanY }
}
