import { signal } from '@preact/signals'
import { systemClock } from '../../core/clock.ts'
import { signedOut } from './api.ts'

/** Whether a stream of events is open: what happens is told, and need not be asked for. */
export const isLive = signal(false)

/** After how long a stream that the server refused, as it has too many or is on its way up, is tried again, ms: doubling. */
const [againMs, mostAgainMs] = [2_000, 30_000]
/** A page whose clock jumps by more has slept, ms; its connection may be dead without a word. */
const sleptMs = 20_000
const tickMs = 5_000

/**
 * Follows a stream of events for as long as the page is seen: one for each tab, and none of a hidden one, because a browser has six connections to a host. The
 * browser comes back by itself with the last id that it saw; `onLost` looks why a stream broke off, and meanwhile `isLive` is false. A handler that gives false
 * has been told what does not fit what it knows: the stream is opened anew, from the place that `path` says then.
 */
export function followEvents(
  path: () => string,
  handlers: Readonly<Record<string, (event: MessageEvent) => unknown>>,
  onLost: () => void,
): () => void {
  let stream: EventSource | null = null
  let retry = 0
  let wait = againMs
  let lastTick = systemClock.now()

  const close = () => {
    clearTimeout(retry)
    stream?.close()
    stream = null
    isLive.value = false
  }
  const open = () => {
    close()
    if (document.hidden || signedOut.value !== null) return
    const opened = new EventSource(`/web${path()}`)
    stream = opened
    opened.addEventListener('open', () => {
      wait = againMs
      isLive.value = true
    })
    for (const [name, tell] of Object.entries(handlers))
      opened.addEventListener(name, (event: MessageEvent) => {
        if (tell(event) === false) open()
      })
    opened.addEventListener('error', () => {
      isLive.value = false
      onLost()
      // Refused: browsers give up then. Otherwise they come back by themselves.
      if (opened.readyState !== EventSource.CLOSED || stream !== opened) return
      retry = window.setTimeout(open, wait)
      wait = Math.min(2 * wait, mostAgainMs)
    })
  }
  const tick = window.setInterval(() => {
    const now = systemClock.now()
    if (now - lastTick > sleptMs) open()
    lastTick = now
  }, tickMs)
  const unwatch = signedOut.subscribe((value) => {
    if (value !== null) close()
  })
  open()
  document.addEventListener('visibilitychange', open)
  window.addEventListener('online', open)
  return () => {
    close()
    unwatch()
    clearInterval(tick)
    document.removeEventListener('visibilitychange', open)
    window.removeEventListener('online', open)
  }
}

/**
 * Work that many events ask for: never twice at once, and once more where somebody asked meanwhile. A rest as long as the work, or as `least` says, ms, keeps a
 * busy page free. Work that fails is tried again when it is asked for again.
 */
export function coalesced(work: () => Promise<void>, least: () => number = () => 0): () => void {
  let [isGoing, isAsked] = [false, false]
  const go = async () => {
    isGoing = true
    while (isAsked) {
      isAsked = false
      const begun = systemClock.now()
      await work().catch(() => {}) // said by `isReached`, or by the sign-in
      const rest = Math.max(systemClock.now() - begun, least())
      await new Promise((resolve) => setTimeout(resolve, rest))
    }
    isGoing = false
  }
  return () => {
    isAsked = true
    if (!isGoing) void go()
  }
}
