import { type Diagnostic, info, warning } from '../../core/diagnostic.ts'
import { inRow, type Subject } from './subject.ts'

/** Whether there are budgets to speak of, and which were taken for one. */
export function ofBudgets({ data: { runs, budgets, profiles } }: Subject): Diagnostic[] {
  const found: Diagnostic[] = []
  const inProfiles = budgets.profiles.reduce((sum, profile) => sum + profile.runs.length, 0)
  if (profiles.length === 0)
    found.push(
      warning(
        'no-profiles',
        `${inProfiles} of ${runs.size} runs share a budget with two other sizes: there are no IsoFLOP profiles.`,
        { runsInProfiles: inProfiles, profiles: budgets.profiles.length },
        'norm does not need profiles; the methods by budget are left out.',
      ),
    )
  const grouped = (profiles.length > 0 ? budgets.groups : []).filter(({ spread }) => spread > 0)
  if (grouped.length > 0)
    found.push(
      info(
        'budgets-grouped',
        `Budgets within 1 % of each other were taken for one: ${inRow(grouped.map(({ budget }) => budget))} FLOPs.`,
        { budgets: grouped.map(({ budget, spread, runs }) => ({ budget, spread, runs: runs.length })) },
        'If they are meant to be different budgets, put more than 1 % between them.',
      ),
    )
  return found
}
