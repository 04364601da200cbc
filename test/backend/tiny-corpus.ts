import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { random } from '../../src/core/random.ts'
import { prepareCorpus } from '../../src/corpus/prepare.ts'

/** A corpus of 300 words: 120 documents of made-up words, the same ones every time. Gives its folder. */
export async function tinyCorpus(folder: string): Promise<string> {
  const { integer, uniform } = random(0)
  const letters = (count: number) => Array.from({ length: count }, () => String.fromCharCode(97 + integer(26))).join('')
  const words = Array.from({ length: 200 }, () => letters(2 + integer(5)))
  const sentence = () => Array.from({ length: 120 }, () => words[Math.floor(200 * uniform() ** 2)]).join(' ')
  const input = join(folder, 'text.jsonl')
  mkdirSync(folder, { recursive: true })
  writeFileSync(input, Array.from({ length: 120 }, () => `${JSON.stringify({ text: sentence() })}\n`).join(''))
  const corpus = join(folder, 'corpus')
  const options = { vocabularySize: 300, valFraction: 0.1, textField: 'text', tokenizerSample: 1e6 }
  await prepareCorpus({ inputs: [input], folder: corpus, options, maxCorrupt: 0 })
  return corpus
}
