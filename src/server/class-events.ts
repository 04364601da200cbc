import { hash } from 'node:crypto'
import { Bell } from './bell.ts'
import type { Changes } from './changes.ts'
import { type EventStream, type EventTimes, frame, mostStreams, usualEventTimes, whereThere } from './events.ts'
import type { Store } from './store/store.ts'
import { createStreamPlaces } from './stream-places.ts'

/**
 * Server-sent events of a whole class, for instructors: that something has changed, whatever it is and by whichever server. Who is told asks for what they
 * show. The id is a mark of the database, so that whoever comes back with one is told at once where it is another one by now, and nothing is logged.
 */
export interface ClassEvents {
  /** Opens a stream for a key; `after` is the last mark that its reader saw. Errors: STREAMS_TOO_MANY. */
  open(keyId: string, after: string | null): EventStream
}

/** How often to look for changes of other processes, and the least time between two events, ms: a class at work changes hundreds of times a second. */
const [lookEveryMs, leastMs] = [1000, 200]

interface ClassEventParts {
  readonly store: Pick<Store, 'mark'>
  readonly changes: Pick<Changes, 'watch' | 'watchAll'>
  readonly times?: EventTimes | undefined
}

export function createClassEvents({ store, changes, times = usualEventTimes }: ClassEventParts): ClassEvents {
  const places = createStreamPlaces(mostStreams)
  const markNow = () => whereThere(async () => hash('sha256', await store.mark(), 'hex').slice(0, 16))

  async function* slicesOf(after: string | null, state: { readonly isOver: boolean }, bell: Bell) {
    let known = await markNow()
    yield frame(after !== null && after !== known ? 'class' : 'start', known || null, {})
    for (let silence = 0; !state.isOver; ) {
      await new Promise((resolve) => setTimeout(resolve, leastMs))
      await bell.rest(lookEveryMs)
      const mark = await markNow()
      silence = mark === '' || mark === known ? silence + lookEveryMs : 0
      if (silence === 0) yield frame('class', mark, {})
      else if (silence >= times.beatEvery) {
        silence = 0
        yield frame('beat', null, {})
      }
      known = mark || known
    }
  }

  return {
    open(keyId, after) {
      const giveBack = places.take(keyId)
      const bell = new Bell()
      const state = { isOver: false }
      const over = () => {
        state.isOver = true
        bell.ring()
      }
      const unwatch = [
        changes.watch(keyId, (change) => change !== 'changed' && over()),
        changes.watchAll(() => bell.ring()),
      ]
      return {
        slices: slicesOf(after, state, bell),
        close() {
          giveBack()
          for (const end of unwatch) end()
          over()
        },
      }
    },
  }
}
