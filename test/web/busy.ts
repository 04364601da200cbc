import type { CDPSession, Page } from 'playwright-core'

/** What a page's main thread has worked, ms of processor time: other programs hold it up, and do not lengthen it. */
export interface Busy {
  /** So far, since the page was asked for. */
  now(): Promise<number>
  /** Waits until the page has nothing left to do; what it has worked by then. */
  resting(): Promise<number>
  readonly debug: CDPSession
}

/** A page has come to rest when it worked less than this in so long, ms. */
const rest = { busy: 15, of: 400 }

/** Watches over a page that has not been asked for anything yet. */
export async function busyOf(page: Page): Promise<Busy> {
  const debug = await page.context().newCDPSession(page)
  await debug.send('Performance.enable', { timeDomain: 'threadTicks' })
  const now = async () => 1000 * (await metricsOf(debug)).TaskDuration
  return {
    now,
    async resting() {
      for (let before = await now(); ; ) {
        await new Promise((end) => setTimeout(end, rest.of))
        const after = await now()
        if (after - before < rest.busy) return after
        before = after
      }
    },
    debug,
  }
}

export async function metricsOf(debug: CDPSession): Promise<Readonly<Record<string, number>>> {
  const { metrics } = await debug.send('Performance.getMetrics')
  return Object.fromEntries(metrics.map(({ name, value }) => [name, value]))
}
