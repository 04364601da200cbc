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

/** So many numbers are read in a row; of more the first ones and the last are, and how many there are. The data of a diagnostic has all. */
const mostInRow = 12
const firstInRow = 5

/** Numbers in a row, as in `1e18, 3e18`. */
export const inRow = (values: readonly number[]): string =>
  values.length <= mostInRow
    ? values.map(short).join(', ')
    : `${values.slice(0, firstInRow).map(short).join(', ')} … ${short(values.at(-1)!)} (${values.length} in all)`
