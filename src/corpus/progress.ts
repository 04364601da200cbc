import { existsSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { writeWhole } from '../core/durable.ts'
import { readSummed, summed } from '../core/summed.ts'
import { corruptRowsSchema, invalidCorpus } from './manifest.ts'

/**
 * `progress.json`: how far a corpus is, written whole at every mark, removed when the corpus is finished. What is behind the last
 * mark is done again, and comes out the same.
 */

const count = z.number().int().nonnegative()

const splitSchema = z.object({
  documents: count,
  bytes: count,
  shards: z.object({
    done: z
      .array(z.object({ file: z.string(), tokens: count, sha256: z.string(), sections: z.array(count) }))
      .readonly(),
    openTokens: count,
    openCrc32: count,
  }),
})

const encodingSchema = z.object({
  /** A text whose hash is below this is of the validation part. */
  valBound: z.number(),
  /** How texts are cut. */
  cut: z.enum(['usual', 'fine']),
  /** The lowest and the highest hashes so far. */
  ends: z.object({
    lowest: z.array(z.tuple([z.number(), z.number()]).readonly()).readonly(),
    highest: z.number().nullable(),
  }),
  /** Place of the source that is being read, and the last row of it that is done. */
  source: count,
  row: count,
  /** The split that has the beginning of a document whose end is still to come. */
  open: z.enum(['train', 'val']).nullable(),
  /** Whether that document has sections on the other side, too. */
  isDivided: z.boolean(),
  train: splitSchema,
  val: splitSchema,
  dividedDocuments: count,
  emptyDocuments: count,
  corruptRows: corruptRowsSchema,
})

const progressSchema = z.object({
  /** SHA-256 of `tokenizer.json`. */
  tokenizer: z.string(),
  /** Null before the first mark. */
  encoding: encodingSchema.nullable(),
})

export type EncodingState = z.infer<typeof encodingSchema>
export type Progress = z.infer<typeof progressSchema>

const progressFile = (folder: string): string => join(folder, 'progress.json')

/** Null where nothing is done yet. Errors: CORPUS_INVALID. */
export function readProgress(folder: string): Progress | null {
  const file = progressFile(folder)
  if (!existsSync(file)) return null
  try {
    const read = readSummed(readFileSync(file, 'utf8'))
    if (read.kind === 'whole') return progressSchema.parse(read.record)
  } catch {
    // Said below.
  }
  throw invalidCorpus(`${file} is not what was written`)
}

export const writeProgress = (folder: string, progress: Progress): void =>
  writeWhole(progressFile(folder), `${summed(progress, 2)}\n`)

export const removeProgress = (folder: string): void => rmSync(progressFile(folder), { force: true })
