import type { Config } from '../core/config.ts'
import type { Progress } from '../core/trainer.ts'
import { anyCodec } from '../space/any.ts'
import type { Store } from './store/store.ts'

/** How far the runs of this process are. Other servers see of it what was kept last, a few seconds ago: the curves. */
export interface Progresses {
  /** To be told of the progress of one run. */
  of(keyId: string, config: Config): RunProgress
  /** What was told last; null where nothing was, or by another process. */
  latest(keyId: string, config: Config): Progress | null
  /** Keeps what has changed. Never rejects: what is not kept is kept the next time. */
  keep(): Promise<void>
}

export interface RunProgress {
  tell(progress: Progress): void
  /** Keeps the curve as it is, while its request is open: what has ended is shown with it. Never rejects. */
  keep(): Promise<void>
  end(): void
}

interface Told {
  readonly keyId: string
  readonly config: Config
  progress: Progress
  isKept: boolean
}

export function createProgresses(store: Pick<Store, 'noteCurve'>): Progresses {
  const all = new Map<string, Told>()
  const nameOf = (keyId: string, config: Config) => `${keyId} ${anyCodec.identity(config)}`

  const keepOne = async (told: Told): Promise<void> => {
    if (told.isKept || told.progress.kind !== 'running' || told.progress.curve.length === 0) return
    told.isKept = true
    await store.noteCurve(told.keyId, told.config, told.progress.curve).catch(() => {
      told.isKept = false
    })
  }

  return {
    of(keyId, config) {
      const name = nameOf(keyId, config)
      let mine: Told | null = null
      return {
        tell(progress) {
          mine = { keyId, config, progress, isKept: false }
          all.set(name, mine)
        },
        async keep() {
          if (mine !== null) await keepOne(mine)
        },
        end() {
          if (all.get(name) === mine) all.delete(name) // an equal query may be told, too
        },
      }
    },
    latest: (keyId, config) => all.get(nameOf(keyId, config))?.progress ?? null,
    async keep() {
      await Promise.all([...all.values()].map(keepOne))
    },
  }
}
