import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

// Every figure of README comes from a command that README names, and is what that command's record has: docs/log.md for what takes hours, the
// command itself for what takes seconds. A paragraph with a new figure fails until it says where that is from.

const root = fileURLToPath(new URL('..', import.meta.url))
const read = (file: string) => readFileSync(join(root, file), 'utf8')
const readme = read('README.md')

/** Where the numbers of a paragraph come from. */
type Source =
  /** Measured by a command that is named in it or just before. */
  | { readonly kind: 'measured'; readonly by: string; readonly log: RegExp }
  /** Printed or computed in seconds: tested at the place that is named. */
  | { readonly kind: 'tested'; readonly where: string }
  /** Of the assignment, of a form or of a version: nothing is measured. */
  | { readonly kind: 'given'; readonly why: string }

const measured = (by: string, log: RegExp): Source => ({ kind: 'measured', by, log })
const tested = (where: string): Source => ({ kind: 'tested', where })
const given = (why: string): Source => ({ kind: 'given', why })

const sources: Readonly<Record<string, Source>> = {
  'plays the 50-point problem': tested('test/walk/pages.ts'),
  '![IsoFLOP profiles of a campaign': given('a seed and a budget'),
  '| | regret, median': measured('bench:campaign', /^2026-11-29: why campaigns|^2026-11-25: campaigns/),
  'starts it once for each run': given('a signal'),
  'reads CSV, TSV, JSON': tested('test/input/columns.test.ts'),
  'How far off a fit is': measured('bench:truth', /^2026-11-27: predictions beyond/),
  '| | error of the loss': measured('bench:truth', /^2026-11-27: predictions beyond/),
  'Worst are tables of few runs': measured('bench:truth', /^2026-11-27: predictions beyond/),
  'also takes the learning rate': measured('bench:scalebench', /ScaleBench|public benchmark/),
  'fits several data sets': measured('bench:groups', /^2026-11-29: what data sets share/),
  'says for a table with': given('shares that are asked for, and the year of a paper'),
  'regenerates the 72': tested('test/walk/pages.ts'),
  'is the API of the CS336': tested('test/readme-figures.test.ts'),
  'trains the assignment': given('FLOPs that are asked for'),
  'fits 42 such trainings': tested('test/readme-figures.test.ts'),
  '![IsoFLOP profiles of 42': tested('test/readme-figures.test.ts'),
  'Beside PyTorch on the same': measured('bench:train', /speed of training|trainer right/),
  '| method | what it does': given('formulas, names of approaches, starts of a method'),
  'The library runs on Node 20': given('versions'),
}

const numberForm = /\d[\d.,]*(?:e[+-]?\d+)?/g
const numbersIn = (text: string): string[] =>
  [...text.matchAll(numberForm)].map(([number]) => number.replace(/[.,]+$/, '').replaceAll(',', ''))

/** Numbers of prose: outside of code, of addresses and of names; "31 of 32" is a share in percent. */
const figuresOf = (paragraph: string): string[] =>
  numbersIn(
    paragraph
      .replace(/`[^`]*`|\]\([^)]*\)|\b[A-Za-z]+\d+\b|R\^2/g, '')
      .replace(/\b(\d+) of (\d+)\b(?! \d)/g, (_, some, all) => `${Math.round((100 * some) / all)} %`),
  )

const paragraphs = readme.split(/\n\n+/)
const isProse = (text: string) => !/^( {4}|#)/.test(text)
const sourceOf = (text: string) => Object.entries(sources).find(([begins]) => text.startsWith(begins))?.[1]

test('README says of every figure where it comes from', () => {
  const withFigures = paragraphs.filter((text) => isProse(text) && figuresOf(text).length > 0)
  const unknown = withFigures.filter((text) => sourceOf(text) === undefined)
  assert.deepEqual(unknown, [], 'name the command in README, and the paragraph here')
  const stale = Object.keys(sources).filter((begins) => !withFigures.some((text) => text.startsWith(begins)))
  assert.deepEqual(stale, [])
  for (const source of Object.values(sources))
    if (source.kind === 'tested') assert.ok(existsSync(join(root, source.where)), source.where)
})

const log = read('docs/log.md').split(/^## /m)
const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> }

/** Whether a number as it is shown is another one in as many or fewer digits. */
function isRounded(exact: string, shown: string): boolean {
  const decimals = /e/.test(shown) ? 0 : (shown.split('.')[1]?.length ?? 0)
  const unit = /e/.test(shown) ? 10 ** Math.floor(Math.log10(Number(shown))) : 10 ** -decimals
  return Math.abs(Number(exact) - Number(shown)) <= unit / 2 + 1e-12
}

for (const [begins, source] of Object.entries(sources))
  if (source.kind === 'measured')
    test(`figures of "${begins}": by npm run ${source.by}, as docs/log.md has them`, () => {
      const at = paragraphs.findIndex((text) => text.startsWith(begins))
      const near = paragraphs.slice(Math.max(0, at - 3), at + 1).join('\n')
      assert.ok(near.includes(`npm run ${source.by}`), `README does not name npm run ${source.by} there`)
      assert.ok(source.by in scripts)
      const record = log.filter((section) => source.log.test(section.split('\n')[0])).join('\n')
      assert.ok(record.length > 0, `docs/log.md has no section ${source.log}`)
      const [head, , ...rows] = paragraphs[at].split('\n')
      const isTable = head.startsWith('|')
      // All that a row measured is in one line of the log; in prose each number is somewhere in it.
      const places = isTable ? record.split('\n').map(numbersIn) : [numbersIn(record)]
      const lost = (isTable ? rows : [paragraphs[at]]).filter((text) => {
        const shown = figuresOf(text).filter((figure) => !isTable || /[.e]/.test(figure) || / %/.test(text))
        return !places.some((place) => shown.every((figure) => place.some((exact) => isRounded(exact, figure))))
      })
      assert.deepEqual(lost, [], 'not in the log')
    })

const bin = join(root, 'bin/isoflop.js')

/** What `isoflop train` left of each training. */
const recordsOf = (file: string) =>
  read(file)
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))

test('what README says of our own trainings is what the fit that it names prints', () => {
  const args = ['fit', 'data/cpu-isoflops.jsonl', '--best', '--target', '2e13']
  assert.ok(readme.includes(`npx isoflop ${args.join(' ')}`))
  const { stdout, stderr } = spawnSync(process.execPath, [bin, ...args, '--json'], { cwd: root, encoding: 'utf8' })
  assert.notEqual(stdout, '', stderr)
  const { methods } = JSON.parse(stdout)
  const predicted = (name: string) => methods.find(({ method }: { method: string }) => method === name).predictions[0]
  const [norm, surface] = [predicted('norm'), predicted('surface')]
  const trained = recordsOf('data/cpu-check.jsonl')
  const near = (N: number) =>
    trained.toSorted((p, q) => Math.abs(Math.log(p.parameters / N)) - Math.abs(Math.log(q.parameters / N)))[0]
  const [best, half, twice] = [2.5e5, 1.25e5, 5e5].map(near)
  const records = recordsOf('data/cpu-isoflops.jsonl')
  const seconds = records.reduce((sum, { tokens, speed }) => sum + tokens / speed.tokensPerSecond, 0)
  const text = paragraphs.find((one) => one.startsWith('fits 42 such trainings'))!.replace(/\s+/g, ' ')
  const e5 = (N: number) => `${(N / 1e5).toFixed(2)}e5`
  const three = (loss: number) => loss.toFixed(3)
  for (const said of [
    `fits ${records.length} such trainings, ${Math.round(seconds / 60)} minutes`,
    `N = ${e5(norm.parameters)} and a loss of ${three(norm.loss)}, within ${norm.interval.loss.map(three).join(' to ')}`,
    `A model of ${e5(best.parameters)} was trained there and reached ${three(best.loss.validation)}`,
    `half its size ${three(half.loss.validation)}, one of twice its size ${three(twice.loss.validation)}`,
    `had said ${surface.loss.toFixed(2)}, within ${surface.interval.loss.map((end: number) => end.toFixed(2)).join(' to ')}`,
  ])
    assert.ok(text.includes(said), `README does not say: ${said}`)
})

test('the world of the API was fitted to as many answers as README says', () => {
  const { provenance } = JSON.parse(read('src/world/cs336.json')) as { provenance: { rows: number } }
  assert.ok(readme.includes(`${provenance.rows.toLocaleString('en')} published answers`))
})
