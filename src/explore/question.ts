import { z } from 'zod'
import type { Diagnostic } from '../core/diagnostic.ts'
import { type ErrorCode, IsoflopError } from '../core/errors.ts'
import type { Preview } from '../input/preview.ts'
import type { ToldColumns } from '../input/told.ts'
import type { DataJson } from '../input/wire.ts'
import type { SurfaceLaw } from '../law/surface.ts'

/** How files are to be read, in the words of the command line. */
const tableFlags = z.strictObject({
  columns: z.string().max(10_000).optional(),
  groupBy: z.string().max(1000).optional(),
  lossUnit: z.string().max(100).optional(),
  records: z.string().max(1000).optional(),
  checkpoints: z.string().max(20).optional(),
  best: z.boolean().optional(),
  keepState: z.boolean().optional(),
  where: z
    .array(z.strictObject({ column: z.string().max(1000), value: z.string().max(1000) }))
    .max(50)
    .optional(),
  drop: z.string().max(100_000).optional(),
})
export type TableFlags = z.infer<typeof tableFlags>

/** What is asked of the fit, in the words of the command line. */
const asked = z.strictObject({
  /** Null where none is named: ten times the largest budget then. */
  targets: z.array(z.number().positive().finite()).max(50).nullable(),
  /** Null where none is named: all but joint, or none with repeats. */
  methods: z.array(z.string().max(40)).max(20).nullable(),
  repeats: z.boolean(),
  /** Null: as many as a run of the table has. */
  uniqueTokens: z.array(z.number().min(1).finite()).max(50).nullable(),
  /** As it is typed; null: the usual one. */
  prior: z.string().max(200).nullable(),
  confidence: z.number().gt(0).lt(1),
  resamples: z.int().min(20),
  seed: z.int().min(0),
  starts: z.int().min(1),
})
export type Asked = z.infer<typeof asked>

const files = z.array(z.string().min(1).max(4096)).min(1).max(50)
const tableQuestion = z.strictObject({ files, flags: tableFlags })
const question = z.strictObject({ files, flags: tableFlags, asked, language: z.enum(['en', 'zh']) })

/** A view of a fit: which files, read how, fitted how. */
export type Question = z.infer<typeof question>

/** What a page begins with. */
export interface Start {
  readonly files: readonly string[]
  readonly flags: TableFlags
  readonly asked: Asked
  readonly version: string
}

/** What reading came to. */
export type TableAnswer =
  | {
      readonly kind: 'read'
      readonly data: DataJson
      readonly diagnostics: readonly Diagnostic[]
      readonly truth: SurfaceLaw | null
      /** Columns that the runs may be grouped by. */
      readonly columns: readonly string[]
      /** What --columns said. */
      readonly told: ToldColumns
      /** The head of the first file; null where it has none, as a world. */
      readonly preview: Preview | null
    }
  | {
      readonly kind: 'fault'
      readonly code: ErrorCode
      readonly message: string
      readonly advice: string
      /** What --columns said; nothing where it was no such text. */
      readonly told: ToldColumns
      /** The head of the file that was not understood; null where it is no table. */
      readonly preview: Preview | null
    }

/** Errors of both: BAD_OPTION. */
export const tableQuestionOf = (body: unknown) => parsed(tableQuestion, body)
export const questionOf = (body: unknown): Question => parsed(question, body)

function parsed<T>(schema: z.ZodType<T>, body: unknown): T {
  const { data, error } = schema.safeParse(body)
  if (data !== undefined) return data
  const [issue] = error!.issues
  throw new IsoflopError('BAD_OPTION', `${issue.path.join('.')}: ${issue.message}`, 'Load the page anew.')
}
