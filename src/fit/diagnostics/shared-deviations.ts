import { type Diagnostic, short, warning } from '../../core/diagnostic.ts'
import { unitsOf } from '../../core/run.ts'
import { fTail } from '../../numeric/student.ts'
import { surfaceResiduals } from '../surface.ts'
import type { Subject } from './subject.ts'

/** Three directions of what budgets share are absorbed by the surface: its level, and the slope and bend along C. */
const absorbedBudgets = 3

/** Whether whole budgets deviate from the surface by more than their runs' own scatter explains: an F test on the means. */
export function ofSharedDeviations(subject: Subject): Diagnostic[] {
  const { runs, budgets } = subject.data
  const residuals = residualsOf(subject)
  if (residuals === null) return []
  const groups = budgets.groups.filter(({ runs: members }) => members.length >= 3)
  const between = groups.length - absorbedBudgets
  if (between < 2) return []
  let count = 0
  let sumBetween = 0
  let sumWithin = 0
  for (const { runs: members } of groups) {
    const residual = Array.from(members, (i) => residuals[i])
    const mean = residual.reduce((sum, r) => sum + r, 0) / residual.length
    count += residual.length
    sumBetween += residual.length * mean ** 2
    sumWithin += residual.reduce((sum, r) => sum + (r - mean) ** 2, 0)
  }
  const within = count - groups.length - 2
  const typical = Math.sqrt(sumBetween / count)
  const F = sumBetween / between / (sumWithin / within)
  const p = fTail(F, between, within)
  const meanLoss = runs.loss.reduce((sum, L) => sum + L, 0) / runs.size
  if (!(p < 1e-3) || typical < 1e-5 * meanLoss) return []
  return [
    warning(
      'budgets-deviate-together',
      `The runs of a budget deviate from the law together, by ${short(typical)} ${unitsOf(runs).difference}, more than their scatter explains (p = ${short(p)}).`,
      { typical, F, p, budgets: groups.length },
      'The law misses something that the runs of a budget share (a schedule, a data mix, a learning rate). The intervals allow for it.',
    ),
  ]
}

/** What is left of the runs by the law of all runs alike, whatever its q; by the additive one where that was fitted to a part only. */
function residualsOf({ runs, laws: { norm, surface } }: Subject): Float64Array | null {
  if (norm && norm.alike.residual.length === runs.size) return norm.alike.residual
  return surface && surfaceResiduals(runs, surface.law)
}
