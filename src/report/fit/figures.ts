import type { Figure } from '../draw/figure.ts'
import { agreement } from './figures/agreement.ts'
import { backtest } from './figures/backtest.ts'
import { exponents } from './figures/exponents.ts'
import { frontier } from './figures/frontier.ts'
import { optimum } from './figures/optimum.ts'
import { profiles } from './figures/profiles.ts'
import { rates } from './figures/rates.ts'
import { residuals } from './figures/residuals.ts'

export type { DrawOptions, Figure } from '../draw/figure.ts'

/**
 * The figures, in the order of the report. They draw in a document that is passed in, so the same code makes files and pages.
 * @example figures[0].draw(analysis, { document: newDocument() })
 */
export const figures: readonly Figure[] = [
  profiles,
  optimum,
  agreement,
  frontier,
  residuals,
  exponents,
  backtest,
  rates,
]
