import type { EmbeddingAccounting } from '../../src/core/flops.ts'
import { random } from '../../src/core/random.ts'
import type { TrainedRun } from '../../src/core/trainer.ts'
import type { TrainingConfig } from '../../src/cs336/config.ts'
import { targetFlops, vocabularySize } from '../../src/cs336/limits.ts'
import { apiSpace } from '../../src/cs336/space.ts'
import type { JointOptions } from '../../src/joint/fit.ts'
import { type JointName, jointIndex, jointLoss, jointSize } from '../../src/joint/law.ts'
import { jointPoint } from '../../src/joint/point.ts'
import { centreOf, priors } from '../../src/joint/prior.ts'
import { configOfUnit, latinHypercube } from '../../src/plan/adaptive/candidates.ts'

export const jointOptions: JointOptions = { space: apiSpace, target: targetFlops }

/** Loss before training, as the fit takes it to be. */
const untrained = Math.log(vocabularySize) + 0.1

/** A plain law that is not the prior's centre, but for the coefficients given. */
export function plainLaw(changes: Partial<Record<JointName, number>> = {}): Float64Array {
  const theta = centreOf('plain', priors.usual)
  const law = {
    ...{ E: Math.log(1.95), left: Math.log(0.55), balance: 0.2, alpha: Math.log(0.36), beta: Math.log(0.3), norm: 0.1 },
    ...{ rate: Math.log(1e-3), rateSize: -0.4, rateTokens: 0.15, ratio: Math.log(55), until: Math.log(8) },
    ...changes,
  }
  for (const [name, value] of Object.entries(law)) theta[jointIndex[name as JointName]] = value
  return theta
}

/** The loss of a law, nats. */
export const lawLoss = (theta: Float64Array, accounting: EmbeddingAccounting, config: TrainingConfig): number =>
  jointLoss(theta, jointPoint(apiSpace, config, accounting), untrained, new Float64Array(jointSize))

/** Configurations within the API's limits, spread over everything at budgets in turn. */
export function spreadConfigs(
  count: number,
  seed: number,
  budgets: readonly number[] = [1e15, 3e15, 1e16, 3e16, 1e17, 3e17],
): TrainingConfig[] {
  const reach = { tokensPerParameter: [3, 500], widthPerLayer: [30, 150] } as const
  return latinHypercube(count, 4, random(seed, 1)).flatMap(
    (unit, i) => configOfUnit(unit, budgets[i % budgets.length], apiSpace, reach) ?? [],
  )
}

/** What a law says of these configurations, with normal noise. */
export function lawRuns(
  theta: Float64Array,
  accounting: EmbeddingAccounting,
  configs: readonly TrainingConfig[],
  noise: number,
): TrainedRun[] {
  const { normal } = random(7, 2)
  return configs.map((config) => ({ config, loss: lawLoss(theta, accounting, config) + noise * normal() }))
}
