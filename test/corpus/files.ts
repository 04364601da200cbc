import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after } from 'node:test'
import { type ErrorCode, IsoflopError } from '../../src/core/errors.ts'
import { random } from '../../src/core/random.ts'
import type { CorpusOptions } from '../../src/corpus/inputs.ts'
import { type Prepared, type PrepareRequest, prepareCorpus } from '../../src/corpus/prepare.ts'
import { options } from './options.ts'

const root = mkdtempSync(join(tmpdir(), 'isoflop-corpus-'))
after(() => rmSync(root, { recursive: true }))

/** A path in this test file's own temporary folder. */
export const place = (name: string): string => join(root, name)

/** Writes a file there, with the folders that it needs; returns its path. */
export function write(name: string, content: string | Uint8Array): string {
  const path = place(name)
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, content)
  return path
}

const syllables = 'ka lo mi tu re san vel dor pin gu qua est ion ing the ár жи 東'.split(' ')

const lexicon = Array.from({ length: 3000 }, (_, rank) => {
  const { integer } = random(7, rank)
  return Array.from({ length: 1 + integer(4) }, () => syllables[integer(syllables.length)]).join('')
})

/** Text of words that repeat as those of languages do: the k-th of 3,000 words about 1/k as often as the first. */
export function prose(seed: number, words: number): string {
  const { uniform } = random(seed)
  const pieces: string[] = []
  for (let i = 0; i < words; i++)
    pieces.push(lexicon[Math.floor(lexicon.length ** uniform())], uniform() < 0.1 ? '.\n\n' : ' ')
  return pieces.join('')
}

/** Documents as SlimPajama has them. */
export const jsonl = (texts: readonly string[]): string =>
  texts.map((text) => `${JSON.stringify({ text, meta: { set: 'test' } })}\n`).join('')

/** A number of short documents. */
export const documents = (count: number, seed = 1): string[] =>
  Array.from({ length: count }, (_, k) => prose(seed * 1000 + k, 60))

export const prepare = (
  inputs: readonly string[],
  folder: string,
  changed: Partial<CorpusOptions> & Partial<Omit<PrepareRequest, 'inputs' | 'folder' | 'options'>> = {},
): Promise<Prepared> => {
  const { maxCorrupt = 100, shardTokens, markBytes, onStep, onNotice, ...rest } = changed
  return prepareCorpus({
    ...{ inputs, folder: place(folder), options: { ...options, ...rest }, maxCorrupt },
    ...(shardTokens && { shardTokens }),
    ...(markBytes && { markBytes }),
    ...(onStep && { onStep }),
    ...(onNotice && { onNotice }),
  })
}

/** Every file of a corpus that does not depend on when and where it was made. */
export function contentsOf(folder: string): Record<string, string> {
  const names = readdirSync(place(folder)).filter((name) => /^(manifest|tokenizer)\.json$|\.bin$/.test(name))
  return Object.fromEntries(names.sort().map((name) => [name, readFileSync(join(place(folder), name), 'base64')]))
}

/** Awaits an error of this code whose message and advice match. */
export const rejects = (promise: Promise<unknown>, code: ErrorCode, ...patterns: RegExp[]): Promise<void> =>
  assert.rejects(promise, (error: unknown) => {
    assert.ok(error instanceof IsoflopError, String(error))
    assert.equal(error.code, code, error.message)
    for (const pattern of patterns) assert.match(`${error.message} ${error.advice}`, pattern)
    return true
  })

/** Everything that is known to trip tokenizers. */
export const nasty: readonly string[] = [
  '',
  ' ',
  '  ',
  '\n',
  '\n\n\n',
  ' \n ',
  '\t\ta',
  'a  b   c    d',
  'trailing   ',
  '   leading',
  'line\r\nline\r\n\r\nline',
  "don't won't I'm we'll they've you'd it's 's 't 'S 'LL ''s '''s ' s",
  "l'été 's'tres 'rex 'vex 'lx 'l",
  'x1y2 3.14 1,000,000 ١٢٣ ½ Ⅷ ²',
  '!?!?... --- ## $$$ (a) [b] {c} <d> !a! !1! a!1',
  '東京都は日本の首都です。 한국어 텍스트 中文，标点。',
  'Zwölf Boxkämpfer jagen Viktor quer über den großen Sylter Deich',
  'नमस्ते दुनिया สวัสดีชาวโลก مرحبا بالعالم שלום',
  '😀😀 👩‍👩‍👧‍👦 🇩🇪🇫🇷 👍🏽 \u{1d400}\u{1d7d8}',
  'e\u0301 n\u0303 \u200b \u200d \ufe0f \u00ad',
  'a\u0000b\u0001\u001f\u007f\u0080\u009f',
  'a\u0085b \u0085 \u00a0 \u1680 \u2003\u2003x \u2028 \u2029 \u202f \u205f \u3000\u3000y \ufeffz\ufeff',
  '\ufffd\ufffe\uffff\u{10ffff}',
  '\u088f\u{10940}\u{11de0}\u{2ceaf}',
  'a'.repeat(1000),
  ' '.repeat(1000),
  `${'ab'.repeat(500)} ${'😀'.repeat(300)}`,
  'base64 iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
]
