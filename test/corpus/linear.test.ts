import { test } from 'node:test'
import { trainBpe } from '../../src/corpus/bpe.ts'
import { sectionsOf } from '../../src/corpus/sections.ts'
import { Tokenizer } from '../../src/corpus/tokenizer.ts'
import { WordCounts } from '../../src/corpus/word-counts.ts'
import { assertLinear } from '../linear.ts'
import { prose } from './files.ts'

const counts = new WordCounts()
counts.add(prose(1, 20_000))
const tokenizer = new Tokenizer(trainBpe(counts.words, 1000))

async function sections(text: string): Promise<void> {
  for await (const _ of sectionsOf(parts(text)));
}

async function* parts(text: string): AsyncGenerator<string> {
  for (let start = 0; start < text.length; start += 1 << 16) yield text.slice(start, start + (1 << 16))
}

/** Texts without what a reader looks for: no end of a word, of a line, of a paragraph. */
const texts: Readonly<Record<string, string>> = {
  'one letter': 'a',
  'one word': 'there',
  blanks: ' ',
  'line ends': '\n',
  'carriage returns': '\r',
  'blanks and line ends': ' \r\n',
  'words of a letter': 'a ',
  apostrophes: "'",
  digits: '1',
  'half characters': '\ud83d',
  'whole characters': '\u{1f600}',
}

for (const [name, piece] of Object.entries(texts))
  test(`a text of ${name} is taken apart in time that grows with its length`, async () => {
    const text = (n: number) => piece.repeat(n / piece.length)
    await assertLinear(`tokens of ${name}`, 100_000, text, (given: string) => tokenizer.encode(given))
    // From a window of 2^20 characters on, each part that comes costs a window.
    await assertLinear(`sections of ${name}`, 4_000_000, text, sections)
    await assertLinear(`a vocabulary from ${name}`, 100_000, text, (given: string) => {
      const found = new WordCounts()
      found.add(given)
      trainBpe(found.words, 300)
    })
  })
