import type { CampaignView } from '../../campaign/view.ts'
import type { Language } from '../words/words.ts'

/** All that the write-up of a campaign is made of. It reads no clock and no file: the same input gives the same bytes. */
export interface CampaignReport {
  readonly view: CampaignView
  readonly title: string
  /** What it is written in; English by default. The title is written by whoever asks. */
  readonly language?: Language | undefined
  /** How to make it again, without the API key. */
  readonly command: string
  /** Programs and their versions, such as isoflop and node. */
  readonly versions: Readonly<Record<string, string>>
}
