import { z } from 'zod'
import type { Diagnostic } from '../core/diagnostic.ts'
import { type ErrorCode, IsoflopError } from '../core/errors.ts'
import type { Preview } from '../input/preview.ts'
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

/** What is asked of the fit. What the page does not change is as the command line has it. */
const asked = z.strictObject({
  targets: z.array(z.number().positive().finite()).max(50),
  methods: z.array(z.string().max(40)).max(20).nullable(),
})

const files = z.array(z.string().min(1).max(4096)).min(1).max(50)
const tableQuestion = z.strictObject({ files, flags: tableFlags })
const question = z.strictObject({ files, flags: tableFlags, language: z.enum(['en', 'zh']), ...asked.shape })

/** A view of a fit: which files, read how, fitted how. */
export type Question = z.infer<typeof question>

/** What the command line asked of the fit. */
export interface Asked {
  /** Null where it named none: ten times the largest budget then. */
  readonly targets: readonly number[] | null
  /** Null where it named none: all. */
  readonly methods: readonly string[] | null
  readonly confidence: number
  readonly seed: number
  readonly resamples: number
  readonly starts: number
}

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
    }
  | {
      readonly kind: 'fault'
      readonly code: ErrorCode
      readonly message: string
      readonly advice: string
      /** The head of the file that was not understood; null where it is no table. */
      readonly preview: Preview | null
    }

/** Errors of both: BAD_OPTION. */
export const askedOf = (body: unknown) => parsed(tableQuestion, body)
export const questionOf = (body: unknown): Question => parsed(question, body)

function parsed<T>(schema: z.ZodType<T>, body: unknown): T {
  const { data, error } = schema.safeParse(body)
  if (data !== undefined) return data
  const [issue] = error!.issues
  throw new IsoflopError('BAD_OPTION', `${issue.path.join('.')}: ${issue.message}`, 'Load the page anew.')
}
