import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { writeWhole } from '../core/durable.ts'
import { IsoflopError } from '../core/errors.ts'
import { hasChanged, type Source, type Survey, surveySource } from './sources.ts'

/**
 * `inputs.json`: what a folder's corpus is made of. It is written before anything else and stays, so that a second run knows
 * whether it is the same corpus, and by the dates of the files does not have to read them to know.
 */

/** What decides, with the inputs, about every byte of a corpus. */
export interface CorpusOptions {
  readonly vocabularySize: number
  /** Of the documents, between 0 and 1. */
  readonly valFraction: number
  /** The key of JSONL and the column of Parquet that have the text. */
  readonly textField: string
  /** Bytes of text that the tokenizer is trained on, at most. */
  readonly tokenizerSample: number
}

export type SurveyedSource = Source & Survey

const recordSchema = z.object({
  corpus: z.literal(1),
  options: z.object({
    vocabularySize: z.number(),
    valFraction: z.number(),
    textField: z.string(),
    tokenizerSample: z.number(),
  }),
  sources: z.array(
    z.object({
      name: z.string(),
      bytes: z.number(),
      modified: z.number(),
      sha256: z.string(),
      unpackedBytes: z.number(),
    }),
  ),
})

type InputRecord = z.infer<typeof recordSchema>

/**
 * The sources with what they hold, read through where the folder does not know them. A record counts once something was made of
 * it, so that a wrong option that ended the first try can be given right. `onRead` is told of the bytes read.
 * @throws IsoflopError CORPUS_DIFFERS where the folder has another corpus, and what the sources say.
 */
export async function surveyInputs(
  folder: string,
  sources: readonly Source[],
  options: CorpusOptions,
  onRead: (bytes: number) => void,
): Promise<SurveyedSource[]> {
  const known = readRecord(folder)
  if (known === null) return record(folder, sources, options, onRead)
  const differing = optionDifferences(known.options, options)
  if (differing.length > 0) throw differs(`${folder} has another corpus: ${differing.join(', ')}.`)
  if (known.sources.length !== sources.length)
    throw differs(`${folder} has a corpus of ${known.sources.length} files, and ${sources.length} were given.`)
  const surveyed: SurveyedSource[] = []
  for (const [i, source] of sources.entries()) {
    const { name, bytes, modified, sha256, unpackedBytes } = known.sources[i]
    const isSame =
      name === source.name &&
      bytes === source.bytes &&
      (modified === source.modified || (await surveySource(source, onRead)).sha256 === sha256)
    if (!isSame) throw differs(`${source.path} is not the file ${name} that the corpus in ${folder} was begun with.`)
    surveyed.push({ ...source, sha256, unpackedBytes })
  }
  return surveyed
}

async function record(
  folder: string,
  sources: readonly Source[],
  options: CorpusOptions,
  onRead: (bytes: number) => void,
): Promise<SurveyedSource[]> {
  const surveyed: SurveyedSource[] = []
  for (const source of sources) surveyed.push({ ...source, ...(await surveySource(source, onRead)) })
  for (const source of sources) requireUnchanged(source)
  const rows = surveyed.map(({ name, bytes, modified, sha256, unpackedBytes }) => ({
    ...{ name, bytes, modified, sha256, unpackedBytes },
  }))
  const content: InputRecord = { corpus: 1, options, sources: rows }
  writeWhole(recordFile(folder), `${JSON.stringify(content, null, 2)}\n`)
  return surveyed
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
  try {
    return recordSchema.parse(JSON.parse(readFileSync(file, 'utf8')))
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

const optionDifferences = (there: CorpusOptions, here: CorpusOptions): string[] =>
  (Object.keys(optionNames) as (keyof CorpusOptions)[])
    .filter((name) => there[name] !== here[name])
    .map((name) => `${optionNames[name]} is ${there[name]} there and ${here[name]} here`)

const differs = (message: string, cause?: unknown): IsoflopError =>
  new IsoflopError(
    'CORPUS_DIFFERS',
    message,
    'Choose another --out, or give the inputs and options that it was begun with.',
    { cause },
  )
