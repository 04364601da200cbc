import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { writeWhole } from '../core/durable.ts'
import { IsoflopError } from '../core/errors.ts'
import { readSummed, summed } from '../core/summed.ts'
import { shortList } from './listing.ts'
import type { Notices } from './notices.ts'
import { hasChanged, type Source } from './sources.ts'
import { requireNoPointers, type Survey, surveySource } from './survey.ts'

/**
 * `inputs.json`: what a folder's corpus is made of. It is written before anything else and stays, so that a second run knows
 * whether it is the same corpus, and by the dates of the files does not have to read them to know.
 */

/** What decides, with the inputs, about every byte of a corpus. */
export interface CorpusOptions {
  /** Tokens; null for 32,000, or less where the text has not so many (`train-tokenizer.ts`). */
  readonly vocabularySize: number | null
  /** Of the documents, between 0 and 1. */
  readonly valFraction: number
  /** The key of JSON and the column of Parquet that have the text; null where each file's is to be found, `text` first. */
  readonly textField: string | null
  /** Bytes of text that the tokenizer is trained on, at most. */
  readonly tokenizerSample: number
}

export type SurveyedSource = Source & Survey

const recordSchema = z.object({
  corpus: z.literal(1),
  options: z.object({
    vocabularySize: z.number().nullable(),
    valFraction: z.number(),
    textField: z.string().nullable(),
    tokenizerSample: z.number(),
  }),
  sources: z.array(
    z.object({
      name: z.string(),
      bytes: z.number(),
      modified: z.number(),
      sha256: z.string(),
      unpackedBytes: z.number(),
      convertedFrom: z.string().nullable().default(null),
      replaced: z.number().default(0),
      /** Before it was written here, it was the same for all. */
      textField: z.string().nullable().default('text'),
    }),
  ),
})

type InputRecord = z.infer<typeof recordSchema>

/** What is told while inputs are read. */
export interface SurveyListener {
  readonly onRead: (bytes: number) => void
  readonly notices: Notices
}

/**
 * The sources with what they hold, read through where the folder does not know them. A record counts once something was made of
 * it, so that a wrong option that ended the first try can be given right.
 * @throws IsoflopError CORPUS_DIFFERS where the folder has another corpus, FILE_FORMAT where a source is a pointer only, and what the sources say.
 */
export async function surveyInputs(
  folder: string,
  sources: readonly Source[],
  options: CorpusOptions,
  listener: SurveyListener,
): Promise<SurveyedSource[]> {
  requireNoPointers(sources)
  const known = readRecord(folder)
  const request = { textField: options.textField, ...listener }
  if (known === null) return record(folder, sources, options, request)
  const differing = optionDifferences(known.options, options)
  if (differing.length > 0) throw differs(`${folder} has another corpus: ${differing.join(', ')}.`)
  if (known.sources.length !== sources.length)
    throw differs(`${folder} has a corpus of ${known.sources.length} files, and ${sources.length} were given.`)
  const surveyed: SurveyedSource[] = []
  for (const [i, source] of sources.entries()) {
    const { name, bytes, modified, ...survey } = known.sources[i]
    const isSame =
      name === source.name &&
      bytes === source.bytes &&
      (modified === source.modified || (await surveySource(source, request)).sha256 === survey.sha256)
    if (!isSame) throw differs(`${source.path} is not the file ${name} that the corpus in ${folder} was begun with.`)
    surveyed.push({ ...source, ...survey })
  }
  return surveyed
}

async function record(
  folder: string,
  sources: readonly Source[],
  options: CorpusOptions,
  request: Parameters<typeof surveySource>[1],
): Promise<SurveyedSource[]> {
  const surveyed = await surveyAll(sources, request)
  for (const source of sources) requireUnchanged(source)
  const rows = surveyed.map(({ path, kind, packing, isNamed, ...row }) => row)
  const content: InputRecord = { corpus: 1, options, sources: rows }
  writeWhole(recordFile(folder), `${summed(content, 2)}\n`)
  return surveyed
}

/** Goes through all before it says what is wrong with the first, so that people can see to all of them at once. */
async function surveyAll(
  sources: readonly Source[],
  request: Parameters<typeof surveySource>[1],
): Promise<SurveyedSource[]> {
  const surveyed: SurveyedSource[] = []
  const wrong: { readonly name: string; readonly error: IsoflopError }[] = []
  for (const source of sources)
    try {
      surveyed.push({ ...source, ...(await surveySource(source, request)) })
    } catch (error) {
      if (!(error instanceof IsoflopError)) throw error
      wrong.push({ name: source.name, error })
    }
  if (wrong.length === 0) return surveyed
  const [{ error }, ...others] = wrong
  if (others.length === 0) throw error
  const also = `Something is wrong with ${others.length} more: ${shortList(others.map(({ name }) => name))}.`
  throw new IsoflopError(error.code, `${error.message} ${also}`, error.advice, { cause: error })
}

/** Errors: CORPUS_DIFFERS where a file is no longer the one that was listed. */
export function requireUnchanged(source: Source): void {
  if (hasChanged(source)) throw differs(`${source.path} was changed while it was read.`)
}

const recordFile = (folder: string): string => join(folder, 'inputs.json')

/** Null where the folder has no corpus yet. */
function readRecord(folder: string): InputRecord | null {
  const made = ['manifest.json', 'progress.json'].find((name) => existsSync(join(folder, name)))
  if (made === undefined) return null
  const file = recordFile(folder)
  if (!existsSync(file)) throw differs(`${folder} has a ${made}, but no inputs.json to say what it was made of.`)
  const read = readSummed(readFileSync(file, 'utf8'))
  if (read.kind === 'damaged') throw differs(`${file} is not what was written: ${read.reason}.`)
  try {
    return recordSchema.parse(read.record)
  } catch (cause) {
    throw differs(`${file} cannot be read as the inputs of a corpus.`, cause)
  }
}

const optionNames: Readonly<Record<keyof CorpusOptions, string>> = {
  vocabularySize: '--vocab-size',
  valFraction: '--val-fraction',
  textField: '--text-field',
  tokenizerSample: '--tokenizer-sample',
}

/** What an option means that is not given: earlier versions recorded that. */
const defaults: Partial<CorpusOptions> = { vocabularySize: 32_000, textField: 'text' }

const optionDifferences = (there: CorpusOptions, here: CorpusOptions): string[] =>
  (Object.keys(optionNames) as (keyof CorpusOptions)[])
    .filter((name) => there[name] !== here[name] && !(here[name] === null && there[name] === defaults[name]))
    .map((name) => `${optionNames[name]} is ${there[name] ?? 'not given'} there and ${here[name] ?? 'not given'} here`)

const differs = (message: string, cause?: unknown): IsoflopError =>
  new IsoflopError(
    'CORPUS_DIFFERS',
    message,
    'Choose another --out, or give the inputs and options that it was begun with.',
    { cause },
  )
