import type { Config } from '../../core/config.ts'

/** A configuration whose cost is set aside, of any key: it waits or runs. */
export interface Queued {
  readonly keyId: string
  readonly config: Config
  /** FLOPs that it will be charged. */
  readonly cost: bigint
  /** `query`: somebody waits for the answer of GET /loss, and only that can end it. */
  readonly state: 'waiting' | 'running' | 'query'
  /** Milliseconds since 1970. */
  readonly askedAt: number
  readonly startedAt: number | null
}

/** What waits and runs, of all keys. */
export interface QueueStore {
  /** The first so many in the order in which they were asked for, and how many there are. */
  queue(limit: number): Promise<{ readonly queued: readonly Queued[]; readonly total: number }>
  /** A text that is another one whenever a key, a prediction, a reservation or what is noted has changed. */
  mark(): Promise<string>
  /** The same of each key by its id, in the order of `listKeys`: another text whenever the key, or what was done with it, has changed. */
  keyMarks(): Promise<ReadonlyMap<string, string>>
}
