import assert from 'node:assert/strict'
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import type { FastifyRequest } from 'fastify'
import type { CDPSession, Page } from 'playwright-core'
import type { Live } from '../../src/campaign/live.ts'
import { liveFile } from '../../src/campaign/live-file.ts'
import { lock } from '../../src/core/lock.ts'
import { hijack, startHost } from '../../src/pages/host.ts'
import { Streams } from '../../src/pages/stream.ts'
import { CampaignFolder } from '../../src/watch/folder.ts'
import { many } from '../report/many.ts'
import { needsBrowser, visit } from '../web/browser.ts'

/** EVENTS makes it shorter. */
const events = Number(process.env.EVENTS ?? 100_000)
const steps = 10
/** A tab is told no faster than it hears: at most so many events are under way. */
const ahead = 100
const runsOfCampaign = 50
/** Events of a campaign: a run is told while it goes on, and when it has ended. */
const length = 2 * runsOfCampaign

/** What is told of the campaigns, one after the other, as text. */
function told(): (event: number) => string {
  const view = many(runsOfCampaign)
  const texts = Array.from({ length }, (_, k) => {
    const count = (k >> 1) + 1
    const runs = view.runs.slice(0, count)
    const next = view.runs[count % runsOfCampaign]
    const going = { config: next.config, curve: [{ share: 0.5, loss: 4 }], ahead: null }
    // The law is fitted anew with every tenth run.
    const known = Math.min(count, 10 * Math.ceil(count / 10))
    const live = {
      ...{ live: 1, state: 'running', capacity: 4, command: '' },
      view: {
        ...view,
        runs,
        queries: count,
        open: [{ config: next.config, round: 1, reason: next.reason, expected: null }],
        training: k % 2 === 0 ? [] : [going],
        evidence: { ...view.evidence!, fitted: view.evidence!.fitted.slice(0, known) },
        result: null,
        task: { ...view.task, seed: -1 },
      },
    } as unknown as Live
    return JSON.stringify(live)
  })
  return (event) => texts[event % length].replace('"seed":-1', `"seed":${Math.floor(event / length)}`)
}

/** What the tab holds after what is not needed was thrown away, and what this process does, MB. */
interface Held {
  readonly tab: number
  readonly nodes: number
  readonly listeners: number
  readonly host: number
}

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

async function held(debug: CDPSession): Promise<Held> {
  collect()
  // Twice: what the first lets go of may hold something itself.
  await debug.send('HeapProfiler.collectGarbage')
  await debug.send('HeapProfiler.collectGarbage')
  const { metrics } = await debug.send('Performance.getMetrics')
  const of = (name: string) => metrics.find((metric) => metric.name === name)!.value
  return {
    tab: of('JSHeapUsedSize') / 1e6,
    nodes: of('Nodes'),
    listeners: of('JSEventListeners'),
    host: process.memoryUsage().heapUsed / 1e6,
  }
}

/** Counts what the tab hears, before the page opens its stream. */
const counting = `
globalThis.heard = 0
globalThis.EventSource = class extends EventSource {
  constructor(...given) {
    super(...given)
    this.addEventListener('message', () => { heard++ })
  }
}`

async function served(t: TestContext) {
  const folder = mkdtempSync(join(tmpdir(), 'isoflop-soak-web-'))
  const unlock = lock(join(folder, '.campaign.lock'))!
  const text = told()
  // As a campaign writes, but for waiting until the disk has it, which takes most of the time here.
  const write = (event: number) => {
    writeFileSync(join(folder, 'next'), text(event))
    renameSync(join(folder, 'next'), liveFile(folder))
  }
  write(0)
  const source = new CampaignFolder(folder, 'soak')
  let sent = 0
  const streams = new Streams({
    since(place) {
      const news = source.since(place)
      if (news !== null) sent++
      return news
    },
    onNews: (call) => source.onNews(call),
  })
  await source.look()
  const host = await startHost({
    entrance: 'campaign',
    routes: (app) =>
      void app.get('/events', (request: FastifyRequest<{ Querystring: { tab?: string } }>, reply) =>
        streams.open(hijack(reply), String(request.query.tab), null),
      ),
  })
  t.after(async () => {
    source.close()
    streams.close()
    await host.close()
    unlock()
    rmSync(folder, { recursive: true, force: true })
  })
  return {
    link: host.link,
    sent: () => sent,
    async tell(event: number) {
      write(event)
      await source.look()
      // A stream tells whoever reads slowly several events as one: it is given the time to write each.
      await new Promise(setImmediate)
    },
  }
}

const heard = (page: Page) => page.evaluate<number>('heard')

test(`${events} events in one tab: neither it nor its host grows`, {
  skip: needsBrowser,
  timeout: 7_200_000,
}, async (t) => {
  const { link, tell, sent } = await served(t)
  const { page, close } = await visit(link, { before: (page) => page.addInitScript(counting) })
  t.after(close)
  await page.locator('.counts strong').first().waitFor()
  const debug = await page.context().newCDPSession(page)
  await debug.send('Performance.enable')
  const begun = performance.now()
  const all: Held[] = []
  for (let event = 1; event <= events; event++) {
    await tell(event)
    if (event % ahead === 0) while ((await heard(page)) < sent()) await page.waitForTimeout(1)
    if (event % (events / steps) !== 0) continue
    // The page has come to rest, at the same place of a campaign each time.
    await page.waitForTimeout(1500)
    all.push(await held(debug))
    const { tab, nodes, listeners, host } = all[all.length - 1]
    t.diagnostic(
      `${event} events, ${((performance.now() - begun) / 1000).toFixed(0)} s: tab ${tab.toFixed(2)} MB, ${nodes} nodes, ${listeners} listeners; host ${host.toFixed(1)} MB`,
    )
  }
  assert.ok((await heard(page)) > 0.98 * events, `${await heard(page)} events were heard one by one`)
  // What is compiled in the first third is not growth.
  const [from, to] = [all[2], all[all.length - 1]]
  assert.ok(to.tab - from.tab < 0.5, `the tab has grown by ${to.tab - from.tab} MB`)
  assert.ok(to.host - from.host < 2, `the host has grown by ${to.host - from.host} MB`)
  assert.ok(to.listeners <= from.listeners, `${from.listeners} listeners became ${to.listeners}`)
  assert.ok(to.nodes <= 1.1 * from.nodes, `${from.nodes} nodes became ${to.nodes}`)
})
