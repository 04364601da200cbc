import { IsoflopError } from '../core/errors.ts'
import { trainBpe } from './bpe.ts'
import { CorruptRows } from './corrupt-rows.ts'
import { rowsOf } from './documents.ts'
import type { CorpusOptions, SurveyedSource } from './inputs.ts'
import type { Vocabulary } from './vocabulary.ts'
import { WordCounts } from './word-counts.ts'

/** What is told while a tokenizer is trained. */
export interface TrainingListener {
  /** Unpacked bytes that were gone through, of all sources. */
  readonly onRead: (bytes: number) => void
  readonly onMerge: (vocabularySize: number) => void
}

/**
 * The vocabulary of a sample of the sources, spread evenly over them: a row is in it if the sample has less than its share of the
 * bytes up to that row's end. All text is in the sample where `tokenizerSample` is not less than there is.
 * @throws IsoflopError CORPUS_TOO_SMALL where no `vocabularySize` tokens come out, ROWS_CORRUPT where more rows of the sample than
 * `maxCorrupt` are, and what the sources say.
 */
export async function trainVocabulary(
  sources: readonly SurveyedSource[],
  { vocabularySize, textField, tokenizerSample }: CorpusOptions,
  maxCorrupt: number,
  { onRead, onMerge }: TrainingListener,
): Promise<Vocabulary> {
  const total = sources.reduce((sum, { unpackedBytes }) => sum + unpackedBytes, 0)
  const counts = new WordCounts()
  const corrupt = new CorruptRows(sources, maxCorrupt)
  let sampled = 0
  let before = 0
  for (const [place, source] of sources.entries()) {
    for await (const row of rowsOf(source, textField)) {
      const share = (tokenizerSample * (before + row.end)) / total
      onRead(before + row.end)
      if (tokenizerSample < total && sampled >= share) continue
      const content = row.read()
      if (content.kind === 'corrupt') {
        corrupt.add({ source: place, row: row.number, reason: content.reason })
        corrupt.requireFew()
      }
      if (content.kind !== 'text') continue
      counts.add(content.text)
      sampled += Buffer.byteLength(content.text)
    }
    before += source.unpackedBytes
  }
  const vocabulary = trainBpe(counts.words, vocabularySize, onMerge)
  if (vocabulary.size < vocabularySize) throw tooSmall(vocabulary.size, vocabularySize, sampled)
  return vocabulary
}

const tooSmall = (size: number, expected: number, sampled: number): IsoflopError =>
  new IsoflopError(
    'CORPUS_TOO_SMALL',
    `${sampled} bytes of text have ${size} tokens in them, expected ${expected}: no pair of tokens occurs twice any more.`,
    `Give more text, or --vocab-size ${size} or less.`,
  )
