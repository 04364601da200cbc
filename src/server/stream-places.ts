import { messagesOfRuns } from '../api/v2.ts'
import { IsoflopError } from '../core/errors.ts'

/** Streams that a key may have open on one server at once. */
export interface StreamPlaces {
  /** Takes one; gives what gives it back, once. Errors: STREAMS_TOO_MANY. */
  take(keyId: string): () => void
  /** How many are taken. */
  readonly taken: number
}

export function createStreamPlaces(most: number): StreamPlaces {
  const open = new Map<string, number>()
  return {
    get taken() {
      return [...open.values()].reduce((sum, number) => sum + number, 0)
    },
    take(keyId) {
      const there = open.get(keyId) ?? 0
      if (there >= most)
        throw new IsoflopError('STREAMS_TOO_MANY', messagesOfRuns.tooManyStreams(there), 'Close one of them.')
      open.set(keyId, there + 1)
      let isTaken = true
      return () => {
        if (!isTaken) return
        isTaken = false
        const left = (open.get(keyId) ?? 1) - 1
        if (left > 0) open.set(keyId, left)
        else open.delete(keyId)
      }
    },
  }
}
