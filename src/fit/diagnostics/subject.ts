import { short } from '../../core/diagnostic.ts'
import type { Runs } from '../../core/run.ts'
import type { Assessment } from '../assessment.ts'
import type { FitData } from '../data.ts'
import type { Laws } from '../laws.ts'
import type { NormFit } from '../norm/fit.ts'
import type { Analysis } from '../result.ts'

/** What diagnostics look at: an analysis, and what it was made from. */
export interface Subject extends Omit<Analysis, 'diagnostics'> {
  readonly data: FitData
  readonly laws: Laws
  readonly assessments: readonly Assessment[]
}

/** Whether a fit is one of all runs, not of a part of very many. */
export const isOfAll = ({ residual }: NormFit, { size }: Runs): boolean => residual.length === size

/** Numbers in a row, as in `1e18, 3e18`. */
export const inRow = (values: readonly number[]): string => values.map(short).join(', ')
