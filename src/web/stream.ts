import { signal } from '@preact/signals'
import { lookForSession, session } from './session.ts'

/** Whether the stream of events is open; false while it is looked for again. */
export const isConnected = signal(true)

/** Silence for longer than this, ms, is a connection that died without a word, as after sleep: the host says every 15 s that it is there. */
const silenceMs = 40_000
const againMs = 1000
const mostAgainMs = 10_000

/**
 * One stream of events, for as long as the page is looked at: a tab that nobody sees closes it, because a browser has six connections to a host, and is told
 * what it missed when it is seen again.
 */
export function follow(path: string, onNews: (data: unknown) => void): void {
  const { tab = '' } = document.documentElement.dataset
  const tell = together(onNews)
  let stream: EventSource | null = null
  let place = ''
  let watchdog = 0
  let retry = 0
  let wait = againMs

  const heard = () => {
    clearTimeout(watchdog)
    watchdog = window.setTimeout(reopen, silenceMs)
    wait = againMs
    isConnected.value = true
  }
  const close = () => {
    clearTimeout(watchdog)
    clearTimeout(retry)
    stream?.close()
    stream = null
  }
  const failed = () => {
    close()
    isConnected.value = false
    retry = window.setTimeout(async () => {
      try {
        await lookForSession()
      } catch {
        return failed()
      }
      if (session.value !== 'none') open()
    }, wait)
    wait = Math.min(2 * wait, mostAgainMs)
  }
  const open = () => {
    const query = new URLSearchParams({ tab, ...(place !== '' && { after: place }) })
    stream = new EventSource(`/api/${path}?${query}`)
    stream.addEventListener('open', heard)
    stream.addEventListener('beat', heard)
    stream.addEventListener('message', ({ data, lastEventId }) => {
      heard()
      place = lastEventId
      tell(JSON.parse(data))
    })
    stream.addEventListener('error', failed)
  }
  function reopen() {
    close()
    if (!document.hidden) open()
  }
  document.addEventListener('visibilitychange', () => (document.hidden ? close() : reopen()))
  if (!document.hidden) open()
}

/** Calls once a frame for all that came since the last: what comes in hundreds a second is shown as often as a screen can. */
function together(call: (data: unknown) => void): (data: unknown) => void {
  let waiting: unknown[] = []
  return (data) => {
    waiting.push(data)
    if (waiting.length > 1) return
    requestAnimationFrame(() => {
      const all = waiting
      waiting = []
      for (const one of all) call(one)
    })
  }
}
