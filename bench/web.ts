/**
 * The pages in a real Chromium: how long until something, the numbers and the figures are seen, how many frames a hand that moves over a figure gets, how soon
 * something new is on the screen, and what memory is held then. `npm run bench:web [-- --rounds 3 --pages watch,fit,class --sizes 3,90,10000 --students 3,90,1000 --json]`:
 * median and range of the rounds are printed. What is called busy is processor time of the page's main thread, which does not depend on what else the
 * machine does. $CHROME names the browser where none is found.
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import type { Browser } from 'playwright-core'
import { launch, needsBrowser } from '../test/web/chromium.ts'
import { loadWarning, machine, roundsOf, type Spread, spreadOf, spreadText, underWatch } from './rounds.ts'
import { classPage, fitPage, type Hosted, watchPage } from './web/pages.ts'
import { type Visited, visited } from './web/visit.ts'

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '3' },
    pages: { type: 'string', default: 'watch,fit,class' },
    sizes: { type: 'string', default: '3,90,10000' },
    students: { type: 'string', default: '3,90,1000' },
    json: { type: 'boolean', default: false },
  },
})
const rounds = roundsOf(values.rounds)

type Open = (folder: string, size: number) => Promise<Hosted>
const opens: Readonly<Record<string, Open>> = { watch: watchPage, fit: fitPage, class: classPage }

/** Fewer runs than this determine no law, and a page without numbers has nothing that could be waited for. */
const leastRuns = 7

/** How many runs or students a page is visited with. */
function sizesOf(page: string): number[] {
  const sizes = (page === 'class' ? values.students : values.sizes).split(',').map(Number)
  return page === 'fit' ? sizes.map((size) => Math.max(size, leastRuns)) : sizes
}

const columns: Readonly<Record<keyof Visited, string>> = {
  paint: 'first paint, ms',
  numbers: 'numbers, ms',
  answer: 'answer, ms',
  figures: 'figures in sight, ms',
  busy: 'busy until at rest, ms',
  longest: 'longest task, ms',
  frame: 'a frame of brushing, ms',
  slowFrame: 'slowest twentieth, ms',
  busyFrame: 'busy in a frame, ms',
  event: 'an event shown, ms',
  busyEvent: 'busy for an event, ms',
  heap: 'heap, MB',
  nodes: 'elements',
}

interface Row {
  readonly page: string
  readonly size: number
  readonly of: Readonly<Record<string, Spread | null>>
}

function rowOf(page: string, size: number, visits: readonly Visited[]): Row {
  const spread = (name: keyof Visited) => {
    const all = visits.map((visit) => visit[name]).filter((value) => value !== null)
    return all.length === 0 ? null : spreadOf(all)
  }
  return { page, size, of: Object.fromEntries(Object.keys(columns).map((name) => [name, spread(name as never)])) }
}

async function measured(browser: Browser, page: string, size: number): Promise<Row> {
  const folder = mkdtempSync(join(tmpdir(), 'isoflop-bench-web-'))
  mkdirSync(join(folder, 'subject'))
  try {
    const hosted = await opens[page](join(folder, 'subject'), size)
    try {
      const visits: Visited[] = []
      // What the host reads and compiles once is not what a visitor waits for.
      await visited(browser, hosted)
      for (let round = 0; round < rounds; round++) visits.push(await visited(browser, hosted))
      return rowOf(page, size, visits)
    } finally {
      await hosted.close()
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

const short = (value: number): string => (value < 10 ? value.toFixed(1) : value.toFixed(0))

function text({ page, size, of }: Row): string {
  const lines = Object.entries(columns).map(([name, title]) => {
    const spread = of[name]
    return `  ${title.padEnd(28)} ${spread === null ? '-' : spreadText(spread, short)}`
  })
  return [`${page}, ${size} ${page === 'class' ? 'students' : 'runs'}`, ...lines].join('\n')
}

async function all(print: (row: Row) => void): Promise<Row[]> {
  const browser = await launch()
  const rows: Row[] = []
  try {
    for (const page of values.pages.split(','))
      for (const size of sizesOf(page)) {
        rows.push(await measured(browser, page, size))
        print(rows[rows.length - 1])
      }
  } finally {
    await browser.close()
  }
  return rows
}

if (needsBrowser !== false) {
  console.error(`error: ${needsBrowser}`)
  process.exit(2)
}
if (values.json) {
  const before = loadavg()[0]
  const rows = await all(() => {})
  console.log(
    JSON.stringify({ machine: machine(), rounds, load: [before, loadavg()[0]], warning: loadWarning(before), rows }),
  )
} else
  await underWatch(console.log, `${rounds} rounds, Chromium without a screen, 1200 by 900`, async () => {
    await all((row) => console.log(text(row)))
  })
