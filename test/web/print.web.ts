import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import type { Live } from '../../src/campaign/live.ts'
import { liveFile } from '../../src/campaign/live-file.ts'
import { startWatch } from '../../src/watch/watch.ts'
import { full } from '../report/campaigns.ts'
import { needsBrowser, visit } from './browser.ts'

const folder = mkdtempSync(join(tmpdir(), 'print-web-'))
const closing: (() => Promise<unknown>)[] = []
after(async () => {
  for (const close of closing.reverse()) await close()
  rmSync(folder, { recursive: true, force: true })
})

const times = 8

test('a page that is dark on the screen is printed on white, with every row of its table and every caption, and is then as it was', {
  skip: needsBrowser,
}, async () => {
  const runs = Array.from({ length: times }, () => full.view.runs).flat()
  const fitted = Array.from({ length: times }, () => full.view.evidence!.fitted).flat()
  const view = { ...full.view, runs, evidence: { ...full.view.evidence!, fitted } }
  const live: Live = { live: 1, state: 'ended', view, capacity: 1, command: '' }
  writeFileSync(liveFile(folder), JSON.stringify(live))
  const watching = await startWatch({ folder })
  closing.push(() => watching.close())
  const { page, close } = await visit(watching.link, { theme: 'dark' })
  closing.push(close)
  await page.locator('figure[data-figure=profiles] .paper > svg').waitFor()

  const looks = () =>
    page.evaluate(`({
      rows: document.querySelectorAll('.runs tbody tr:not(.spacer)').length,
      captions: document.querySelectorAll('.figure details.caption[open]').length,
      paper: getComputedStyle(document.querySelector('figure[data-figure=profiles] .paper > svg > rect')).fill,
      card: getComputedStyle(document.querySelector('.card')).backgroundColor,
      wide: document.documentElement.scrollWidth - innerWidth,
      shrunk: Math.max(...[...document.querySelectorAll('.paper > svg')].map((svg) => svg.viewBox.baseVal.width / svg.getBoundingClientRect().width)),
    })`) as Promise<Record<'rows' | 'captions' | 'wide' | 'shrunk', number> & Record<'paper' | 'card', string>>

  const before = await looks()
  assert.ok(before.rows < 60 && before.captions === 0)
  assert.equal(before.paper, before.card, 'a figure stands on its card')
  assert.notEqual(before.paper, 'rgb(255, 255, 255)')

  await page.emulateMedia({ media: 'print' })
  await page.setViewportSize({ width: 720, height: 1000 })
  await page.evaluate(`dispatchEvent(new Event('beforeprint'))`)
  const printed = await looks()
  assert.equal(printed.rows, runs.length)
  assert.ok(printed.captions >= 8, `${printed.captions} captions are open`)
  assert.equal(printed.paper, 'rgb(255, 255, 255)')
  assert.ok(printed.shrunk < 1.05, `a figure is drawn ${printed.shrunk} times as large as it is printed`)
  assert.ok(printed.wide <= 0, `${printed.wide} pixels are beyond the paper`)

  await page.evaluate(`dispatchEvent(new Event('afterprint'))`)
  await page.emulateMedia({ media: 'screen' })
  await page.setViewportSize({ width: 1200, height: 900 })
  const later = await looks()
  assert.deepEqual([later.captions, later.paper], [0, before.paper])
  assert.ok(later.rows < 60)
})
