import type { CampaignView } from '../../campaign/view.ts'

/** All that the write-up of a campaign is made of. It reads no clock and no file: the same input gives the same bytes. */
export interface CampaignReport {
  readonly view: CampaignView
  readonly title: string
  /** How to make it again, without the API key. */
  readonly command: string
  /** Programs and their versions, such as isoflop and node. */
  readonly versions: Readonly<Record<string, string>>
}
