import type { Runs } from '../core/run.ts'
import { type PowerLaw, powerAt } from '../law/power.ts'
import type { Estimate } from './estimate.ts'
import { estimateOfPoints, fitPowerRaw } from './power.ts'
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
  return estimateOfPoints(best.budget, best.parameters, best.tokens)
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
