import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { type Campaign, campaign } from '../../src/campaign/campaign.ts'
import { wantedIn, wishIn } from '../../src/campaign/control-file.ts'
import type { Live } from '../../src/campaign/live.ts'
import { liveFile, tellLive } from '../../src/campaign/live-file.ts'
import { type CampaignView, viewOfCampaign, viewOfStanding } from '../../src/campaign/view.ts'
import { worldTrainer } from '../../src/campaign/world-trainer.ts'
import type { Config } from '../../src/core/config.ts'
import type { Jobs } from '../../src/watch/jobs.ts'
import { startWatch, type WatchOptions } from '../../src/watch/watch.ts'
import { refit } from '../../src/web/refit/refit.ts'
import { drawnWorld } from '../../src/world/drawn.ts'
import { full, standing } from '../report/campaigns.ts'
import { isWithin, needsBrowser, visit } from './browser.ts'

const root = mkdtempSync(join(tmpdir(), 'watch-web-'))
const closing: (() => Promise<unknown>)[] = []
after(async () => {
  for (const close of closing.reverse()) await close()
  rmSync(root, { recursive: true, force: true })
})
const skip = needsBrowser

async function watch(options: Partial<WatchOptions> = {}) {
  const folder = options.folder ?? mkdtempSync(join(root, 'campaign-'))
  const watching = await startWatch({ ...options, folder })
  closing.push(() => watching.close())
  return { watching, folder }
}

async function look(link: string, options: Parameters<typeof visit>[1] = {}) {
  const visiting = await visit(link, options)
  closing.push(() => visiting.close())
  return visiting
}

const about = { task: full.view.task }

/** Tells a campaign as its process would. */
function tell(folder: string, view: CampaignView, state: Live['state'] = 'ended', more: Partial<Live> = {}): void {
  const live: Live = { live: 1, state, view, capacity: 1, command: 'isoflop campaign', ...more }
  writeFileSync(liveFile(folder), JSON.stringify(live))
}

for (const width of [360, 1200])
  for (const theme of ['light', 'dark'] as const)
    test(`at ${width} px, ${theme}, a campaign is shown whole, without a fault or an obstacle`, { skip }, async () => {
      const { watching, folder } = await watch()
      tell(folder, full.view)
      const { page, clean } = await look(watching.link, { width, theme })
      await page.locator('figure[data-figure=profiles] svg').first().waitFor()
      for (const name of [
        'profiles',
        'funnel',
        'design',
        'target',
        'residuals',
        'backtest',
        'rates',
        'batch',
        'beliefs',
      ])
        await page.locator(`figure[data-figure=${name}] .paper > svg`).waitFor({ state: 'attached' })
      assert.equal(await page.locator('.answer strong').first().textContent(), full.view.estimate!.loss.toFixed(3))
      assert.ok(await isWithin(page), 'something is wider than the window')
      await page.locator('.runs tbody tr').nth(3).click()
      await page.locator('.details').waitFor()
      await clean()
    })

test('in Chinese every word of the page is Chinese, those of figures too', { skip }, async () => {
  const { watching, folder } = await watch()
  tell(folder, full.view)
  const { page, clean } = await look(watching.link.replace('/#', '/?lang=zh#'))
  const profiles = page.locator('figure[data-figure=profiles]')
  await profiles.locator('.paper > svg').waitFor()
  assert.match((await profiles.locator('h2').textContent()) ?? '', /IsoFLOP 曲线|曲线/)
  assert.equal(await page.locator('html').getAttribute('lang'), 'zh-Hans')
  await clean()
})

test('a run that is picked is marked in every figure that has it, and what is pointed at is told', {
  skip,
}, async () => {
  const { watching, folder } = await watch()
  tell(folder, full.view)
  const { page } = await look(watching.link)
  await page.locator('figure[data-figure=residuals] .paper > svg').waitFor()
  await page.locator('.runs tbody tr', { hasText: /^14/ }).first().click()
  assert.match((await page.locator('.details').textContent()) ?? '', /Run 14/)
  for (const name of ['profiles', 'design', 'residuals'])
    await page.locator(`figure[data-figure=${name}] .over .selected`).first().waitFor()
  // By the keyboard: the next row.
  await page.locator('.runs .scroll').focus()
  await page.keyboard.press('ArrowDown')
  await page.locator('.details', { hasText: 'Run 15' }).waitFor()
  // In a figure: where the mark is, the run is told, and picked by a click.
  const figure = page.locator('figure[data-figure=design]')
  await figure.scrollIntoViewIfNeeded()
  const ring = figure.locator('.over .selected')
  await ring.waitFor()
  // A figure that is drawn anew just then has no place for a moment.
  let mark = await ring.boundingBox()
  while (mark === null) mark = await ring.boundingBox()
  await page.keyboard.press('Escape')
  await page.locator('.details').waitFor({ state: 'detached' })
  await page.mouse.move(mark.x + mark.width / 2, mark.y + mark.height / 2)
  await figure.locator('.tip', { hasText: 'Run 15' }).waitFor()
  assert.equal(await page.locator('.tip').count(), 1)
  await page.locator('figure[data-figure=profiles] .over .pointed').first().waitFor()
  await page.mouse.down()
  await page.mouse.up()
  await page.locator('.details', { hasText: 'Run 15' }).waitFor()
  await page.getByRole('button', { name: 'Copy as command' }).click()
  const copied = await page.evaluate('navigator.clipboard.readText()')
  assert.match(String(copied), /^isoflop train --corpus corpus --d-model \d+ --num-layers /)
})

test('what happens is on the screen within 300 ms, and what is expected with it', { skip }, async () => {
  const { watching, folder } = await watch()
  const live = tellLive({ folder, about })
  closing.push(async () => live.close())
  const first = { ...standing, runs: standing.runs.slice(0, 3), history: [], estimate: null }
  live.show(first)
  const { page, clean } = await look(watching.link)
  await page
    .getByText('3 done')
    .or(page.locator('.counts', { hasText: '3' }))
    .first()
    .waitFor()
  const times: number[] = []
  for (let k = 4; k <= standing.runs.length; k++) {
    await page.waitForTimeout(180)
    const begun = performance.now()
    live.show({ ...standing, runs: standing.runs.slice(0, k) })
    await page.locator('.counts li:first-child strong', { hasText: new RegExp(`^${k}$`) }).waitFor()
    times.push(performance.now() - begun)
  }
  times.sort((a, b) => a - b)
  assert.ok(times[times.length >> 1] < 300, `median ${times[times.length >> 1]} ms`)
  console.log(
    `an event is on the screen after ${times[times.length >> 1].toFixed(0)} ms, at most ${times.at(-1)!.toFixed(0)}`,
  )
  await page.locator('.next td', { hasText: 'worth 0.01 nats' }).waitFor()
  await clean()
})

test('a campaign is paused, goes on and is ended from the page', { skip }, async () => {
  const { watching, folder } = await watch()
  // A process that holds the campaign, for as long as the test.
  const { lock } = await import('../../src/core/lock.ts')
  const unlock = lock(join(folder, '.campaign.lock'))!
  tell(folder, { ...full.view, result: null }, 'running')
  const { page, clean } = await look(watching.link)
  await page.getByRole('button', { name: 'Pause' }).click()
  await page.getByRole('button', { name: 'Go on' }).waitFor()
  assert.equal(wishIn(folder), 'pause')
  await page.getByRole('button', { name: 'Go on' }).click()
  await page.getByRole('button', { name: 'Pause' }).waitFor()
  assert.equal(wishIn(folder), 'go')
  await page.getByRole('button', { name: 'Stop after this round' }).click()
  await page.locator('.state', { hasText: 'ends after this round' }).waitFor()
  assert.equal(wishIn(folder), 'stop')
  unlock()
  // Its process is gone without a result.
  await page.locator('.state', { hasText: 'broken off' }).waitFor()
  await clean()
})

test('a run that is out is cancelled from the page, once it was asked twice', { skip }, async () => {
  const { watching, folder } = await watch()
  const { lock } = await import('../../src/core/lock.ts')
  const unlock = lock(join(folder, '.campaign.lock'))!
  const [first] = standing.open
  const second = { ...first, config: { ...first.config, trainFlops: 1e13 } }
  const view = viewOfStanding({ ...standing, open: [first, second] }, about)
  tell(folder, view, 'running', { capacity: 1, cancels: true })
  const { page, clean } = await look(watching.link, { expected: /400/ })
  const rows = page.locator('.next tbody tr')
  const ask = () => rows.first().locator('.cancel').click()
  await ask()
  // Keeping it is what a hurried Enter does.
  await rows.first().locator('.asked .quiet:focus').waitFor()
  await page.keyboard.press('Enter')
  await rows.first().locator('.cancel').waitFor()
  assert.deepEqual(wantedIn(folder)!.cancel, [])
  await ask()
  await clean()
  await rows.first().getByRole('button', { name: 'Cancel it' }).click()
  await rows.first().getByText('being cancelled').waitFor()
  assert.deepEqual(wantedIn(folder)!.cancel, [view.open[0].id])
  // Nothing else can be said to a campaign.
  const said = await page.evaluate(async () => {
    const { csrf } = (await (await fetch('/session')).json()) as { csrf: string }
    const headers = { 'content-type': 'application/json', 'x-csrf-token': csrf }
    const bodies = [{ cancel: '../../etc' }, { cancel: ['x'] }, { wish: 'rm' }, null]
    const answers = bodies.map((body) =>
      fetch('/api/control', { method: 'POST', headers, body: JSON.stringify(body) }).then(({ status }) => status),
    )
    return Promise.all(answers)
  })
  assert.deepEqual(said, [400, 400, 400, 400])
  // Its process says what became of it.
  const [one] = view.open
  const lost = { config: one.config, message: 'The run x was cancelled.' }
  tell(folder, { ...view, open: view.open.slice(1), lost: [lost] }, 'running', { capacity: 1, cancels: true })
  await page.getByText('1 run came to nothing').click()
  await page.getByText('The run x was cancelled.').waitFor()
  // Where the trainer cannot, only what has not begun may be cancelled.
  tell(folder, view, 'running', { capacity: 1 })
  await rows
    .first()
    .getByRole('button', { name: /^Cancel / })
    .waitFor({ state: 'detached' })
  await rows
    .nth(1)
    .getByRole('button', { name: /^Cancel / })
    .waitFor()
  unlock()
  await rows
    .nth(1)
    .getByRole('button', { name: /^Cancel / })
    .waitFor({ state: 'detached' })
  await clean()
})

test('where only jobs are out, the page says what the next call does, which command that is, and ends jobs where it can', {
  skip,
}, async () => {
  const asked: string[] = []
  const jobs: Jobs = {
    async cancel(_live, { id }) {
      asked.push(id)
      return asked.length > 1
    },
    isCancelled: (_live, { id }) => asked.length > 1 && id === asked[1],
  }
  const { watching, folder } = await watch({ jobs })
  const [first] = standing.open
  const second = { ...first, config: { ...first.config, trainFlops: 1e13 } }
  const view = viewOfStanding({ ...standing, open: [first, second] }, about)
  tell(folder, view, 'detached', { capacity: 2, cancels: true, command: 'isoflop campaign --slurm "" --detach' })
  const { page, clean } = await look(watching.link)
  await page.getByText('isoflop campaign --slurm "" --detach').waitFor()
  await page.getByRole('button', { name: 'Copy the command' }).click()
  await page.getByRole('button', { name: 'Copied' }).waitFor()
  const rows = page.locator('.next tbody tr')
  for (const [k, said] of ['ends with the next call', 'its job is cancelled'].entries()) {
    await rows.nth(k).getByRole('button').click()
    await rows.nth(k).getByRole('button', { name: 'Cancel it' }).click()
    await rows.nth(k).getByText(said).waitFor()
  }
  assert.deepEqual(
    wantedIn(folder)!.cancel,
    view.open.map(({ id }) => id),
  )
  assert.equal(await page.getByRole('button', { name: 'Pause' }).count(), 0)
  await clean()
})

test('the link works once, a reload goes on, and a host that was started again asks for its own link', {
  skip,
}, async () => {
  const { watching, folder } = await watch()
  tell(folder, full.view)
  const { link } = watching
  const expected = /401|ERR_|Failed to load/
  const { page } = await look(link, { expected })
  await page.locator('.answer strong').first().waitFor()
  assert.ok(!page.url().includes('#'), page.url())
  await page.reload()
  await page.locator('.answer strong').first().waitFor()
  const second = await look(link, { expected })
  await second.page.getByText('This link was used before').waitFor()
  const { port } = new URL(watching.origin)
  await watching.close()
  await page.getByText('No connection').waitFor()
  await watch({ folder, port: Number(port) })
  await page.getByText('Open the whole link that the terminal has printed').waitFor()
})

test('a tab that is not looked at has no stream, and is told what it missed when it is', { skip }, async () => {
  const { watching, folder } = await watch()
  tell(folder, { ...full.view, runs: full.view.runs.slice(0, 5), evidence: null })
  const { page } = await look(watching.link)
  await page.locator('.counts strong', { hasText: '5' }).waitFor()
  const hide = (isHidden: boolean) =>
    page.evaluate(`Object.defineProperty(document, 'hidden', { value: ${isHidden}, configurable: true });
      document.dispatchEvent(new Event('visibilitychange'))`)
  await hide(true)
  tell(folder, full.view)
  await page.waitForTimeout(500)
  assert.equal(await page.locator('.counts strong').first().textContent(), '5')
  await hide(false)
  await page
    .locator('.counts strong', { hasText: String(full.view.runs.length) })
    .first()
    .waitFor()
})

test('shown to other machines it has no buttons that change', { skip }, async () => {
  const { watching, folder } = await watch({ host: '0.0.0.0', token: 'a-secret-that-is-long-enough' })
  const { lock } = await import('../../src/core/lock.ts')
  const unlock = lock(join(folder, '.campaign.lock'))!
  tell(folder, { ...full.view, result: null }, 'running')
  const { page } = await look(watching.link)
  await page.getByText('View only').waitFor()
  assert.equal(await page.getByRole('button', { name: 'Pause' }).count(), 0)
  unlock()
})

test('before there is a campaign the page waits, and shows it when it begins', { skip }, async () => {
  const folder = join(root, 'later')
  const { watching } = await watch({ folder })
  const { page, clean } = await look(watching.link)
  await page.getByText('Waiting for a campaign').waitFor()
  mkdirSync(folder)
  tell(folder, full.view)
  await page.locator('.answer strong').first().waitFor()
  await clean()
})

test('what is supposed is fitted in the browser by the same code, and shown in every figure; nothing of it is kept', {
  skip,
}, async () => {
  const { watching, folder } = await watch()
  const ended = await campaign({ trainer: worldTrainer(drawnWorld(907)), budget: 3e17, withEvidence: true })
  const view = viewOfCampaign(ended as unknown as Campaign<Config>, { task: { ...about.task, strategy: 'adaptive' } })
  tell(folder, view)
  const { page, clean } = await look(watching.link)
  await page.locator('figure[data-figure=profiles] .paper > svg').waitFor()
  const before = await page.locator('figure[data-figure=target] .paper > svg').getAttribute('aria-label')
  const slider = page.locator('.supposing input[type=range]').first()
  await slider.focus()
  for (let k = 0; k < 20; k++) await page.keyboard.press('ArrowRight')
  await page.locator('.supposing .beside').waitFor()
  await page.locator('.supposing strong', { hasText: '1e20' }).waitFor()
  // The campaign's own code says the same of these runs.
  const expected = await refit({
    task: { ...view.task, target: 1e20 },
    strategy: 'adaptive',
    spec: null,
    runs: view.runs,
  })
  const { loss, interval } = expected.estimate
  const said = `${loss.toFixed(3)} [${interval.loss!.map((end) => end.toFixed(3)).join(', ')}]`
  await page.locator('.beside td', { hasText: said }).waitFor()
  assert.notEqual(await page.locator('figure[data-figure=target] .paper > svg').getAttribute('aria-label'), before)
  // With a rate that is held, and a batch: the size and the loss move with them.
  const rate = page.getByRole('slider', { name: 'learning rate' })
  await rate.focus()
  for (let k = 0; k < 40; k++) await page.keyboard.press('ArrowLeft')
  await page.locator('.supposing select').last().selectOption('128')
  const held = Number(await rate.getAttribute('aria-valuetext'))
  const pins = { learningRate: held, batchSize: 128 }
  assert.ok(held < 0.5 * view.estimate!.config.learningRate, String(held))
  const slow = await refit({
    task: { ...view.task, target: 1e20 },
    strategy: 'adaptive',
    spec: null,
    runs: view.runs,
    pins,
  })
  assert.deepEqual([slow.estimate.config.learningRate, slow.estimate.config.batchSize], [held, 128])
  assert.ok(slow.estimate.loss > loss, `${slow.estimate.loss} at a rate of ${held}, ${loss} at the best`)
  const toldSlow = `${slow.estimate.loss.toFixed(3)} [${slow.estimate.interval.loss!.map((end) => end.toFixed(3)).join(', ')}]`
  await page.locator('.beside td', { hasText: toldSlow }).waitFor()
  await page.getByRole('checkbox', { name: 'hold' }).uncheck()
  await page.locator('.supposing select').last().selectOption('')
  await page.locator('.beside td', { hasText: said }).waitFor()
  // What is wanted of it can be taken along.
  await page.locator('.supposing').getByRole('button', { name: 'Copy as command' }).click()
  const command = String(await page.evaluate('navigator.clipboard.readText()'))
  assert.equal(command, 'isoflop campaign --runs out/campaign.jsonl --target 1e20 --out out-1e20')
  // Without a run, by another law.
  await page.locator('.runs tbody tr').nth(5).click()
  await page.getByRole('button', { name: 'Leave out (what if)' }).click()
  await page.getByText('1 run left out').waitFor()
  await page.locator('.supposing select').first().selectOption('profiles-parabola')
  await page.locator('.supposing [role=status]').or(page.locator('.beside')).first().waitFor()
  await page.getByRole('button', { name: 'Reset' }).click()
  await page.locator('.beside').waitFor({ state: 'detached' })
  await clean()
})

test('by the keyboard alone: everything that can be pressed is reached in order, is seen to be, and can be left', {
  skip,
}, async () => {
  const { watching, folder } = await watch()
  const { lock } = await import('../../src/core/lock.ts')
  const unlock = lock(join(folder, '.campaign.lock'))!
  tell(folder, { ...full.view, ...viewOfStanding(standing, about), runs: full.view.runs }, 'running', { cancels: true })
  const { page, clean } = await look(watching.link)
  // A figure that has nothing to show is hidden when its turn comes, and whoever stands in it then begins anew.
  await page.locator('figure[data-figure=profiles] .paper > svg').waitFor()
  // A figure that has nothing to show is hidden when its turn comes, and whoever stands in it then begins anew.
  const undrawn = page.locator('figure[data-figure]:not([hidden]):not(:has(.paper > svg))')
  await undrawn.first().waitFor({ state: 'detached' })
  const here = () =>
    page.evaluate(() => {
      const { document, getComputedStyle } = globalThis as unknown as {
        document: { activeElement: HTMLLike }
        getComputedStyle(one: unknown, pseudo?: string): { outlineStyle: string; boxShadow: string }
      }
      interface HTMLLike {
        readonly tagName: string
        readonly textContent: string
        getAttribute(name: string): string | null
        getBoundingClientRect(): { top: number; width: number; height: number }
      }
      const one = document.activeElement
      const { outlineStyle, boxShadow } = getComputedStyle(one)
      const { width, height } = one.getBoundingClientRect()
      const name = one.getAttribute('aria-label') ?? one.textContent.trim()
      return { tag: one.tagName, name, isSeen: outlineStyle !== 'none' || boxShadow !== 'none', size: width * height }
    })
  const walked: Awaited<ReturnType<typeof here>>[] = []
  for (let k = 0; k < 90; k++) {
    await page.keyboard.press('Tab')
    const at = await here()
    if (at.tag === 'BODY') break
    walked.push(at)
  }
  assert.deepEqual(
    walked.filter(({ isSeen, size }) => !isSeen || size === 0),
    [],
  )
  const names = walked.map(({ name }) => name)
  const inOrder = [
    'Skip to the runs',
    'Pause',
    'Stop after this round',
    'Next runs',
    /^Cancel /,
    'how to read it',
    'adaptive',
    /^#/,
  ]
  let from = 0
  for (const wanted of inOrder) {
    const at = names.findIndex(
      (name, k) => k >= from && (typeof wanted === 'string' ? name.includes(wanted) : wanted.test(name)),
    )
    assert.ok(at >= 0, `${wanted} is not behind ${names.slice(0, from).join(' | ')}: ${names.slice(from).join(' | ')}`)
    from = at + 1
  }
  // Every control of the page was on the way.
  const all = await page
    .locator('button, a[href], input, select, summary, [tabindex="0"]')
    .filter({ visible: true })
    .count()
  assert.ok(walked.length >= all, `${walked.length} of ${all}: ${names.join(' | ')}`)
  // Straight to the runs, through them, into one and out again.
  await page.locator('.skip').focus()
  await page.keyboard.press('Enter')
  await page.locator('.runs .scroll').focus()
  for (const key of ['ArrowDown', 'ArrowDown', 'ArrowUp', 'ArrowDown']) await page.keyboard.press(key)
  await page.locator('.details', { hasText: 'Run 2' }).waitFor()
  await page.locator('figure[data-figure=design] .over .selected').first().waitFor()
  // With few colours of the system's the row is still seen to be picked, and what pulses rests where that is wanted.
  await page.emulateMedia({ forcedColors: 'active', reducedMotion: 'reduce' })
  const styles = await page.evaluate(`({
    picked: getComputedStyle(document.querySelector('.runs tr.selected')).outlineStyle,
    next: getComputedStyle(document.querySelector('.next tr.now > :first-child')).borderLeftWidth,
    dot: getComputedStyle(document.querySelector('.dot.running')).animationName,
  })`)
  assert.deepEqual(styles, { picked: 'solid', next: '4px', dot: 'none' })
  await page.emulateMedia({ forcedColors: 'none', reducedMotion: 'no-preference' })
  await page.keyboard.press('Escape')
  await page.locator('.details').waitFor({ state: 'detached' })
  assert.equal((await here()).tag, 'SECTION')
  // Through a figure, from left to right: marked in every figure, told with numbers and units, opened and left.
  const design = page.locator('figure[data-figure=design]')
  const live = design.locator('[aria-live]')
  await page.locator('figure[data-figure=profiles] details.caption summary').focus()
  await page.keyboard.press('Tab')
  while (!(await here()).name.includes('arrows')) await page.keyboard.press('Tab')
  assert.match((await here()).name, /^C-N|design|plane|runs/i)
  const told: (string | null)[] = []
  for (const key of ['Home', 'ArrowRight', 'ArrowLeft', 'ArrowRight', 'End', 'ArrowRight']) {
    await page.keyboard.press(key)
    told.push(await live.textContent())
  }
  const [first, second, , , last] = told
  assert.deepEqual(told, [first, second, first, second, last, last])
  assert.equal(new Set(told).size, 3)
  assert.match(last!, /^Run \d+ .*loss [\d.]+ nats.* FLOPs, /)
  assert.equal(await page.locator('.tip').count(), 1)
  await page.locator('figure[data-figure=profiles] .over .pointed').first().waitFor()
  await page.keyboard.press('Enter')
  const [number] = last!.match(/^Run \d+/)!
  await page.locator('.details', { hasText: `${number}Close` }).waitFor()
  await page.locator('#details:focus').waitFor()
  await page.keyboard.press('Escape')
  await page.locator('.details').waitFor({ state: 'detached' })
  assert.equal(await live.textContent(), last)
  await page.keyboard.press('Escape')
  assert.equal(await live.textContent(), '')
  assert.equal(await page.locator('.over circle').count(), 0)
  // A figure's words and numbers, and pausing.
  const reading = page.locator('figure[data-figure=profiles] summary').first()
  await reading.focus()
  await page.keyboard.press('Space')
  await page.locator('figure[data-figure=profiles] details[open] p').first().waitFor()
  await page.getByRole('button', { name: 'Pause' }).focus()
  await page.keyboard.press('Enter')
  await page.getByRole('button', { name: 'Go on' }).waitFor()
  assert.equal(wishIn(folder), 'pause')
  unlock()
  await clean()
})

test('on paper it is a report: every run and figure, nothing to press, and light whatever the screen was', {
  skip,
}, async () => {
  const { watching, folder } = await watch()
  const runs = Array.from({ length: 90 }, (_, k) => ({ ...full.view.runs[k % 20], round: k }))
  tell(folder, { ...full.view, runs, evidence: null })
  const { page } = await look(watching.link, { theme: 'dark', width: 800 })
  await page.locator('figure[data-figure=profiles] .paper > svg').waitFor()
  const rows = page.locator('.runs tbody tr:not(.spacer)')
  assert.ok((await rows.count()) < runs.length)
  await page.emulateMedia({ media: 'print' })
  await page.evaluate("dispatchEvent(new Event('beforeprint'))")
  await rows.nth(runs.length - 1).waitFor()
  assert.equal(await rows.count(), runs.length)
  const controls = page.locator('button:not(th button), input, select, summary:not(details.card > summary)')
  assert.deepEqual(await controls.filter({ visible: true }).allTextContents(), [])
  assert.equal(
    await page.evaluate('getComputedStyle(document.querySelector(".card")).backgroundColor'),
    'rgb(255, 255, 255)',
  )
  assert.ok(await isWithin(page), 'something is wider than the paper')
  await page.evaluate("dispatchEvent(new Event('afterprint'))")
  await page.emulateMedia({ media: 'screen' })
  await page.locator('.runs tbody tr.spacer').waitFor({ state: 'attached' })
})

test('a campaign is begun by its command, watched as it buys, and read when it has ended', { skip }, async () => {
  const folder = join(root, 'begun')
  const command = fileURLToPath(new URL('../../bin/isoflop.js', import.meta.url))
  const args = ['campaign', '--world', 'seed:7', '--budget', '3e17', '--out', folder, '--open']
  const child = spawn(process.execPath, [command, ...args], {
    env: { ...process.env, DISPLAY: '', WAYLAND_DISPLAY: '' },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  const ended = once(child, 'exit')
  let said = ''
  const link = await new Promise<string>((done) => {
    child.stderr.setEncoding('utf8').on('data', (part) => {
      said += part
      const found = /^Live: (\S+)$/m.exec(said)
      if (found) done(found[1])
    })
  })
  const { page, clean } = await look(link)
  await page.locator('.state', { hasText: 'running' }).waitFor({ timeout: 120_000 })
  const [status] = await ended
  assert.equal(status, 0, said)
  await page.locator('.state', { hasText: 'ended' }).waitFor()
  await page.locator('figure[data-figure=funnel] .paper > svg').waitFor()
  await page.locator('.answer .truth').first().waitFor()
  const [report] = await Promise.all([
    page.context().waitForEvent('page'),
    page.getByRole('link', { name: 'Report' }).click(),
  ])
  await report.getByRole('heading', { level: 1 }).waitFor()
  await report.close()
  await clean()
})
