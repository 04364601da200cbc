import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { after } from 'node:test'
import type { Browser, Page } from 'playwright-core'
import { launch, needsBrowser } from './chromium.ts'
import { lookOver } from './look-over.ts'

export { needsBrowser }

let opened: Promise<Browser> | null = null
after(async () => (await opened)?.close())

const browser = (): Promise<Browser> => {
  opened ??= launch()
  return opened
}

export interface Visit {
  readonly page: Page
  /** Asserts that nothing went wrong: no message of the console, no exception, no request off the host, nothing that a screen reader stumbles over, and nothing that `lookOver` finds. */
  clean(): Promise<void>
  close(): Promise<void>
}

export interface VisitOptions {
  readonly width?: number
  readonly height?: number
  readonly theme?: 'light' | 'dark'
  /** Messages of the console that belong to what the test does. */
  readonly expected?: RegExp
  /** What is done with the page before it is asked for anything. */
  readonly before?: (page: Page) => Promise<unknown>
}

const axe = createRequire(import.meta.url).resolve('axe-core/axe.min.js')

/** Opens a link in a browser that has never been here. */
export async function visit(link: string, options: VisitOptions = {}): Promise<Visit> {
  const { width = 1200, height = 900, theme = 'light', expected, before } = options
  const context = await (await browser()).newContext({ viewport: { width, height }, colorScheme: theme })
  await context.grantPermissions(['clipboard-read', 'clipboard-write'])
  const page = await context.newPage()
  await before?.(page)
  const faults: string[] = []
  const { origin } = new URL(link)
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') faults.push(message.text())
  })
  page.on('pageerror', (error) => faults.push(String(error.stack)))
  page.on('request', (request) => {
    if (new URL(request.url()).origin !== origin) faults.push(`asked ${request.url()}`)
  })
  await page.goto(link)
  return {
    page,
    async clean() {
      assert.deepEqual(
        faults.filter((fault) => !expected?.test(fault)),
        [],
      )
      // By the driver, which the page's policy does not bind.
      await page.evaluate(await readAxe())
      const violations = await page.evaluate(async () => {
        const { axe } = globalThis as unknown as { axe: { run(): Promise<{ violations: AxeViolation[] }> } }
        const { violations } = await axe.run()
        return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 160)).join(' | ')}`)
      })
      assert.deepEqual(violations, [])
      assert.deepEqual(await lookOver(page), [])
    },
    close: () => context.close(),
  }
}

/** A page with nothing in it but a script. On screens of one pixel a dot Plot moves lines by half of one; a report has no screen. */
export async function blankPage(script: string): Promise<Page> {
  const page = await (await browser()).newPage({ deviceScaleFactor: 2 })
  await page.addScriptTag({ content: script })
  return page
}

interface AxeViolation {
  readonly id: string
  readonly nodes: readonly { readonly html: string }[]
}

const readAxe = async () => (await import('node:fs/promises')).readFile(axe, 'utf8')

/** Whether nothing is wider than the window. */
export const isWithin = (page: Page): Promise<boolean> =>
  page.evaluate('document.documentElement.scrollWidth <= window.innerWidth') as Promise<boolean>
