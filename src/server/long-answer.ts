import { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'

/** How long a client may leave an answer unread, ms. */
const longestPause = 60_000

/**
 * Makes streams of long answers whose slices are made one at a time, whoever asks, with a rest for everybody else before each: a
 * slice should be work of a millisecond or two. A client that stops reading makes no slices and is told to `cut` after a minute.
 */
export function createLongAnswers(pauseMs = longestPause) {
  let last: Promise<void> = Promise.resolve()
  const turn = () => {
    last = last.then(() => sleep(1))
    return last
  }

  async function* inTurns(slices: AsyncIterator<string>, cut: () => void): AsyncGenerator<string> {
    for (;;) {
      await turn()
      const slice = await slices.next()
      if (slice.done) return
      const unread = setTimeout(cut, pauseMs)
      try {
        yield slice.value
      } finally {
        clearTimeout(unread)
      }
    }
  }
  return (slices: AsyncIterator<string>, cut: () => void): Readable =>
    Readable.from(inTurns(slices, cut), { objectMode: true, highWaterMark: 2 })
}
