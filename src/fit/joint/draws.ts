import type { Random } from '../../core/random.ts'
import { levenbergMarquardt } from '../../numeric/levenberg-marquardt.ts'
import type { JointMode } from './mode.ts'
import type { Draw } from './problem.ts'

/** A draw only has to be as near to its minimum as it lies from others. */
const rough = { tolerance: 1e-2, decrease: 1e-3, maxIterations: 30 } as const

/**
 * Laws drawn from a mode's posterior by randomizing, then optimizing (E52): every run's loss is moved by its own standard
 * deviation times a normal number, the prior's centre by a normal number in every coordinate, and the most probable coefficients
 * for those are sought from the maximum. Unlike normal draws about the maximum they pass through the runs, however curved the law is.
 */
export function drawLaws(mode: JointMode, count: number, rng: Random): Draw[] {
  const { problem, z } = mode.fitted
  const draws = Array.from({ length: count }, () => {
    problem.perturb(rng.normal)
    return problem.drawAt(levenbergMarquardt(problem, z, rough).theta)
  })
  problem.perturb(() => 0)
  return draws
}
