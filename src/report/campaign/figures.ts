import type { CampaignView } from '../../campaign/view.ts'
import type { Figure } from '../draw/figure.ts'
import { backtest } from './figures/backtest.ts'
import { batch } from './figures/batch.ts'
import { beliefs } from './figures/beliefs.ts'
import { design } from './figures/design.ts'
import { funnel } from './figures/funnel.ts'
import { profiles } from './figures/profiles.ts'
import { rates } from './figures/rates.ts'
import { residuals } from './figures/residuals.ts'
import { target } from './figures/target.ts'

/** The figures of a campaign, in the order of its write-up. */
export const campaignFigures: readonly Figure<CampaignView>[] = [
  design,
  residuals,
  backtest,
  profiles,
  target,
  rates,
  batch,
  funnel,
  beliefs,
]
