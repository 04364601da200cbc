import { spawn } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Page } from 'playwright-core'
import { liveFile } from '../../src/campaign/live-file.ts'
import { systemClock } from '../../src/core/clock.ts'
import { random } from '../../src/core/random.ts'
import { startWatch } from '../../src/watch/watch.ts'
import { many } from '../../test/report/many.ts'
import { classServing } from '../../test/server/classes.ts'

/** A page that is hosted, and what is looked for on it. */
export interface Hosted {
  readonly link: () => string
  /** Makes a session, where the link does not. */
  readonly enter?: (page: Page) => Promise<void>
  /** What is there once the page has its numbers. */
  readonly numbers: string
  /** What is there once the page has what a law says; absent where it says nothing. */
  readonly answer?: string
  /** The figure that is brushed. */
  readonly figure: string
  /** Makes something happen, and gives when, ms since 1970, and the text that an element then has; absent where nothing happens by itself. */
  readonly event?: () => Promise<{ readonly at: number; readonly element: string; readonly text: string }>
  close(): Promise<unknown>
}

const bin = fileURLToPath(new URL('../../bin/isoflop.js', import.meta.url))

/** `isoflop watch` of a campaign with so many runs. An event is one more of them. */
export async function watchPage(folder: string, runs: number): Promise<Hosted> {
  const tell = (count: number) =>
    writeFileSync(
      liveFile(folder),
      JSON.stringify({ live: 1, state: 'ended', view: many(count), capacity: 1, command: '' }),
    )
  tell(runs)
  const watch = await startWatch({ folder })
  let now = runs
  return {
    link: () => watch.link,
    numbers: '.counts strong',
    figure: 'profiles',
    async event() {
      now++
      tell(now)
      return { at: systemClock.now(), element: '.counts strong', text: String(now) }
    },
    close: () => watch.close(),
  }
}

/** Runs of a known law, at twenty budgets. */
function csvOf(runs: number): string {
  const { normal, uniform } = random(17, runs)
  const perBudget = Math.ceil(runs / Math.min(20, Math.ceil(runs / 5)))
  const rows = Array.from({ length: runs }, (_, k) => {
    const C = 1e18 * 10 ** (Math.floor(k / perBudget) / 6)
    const N = Math.round(0.08 * Math.sqrt(C) * 10 ** (1.2 * (uniform() - 0.5)))
    const D = Math.round(C / (6 * N))
    return [N, D, 1.7 + 406 / N ** 0.34 + 410 / D ** 0.28 + 0.004 * normal()].join(',')
  })
  return `params,tokens,loss\n${rows.join('\n')}\n`
}

/** `isoflop fit runs.csv --open` with so many runs, as a process of its own: its script is what fits. Nothing happens there by itself. */
export async function fitPage(folder: string, runs: number): Promise<Hosted> {
  const file = join(folder, `${runs}.csv`)
  writeFileSync(file, csvOf(runs))
  const child = spawn(process.execPath, [bin, 'fit', file, '--open'], {
    env: { ...process.env, BROWSER: '', DISPLAY: '', WAYLAND_DISPLAY: '' },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let link = ''
  await new Promise<void>((resolve, reject) => {
    let printed = ''
    child.once('close', (code) => reject(new Error(`isoflop fit --open ended with ${code}`)))
    child.stdout.on('data', (chunk) => {
      printed += chunk
      // A link works once; the next one is told then.
      link = [...printed.matchAll(/http:\S+#\S+(?=\s)/g)].at(-1)?.[0] ?? ''
      if (link !== '') resolve()
    })
  })
  return {
    link: () => link,
    numbers: '.runs tbody tr td',
    answer: '.answer strong',
    figure: 'profiles',
    close: () => new Promise((end) => child.once('close', end).kill()),
  }
}

/** The instructor's page of `isoflop serve`, with so many students of 20 runs each. */
export async function classPage(_: string, students: number): Promise<Hosted> {
  const { url, instructor, close } = await classServing({ students, runs: 20 })
  return {
    link: () => `${url}/?lang=en`,
    async enter(page) {
      await page.locator('#key').fill(instructor)
      await page.locator('form button[type=submit]').click()
      await page.locator('#students tbody tr').first().waitFor()
    },
    numbers: '#students tbody tr',
    figure: 'measured-profiles',
    close,
  }
}
