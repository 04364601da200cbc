import type { Diagnostic } from '../core/diagnostic.ts'
import { ofBudgets } from './diagnostics/budgets.ts'
import { ofConvergence } from './diagnostics/convergence.ts'
import { ofDesign } from './diagnostics/design.ts'
import { ofDrift } from './diagnostics/drift.ts'
import { ofFewRuns } from './diagnostics/few-runs.ts'
import { ofFlops } from './diagnostics/flops.ts'
import { ofIntervals } from './diagnostics/intervals.ts'
import { ofOutliers } from './diagnostics/outliers.ts'
import { ofPlateau } from './diagnostics/plateau.ts'
import { ofProfiles } from './diagnostics/profiles.ts'
import { ofSharedDeviations } from './diagnostics/shared-deviations.ts'
import type { Subject } from './diagnostics/subject.ts'
import { ofTargets } from './diagnostics/targets.ts'
import { ofValley } from './diagnostics/valley.ts'
import { ofWeights } from './diagnostics/weights.ts'

/** Everything that is looked at, in the order in which it is told. */
const subjects: readonly ((subject: Subject) => Diagnostic[])[] = [
  ofFlops,
  ofBudgets,
  ofProfiles,
  ofDesign,
  ofOutliers,
  ofWeights,
  ofFewRuns,
  ofPlateau,
  ofConvergence,
  ofValley,
  ofIntervals,
  ofSharedDeviations,
  ofDrift,
  ofTargets,
]

/** Looks at the data and the fits for what the reader should know. */
export const diagnose = (subject: Subject): Diagnostic[] => subjects.flatMap((look) => look(subject))
