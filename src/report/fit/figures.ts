import type { Comparison, Profiled, Scope } from '../../fit/result.ts'
import type { Figure } from '../draw/figure.ts'
import { agreement } from './figures/agreement.ts'
import { backtest } from './figures/backtest.ts'
import { exponents } from './figures/exponents.ts'
import { frontier } from './figures/frontier.ts'
import { lowest } from './figures/lowest.ts'
import { optimum } from './figures/optimum.ts'
import { profiles } from './figures/profiles.ts'
import { rates } from './figures/rates.ts'
import { repeatsCost } from './figures/repeats-cost.ts'
import { repeatsWorth } from './figures/repeats-worth.ts'
import { residuals } from './figures/residuals.ts'
import type { Findings } from './findings.ts'

/** The figures of a fit, in the order of its report. */
export const fitFigures: readonly Figure<Findings>[] = [
  profiles,
  optimum,
  lowest,
  agreement,
  frontier,
  residuals,
  exponents,
  backtest,
  rates,
  repeatsWorth,
  repeatsCost,
]

/** Those that need no more than the law that leads. */
export const firstFigures: readonly Figure<Findings<Scope & Comparison & Profiled>>[] = [profiles, optimum, residuals]
