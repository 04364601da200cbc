import type { Campaign } from '../../campaign/campaign.ts'
import type { TrainingConfig } from '../../core/config.ts'
import type { Limits } from '../../core/limits.ts'
import type { CampaignEvidence } from '../../plan/evidence.ts'
import type { CampaignTruth } from './json.ts'
import type { CampaignTask } from './text.ts'

/** All that the write-up of a campaign is made of. It reads no clock and no file: the same input gives the same bytes. */
export interface CampaignReport {
  readonly campaign: Campaign
  readonly title: string
  readonly task: CampaignTask
  readonly seed: number
  /** How to make it again, without the API key. */
  readonly command: string
  /** Programs and their versions, such as isoflop and node. */
  readonly versions: Readonly<Record<string, string>>
  /** What may be asked; the course's API by default. */
  readonly limits?: Limits
  /** What the fitted law says of runs and target; without it, figures show the runs alone. */
  readonly evidence?: CampaignEvidence | null
  /** What is true of the prediction, on a simulated world. */
  readonly truth?: CampaignTruth | null
  /** The true loss of any configuration, on a simulated world. */
  readonly trueLoss?: ((config: TrainingConfig) => number) | null
}
