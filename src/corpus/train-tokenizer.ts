import { IsoflopError } from '../core/errors.ts'
import { trainBpe } from './bpe.ts'
import { CorruptRows } from './corrupt-rows.ts'
import { rowsOf } from './documents.ts'
import type { CorpusOptions, SurveyedSource } from './inputs.ts'
import { enoughText } from './split.ts'
import { firstMerged, type Vocabulary } from './vocabulary.ts'
import { WordCounts } from './word-counts.ts'

/** What is told while a tokenizer is trained. */
export interface TrainingListener {
  /** Unpacked bytes that were gone through, of all sources. */
  readonly onRead: (bytes: number) => void
  readonly onMerge: (vocabularySize: number) => void
}

/**
 * The vocabulary of a sample of the sources, spread evenly over them: a row is in it if the sample has less than its share of the
 * bytes up to that row's end. All text is in the sample where `tokenizerSample` is not less than there is. Where no size was asked for and the
 * text has no 32,000 tokens in it, there is one for 100 bytes: with all that it has, the last ones would be words that occur twice.
 * @throws IsoflopError CORPUS_TOO_SMALL where no `vocabularySize` tokens come out, ROWS_CORRUPT where more rows of the sample than
 * `maxCorrupt` are, and what the sources say.
 */
export async function trainVocabulary(
  sources: readonly SurveyedSource[],
  { vocabularySize, tokenizerSample }: CorpusOptions,
  maxCorrupt: number,
  listener: TrainingListener,
): Promise<Vocabulary> {
  const { counts, sampled } = await sampleOf(sources, tokenizerSample, maxCorrupt, listener)
  const wanted = vocabularySize ?? usualVocabulary
  const vocabulary = trainBpe(counts.words, wanted, listener.onMerge)
  if (vocabulary.size >= wanted) return vocabulary
  if (vocabularySize !== null || sampled < enoughText) throw tooSmall(vocabulary.size, wanted, sampled)
  const fitting = Math.max(smallestVocabulary, roundness * Math.floor(sampled / bytesForToken / roundness))
  return fitting >= vocabulary.size ? vocabulary : trainBpe(counts.words, fitting, listener.onMerge)
}

/** Tokens where no number is given. */
export const usualVocabulary = 32_000
const smallestVocabulary = 320
const bytesForToken = 100
const roundness = 64

async function sampleOf(
  sources: readonly SurveyedSource[],
  tokenizerSample: number,
  maxCorrupt: number,
  { onRead }: TrainingListener,
): Promise<{ readonly counts: WordCounts; readonly sampled: number }> {
  const total = sources.reduce((sum, { unpackedBytes }) => sum + unpackedBytes, 0)
  const counts = new WordCounts()
  const corrupt = new CorruptRows(sources, maxCorrupt)
  let sampled = 0
  let before = 0
  for (const [place, source] of sources.entries()) {
    for await (const row of rowsOf(source, source.textField ?? 'text')) {
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
  return { counts, sampled }
}

function tooSmall(size: number, expected: number, sampled: number): IsoflopError {
  const there = `${sampled} bytes of text have ${size} tokens in them, expected ${expected}`
  if (size > firstMerged)
    return new IsoflopError(
      'CORPUS_TOO_SMALL',
      `${there}: no pair of tokens occurs twice any more.`,
      `Give more text, or --vocab-size ${size} or less.`,
    )
  if (sampled === 0)
    return new IsoflopError(
      'CORPUS_TOO_SMALL',
      '0 bytes of text are in the inputs.',
      `Give text: ${enoughText} bytes are enough.`,
    )
  return new IsoflopError(
    'CORPUS_TOO_SMALL',
    `${there}: no word of up to 256 characters occurs twice.`,
    sampled < enoughText
      ? `Give ${enoughText - sampled} bytes more: ${enoughText} of any language are enough.`
      : `Leave --vocab-size out to encode the ${firstMerged - 1} bytes alone, or put blanks between what are words.`,
  )
}
