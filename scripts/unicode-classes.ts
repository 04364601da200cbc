/**
 * Which characters are letters, numbers and white space to Hugging Face's `tokenizers` -> src/corpus/unicode.json
 *
 *     node scripts/unicode-classes.ts && npx biome format --write src/corpus/unicode.json
 *
 * It asks the library, character by character, what each one joins: `a` a letter, `1` a number, `!` neither, nothing white space.
 * The table is data and not \p{L} because that grows with Node: equal inputs would give other tokens on another version.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { byteLevelPreTokenizer } from 'tokenizers'

const { version } = JSON.parse(
  readFileSync(new URL('../node_modules/tokenizers/package.json', import.meta.url), 'utf8'),
)
const splitter = byteLevelPreTokenizer(false)
const joins = (left: string, character: string) => splitter.preTokenizeString(left + character).length === 1

function classOf(character: string): 'letters' | 'numbers' | 'spaces' | null {
  if (joins('a', character)) return 'letters'
  if (joins('1', character)) return 'numbers'
  return joins('!', character) ? null : 'spaces'
}

/** First and last code point of each range, one after the other. */
const ranges = { letters: [] as number[], numbers: [] as number[], spaces: [] as number[] }
for (let code = 0; code < 0x110000; code++) {
  if (code >= 0xd800 && code < 0xe000) continue // half a character
  const name = classOf(String.fromCodePoint(code))
  if (name === null) continue
  const list = ranges[name]
  if (list.at(-1) === code - 1) list[list.length - 1] = code
  else list.push(code, code)
}
const content = {
  provenance: { source: `tokenizers ${version} (npm), byteLevelPreTokenizer`, unicode: '16.0' },
  ...ranges,
}
writeFileSync(new URL('../src/corpus/unicode.json', import.meta.url), JSON.stringify(content))
