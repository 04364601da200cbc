import { Bell } from './bell.ts'
import type { Changes } from './changes.ts'
import type { ClassBoard } from './class-board.ts'
import {
  type EventStream,
  type EventTimes,
  frame,
  mostStreams,
  usualEventTimes,
  whereThere,
  writtenFrame,
} from './events.ts'
import { createStreamPlaces } from './stream-places.ts'

/**
 * Server-sent events of a whole class, for instructors: which students and settings have changed, and how they are now, by whichever server. The id is the
 * board's mark, so that whoever comes back with one is told at once what is another by now; with one of another process, or none, all of it. Nothing is logged.
 */
export interface ClassEvents {
  /** Opens a stream for a key; `after` is the last mark that its reader saw, and `goesOn` whether the reader may see more. Errors: STREAMS_TOO_MANY. */
  open(keyId: string, after: string | null, goesOn: () => Promise<boolean>): EventStream
}

/** How often to look for changes of other processes, and the least time between two events, ms: a class at work changes hundreds of times a second. */
const [lookEveryMs, leastMs] = [1000, 250]

interface ClassEventParts {
  readonly board: Pick<ClassBoard, 'look' | 'mark' | 'since'>
  readonly changes: Pick<Changes, 'watch' | 'watchAll'>
  readonly times?: EventTimes | undefined
}

export function createClassEvents({ board, changes, times = usualEventTimes }: ClassEventParts): ClassEvents {
  const places = createStreamPlaces(mostStreams)

  async function* slicesOf(
    after: string | null,
    goesOn: () => Promise<boolean>,
    state: { isOver: boolean },
    bell: Bell,
  ) {
    let known = after
    /** What is new; nothing where the store is away, and for a reader who has signed out meanwhile. */
    const news = () =>
      whereThere(async () => {
        await board.look()
        const { mark } = board
        if (mark === known) return ''
        if (!(await goesOn())) state.isOver = true
        if (state.isOver) return ''
        const slice = writtenFrame('class', mark, board.since(known))
        known = mark
        return slice
      })
    yield (await news()) || frame('start', known, {})
    for (let silence = 0; !state.isOver; ) {
      await new Promise((resolve) => setTimeout(resolve, leastMs))
      await bell.rest(lookEveryMs)
      const slice = await news()
      silence = slice === '' ? silence + lookEveryMs : 0
      if (slice !== '') yield slice
      else if (silence >= times.beatEvery) {
        silence = 0
        yield frame('beat', null, {})
      }
    }
  }

  return {
    open(keyId, after, goesOn) {
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
        slices: slicesOf(after, goesOn, state, bell),
        close() {
          giveBack()
          for (const end of unwatch) end()
          over()
        },
      }
    },
  }
}
