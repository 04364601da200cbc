import type { GroupsAnalysis } from '../../../fit/groups/result.ts'
import type { Figure } from '../../draw/figure.ts'
import { laws } from './figures/laws.ts'
import { multiples } from './figures/multiples.ts'

/** The figures of several groups, in the order of the report. */
export const groupsFigures: readonly Figure<GroupsAnalysis>[] = [laws, multiples]
