import { Command } from 'commander'
import { systemClock } from '../core/clock.ts'
import { type Corpus, openCorpus } from '../corpus/corpus.ts'
import { corruptRowText } from '../corpus/corrupt-rows.ts'
import { shortList } from '../corpus/listing.ts'
import { type Manifest, splitNames } from '../corpus/manifest.ts'
import type { Prepared } from '../corpus/prepare.ts'
import { count, counted, significant } from '../report/number.ts'
import { examples } from './help.ts'
import { after } from './next.ts'
import { probability, wholeNumber } from './options.ts'
import { print, printJson, printNext, say } from './print.ts'
import { workProgress } from './progress.ts'

/** `isoflop corpus`. */
export function corpusCommand(): Command {
  const command = new Command('corpus')
    .summary('text in, tokens to train on out')
    .description('Prepares text for training: trains a tokenizer, encodes every document, and shows what came out.')
    .addHelpText(
      'after',
      examples('isoflop corpus prepare books/ --out corpus --vocab-size 8192', 'isoflop corpus show corpus --verify'),
    )
  command
    .command('prepare')
    .summary('tokenizer and shards from text, JSONL or Parquet')
    .description(
      'Trains a byte-level BPE and encodes every document into shards of 16-bit tokens (docs/corpus.md). Broken off at any ' +
        'moment, the same command goes on where it was. INPUT: .txt, .md, .json, .jsonl, each also as .gz or .zst, .parquet, ' +
        'and folders of those, of which README, LICENSE and hidden files are no text. Any 64 KiB of text are enough.',
    )
    .argument('<INPUT...>', 'files and folders, in the order in which they are read')
    .requiredOption('--out <DIR>', 'where the corpus goes')
    .option(
      '--vocab-size <N>',
      'tokens of the vocabulary, up to 65536 (default: 32000, or fewer where the text is short)',
      wholeNumber('--vocab-size', 1, 'a whole number such as 32000'),
    )
    .option(
      '--text-field <NAME>',
      'key of JSON or column of Parquet that has the text (default: text, or what looks like it)',
    )
    .option(
      '--val-fraction <P>',
      'of the documents, or the sections of a long text, kept for validation',
      probability('--val-fraction', '0.005'),
      0.005,
    )
    .option(
      '--tokenizer-sample <BYTES>',
      'text that the tokenizer is trained on (default: 2e8)',
      wholeNumber('--tokenizer-sample', 1, 'a number of bytes such as 200e6'),
      200e6,
    )
    .option(
      '--max-corrupt <N>',
      'rows that may be unreadable',
      wholeNumber('--max-corrupt', 0, 'a whole number such as 100'),
      100,
    )
    .option('--json', 'print one JSON object instead of text')
    .addHelpText(
      'after',
      examples(
        'isoflop corpus prepare SlimPajama/ --out corpus',
        'isoflop corpus prepare notes.txt --out corpus --vocab-size 1024 --json | jq .tokens.train',
      ),
    )
    .action(runPrepare)
  command
    .command('show')
    .summary('what a corpus has in it')
    .description('Shows the tokens, documents, sources and hashes of a corpus that was prepared.')
    .argument('<DIR>', 'the folder of the corpus')
    .option('--verify', 'read every file and compare it with the hash in the manifest')
    .option('--json', 'print one JSON object instead of text')
    .addHelpText('after', examples('isoflop corpus show corpus --verify', 'isoflop corpus show corpus --json'))
    .action(runShow)
  return command
}

interface PrepareFlags {
  readonly out: string
  readonly vocabSize?: number
  readonly textField?: string
  readonly valFraction: number
  readonly tokenizerSample: number
  readonly maxCorrupt: number
  readonly json?: boolean
}

async function runPrepare(inputs: string[], flags: PrepareFlags): Promise<void> {
  const { prepareCorpus } = await import('../corpus/prepare.ts')
  const { out, vocabSize = null, textField = null, valFraction, tokenizerSample, maxCorrupt } = flags
  const unitOf = (name: string) => (name === 'training' ? 'tokens' : 'bytes')
  const bar = workProgress(process.stderr, flags.json === true, systemClock, unitOf)
  let prepared: Prepared
  try {
    prepared = await prepareCorpus({
      inputs,
      folder: out,
      options: { vocabularySize: vocabSize, textField, valFraction, tokenizerSample },
      maxCorrupt,
      onStep: bar.step,
      onNotice: (notice) => {
        bar.done()
        say(notice)
      },
    })
  } finally {
    bar.done()
  }
  const corpus = await openCorpus(out)
  if (flags.json) printFacts(corpus)
  else {
    print([beginnings[prepared.work](out), ...(await describe(corpus))].join('\n'))
    printNext(after.corpus(out))
  }
  corpus.close()
}

const beginnings: Readonly<Record<Prepared['work'], (folder: string) => string>> = {
  all: (folder) => `wrote ${folder}`,
  rest: (folder) => `went on with ${folder}, which is finished now`,
  none: (folder) => `${folder} was finished before: nothing to do`,
}

async function runShow(folder: string, flags: { readonly verify?: boolean; readonly json?: boolean }): Promise<void> {
  const corpus = await openCorpus(folder)
  try {
    if (flags.verify) await (await import('../corpus/verify.ts')).verifyCorpus(corpus)
    if (flags.json) return printFacts(corpus)
    const verified = flags.verify ? ['every file has the hash that the manifest says'] : []
    print([...(await describe(corpus)), await firstWords(corpus), ...verified].join('\n'))
    printNext(after.corpus(folder))
  } finally {
    corpus.close()
  }
}

function printFacts({ manifest, tokens, identity, bytesPerToken }: Corpus): void {
  const { vocabularySize, separator, train, val, options, sources, emptyDocuments, corruptRows } = manifest
  const { dividedDocuments = 0 } = manifest
  const documents = { train: train.documents, val: val.documents }
  const bytes = { train: train.bytes, val: val.bytes }
  const facts = { identity, vocabularySize, separator, tokens, documents, bytes, bytesPerToken, options }
  printJson({ ...facts, sources, dividedDocuments, emptyDocuments, corruptRows })
}

/** A corpus in lines. */
async function describe({ manifest, identity, bytesPerToken }: Corpus): Promise<string[]> {
  const { alignColumns } = await import('../report/page/text.ts')
  const rows = splitNames.map((split) => {
    const { tokens, documents, bytes, shards } = manifest[split]
    return [split, ...[tokens, documents, bytes, shards.length].map(count)]
  })
  const titles = ['split', 'tokens', 'documents', 'bytes of text', 'shards']
  return [
    '',
    ...alignColumns(
      titles.map((title, k) => ({ title, align: k === 0 ? 'left' : 'right' })),
      rows,
    ),
    '',
    `vocabulary: ${count(manifest.vocabularySize)} tokens; ${significant(bytesPerToken)} bytes of validation text a token`,
    `sources: ${counted(manifest.sources.length, 'file')}, ${sizeText(manifest)}`,
    ...divided(manifest),
    ...remarks(manifest),
    ...skipped(manifest),
    `identity: ${identity}`,
  ]
}

const sizeText = ({ sources }: Manifest): string =>
  `${count(sources.reduce((sum, { bytes }) => sum + bytes, 0))} bytes as they lie`

/** Pages of one text on both sides are no harm to a training, but a lower loss than that of new texts. */
function divided({ dividedDocuments = 0 }: Manifest): string[] {
  if (dividedDocuments === 0) return []
  const have = dividedDocuments === 1 ? 'has' : 'have'
  return [`validation: sections, not documents: ${counted(dividedDocuments, 'document')} ${have} text on both sides`]
}

/** What was done to the sources' text. */
function remarks({ sources }: Manifest): string[] {
  const list = (what: string, of: (source: Manifest['sources'][number]) => string | undefined) => {
    const files = sources.flatMap((source) => (of(source) === undefined ? [] : [`${source.name} (${of(source)})`]))
    return files.length === 0 ? [] : [`${what}: ${shortList(files)}`]
  }
  return [
    ...list('converted to UTF-8', ({ convertedFrom }) => convertedFrom),
    ...list('replaced by U+FFFD', ({ replaced }) =>
      replaced === undefined ? undefined : counted(replaced, 'character'),
    ),
    ...list('text taken from', ({ textFrom }) => textFrom && JSON.stringify(textFrom)),
  ]
}

/** What was left out, with the first rows that were. */
function skipped({ emptyDocuments, corruptRows, sources }: Manifest): string[] {
  const empty = emptyDocuments > 0 ? [`left out: ${counted(emptyDocuments, 'empty document')}`] : []
  if (corruptRows.count === 0) return empty
  const listed = corruptRows.first.map((row) => `  ${corruptRowText(row, sources)}`)
  const more = corruptRows.count - listed.length
  return [
    ...empty,
    `left out: ${counted(corruptRows.count, 'corrupt row')}`,
    ...listed,
    ...(more > 0 ? [`  and ${more} more`] : []),
  ]
}

/** Tokens that are shown. */
const shownTokens = 24

/** How the validation text begins, as a quick look at whether it is what one wanted. */
async function firstWords(corpus: Corpus): Promise<string> {
  const { openTokenizer } = await import('../corpus/tokenizer.ts')
  const tokenizer = openTokenizer(corpus.dir, corpus.manifest.tokenizer.sha256)
  const tokens = corpus.read('val', 0, Math.min(shownTokens, corpus.tokens.val))
  return `validation begins: ${JSON.stringify(tokenizer.decode(tokens))}`
}
