import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const read = (file: string) => readFileSync(join(root, file), 'utf8')

/** Pages that are there in Chinese too. */
const pages = ['README', 'docs/learner', 'docs/instructor']

/** Lines of code: indented by four or more, as code stands below a blank line. */
const codeOf = (text: string): string[] => text.split('\n').filter((line) => /^ {4,}\S/.test(line))

const proseOf = (text: string): string => text.replace(/^ {4,}\S.*$/gm, '')

/** Levels of headings, in their order. */
const headingsOf = (text: string): number[] => [...proseOf(text).matchAll(/^(#+) /gm)].map(([, marks]) => marks.length)

/** What a page consists of below its headings: rows of tables by their cells, items of lists, figures. */
const partsOf = (text: string): string[] =>
  proseOf(text)
    .split('\n')
    .flatMap((line) => {
      if (/^#+ /.test(line)) return [line.replace(/ .*/, '')]
      if (line.startsWith('|')) return [`row of ${line.split('|').length - 2}`]
      if (/^(- |\d+\. )/.test(line)) return [line.replace(/^(- |\d+\. ).*/, '$1')]
      return /^!\[/.test(line) ? [line.replace(/^!\[.*\]\((.*)\)$/, 'figure $1')] : []
    })

/** Where links lead, those to a translated page as if to the English one, without places inside of pages. */
const linksOf = (text: string): string[] =>
  [...proseOf(text).matchAll(/\]\(([^)#]+)(?:#[^)]*)?\)/g)].map(([, to]) => to.replace(/\.zh\.md$/, '.md')).sort()

const codeSpansOf = (text: string): string[] => [...proseOf(text).matchAll(/`([^`]+)`/g)].map(([, code]) => code).sort()

/** Numbers with digits, outside of code and of addresses. */
const numbersOf = (text: string): string[] =>
  [
    ...proseOf(text)
      .replace(/`[^`]*`|\]\([^)]*\)/g, '')
      .matchAll(/\d[\d.,e^-]*\d|\d/g),
  ]
    .map(([number]) => number)
    .sort()

/** Of sorted lists what only one of them has, so that a failure names what to write. */
const alone = (these: readonly string[], others: readonly string[]): string[] => {
  const rest = [...others]
  return these.filter((one) => {
    const k = rest.indexOf(one)
    if (k >= 0) rest.splice(k, 1)
    return k < 0
  })
}

const same = (chinese: readonly string[], english: readonly string[]) =>
  assert.deepEqual(
    { onlyInChinese: alone(chinese, english), onlyInEnglish: alone(english, chinese) },
    { onlyInChinese: [], onlyInEnglish: [] },
  )

test('what differs between two lists is named, also where one has a thing more often', () => {
  assert.deepEqual(alone(['1', '1', '2'], ['1', '2', '3']), ['1'])
  assert.deepEqual(alone(['1', '2', '3'], ['1', '1', '2']), ['3'])
})

for (const page of pages) {
  const [english, chinese] = [read(`${page}.md`), read(`${page}.zh.md`)]
  test(`${page}.zh.md has the headings, tables, lists and figures of the English page`, () => {
    assert.deepEqual(headingsOf(chinese), headingsOf(english))
    assert.deepEqual(partsOf(chinese), partsOf(english))
  })
  test(`${page}.zh.md has the code and commands of the English page`, () => {
    assert.deepEqual(codeOf(chinese), codeOf(english))
    same(codeSpansOf(chinese), codeSpansOf(english))
  })
  test(`${page}.zh.md has the numbers and links of the English page`, () => {
    same(numbersOf(chinese), numbersOf(english))
    same(linksOf(chinese), linksOf(english))
  })
  test(`${page} links to its other language at its top`, () => {
    const name = page.split('/').at(-1)
    assert.equal(english.split('\n')[2], `[中文](${name}.zh.md)`)
    assert.equal(chinese.split('\n')[2], `[English](${name}.md)`)
  })
  test(`links of ${page}.zh.md to places inside of pages lead to headings`, () => {
    for (const [, to, place] of chinese.matchAll(/\]\(([^)#]*)#([^)]+)\)/g)) {
      const text = to === '' ? chinese : read(normalize(join(dirname(page), to)))
      const places = [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading]) =>
        heading
          .toLowerCase()
          .replace(/[^\p{L}\p{N} _-]/gu, '')
          .replaceAll(' ', '-'),
      )
      assert.ok(places.includes(place), `${to}#${place}`)
    }
  })
}
