import type { Figure } from '../draw/figure.ts'
import { type MeasuredRuns, profiles } from './figures/profiles.ts'
import { type ClassSpending, spending } from './figures/spending.ts'

/** The figures of a class, in the order of its page. */
export const classFigures: readonly Figure<MeasuredRuns & ClassSpending>[] = [spending, profiles]
