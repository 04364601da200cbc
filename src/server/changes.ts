import { repeat } from './repeat.ts'
import type { Store } from './store/store.ts'

/** What whoever watches a key is told: something of it changed, it is gone or revoked, or the server stops. */
export type Change = 'changed' | 'gone' | 'stopped'

/** Tells of changes of keys, by whichever server they were made. */
export interface Changes {
  /** Gives what ends the watching. */
  watch(keyId: string, tell: (change: Change) => void): () => void
  /** Is told of each change that this process makes, of any key. Gives what ends that. */
  watchAll(tell: () => void): () => void
  /** Something of a key was changed by this process: nobody need wait for the next look. */
  made(keyId: string): void
  stop(): void
}

/** How often to look for changes of other processes, ms. It costs one short statement for all keys that somebody watches. */
const lookEveryMs = 1000

export function createChanges(store: Pick<Store, 'changes'>, everyMs = lookEveryMs): Changes {
  const watchers = new Map<string, Set<(change: Change) => void>>()
  const known = new Map<string, bigint>()
  const ofAll = new Set<() => void>()
  let isStopped = false

  const tellAll = (keyId: string, change: Change) => {
    for (const tell of [...(watchers.get(keyId) ?? [])]) tell(change)
  }

  const look = async () => {
    if (watchers.size === 0) return
    const now = await store.changes([...watchers.keys()])
    for (const keyId of watchers.keys()) {
      const number = now.get(keyId)
      if (number === undefined) tellAll(keyId, 'gone')
      else if (number !== known.get(keyId)) {
        known.set(keyId, number)
        tellAll(keyId, 'changed')
      }
    }
  }
  const end = repeat(look, everyMs, () => {}) // a store that is away is told to each caller

  return {
    watch(keyId, tell) {
      if (isStopped) tell('stopped')
      const tells = watchers.get(keyId) ?? new Set()
      watchers.set(keyId, tells.add(tell))
      return () => {
        if (!tells.delete(tell) || tells.size > 0 || watchers.get(keyId) !== tells) return
        watchers.delete(keyId)
        known.delete(keyId)
      }
    },
    watchAll(tell) {
      ofAll.add(tell)
      return () => void ofAll.delete(tell)
    },
    made(keyId) {
      tellAll(keyId, 'changed')
      for (const tell of [...ofAll]) tell()
    },
    stop() {
      isStopped = true
      end()
      for (const keyId of [...watchers.keys()]) tellAll(keyId, 'stopped')
    },
  }
}
