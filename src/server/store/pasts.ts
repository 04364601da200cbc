/** What may be taken back of a key. */
export const pastKinds = ['reset', 'rekey'] as const
export type PastKind = (typeof pastKinds)[number]

/** A change of a key that may be taken back. */
export interface Past {
  readonly kind: PastKind
  /** When it was changed, ms since 1970. */
  readonly at: number
  /** What a reset forgot. */
  readonly runs: number
  readonly submissions: number
}

/** What is kept of a key that was reset, as JSON: rows as the tables have them, in their order, FLOPs and times as numbers or text. */
export interface KeptReset {
  readonly requests: readonly KeptRequest[]
  readonly submissions: readonly KeptSubmission[]
}

export interface KeptRequest {
  readonly config: string
  readonly state: string
  readonly name: string | null
  readonly asked_at: number | null
  readonly started_at: number | null
  readonly ended_at: number | null
  readonly error: string | null
  /** Of its run, where it has finished. */
  readonly cost: string | null
  readonly loss: number | null
  readonly settled_at: number | null
  readonly curve: string | null
}

export interface KeptSubmission {
  readonly config: string
  readonly predicted_loss: number
  readonly submitted_at: number
  readonly used: string | null
}

/** Changes of keys that can be taken back. */
export interface PastStore {
  /** Those of a key, the last one first. */
  pasts(keyId: string): Promise<Past[]>
  /**
   * Takes back the last one of a kind: the runs, requests and submissions that a reset has forgotten are there again, beside what came since, or the secret
   * before the last one works again instead of it. A configuration that was run again since stays as it is now. False where there is nothing to take back.
   * Rejects with BAD_OPTION where the earlier secret is another key's by now.
   */
  takeBack(keyId: string, kind: PastKind): Promise<boolean>
}
