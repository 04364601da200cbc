import type { Browser, BrowserContext, Page } from 'playwright-core'
import { type Busy, busyOf, metricsOf } from '../../test/web/busy.ts'
import type { Hosted } from './pages.ts'

/** What one visit of a page came to, ms unless said otherwise. `busy` is processor time of the page's main thread, which other programs do not lengthen. */
export interface Visited {
  /** From asking for the page to something on the screen, to its numbers, to the figures that are in sight. */
  readonly paint: number
  readonly numbers: number
  /** To what the law says; null of a page without one. */
  readonly answer: number | null
  readonly figures: number
  /** Until nothing was left to do, and the longest that the page answered nobody. */
  readonly busy: number
  readonly longest: number
  /** From one frame to the next while the mouse moves over a figure: in the middle, and the slowest twentieth. */
  readonly frame: number
  readonly slowFrame: number
  readonly busyFrame: number
  /** From something new to the screen; null where nothing happens by itself. */
  readonly event: number | null
  readonly busyEvent: number | null
  /** Of the page's script after what is not needed was thrown away, MB, and elements. */
  readonly heap: number
  readonly nodes: number
}

/** What the page itself notes, in milliseconds since it was asked for. */
const noting = ({ numbers, answer }: Pick<Hosted, 'numbers' | 'answer'>): string => `
globalThis.noted = { numbers: 0, answer: ${answer === undefined ? null : 0}, figures: 0, longest: 0 }
let tellDrawn
globalThis.drawn = new Promise((tell) => { tellDrawn = tell })
new PerformanceObserver((list) => {
  for (const { duration } of list.getEntries()) noted.longest = Math.max(noted.longest, duration)
}).observe({ type: 'longtask', buffered: true })
const inSight = (node) => {
  const { top, bottom, width } = node.getBoundingClientRect()
  return width > 0 && bottom > 0 && top < innerHeight
}
const look = () => {
  if (noted.numbers === 0 && document.querySelector(${JSON.stringify(numbers)})) noted.numbers = performance.now()
  if (noted.answer === 0 && document.querySelector(${JSON.stringify(answer ?? '')})) noted.answer = performance.now()
  const figures = [...document.querySelectorAll('figure.figure')]
  // Whether all that are in sight are there; a page of which no figure is in sight has them when the first is drawn.
  const seen = figures.filter(inSight)
  const isThere = (node) => node.querySelector('.paper > svg')
  if (noted.figures === 0 && figures.some(isThere) && seen.every(isThere)) noted.figures = performance.now()
  if (noted.figures === 0 || noted.answer === 0) requestAnimationFrame(look)
  else tellDrawn()
}
requestAnimationFrame(look)
`

const paintedAt = `performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? 0`

/** The gaps between frames, while the mouse is moved. */
const watchingFrames = `
globalThis.gaps = []
globalThis.isMoving = true
let last = 0
const frame = (now) => {
  if (last > 0) gaps.push(now - last)
  last = now
  if (isMoving) requestAnimationFrame(frame)
}
requestAnimationFrame(frame)
`

/** When an element has a text, ms since 1970. */
const whenShown = ({ element, text }: { element: string; text: string }): string => `new Promise((done) => {
  const look = () => {
    const is = [...document.querySelectorAll(${JSON.stringify(element)})].some(({ textContent }) => textContent === ${JSON.stringify(text)})
    if (is) done(Date.now())
    return is
  }
  if (!look()) {
    const observer = new MutationObserver(() => look() && observer.disconnect())
    observer.observe(document.body, { subtree: true, childList: true, characterData: true })
  }
})`

const steps = 120
const events = 5
/** Visits a page with a browser that has never been there, brushes a figure of it, lets something happen, and leaves. */
export async function visited(browser: Browser, hosted: Hosted): Promise<Visited> {
  const context = await browser.newContext({ viewport: { width: 1200, height: 900 } })
  try {
    const page = await entered(context, hosted)
    const watched = await busyOf(page)
    const { debug } = watched
    await debug.send('Network.clearBrowserCache')
    await page.goto(new URL(hosted.link()).origin)
    await page.evaluate('drawn')
    const busy = await watched.resting()
    const paint = await page.evaluate<number>(paintedAt)
    const noted = await page.evaluate<Pick<Visited, 'numbers' | 'answer' | 'figures' | 'longest'>>('noted')
    const brushed = await brushing(page, watched, hosted.figure)
    const told = await happening(page, watched, hosted)
    await debug.send('HeapProfiler.collectGarbage')
    const { JSHeapUsedSize, Nodes } = await metricsOf(debug)
    return { paint, ...noted, busy, ...brushed, ...told, heap: JSHeapUsedSize / 1e6, nodes: Nodes }
  } finally {
    await context.close()
  }
}

/** A page of a browser that has a session, not opened yet: a link works once, and what is measured is the page. */
async function entered(context: BrowserContext, hosted: Hosted): Promise<Page> {
  const { link, enter, numbers } = hosted
  const first = await context.newPage()
  await first.goto(link())
  await enter?.(first)
  await first.locator(numbers).first().waitFor()
  await first.close()
  const page = await context.newPage()
  await page.addInitScript(noting(hosted))
  return page
}

async function brushing(page: Page, busy: Busy, figure: string) {
  const drawing = page.locator(`figure[data-figure=${figure}] .drawing`)
  await drawing.scrollIntoViewIfNeeded()
  await drawing.locator('.paper > svg').waitFor({ timeout: 60_000 })
  await busy.resting()
  const { x, y, width, height } = (await drawing.boundingBox())!
  const before = await busy.now()
  await page.evaluate(watchingFrames)
  for (let k = 1; k <= steps; k++)
    await page.mouse.move(x + (width * k) / (steps + 1), y + height * (0.2 + 0.6 * Math.abs(Math.sin(k / 9))))
  const gaps = await page.evaluate<number[]>('{ isMoving = false; gaps }')
  const busyFrame = ((await busy.now()) - before) / gaps.length
  gaps.sort((a, b) => a - b)
  return { frame: gaps[gaps.length >> 1], slowFrame: gaps[Math.floor(gaps.length * 0.95)], busyFrame }
}

async function happening(page: Page, busy: Busy, { event }: Hosted) {
  if (event === undefined) return { event: null, busyEvent: null }
  const times: number[] = []
  const before = await busy.now()
  for (let k = 0; k < events; k++) {
    const told = await event()
    times.push((await page.evaluate<number>(whenShown(told))) - told.at)
  }
  await busy.resting()
  times.sort((a, b) => a - b)
  return { event: times[events >> 1], busyEvent: ((await busy.now()) - before) / events }
}
