import type { PoolView } from '../../campaign/pool/view.ts'
import type { Language } from '../words/words.ts'

/** All that the report of a choice is made of. It reads no clock and no file: the same input gives the same bytes. */
export interface PoolReport {
  readonly view: PoolView
  readonly title: string
  /** What it is written in; English by default. The title is written by whoever asks. */
  readonly language?: Language | undefined
  /** How to make it again. */
  readonly command: string
  /** Programs and their versions, such as isoflop and node. */
  readonly versions: Readonly<Record<string, string>>
}
