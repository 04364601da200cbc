import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { diagnosticTable } from '../../src/core/diagnostic.ts'
import { inLanguage, words } from '../../src/report/words/words.ts'
import { texts } from '../../src/report/words/zh-elsewhere.ts'
import { campaignTexts } from '../../src/report/words/zh-elsewhere-campaign.ts'
import { handout, noisy, nothing } from './analyses.ts'
import { full, plain } from './campaigns.ts'

/** Everything outside of reports that says something, long texts joined. */
const source = new URL('../../src/', import.meta.url)
const code = readdirSync(source, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts') && !file.startsWith('report/') && file !== 'core/diagnostic.ts')
  .map((file) => readFileSync(new URL(file, source), 'utf8').replace(/['"`]\s*\+\s*['"`]/g, ''))
  .join('\n')

/** The longest piece of a text that is the same whatever comes in its places. */
const longestPiece = (text: string): string =>
  text.split('{}').reduce((longest, piece) => (piece.length > longest.length ? piece : longest))

const chinese = (text: string): string => inLanguage('zh', () => words().elsewhere(text))

test('every English text that is put into Chinese is said somewhere in the code', () => {
  const gone = Object.keys(texts).filter((text) => !code.includes(longestPiece(text)))
  assert.deepEqual(gone, [])
})

test('every place of a text is in its Chinese, and no other', () => {
  for (const [english, translated] of Object.entries(texts)) {
    const places = english.split('{}').length - 1
    const used = [...translated.matchAll(/\{(\d+)[*,]?\}/g)].map(([, k]) => Number(k))
    assert.ok(
      used.every((k) => k >= 1 && k <= places),
      english,
    )
    // A paragraph is known by its first sentence.
    if (!english.endsWith('. {}') && !english.endsWith(': {}')) assert.equal(new Set(used).size, places, english)
  }
})

/** Diagnostics whose message a Chinese report has in English. */
const notInChinese: string[] = []

test('the diagnostics that have no Chinese are those that are listed', () => {
  const pieces = Object.keys(texts)
    .map(longestPiece)
    .filter((piece) => piece.length > 12)
  const left = Object.keys(diagnosticTable).filter((name) => {
    const places = [...code.matchAll(new RegExp(`['"]${name}['"]`, 'g'))].map(
      ({ index }) => code.slice(index, index + 700).split(/\n(?:const|function|export|\/\*\*)/)[0],
    )
    return !places.some((place) => pieces.some((piece) => place.includes(piece)))
  })
  assert.deepEqual(left, notInChinese)
})

test('what fits and campaigns say comes in Chinese, with its numbers', () => {
  const said = [
    ...[handout, noisy, nothing].flatMap(({ diagnostics }) => diagnostics),
    ...[handout, noisy].flatMap(({ methods }) =>
      methods.flatMap(({ unavailable }) => (unavailable ? [{ message: unavailable, advice: '' }] : [])),
    ),
  ].flatMap(({ message, advice }) => [message, advice])
  const reasons = [full, plain].flatMap(({ view }) => [view.task.words.law, view.task.words.design])
  assert.ok(said.length > 10)
  for (const text of [...said, ...reasons].filter(Boolean)) {
    assert.match(chinese(text), /\p{Script=Han}/u, text)
    assert.doesNotMatch(chinese(text), /\{\d/, text)
  }
  assert.equal(
    chinese('21 of 49 runs fell into the 95 % interval that was predicted before they were bought.'),
    '49 个实验中有 21 个落入购买之前预测的 95 % 区间。',
  )
})

test('a text that nobody knows stays as it is, and so does English', () => {
  assert.equal(chinese('The moon is 3 FLOPs away; diverged'), 'The moon is 3 FLOPs away; diverged')
  assert.equal(words().elsewhere('diverged'), 'diverged')
})

/** The texts of a file, with `{}` for what comes in their places; those that are added to each other are one. What errors say is left out. */
function textsIn(file: string): string[] {
  const code = withoutErrors(
    readFileSync(new URL(file, source), 'utf8').replace(/^\s*(?:\/\/|\/?\*).*$|\s\/\/ .*$/gm, ''),
  )
  const joined = code.replace(/(['"`])\s*\+\s*(['"`])/g, (whole, end, begin) => (end === begin ? '' : whole))
  const pieces = joined.match(/'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"|`(?:[^`\\]|\\.)*`/g) ?? []
  return pieces.map((piece) =>
    piece
      .slice(1, -1)
      .replaceAll(/\$\{(?:[^{}]|\{[^{}]*\})*\}/g, '{}')
      .replaceAll("\\'", "'"),
  )
}

/** An error is in English, with a code: what stands between its brackets is no text of a report. */
function withoutErrors(code: string): string {
  const at = code.indexOf('new IsoflopError(')
  if (at < 0) return code
  let depth = 0
  let end = at + 'new IsoflopError'.length
  do depth += code[end] === '(' ? 1 : code[end] === ')' ? -1 : 0
  while (++end < code.length && depth > 0)
  return withoutErrors(code.slice(0, at) + code.slice(end))
}

/** Texts of plan/ and fit/ that no report has: of errors that are made elsewhere, and of defects. */
const unreported = [
  /^(?:The cost of a run must|Every run of a pool must|Give each run its cost|The (?:budget|target) must be)/,
  /^(?:Give it in the unit|Name a budget of FLOPs|Leave out the runs that do not)/,
  /^\+ \{\} \(ln /, // formulas
  /\$\{/, // templates within templates, whose inner ones stand for themselves
  /has no Cholesky factor|has no covariance|^the limits leave no model/,
]

test('every sentence that plans and fits say to people is known in Chinese, of fits without the texts of campaigns, which their page lacks', () => {
  const all = Object.keys(texts)
  const ofFits = all.filter((text) => !(text in campaignTexts))
  const files = readdirSync(source, { recursive: true, encoding: 'utf8' }).filter((file) =>
    /^(?:plan|fit|campaign\/pool\/(?:remarks|rows)|space\/summary|world\/worlds)\b.*\.ts$/.test(file),
  )
  assert.ok(files.length > 80)
  const left = files.flatMap((file) => {
    const known = file.startsWith('fit/') ? ofFits : all
    return textsIn(file).filter((text) => {
      const words = text.replaceAll('{}', ' ').match(/(?<![\w./-])[a-z]+(?![\w./-])/g) ?? []
      if (words.length < 4 || unreported.some((pattern) => pattern.test(text))) return false
      const piece = longestPiece(text).trim()
      return !known.some(
        (one) => one.includes(piece) || (longestPiece(one).length > 12 && text.includes(longestPiece(one))),
      )
    })
  })
  assert.deepEqual(left, [])
})
