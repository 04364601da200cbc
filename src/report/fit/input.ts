import type { Language } from '../words/words.ts'
import type { DataSummary } from './data.ts'
import type { Findings } from './findings.ts'
import type { Reading } from './reading.ts'

/** All that a report is made of. It reads no clock and no file: the same input gives the same bytes. */
export interface FitReport extends Findings {
  readonly title: string
  /** What it is written in; English by default. The title is written by whoever asks. */
  readonly language?: Language | undefined
  readonly data: DataSummary
  /** How the table was read, to stand at the head; none where nothing was. */
  readonly reading?: Reading
  /** How to make it again. */
  readonly command: string
  /** Programs and their versions, such as isoflop and node. */
  readonly versions: Readonly<Record<string, string>>
}
