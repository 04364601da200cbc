import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { makeFolder, writeWhole } from '../core/durable.ts'
import { IsoflopError, outputFailed } from '../core/errors.ts'
import { lock } from '../core/lock.ts'
import { type Encoded, encodeSources } from './encode.ts'
import { type CorpusOptions, type SurveyedSource, surveyInputs } from './inputs.ts'
import { listSources, passedOverText } from './listing.ts'
import { type Manifest, manifestText, parseManifest } from './manifest.ts'
import { Notices } from './notices.ts'
import { type Progress, readProgress, removeProgress, writeProgress } from './progress.ts'
import { openTokenizer, type Tokenizer, tokenizerText } from './tokenizer.ts'
import { trainVocabulary, usualVocabulary } from './train-tokenizer.ts'
import { firstMerged, separator } from './vocabulary.ts'

export interface PrepareRequest {
  /** Files, and folders whose files are taken in the order of their names. */
  readonly inputs: readonly string[]
  readonly folder: string
  readonly options: CorpusOptions
  /** Rows that may be corrupt before it gives up. */
  readonly maxCorrupt: number
  /** Of a shard, at most: 64 Mi by default, 128 MiB on disk. */
  readonly shardTokens?: number
  /** Bytes of text between two marks, at which it can go on: 64 MiB by default. */
  readonly markBytes?: number
  readonly onStep?: (step: PrepareStep) => void
  /** Told of what was passed over, converted, replaced or chosen in the inputs, before anything is made of them. */
  readonly onNotice?: (notice: string) => void
}

/** What is being done, and how much of it is done: bytes, or tokens while training. */
export interface PrepareStep {
  readonly name: 'checking' | 'sampling' | 'training' | 'encoding'
  readonly done: number
  readonly total: number
}

export interface Prepared {
  readonly manifest: Manifest
  /** Whether everything, the rest, or nothing had to be done. */
  readonly work: 'all' | 'rest' | 'none'
}

/**
 * Makes a corpus: checks the inputs, trains the tokenizer, encodes every document, and writes the manifest last. Broken off at any
 * moment, the same call goes on from the last mark, to the same bytes; once finished, it does nothing.
 *
 * @throws IsoflopError BAD_OPTION for the vocabulary's size, CORPUS_DIFFERS where the folder has another corpus, CORPUS_RUNNING where another process is at work in it,
 * CORPUS_TOO_SMALL, ROWS_CORRUPT, OUTPUT_FAILED, and what the inputs say.
 */
export async function prepareCorpus(request: PrepareRequest): Promise<Prepared> {
  const { folder, options } = request
  requireVocabularySize(options.vocabularySize)
  try {
    makeFolder(folder)
    const unlock = lock(join(folder, '.corpus.lock'))
    if (unlock === null) throw running(folder)
    try {
      return await prepareLocked(request)
    } finally {
      unlock()
    }
  } catch (error) {
    // What is wrong with an input is said where it is read: what the system says here is of the output.
    if (error instanceof IsoflopError || !isOfSystem(error)) throw error
    throw outputFailed(
      folder,
      error,
      'Make room, or name an --out that can be written to; what is done so far is kept.',
    )
  }
}

/** Whether an error is the system's or, of the lock, SQLite's. */
const isOfSystem = (error: unknown): boolean => error instanceof Error && ('syscall' in error || 'errcode' in error)

/** A token is written in 16 bits, and every byte is one. */
function requireVocabularySize(size: number | null): void {
  if (size === null) return
  if (size >= firstMerged && size <= 1 << 16) return
  throw new IsoflopError(
    'BAD_OPTION',
    `--vocab-size is ${size}, expected ${firstMerged} to ${1 << 16}.`,
    'For example: --vocab-size 32000',
  )
}

const running = (folder: string): IsoflopError =>
  new IsoflopError(
    'CORPUS_RUNNING',
    `Another process prepares a corpus in ${folder}.`,
    'Wait until it has ended, or choose another --out.',
  )

async function prepareLocked(request: PrepareRequest): Promise<Prepared> {
  const { folder, options } = request
  const sources = await readInputs(request)
  const file = join(folder, 'manifest.json')
  if (existsSync(file)) return { manifest: parseManifest(file, readFileSync(file, 'utf8')), work: 'none' }
  const begun = readProgress(folder)
  const progress = begun ?? (await trainTokenizer(request, sources))
  const tokenizer = openTokenizer(folder, progress.tokenizer)
  const encoded = await encode(request, sources, progress, tokenizer)
  const manifest = manifestOf(options, sources, progress.tokenizer, tokenizer.vocabulary.size, encoded)
  writeWhole(file, manifestText(manifest))
  removeProgress(folder)
  return { manifest, work: begun === null ? 'all' : 'rest' }
}

/** Looks at the inputs, and tells of them even where one of them ends it. */
async function readInputs(request: PrepareRequest): Promise<SurveyedSource[]> {
  const { inputs, folder, options, onNotice } = request
  const { sources, passedOver } = listSources(inputs)
  if (passedOver.length > 0) onNotice?.(passedOverText(passedOver))
  const onDisk = sources.reduce((sum, { bytes }) => sum + bytes, 0)
  const notices = new Notices()
  try {
    return await surveyInputs(folder, sources, options, { onRead: counting(request, 'checking', onDisk), notices })
  } finally {
    for (const line of notices.lines()) onNotice?.(line)
  }
}

/** Tells the listener of bytes that come one after the other. */
function counting({ onStep }: PrepareRequest, name: PrepareStep['name'], total: number): (bytes: number) => void {
  let done = 0
  return (bytes) => {
    done += bytes
    onStep?.({ name, done, total })
  }
}

/** Trains the tokenizer and writes it: the first mark. */
async function trainTokenizer(request: PrepareRequest, sources: readonly SurveyedSource[]): Promise<Progress> {
  const { folder, options, maxCorrupt, onStep } = request
  const total = unpackedBytes(sources)
  const vocabulary = await trainVocabulary(sources, options, maxCorrupt, {
    onRead: (done) => onStep?.({ name: 'sampling', done, total }),
    onMerge: (done) => onStep?.({ name: 'training', done, total: options.vocabularySize ?? usualVocabulary }),
  })
  if (vocabulary.size < (options.vocabularySize ?? usualVocabulary)) request.onNotice?.(smallerText(vocabulary.size))
  const text = tokenizerText(vocabulary)
  writeWhole(join(folder, 'tokenizer.json'), text)
  const progress = { tokenizer: createHash('sha256').update(text).digest('hex'), encoding: null }
  writeProgress(folder, progress)
  return progress
}

const smallerText = (size: number): string =>
  size > firstMerged
    ? `the vocabulary has ${size} tokens, which suit so short a text (--vocab-size N takes another number)`
    : `the vocabulary has ${size} tokens, the bytes alone: no word of up to 256 characters occurs twice`

async function encode(
  request: PrepareRequest,
  sources: readonly SurveyedSource[],
  progress: Progress,
  tokenizer: Tokenizer,
): Promise<Encoded> {
  const { folder, options, maxCorrupt, shardTokens = 1 << 26, markBytes = 1 << 26, onStep } = request
  const total = unpackedBytes(sources)
  const encoding = {
    ...{ folder, sources, maxCorrupt, shardTokens, markBytes },
    ...{ valFraction: options.valFraction, tokenizer },
    onMark: (state: NonNullable<Progress['encoding']>) => writeProgress(folder, { ...progress, encoding: state }),
    onRead: (done: number) => onStep?.({ name: 'encoding', done, total }),
  }
  try {
    return await encodeSources(encoding, progress.encoding)
  } catch (error) {
    // Nothing will come of it with these options: let the folder be used with others.
    if (error instanceof IsoflopError && error.code === 'CORPUS_TOO_SMALL') removeProgress(folder)
    throw error
  }
}

const unpackedBytes = (sources: readonly SurveyedSource[]): number =>
  sources.reduce((sum, source) => sum + source.unpackedBytes, 0)

function manifestOf(
  { valFraction, textField, tokenizerSample }: CorpusOptions,
  sources: readonly SurveyedSource[],
  tokenizer: string,
  vocabularySize: number,
  { train, val, dividedDocuments, emptyDocuments, corruptRows }: Encoded,
): Manifest {
  const splitOf = ({ documents, bytes, shards }: Encoded['train']) => ({
    tokens: shards.reduce((sum, shard) => sum + shard.tokens, 0),
    ...{ documents, bytes, shards: [...shards] },
  })
  const options = { textField: textField ?? 'text', valFraction, tokenizerSample }
  return {
    corpus: 1,
    vocabularySize,
    separator,
    tokenizer: { file: 'tokenizer.json', sha256: tokenizer },
    options,
    train: splitOf(train),
    val: splitOf(val),
    sources: sources.map((source) => sourceFacts(source, options.textField)),
    ...(dividedDocuments > 0 && { dividedDocuments }),
    emptyDocuments,
    corruptRows,
  }
}

const sourceFacts = (source: SurveyedSource, usual: string): Manifest['sources'][number] => {
  const { name, bytes, sha256, convertedFrom, replaced, textField } = source
  return {
    ...{ name, bytes, sha256 },
    ...(convertedFrom !== null && { convertedFrom }),
    ...(replaced > 0 && { replaced }),
    ...(textField !== null && textField !== usual && { textFrom: textField }),
  }
}
