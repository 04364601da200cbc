import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { pathToFileURL } from 'node:url'
import type { PoolView } from '../../src/campaign/pool/view.ts'
import { renderCampaign } from '../../src/report/campaign/report.ts'
import { groupsPage } from '../../src/report/fit/groups/report.ts'
import { fitPage } from '../../src/report/fit/report.ts'
import { htmlOf } from '../../src/report/page/html.ts'
import { renderPool } from '../../src/report/pool/report.ts'
import { languages } from '../../src/report/words/words.ts'
import { handoutLaw } from '../../src/world/handout.ts'
import { handout, noisy } from '../report/analyses.ts'
import { full, plain, tiny } from '../report/campaigns.ts'
import { analysis as groups } from '../report/groups-analysis.ts'
import { advised, played } from '../report/pools.ts'
import { joint, repeated } from '../report/settings-analyses.ts'
import { needsBrowser, visit } from './browser.ts'
import { faultsOfLabels } from './labels-in-sight.ts'

const folder = mkdtempSync(join(tmpdir(), 'isoflop-reports-'))
after(() => rmSync(folder, { recursive: true }))

const data = { read: 72, excluded: [{ source: 'runs.csv', row: 3, reason: 'no loss' }], notes: [], sources: [] }
const about = { title: 'Laws', data, command: 'isoflop fit runs.csv', versions: { isoflop: '0' } }
interface Report {
  readonly name: string
  readonly html: string
  readonly widths: readonly number[]
}
const everyWidth = [360, 800, 1200]
/** Where a report has little of its own, it is looked at where room is scarce. */
const narrow = [360]

const reports = languages.flatMap((language): Report[] => {
  const fit = { handout: { analysis: handout, truth: handoutLaw }, noisy: { analysis: noisy, truth: null } }
  const settings = { joint: { analysis: joint, truth: null }, repeated: { analysis: repeated, truth: null } }
  const head = { title: 'A choice', command: 'isoflop campaign --pool', versions: { isoflop: '0' } }
  const named = (widths: readonly number[], subjects: Record<string, string>): Report[] =>
    Object.entries(subjects).map(([name, html]) => ({ name: `${name} in ${language}`, html, widths }))
  const each = <T>(subjects: Record<string, T>, html: (subject: T) => string): Record<string, string> =>
    Object.fromEntries(Object.entries(subjects).map(([name, subject]) => [name, html(subject)]))
  return [
    ...named(
      everyWidth,
      each(fit, (subject) => htmlOf(fitPage({ ...about, ...subject, language }))),
    ),
    ...named(
      everyWidth,
      each({ full, plain, tiny }, (report) => renderCampaign({ ...report, language })['report.html']),
    ),
    ...named(
      narrow,
      each(settings, (subject) => htmlOf(fitPage({ ...about, ...subject, language }))),
    ),
    ...named(narrow, { groups: htmlOf(groupsPage({ ...about, analysis: groups, diagnostics: [], language })) }),
    ...named(
      narrow,
      each<PoolView>({ played, advised }, (view) => renderPool({ ...head, view, language })['report.html']),
    ),
  ]
})

/** What is wrong with how a page looks, in words; everything that is closed is opened. A text, as the page is another program. */
const looked = `(() => {
  for (const closed of document.querySelectorAll('details')) closed.open = true
  const found = []
  if (document.documentElement.scrollWidth > innerWidth) found.push('the page is ' + document.documentElement.scrollWidth + ' wide')
  const text = (node) => node.textContent.trim().slice(0, 40)
  for (const node of document.querySelectorAll('.wide, .broad, .narrow'))
    if (node.clientWidth > 0 && node.scrollWidth > node.clientWidth + 1)
      found.push(text(node) + ' is ' + node.scrollWidth + ' wide in ' + node.clientWidth)
  const isSeen = (node) => node.getBoundingClientRect().width > 0
  const drawings = [...document.querySelectorAll('figure svg')].filter((node) => !node.parentElement.closest('svg') && isSeen(node))
  return [...found, ...(${faultsOfLabels})(drawings)]
})()`

for (const { name, html, widths } of reports)
  for (const width of widths)
    test(`the report ${name} at ${width} pixels: nothing scrolls sideways, no label is small, cut or covered`, {
      skip: needsBrowser,
    }, async () => {
      const file = join(folder, 'report.html')
      writeFileSync(file, html)
      const { page, close } = await visit(pathToFileURL(file).href, { width })
      assert.deepEqual(await page.evaluate(looked), [])
      await close()
    })
