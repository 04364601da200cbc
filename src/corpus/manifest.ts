import { createHash } from 'node:crypto'
import { z } from 'zod'
import { IsoflopError } from '../core/errors.ts'
import { readSummed, summed } from '../core/summed.ts'

/**
 * `manifest.json`, what a corpus is. It is written last, so that a folder with one is finished, and it names no date and no
 * place: equal inputs and options give equal bytes.
 */

export const splitNames = ['train', 'val'] as const
export type SplitName = (typeof splitNames)[number]

const count = z.number().int().nonnegative()
const sha256 = z.string().regex(/^[0-9a-f]{64}$/)

const split = z.object({
  /** Separators count as tokens. */
  tokens: count.positive(),
  documents: count.positive(),
  /** Of text, in UTF-8. */
  bytes: count.positive(),
  /** In the order of reading; a token is an unsigned integer of 16 bits, its low byte first. */
  shards: z.array(
    z.object({
      file: z.string().regex(/^(train|val)-\d{5}\.bin$/),
      tokens: count.positive(),
      sha256,
      /** CRC-32 of each section of `sectionBytes`; corpora of earlier versions have none. */
      sections: z.array(count.max(2 ** 32 - 1)).optional(),
    }),
  ),
})

/** Rows that could not be read, of which the first are listed; a source is its place in `sources`. */
export const corruptRowsSchema = z.object({
  count,
  first: z.array(z.object({ source: count, row: count, reason: z.string() })),
})

/** Bytes that are checked together when any of them is read. */
export const sectionBytes = 1 << 20

const manifestSchema = z.object({
  /** Version of the layout. */
  corpus: z.literal(1),
  vocabularySize: z
    .number()
    .int()
    .min(257)
    .max(2 ** 16),
  /** The token that ends a document. */
  separator: count,
  tokenizer: z.object({ file: z.literal('tokenizer.json'), sha256 }),
  options: z.object({
    textField: z.string(),
    valFraction: z.number(),
    /** Bytes of text. */
    tokenizerSample: count,
  }),
  train: split,
  val: split,
  /** In the order of reading; names are relative to what was given on the command line. */
  sources: z.array(
    z.object({
      ...{ name: z.string(), bytes: count, sha256 },
      /** What it was before it was UTF-8. */
      convertedFrom: z.string().optional(),
      /** Characters that were no UTF-8 and became U+FFFD, if any. */
      replaced: count.positive().optional(),
      /** The key or column of its text where that is not the one of `options`. */
      textFrom: z.string().optional(),
    }),
  ),
  /** Documents with sections in both parts, if any. */
  dividedDocuments: count.positive().optional(),
  /** Documents without text. */
  emptyDocuments: count,
  corruptRows: corruptRowsSchema,
})

export type Manifest = z.infer<typeof manifestSchema>
export type CorruptRow = Manifest['corruptRows']['first'][number]

/** A manifest from its file's text, checked as what a stranger may have written. Errors: CORPUS_INVALID. */
export function parseManifest(file: string, text: string): Manifest {
  const { data: manifest, error } = manifestSchema.safeParse(parsedJson(file, text))
  if (error) {
    const { path, message } = error.issues[0]
    throw invalidCorpus(`${file}: ${path.join('.') || 'the manifest'}: ${message}`)
  }
  if (manifest.separator >= manifest.vocabularySize)
    throw invalidCorpus(`${file}: separator is ${manifest.separator}, expected less than ${manifest.vocabularySize}`)
  const stray = manifest.corruptRows.first.find(({ source }) => source >= manifest.sources.length)
  if (stray !== undefined)
    throw invalidCorpus(`${file}: a corrupt row is of source ${stray.source}, which is not listed`)
  for (const name of splitNames) {
    const { tokens, shards } = manifest[name]
    const sum = shards.reduce((total, shard) => total + shard.tokens, 0)
    if (sum !== tokens) throw invalidCorpus(`${file}: the shards of ${name} have ${sum} tokens, expected ${tokens}`)
    for (const shard of shards) checkSections(file, shard)
  }
  return manifest
}

/** Refuses a shard with another number of checksums than it has sections. */
function checkSections(file: string, { file: shard, tokens, sections }: Manifest['train']['shards'][number]): void {
  const expected = Math.ceil((tokens * Uint16Array.BYTES_PER_ELEMENT) / sectionBytes)
  if (sections !== undefined && sections.length !== expected)
    throw invalidCorpus(`${file}: ${shard} has ${sections.length} checksums, expected ${expected}`)
}

/** What a manifest's text says; earlier versions wrote no checksum into it. */
function parsedJson(file: string, text: string): unknown {
  const read = readSummed(text)
  if (read.kind === 'damaged') throw invalidCorpus(`${file} is not what was written: ${read.reason}`)
  return read.record
}

export const manifestText = (manifest: Manifest): string => `${summed(manifest, 2)}\n`

/**
 * SHA-256 of a manifest's text without its checksums and what else only tells of what its hashes say: equal for equal tokens, whatever the
 * folder and the version of isoflop that prepared them.
 */
export function identityOf(text: string): string {
  const read = readSummed(text)
  const plain = read.kind === 'whole' ? `${JSON.stringify(read.record, withoutRemarks, 2)}\n` : text
  return createHash('sha256').update(plain).digest('hex')
}

const remarks: readonly string[] = ['sections', 'convertedFrom', 'replaced', 'textFrom', 'dividedDocuments']
const withoutRemarks = (key: string, value: unknown): unknown => (remarks.includes(key) ? undefined : value)

/**
 * Bytes of text that a token stands for, measured on the validation text, whose loss is what one wants to convert:
 * bits per byte = loss in nats / ln 2 / bytes per token.
 */
export const bytesPerToken = ({ val }: Manifest): number => val.bytes / val.tokens

export const invalidCorpus = (message: string): IsoflopError =>
  new IsoflopError('CORPUS_INVALID', `${message}.`, 'Prepare the corpus again, into a new folder, or copy it again.')
