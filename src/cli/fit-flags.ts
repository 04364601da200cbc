import { IsoflopError } from '../core/errors.ts'
import type { AskedName } from '../fit/methods.ts'
import type { NormPrior } from '../fit/norm/prior.ts'
import type { Language } from '../report/words/words.ts'
import type { DataFlags } from './data.ts'

/** The options of `isoflop fit`. */
export interface FitFlags extends DataFlags {
  readonly target?: number[]
  readonly method?: AskedName[]
  readonly repeats?: boolean
  readonly uniqueTokens?: number[]
  readonly prior?: NormPrior
  readonly confidence: number
  readonly resamples: number
  readonly seed: number
  readonly starts?: number
  readonly threads?: number
  readonly json?: boolean
  readonly report?: string
  readonly plots?: string
  readonly open?: boolean
  readonly force?: boolean
  readonly lang?: Language
}

/** Errors: BAD_OPTION. */
export function refuseUniqueAlone({ repeats, uniqueTokens }: Pick<FitFlags, 'repeats' | 'uniqueTokens'>): void {
  if (!uniqueTokens || repeats) return
  throw new IsoflopError('BAD_OPTION', '--unique-tokens came without --repeats, which it belongs to.', 'Add --repeats.')
}
