import assert from 'node:assert/strict'
import { test } from 'node:test'
import { renderCampaign } from '../../src/report/campaign/report.ts'
import { fitPage } from '../../src/report/fit/report.ts'
import { fitText } from '../../src/report/fit/text.ts'
import type { Block, Page } from '../../src/report/page/blocks.ts'
import { htmlOf } from '../../src/report/page/html.ts'
import { displayWidth } from '../../src/report/page/width.ts'
import { inLanguage, type Language, languages, words } from '../../src/report/words/words.ts'
import { handoutLaw } from '../../src/world/handout.ts'
import { handout, noisy, nothing } from './analyses.ts'
import { full, plain, tiny } from './campaigns.ts'

const data = { read: 72, excluded: [{ source: 'runs.csv', row: 3, reason: 'no loss' }], notes: [], sources: [] }
const about = { title: 'Laws', data, command: 'isoflop fit runs.csv', versions: { isoflop: '0' } }
const subjects = [
  { analysis: handout, truth: handoutLaw },
  { analysis: noisy, truth: null },
  { analysis: nothing, truth: null },
]
const pageIn = (language: Language, k: number) => fitPage({ ...about, ...subjects[k], language })

/** What a document consists of, without its words. */
const structureOf = (blocks: readonly Block[]): unknown[] =>
  blocks.map((block) => {
    if (block.kind === 'section') return ['section', structureOf(block.blocks)]
    if (block.kind === 'table') return ['table', block.columns.map(({ align }) => align), block.rows.length]
    if (block.kind === 'list') return ['list', block.items.length]
    if (block.kind === 'facts') return ['facts', block.rows.length]
    return block.kind === 'figure' ? ['figure', block.figure.name] : [block.kind]
  })

const headingsOf = ({ blocks }: Page): string[] =>
  blocks.flatMap((block) => (block.kind === 'heading' ? [block.text] : []))

test('a report has the same parts in every language, and headings of its own', () => {
  for (const k of subjects.keys())
    for (const language of languages) {
      const [page, english] = [pageIn(language, k), pageIn('en', k)]
      assert.deepEqual(structureOf(page.blocks), structureOf(english.blocks))
      assert.equal(new Set(headingsOf(page)).size, headingsOf(page).length)
      if (language === 'en') continue
      const same = headingsOf(page).filter((text) => headingsOf(english).includes(text))
      assert.deepEqual(same, [])
    }
})

/** The marks of Markdown's lines: headings, tables, lists, figures. */
const marksOf = (markdown: string): string[] =>
  markdown.split('\n').map((line) => /^(#+ |\| :-|\||- |!\[)?/.exec(line)![0])

test('the report of a campaign has the same parts in every language', () => {
  for (const report of [full, plain, tiny])
    for (const language of languages) {
      const [own, english] = [renderCampaign({ ...report, language }), renderCampaign(report)]
      assert.deepEqual(Object.keys(own), Object.keys(english))
      assert.deepEqual(marksOf(own['report.md']), marksOf(english['report.md']))
      assert.equal(own['submission.json'], english['submission.json'])
    }
})

test('a report ends with ten words in both languages, once', () => {
  for (const language of languages) {
    const page = pageIn(language, 0)
    const last = page.blocks.at(-1)!
    assert.ok(last.kind === 'table')
    assert.equal(last.rows.length, 10)
    assert.deepEqual(
      last.columns.slice(0, 2).map(({ title }) => title),
      ['English', '中文'],
    )
    const markdown = renderCampaign({ ...full, language })['report.md']
    assert.equal(markdown.split('| compute-optimal | 计算最优 |').length, 2)
  }
})

test('a page says which language it is in', () => {
  assert.match(htmlOf(pageIn('zh', 0)), /^<!doctype html>\n<html lang="zh-Hans">/)
  assert.match(htmlOf(fitPage({ ...about, ...subjects[0] })), /^<!doctype html>\n<html lang="en">/)
})

test('tables of a terminal stand in line in Chinese: every column begins or ends at one place', () => {
  const lines = fitText(subjects[0], { language: 'zh' }).split('\n')
  const head = lines.findIndex((line) => line.startsWith('方法'))
  const rows = lines.slice(head, lines.indexOf('', head))
  assert.equal(new Set(rows.map(displayWidth)).size, 1)
})

test('a language ends with what is written in it, also where that fails', () => {
  assert.throws(() =>
    inLanguage('zh', () => {
      throw new Error('no')
    }),
  )
  assert.equal(words().htmlLanguage, 'en')
  assert.equal(
    inLanguage('zh', () => inLanguage('en', () => words().htmlLanguage)),
    'en',
  )
})

/** The keys of words, and how many values each takes. */
const keysOf = (value: object, path = ''): string[] =>
  Object.entries(value).flatMap(([key, inner]) =>
    typeof inner === 'object' ? keysOf(inner, `${path}${key}.`) : [`${path}${key}: ${typeof inner}`],
  )

/** Words that are the same in every language. */
const international = ['loss', 'FLOPs', 'N', 'D', 'L = E + A / N^alpha + B / D^beta']

const textsOf = (value: object): string[] =>
  Object.values(value).flatMap((inner) =>
    typeof inner === 'string' ? [inner] : typeof inner === 'object' ? textsOf(inner) : [],
  )

test('every language has the same words and no more, and none is empty or left in English', () => {
  const [english, ...others] = languages.map((language) => inLanguage(language, words))
  for (const other of others) {
    assert.deepEqual(keysOf(other), keysOf(english))
    const [own, originals] = [textsOf(other), textsOf(english)]
    const left = own.filter((text, k) => text === originals[k] && /[a-z]/i.test(text) && !international.includes(text))
    assert.deepEqual(left, [])
  }
})

/** Names, units and symbols that stand in Chinese as they are. */
const kept = new Set(
  (
    'FLOPs FLOP IsoFLOP Transformer Chinchilla Hoffmann Besiroglu Muennighoff et al Step Law bootstrap checkpoint token loss nats sd ' +
    'alpha beta norm surface huber parabola lowest log raw envelope frontier joint repeats method json columns best parameters tokens ' +
    'd_model layers heads epoch regret adaptive profiles'
  )
    .split(' ')
    .map((word) => word.toLowerCase()),
)

/** Runs of three or more English words, without names and code. */
function englishIn(text: string): string[] {
  const runs = text.match(/[A-Za-z][A-Za-z'’-]+(?:[ ,;:]+[A-Za-z][A-Za-z'’-]+)+/g) ?? []
  return runs.filter((run) => run.split(/[^A-Za-z_]+/).filter((word) => !kept.has(word.toLowerCase())).length > 2)
}

test('a Chinese report has no English sentence, nor has a figure of it', () => {
  for (const k of subjects.keys()) {
    const [body, glossary] = htmlOf(pageIn('zh', k)).split('<main>')[1].split('<h2>十个术语</h2>')
    assert.ok(glossary)
    const shown = body.replace(/<code>.*?<\/code>/g, '')
    const texts = [...shown.matchAll(/>([^<]+)</g), ...shown.matchAll(/aria-label="([^"]+)" role="img"/g)]
    assert.deepEqual(
      texts.flatMap(([, text]) => englishIn(text.replace('there are too few runs', ''))), // as the subject is made here
      [],
    )
    const labels = [...shown.matchAll(/<text[^>]*>([^<]+)<\/text>/g)].map(([, text]) => text)
    const isKept = (word: string) => word.length < 4 || kept.has(word.toLowerCase())
    assert.deepEqual(
      labels.filter((text) => !text.split(/[^A-Za-z_]+/).every(isKept)),
      [],
    )
  }
})
