import assert from 'node:assert/strict'
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { Page } from 'playwright-core'
import { random } from '../../src/core/random.ts'
import type { fitJson } from '../../src/report/fit/json.ts'
import { isWithin, needsBrowser, visit } from './browser.ts'
import { keyboardOf } from './keyboard.ts'

const bin = fileURLToPath(new URL('../../bin/isoflop.js', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'fit-web-'))
const running: ChildProcess[] = []
after(() => {
  for (const child of running) child.kill('SIGKILL')
  rmSync(folder, { recursive: true, force: true })
})
const skip = needsBrowser

/** Runs of a known law, some noise on them. `worth` tokens count as one. */
function runsOf(worth: number, stream: number): number[][] {
  const { normal } = random(0, stream)
  return [1e18, 3e18, 1e19, 3e19, 1e20].flatMap((C) =>
    [0.25, 0.4, 0.6, 1, 1.6, 2.5, 4].map((times) => {
      const N = Math.round(0.08 * Math.sqrt(C) * times)
      const D = Math.round(C / (6 * N))
      return [N, D, 1.7 + 406 / N ** 0.34 + 410 / (D / worth) ** 0.28 + 0.004 * normal()]
    }),
  )
}

function write(name: string, head: string, rows: readonly (readonly (number | string)[])[]): string {
  writeFileSync(join(folder, name), `${head}\n${rows.map((row) => row.join(',')).join('\n')}\n`)
  return name
}

const plain = write('runs.csv', 'params,tokens,loss', runsOf(1, 1))
const other = write('other.csv', 'params,tokens,loss', runsOf(1.8, 2))
const odd = write('odd.csv', 'how big,how much,how bad', runsOf(1, 1))
const groups = write('groups.csv', 'dataset,params,tokens,loss', [
  ...runsOf(1, 1).map((row) => ['c4', ...row]),
  ...runsOf(1.8, 2).map((row) => ['pile', ...row]),
])

/** Two data sets far apart in one table, with two losses, and one run of the first that went wrong. */
const pooled = write('pooled.csv', 'dataset,params,tokens,loss,other_loss', [
  ...runsOf(1, 1).map(([N, D, loss], k) => ['c4', N, D, loss + (k === 2 ? 1 : 0), loss + 0.1]),
  ...runsOf(1, 2).map(([N, D, loss]) => ['code', N, D, loss - 0.9, loss - 0.8]),
])
const settings = write('settings.csv', 'params,tokens,unique_tokens,lr,batch_size,loss', settingsRuns())

/** Runs with a learning rate, a batch in tokens and tokens that repeat, one in three of them. */
function settingsRuns(): number[][] {
  const { normal } = random(0, 3)
  return runsOf(1, 4).map(([N, D, loss], k) => {
    const [far, wide] = [Math.log(2) * ((k % 4) - 1.5), Math.log(2) * ((k % 3) - 1)]
    const rate = 0.002 * (N / 1e8) ** -0.3 * Math.exp(far)
    const batch = Math.round(2e5 * (D / 1e10) ** 0.4 * Math.exp(wide))
    const unique = k % 3 === 0 ? Math.round(D / (1.5 + (k % 5))) : D
    const worn = 0.02 * (D / unique - 1)
    return [N, D, unique, rate, batch, loss + 0.03 * far ** 2 + 0.015 * wide ** 2 + worn + 0.001 * normal()]
  })
}

/** Intervals by fewer resamples than usual, where a test is of the page and not of them: a tenth of the time. */
const few = ['--resamples', '100']

/** Starts `isoflop fit ... --open`; its link. Nothing here shows a page by itself. */
async function open(...args: string[]): Promise<string> {
  const child = spawn(process.execPath, [bin, 'fit', ...args, '--open'], {
    cwd: folder,
    env: { ...process.env, BROWSER: '', DISPLAY: '', WAYLAND_DISPLAY: '' },
  })
  running.push(child)
  return new Promise((resolve, reject) => {
    let printed = ''
    child.stdout.on('data', (chunk) => {
      printed += chunk
      const link = /http:\S+#\S+/.exec(printed)
      if (link) resolve(link[0])
    })
    child.stderr.on('data', (chunk) => {
      printed += chunk
    })
    child.on('close', () => reject(new Error(printed)))
  })
}

const fittedText = /^(?:Fitted in|已在此浏览器)/
const fitted = (page: Page) => page.getByRole('status').filter({ hasText: fittedText }).waitFor({ timeout: 120_000 })
/** The numbers of the answer, as they stand. */
const numbers = (page: Page) => page.locator('.answer strong').allTextContents()

type FitJson = ReturnType<typeof fitJson>

/** The command on the page's button. */
async function copied(page: Page): Promise<string> {
  await page.getByRole('button', { name: 'Copy as command' }).click()
  const line = await page.evaluate<string>('navigator.clipboard.readText()')
  assert.match(line, /^isoflop fit /)
  return line
}

/** What a command that was copied prints, run as it stands. */
async function run(line: string): Promise<string> {
  const { stdout } = await promisify(execFile)(
    'sh',
    ['-c', `"$0" "$1" ${line.slice('isoflop '.length)}`, process.execPath, bin],
    { cwd: folder, maxBuffer: 1 << 26 },
  )
  return stdout
}

async function command(page: Page): Promise<{ readonly line: string; readonly json: FitJson }> {
  const line = await copied(page)
  return { line, json: JSON.parse(await run(`${line} --json`)) }
}

/** That the page says what the command says. */
async function same(page: Page): Promise<{ readonly line: string; readonly json: FitJson }> {
  const told = await command(page)
  const { json } = told
  const leader = json.methods.find(({ method }) => method === json.headline.method)!
  const [at] = [...leader.predictions].sort((a, b) => b.flops - a.flops)
  const shown = await numbers(page)
  assert.equal(shown[2], at.loss!.toFixed(3))
  assert.equal(shown[3], leader.modelSize!.exponent.toFixed(3))
  assert.equal(shown[4], leader.datasetSize!.exponent.toFixed(3))
  const intervals = await page.locator('.answer .interval').allTextContents()
  assert.ok(intervals[3].includes(leader.modelSize!.interval!.map((end) => end.toFixed(3)).join(' to ')), intervals[3])
  return told
}

/** What the page's worker came to, and the last hundredth of huber, are held back, each until the page is told to go on: what is there before does not depend on who is faster. */
const held = `
const tell = self.postMessage.bind(self)
const waiting = []
let free = 0
const isHeld = ({ kind, share }) => kind === 'fitted' || share === 0.99
const goOn = () => { while (waiting.length > 0 && (free > 0 || !isHeld(waiting[0]))) {
  if (isHeld(waiting[0])) free--
  tell(waiting.shift())
} }
self.postMessage = (news) => { waiting.push(news); goOn() }
new BroadcastChannel('go on').onmessage = () => { free++; goOn() }
`
const goOn = (page: Page) => page.evaluate("new BroadcastChannel('go on').postMessage(1)")
async function holding(page: Page): Promise<void> {
  await page.route('**/analyse*.js*', async (route) => {
    const response = await route.fetch()
    await route.fulfill({ response, body: held + (await response.text()) })
  })
}

test('what the law says is told and drawn before its intervals are known, and a bar tells how far huber is', {
  skip,
}, async () => {
  const { page, clean, close } = await visit(await open(plain, '--method', 'norm,huber', '--starts', '200', ...few), {
    before: holding,
  })
  await page.locator('.answer', { hasText: 'interval to follow' }).waitFor()
  for (const figure of ['profiles', 'optimum', 'residuals'])
    await page.locator(`figure[data-figure=${figure}] .paper > svg`).waitFor({ state: 'attached' })
  assert.equal(await page.locator('figure').count(), 3)
  assert.equal(await page.locator('.stale figure, figure.stale').count(), 0)
  const first = await numbers(page)
  await clean()
  await goOn(page)
  await page.locator('.answer', { hasText: '95 %' }).waitFor()
  assert.deepEqual(await numbers(page), first)
  await page.locator('figure[data-figure=optimum] .reading', { hasText: '95 %' }).waitFor({ state: 'attached' })
  await page.locator('progress').waitFor()
  assert.ok(Number(await page.locator('progress').getAttribute('value')) > 0.5)
  await goOn(page)
  await goOn(page)
  await fitted(page)
  assert.equal(await page.locator('progress').count(), 0)
  // Every figure but that of single runs can be read as a table.
  const tables = await page.locator('figure:visible', { has: page.getByText('as a table') }).count()
  assert.equal(tables, (await page.locator('figure:visible').count()) - 1)
  await page.getByRole('button', { name: '1e18' }).click()
  await page.locator('.answer', { hasText: 'interval to follow' }).waitFor()
  await page.locator('figure[data-figure=agreement].stale').waitFor({ state: 'attached' })
  assert.equal(await page.locator('figure[data-figure=optimum].stale').count(), 0)
  await close()
})

test('what no page could show is an error, and no page', async () => {
  await assert.rejects(open('nothere.csv'), /error\[FILE_NOT_FOUND\]/)
  await assert.rejects(open('-'), /error\[BAD_OPTION\]: --open came with -/)
})

for (const [width, theme] of [
  [360, 'light'],
  [1200, 'dark'],
] as const)
  test(`at ${width} px, ${theme}, a fit is shown whole, without a fault or an obstacle`, { skip }, async () => {
    const { page, clean, close } = await visit(await open(plain, ...few), { width, theme })
    await fitted(page)
    await page.locator('figure[data-figure=profiles] .paper > svg').waitFor({ state: 'attached' })
    assert.ok(await isWithin(page), 'something is wider than the window')
    await clean()
    await close()
  })

test('runs, budgets, methods and targets are changed by mouse, and the copied command says what the page says', {
  skip,
}, async () => {
  const { page, clean, close } = await visit(await open(plain, ...few))
  await fitted(page)
  const { line } = await same(page)
  assert.equal(line, 'isoflop fit runs.csv --resamples 100')
  const before = await numbers(page)

  await page.getByRole('button', { name: '1e20' }).click()
  await fitted(page)
  await page.getByText('28 of 35 runs').first().waitFor()
  assert.notDeepEqual(await numbers(page), before)
  await page.locator('.runs tbody tr').nth(2).click()
  await page.getByRole('button', { name: 'Leave out' }).click()
  await page.getByText('27 of 35 runs').first().waitFor()
  await page.getByRole('checkbox', { name: 'huber' }).uncheck()
  await page.getByRole('textbox', { name: 'Targets' }).fill('1e21, 1e22')
  await page.getByRole('textbox', { name: 'Targets' }).press('Enter')
  await page.getByRole('heading', { name: 'Expected at 1e22' }).waitFor()
  await fitted(page)
  const { line: changed, json } = await same(page)
  assert.match(changed, /--drop 4,30-36 .*--method \S+ --target 1e21,1e22/)
  assert.ok(json.methods.every(({ method }) => method !== 'huber'))

  await page.getByRole('button', { name: 'Take all back' }).click()
  await fitted(page)
  assert.match((await same(page)).line, /^isoflop fit runs.csv --method/)
  await clean()
  await close()
})

test('the laws of settings and of repeats, a prior and other numbers are asked for on the page as in the command', {
  skip,
}, async () => {
  const { page, clean, close } = await visit(await open(settings, '--method', 'norm,surface', '--drop', '5'))
  await fitted(page)
  const { json: before } = await same(page)
  await page.getByText('34 of 35 runs').first().waitFor()

  await page.getByRole('checkbox', { name: /^joint/ }).check()
  await page.getByRole('checkbox', { name: /^repeats/ }).check()
  await page.getByRole('textbox', { name: 'Unique tokens to plan for' }).fill('1e10')
  await page.getByRole('textbox', { name: 'Unique tokens to plan for' }).press('Enter')
  await page.getByText('Prior, intervals, seed').click()
  for (const [name, text] of [
    ['Prior of norm', 'alpha=0.3:0.1,q=1'],
    ['Coverage of intervals', '0.8'],
    ['Resamples', '200'],
    ['Seed', '3'],
  ]) {
    await page.getByRole('textbox', { name, exact: true }).fill(text)
    await page.getByRole('textbox', { name, exact: true }).press('Enter')
  }
  await fitted(page)
  const { line, json } = await same(page)
  assert.match(line, /--drop 5 --method norm,surface,joint --unique-tokens 1e10 --prior alpha=0.3:0.1,q=1 /)
  assert.match(line, / --confidence 0.8 --resamples 200 --seed 3 --repeats$/)
  assert.notDeepEqual(json.methods, before.methods)
  // Both laws beyond N and D, number by number as the command prints them.
  const printed = await run(`${line} --lang en`)
  const cells = await page.locator('.prose td').allTextContents()
  assert.ok(cells.length > 10)
  for (const number of cells.flatMap((cell) => cell.match(/\d[\d.e]*/g) ?? []))
    assert.ok(printed.includes(number), `${number} is not in ${printed}`)
  for (const figure of ['repeats-worth', 'repeats-cost'])
    await page.locator(`figure[data-figure=${figure}] .paper > svg`).waitFor({ state: 'attached' })
  await clean()

  await page.getByRole('textbox', { name: 'Prior of norm' }).fill('gamma=1')
  await page.getByRole('textbox', { name: 'Prior of norm' }).press('Enter')
  await page.getByText('E (below 1), terms').waitFor()
  for (const name of ['norm', 'surface']) await page.getByRole('checkbox', { name, exact: true }).uncheck()
  await fitted(page)
  assert.match(await copied(page), / --method joint .*--repeats$/)
  assert.equal(await page.locator('.answer').count(), 0)
  await close()
})

test('a point that is pointed at is told in the unit of its table, and one that is clicked is looked at', {
  skip,
}, async () => {
  const { page, close } = await visit(await open(plain, '--loss-unit', 'bits/byte', ...few))
  await fitted(page)
  for (const place of ['.answer', '.methods', '.runs h2'])
    assert.match((await page.locator(place).textContent())!, /loss \(bits\/byte\)/)
  assert.doesNotMatch((await page.locator('.answer, .methods, .runs, figure').allTextContents()).join('\n'), /nats/)
  const figure = page.locator('figure[data-figure=residuals] .drawing')
  await figure.scrollIntoViewIfNeeded()
  const dot = page.locator('figure[data-figure=residuals] .paper circle').first()
  // The figure is drawn anew with the intervals, and the dot with it.
  let box = await dot.boundingBox()
  while (box === null) box = await dot.boundingBox()
  const { x, y, width, height } = box
  await page.mouse.move(x + width / 2, y + height / 2)
  const tip = page.locator('figure[data-figure=residuals] .tip')
  await tip.waitFor()
  assert.match((await tip.textContent())!, /Row \d+.*FLOPs.*loss [\d.]+ bits\/byte/)
  await page.mouse.click(x + width / 2, y + height / 2)
  await page.locator('.details').waitFor()
  await page.keyboard.press('Escape')
  await page.locator('.details').waitFor({ state: 'detached' })
  // The same by the keyboard, and back again.
  const walk = page.locator('figure[data-figure=residuals] .walk')
  await walk.focus()
  await page.keyboard.press('ArrowRight')
  const said = page.locator('figure[data-figure=residuals] [aria-live]')
  assert.match((await said.textContent())!, /^Row \d+, N .*FLOPs, loss [\d.]+ bits\/byte/)
  await page.keyboard.press('Enter')
  await page.locator('#details:focus').waitFor()
  await page.keyboard.press('Escape')
  await page.locator('figure[data-figure=residuals] .walk:focus').waitFor()
  await close()
})

test('a file that is not understood is mapped by its first rows', { skip }, async () => {
  const { page, clean, close } = await visit(await open(odd, ...few))
  await page.getByRole('heading', { name: 'This file was not understood' }).waitFor()
  await page.getByLabel('What how big holds').selectOption('parameters')
  await page.getByLabel('What how much holds').selectOption('tokens')
  await page.getByLabel('What how bad holds').selectOption('loss')
  await clean()
  await page.getByRole('button', { name: 'Read it so' }).click()
  await fitted(page)
  assert.match((await same(page)).line, /--columns 'parameters=how big,tokens=how much,loss=how bad'/)
  await close()
})

test('a second file is compared with the first, and a column groups one file; the command says the same', {
  skip,
}, async () => {
  const { page, clean, close } = await visit(await open(plain, '--method', 'norm,surface', ...few))
  await fitted(page)
  await page.locator('input[type=file]').setInputFiles([])
  const [picker] = await Promise.all([
    page.waitForEvent('filechooser'),
    page.getByRole('button', { name: 'Compare with a file' }).click(),
  ])
  await picker.setFiles(join(folder, other))
  await page.locator('.prose .said').waitFor({ timeout: 120_000 })
  await fitted(page)
  for (const figure of ['groups', 'groups-laws'])
    await page.locator(`figure[data-figure=${figure}] .paper > svg`).waitFor({ state: 'attached' })
  if (process.env.PICTURES) await page.screenshot({ path: `${process.env.PICTURES}/compare.png`, fullPage: true })
  await clean()
  // The answer stands first, with the best runs beside each other; each method tells of each file.
  assert.match(
    (await page.locator('.prose .list').first().textContent())!,
    /best N of "other\.csv" is .*x \[.*\] that of "runs\.csv"/,
  )
  const tops = await Promise.all(
    ['.prose .said', '#budgets'].map(async (place) => (await page.locator(place).boundingBox())!.y),
  )
  assert.ok(tops[0] < tops[1], `${tops}`)
  for (const method of ['norm', 'surface'])
    assert.equal(
      await page
        .locator('.methods tbody tr', { hasText: method })
        .locator('td', { hasText: /\d\.\d+e\d+ \[/ })
        .count(),
      2,
      method,
    )
  assert.equal(
    await copied(page),
    'isoflop fit runs.csv other.csv --group-by file --method norm,surface --resamples 100',
  )
  // Each run has its residual from the law of its own file.
  assert.match((await page.locator('.runs tbody tr').nth(2).textContent())!, /[+\u2212]0\.0\d\d/)
  const said = await page.locator('.prose .said').textContent()
  // A file that was dropped is called as it was, not by where the page keeps it: in what is left out and in the report.
  // Its rows are far down, where a long table has none yet: by file they come first.
  await page.getByRole('button', { name: 'file', exact: true }).click()
  await page.locator('.runs tbody tr', { hasText: 'other.csv' }).first().click()
  await page.getByRole('button', { name: 'Leave out' }).click()
  await page.getByText('69 of 70 runs').first().waitFor()
  assert.match(await copied(page), /--drop other.csv:\d+/)
  const [download] = await Promise.all([
    page.waitForEvent('download', { timeout: 120_000 }),
    page.getByRole('button', { name: 'Save report' }).click(),
  ])
  const saved = readFileSync(await download.path(), 'utf8')
  assert.match(saved, /other\.csv/)
  assert.doesNotMatch(saved, /isoflop-page-/)

  // Asked of these runs, and not of those of another file.
  const targets = page.getByLabel('Targets, FLOPs')
  await targets.fill('1e25')
  await targets.press('Enter')
  const [next] = await Promise.all([
    page.waitForEvent('filechooser'),
    page.getByRole('button', { name: 'Open a file' }).click(),
  ])
  await next.setFiles(join(folder, groups))
  await page.getByRole('heading', { name: 'groups.csv' }).waitFor()
  await fitted(page)
  assert.equal(await targets.inputValue(), '')
  await page.getByLabel('Group by').selectOption('dataset')
  await page.locator('.prose .said').waitFor({ timeout: 120_000 })
  const grouped = await page.locator('.prose .said').textContent()
  const names = (text: string | null) => text!.replaceAll('runs.csv', 'c4').replaceAll('other.csv', 'pile')
  assert.equal(names(grouped), names(said))
  await close()
})

test('the report that is saved is the one that --report writes', { skip }, async () => {
  const { page, close } = await visit(await open(plain, '--target', '1e21', '--method', 'norm,parabola'))
  await fitted(page)
  await page.getByRole('button', { name: '1e18' }).click()
  await fitted(page)
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('button', { name: 'Save report' }).click(),
  ])
  const saved = readFileSync(await download.path(), 'utf8')
  await promisify(execFile)(
    process.execPath,
    [bin, 'fit', plain, '--drop', '2-8', '--target', '1e21', '--method', 'norm,parabola', '--report', 'whole.html'],
    { cwd: folder },
  )
  const written = readFileSync(join(folder, 'whole.html'), 'utf8')
  const figures = (html: string) => html.match(/<svg[\s\S]*?<\/svg>/g)
  assert.ok(figures(saved)!.length > 3)
  assert.deepEqual(figures(saved), figures(written))
  await close()
})

test('in Chinese the page is Chinese', { skip }, async () => {
  const { page, clean, close } = await visit((await open(plain, ...few)).replace('/#', '/?lang=zh#'))
  await fitted(page)
  const text = ((await page.locator('body').textContent()) ?? '').replace(
    /Hoffmann et al\. \d+|Besiroglu et al\. \d+/g,
    '',
  )
  assert.equal(/(?:[A-Za-z]+[ ,]+){4}/.exec(text)?.[0], undefined)
  await clean()
  await close()
})

test('columns of a file that was understood are chosen otherwise, rows are read otherwise, and what a remark advises is a click', {
  skip,
}, async () => {
  const { page, clean, close } = await visit(await open(pooled, '--method', 'norm,surface', ...few))
  await fitted(page)
  const remarks = page.locator('.remarks')
  await remarks.getByText('data-sets-pooled').waitFor()
  await page.getByText('How it was read').click()
  await page.getByRole('textbox', { name: 'Only rows with' }).fill('dataset=c4')
  await page.getByRole('textbox', { name: 'Only rows with' }).press('Enter')
  await page.getByText('35 runs').first().waitFor()
  await fitted(page)
  assert.match((await same(page)).line, /--where dataset=c4/)

  // An outlier is told, and left out by the button beside it; it stays out when rows are read otherwise.
  await remarks.getByText('outliers').waitFor()
  await remarks.getByRole('button', { name: 'Leave it out' }).click()
  await page.getByText('34 of 35 runs').first().waitFor()
  await page.getByRole('button', { name: 'Remove dataset=c4' }).click()
  await page.getByText('69 of 70 runs').first().waitFor()
  await page.getByRole('button', { name: 'Choose columns' }).click()
  await page.getByLabel('What loss holds').selectOption('')
  await page.getByLabel('What other_loss holds').selectOption('loss')
  await page.getByRole('button', { name: 'Read it so' }).click()
  await fitted(page)
  const { line } = await same(page)
  assert.match(line, /--columns loss=other_loss --drop 4 /)
  await remarks.getByRole('button', { name: 'Group by dataset' }).click()
  await page.locator('.prose .said').waitFor({ timeout: 120_000 })
  assert.match(await copied(page), /--group-by dataset --drop 4 /)
  await clean()
  await close()
})

test('without a mouse a file is understood, runs are left out, targets typed and the command copied', {
  skip,
}, async () => {
  const { page, clean, close } = await visit(await open(odd, '--method', 'norm,surface', ...few))
  const keyboard = keyboardOf(page)
  await page.getByRole('heading', { name: 'This file was not understood' }).waitFor()
  for (const [column, role] of [
    ['how big', 'N,'],
    ['how much', 'D,'],
    ['how bad', 'loss'],
  ]) {
    await keyboard.reach(`What ${column} holds`)
    await page.keyboard.type(role)
  }
  await keyboard.press('Read it so')
  await fitted(page)
  await keyboard.press('1e20')
  await page.getByText('28 of 35 runs').first().waitFor()
  await keyboard.write('[placeholder="10 times the largest budget"]', '1e22')
  await page.keyboard.press('Enter')
  await page.getByRole('heading', { name: 'Expected at 1e22' }).waitFor({ timeout: 120_000 })
  // Open, as the resamples are not the usual ones.
  await keyboard.write('[placeholder="alpha=0.3:0.2,q=1"]', 'q=1')
  await page.keyboard.press('Enter')
  await keyboard.press('.methods [type=checkbox]', ' ')
  await fitted(page)
  await keyboard.reach('.runs .scroll')
  await page.keyboard.press('ArrowDown')
  await page.keyboard.press('ArrowDown')
  await keyboard.press('Leave out')
  await page.getByText('27 of 35 runs').first().waitFor()
  await fitted(page)
  await clean()
  await keyboard.press('Copy as command')
  assert.equal(
    await page.evaluate<string>('navigator.clipboard.readText()'),
    "isoflop fit odd.csv --columns 'parameters=how big,tokens=how much,loss=how bad' --drop 3,30-36 " +
      '--method surface --target 1e22 --prior q=1 --resamples 100',
  )
  await close()
})
