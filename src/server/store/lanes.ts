import { type Deferred, deferred } from '../../core/deferred.ts'

/** The time that one piece of work may wait for others, in all. It runs from the first wait on. */
export interface Patience {
  readonly isOver: boolean
  /** What the promise gives, or a rejection when the time is over. */
  within<T>(promise: Promise<T>): Promise<T>
  end(): void
}

export function createPatience(ms: number): Patience {
  let isOver = false
  let timer: NodeJS.Timeout | undefined
  let over: Deferred<never> | undefined
  const begin = () => {
    const begun = deferred<never>()
    begun.promise.catch(() => {}) // often nobody waits any more
    timer = setTimeout(() => {
      isOver = true
      begun.reject(new Error('others were before it for too long'))
    }, ms)
    return begun
  }
  return {
    get isOver() {
      return isOver
    },
    within(promise) {
      over ??= begin()
      return Promise.race([promise, over.promise])
    },
    end: () => clearTimeout(timer),
  }
}

/** Does work at once, or when there is room in its lane. Rejects when the patience is over before that. */
export type Lanes = <T>(name: string, patience: Patience, work: () => Promise<T>) => Promise<T>

interface Lane {
  running: number
  readonly waiting: Set<{ start: () => void; hasStarted: boolean }>
}

/** Lanes for work of different names: of each name so many at a time, in the order that they came. */
export function createLanes(width: number): Lanes {
  const lanes = new Map<string, Lane>()

  const leave = (name: string, lane: Lane) => {
    const [next] = lane.waiting
    if (next) {
      lane.waiting.delete(next)
      next.hasStarted = true
      next.start()
    } else if (--lane.running === 0) lanes.delete(name)
  }

  /** Waits for the place of somebody who leaves. */
  const turn = async (name: string, lane: Lane, patience: Patience) => {
    const { promise, resolve } = deferred<void>()
    const place = { start: resolve, hasStarted: false }
    lane.waiting.add(place)
    try {
      await patience.within(promise)
    } catch (error) {
      lane.waiting.delete(place)
      if (place.hasStarted) leave(name, lane)
      throw error
    }
  }

  return async (name, patience, work) => {
    const lane = lanes.get(name) ?? { running: 0, waiting: new Set() }
    lanes.set(name, lane)
    if (lane.running >= width) await turn(name, lane, patience)
    else lane.running++
    try {
      return await work()
    } finally {
      leave(name, lane)
    }
  }
}
