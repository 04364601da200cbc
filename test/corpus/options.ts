import type { CorpusOptions } from '../../src/corpus/inputs.ts'

/** What the tests prepare corpora with, where they do not say otherwise. */
export const options: CorpusOptions = { vocabularySize: 320, textField: 'text', valFraction: 0.1, tokenizerSample: 1e6 }
