import type { PoolView } from '../../campaign/pool/view.ts'

/** All that the report of a choice is made of. It reads no clock and no file: the same input gives the same bytes. */
export interface PoolReport {
  readonly view: PoolView
  readonly title: string
  /** How to make it again. */
  readonly command: string
  /** Programs and their versions, such as isoflop and node. */
  readonly versions: Readonly<Record<string, string>>
}
