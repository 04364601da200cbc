import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import type { Live } from '../../src/campaign/live.ts'
import { liveFile } from '../../src/campaign/live-file.ts'
import { startWatch } from '../../src/watch/watch.ts'
import { many } from '../report/many.ts'
import { needsBrowser, visit } from './browser.ts'
import { type Busy, busyOf } from './busy.ts'

const folder = mkdtempSync(join(tmpdir(), 'watch-many-'))
const closing: (() => Promise<unknown>)[] = []
after(async () => {
  for (const close of closing.reverse()) await close()
  rmSync(folder, { recursive: true, force: true })
})

const count = 10_000

function tell(runs: number): void {
  const live: Live = { live: 1, state: 'ended', view: many(runs), capacity: 1, command: '' }
  writeFileSync(liveFile(folder), JSON.stringify(live))
}

test(`${count} runs: drawn thinned, listed whole, and brushing that keeps up`, { skip: needsBrowser }, async () => {
  tell(count)
  const watching = await startWatch({ folder })
  closing.push(() => watching.close())
  let watched: Busy | null = null
  const { page, clean, close } = await visit(watching.link, {
    async before(page) {
      watched = await busyOf(page)
    },
  })
  closing.push(close)
  const busy = watched! as Busy
  await page
    .locator('.counts strong', { hasText: String(count) })
    .first()
    .waitFor()
  await page.locator('figure[data-figure=profiles] .paper > svg').waitFor()
  await page.locator('figure[data-figure=batch] .paper > svg').waitFor({ state: 'attached' })
  const shown = await busy.resting()
  await page.getByText(`600 of ${count} runs are drawn.`).first().waitFor({ state: 'attached' })
  // The table has all of them, and few of its rows are there.
  assert.ok((await page.locator('.runs tbody tr').count()) < 60)
  assert.equal(await page.locator('.runs table').getAttribute('aria-rowcount'), String(count + 1))

  const drawing = page.locator('figure[data-figure=profiles] .drawing')
  const { x, y, width, height } = (await drawing.boundingBox())!
  const beforeBrushing = await busy.now()
  const frames = await page.evaluate(
    ([x, y, width, height]) =>
      new Promise<number[]>((done) => {
        const { document, requestAnimationFrame, PointerEvent } = globalThis as unknown as {
          document: { elementFromPoint(x: number, y: number): { dispatchEvent(event: unknown): void } | null }
          requestAnimationFrame(call: (time: number) => void): void
          PointerEvent: new (name: string, options: object) => unknown
        }
        const times: number[] = []
        const frame = (time: number) => {
          times.push(time)
          const k = times.length
          const [clientX, clientY] = [x + (width * k) / 120, y + height * (0.2 + 0.6 * Math.abs(Math.sin(k / 9)))]
          const options = { clientX, clientY, bubbles: true }
          document.elementFromPoint(clientX, clientY)?.dispatchEvent(new PointerEvent('pointermove', options))
          if (k < 120) requestAnimationFrame(frame)
          else done(times)
        }
        requestAnimationFrame(frame)
      }),
    [x, y, width, height] as const,
  )
  const gaps = frames.slice(1).map((time, k) => time - frames[k])
  gaps.sort((a, b) => a - b)
  const [median, slow] = [gaps[gaps.length >> 1], gaps[Math.floor(gaps.length * 0.95)]]
  const brushed = ((await busy.now()) - beforeBrushing) / gaps.length

  // One more run: only that is sent, and the numbers have it at once.
  const beforeEvent = await busy.now()
  tell(count + 1)
  await page
    .locator('.counts strong', { hasText: String(count + 1) })
    .first()
    .waitFor()
  const event = (await busy.resting()) - beforeEvent
  // Processor time, of which a page has 16 ms a frame, and first paint and events less than a second (docs/log.md has what the clock says on a quiet machine).
  const told = { shown, brushed, event, median, slow }
  console.log(
    Object.entries(told)
      .map(([name, ms]) => `${name} ${ms.toFixed(1)} ms`)
      .join(', '),
  )
  assert.ok(shown < 1500 && brushed < 8 && event < 700, JSON.stringify(told))
  assert.ok(median < 34, JSON.stringify(told))
  await page.locator('.bar input').fill('n>1e9')
  await page.getByText('No run fits the filter.').waitFor()
  await page.locator('.bar input').fill('#=10001')
  await page.locator('.runs tbody tr').first().click()
  assert.match((await page.locator('.details').textContent()) ?? '', /Run 10001/)
  await clean()
})
