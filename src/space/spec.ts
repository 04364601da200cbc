import { z } from 'zod'
import { textValue, textValueWords } from './codec.ts'
import { flopsFormulaNames } from './transformer.ts'

/** What the file of a space says (docs/space.md). Everything that is not named here is a mistake. */

const positive = z.number().finite().positive()
const count = z.number().int().positive().max(1e9)

const span = '{ "from": ..., "to": ... }'

/** Where a value has another form than all that it may have, the message names them. */
const ofForms =
  (forms: string) => (issue: { readonly code?: string | undefined; readonly path?: readonly unknown[] | undefined }) =>
    issue.code === 'invalid_type' || issue.code === 'invalid_union' ? `expected ${forms}` : undefined

const ends = (value: z.ZodNumber, forms = span) =>
  z
    .strictObject({ from: value, to: value }, { error: ofForms(forms) })
    .refine(({ from, to }) => from <= to, { message: 'from must not be above to' })

/** One value, or all from one to another. */
const spread = (value: z.ZodNumber) =>
  z.preprocess(
    (given) => (typeof given === 'number' ? { from: given, to: given } : given),
    ends(value, `a number or ${span}`),
  )

const ascending = (values: readonly number[]) => values.every((value, k) => k === 0 || value > values[k - 1])
const listOf = (value: z.ZodNumber) =>
  z.array(value).min(1).max(1000).refine(ascending, { message: 'the values must ascend, each once' })

const listOrEnds = (value: z.ZodNumber) =>
  z.union([listOf(value), ends(value)], { error: ofForms(`a list or ${span}`) })

const shapes = z.strictObject({
  d_model: spread(count.min(8).max(1_000_000)),
  num_layers: spread(count.max(10_000)),
  head_dim: spread(count.max(65_536)).default({ from: 64, to: 64 }),
  /** Widths are multiples of this; as many as the heads need, where it is not given. */
  width_multiple: count.max(65_536).optional(),
  queries_per_kv: count.max(1024).default(1),
  ffn_ratio: positive.max(100).default(4),
  gated: z.boolean().default(false),
  tied_embeddings: z.boolean().default(true),
  flops: z.enum(flopsFormulaNames).default('6N'),
})

const rung = z
  .strictObject({
    name: z.string().regex(textValue, textValueWords),
    parameters: positive.max(1e15),
    embedding_parameters: z.number().finite().nonnegative().max(1e15).optional(),
    flops_per_token: positive.max(1e18).optional(),
    d_model: count.max(1_000_000).optional(),
    num_layers: count.max(10_000).optional(),
  })
  .refine(({ d_model, num_layers }) => (d_model === undefined) === (num_layers === undefined), {
    message: 'd_model and num_layers are given both or not at all',
  })

const ladder = z.array(rung).min(1).max(200)

export const spaceSpec = z
  .strictObject({
    name: z
      .string()
      .regex(/^[a-z][a-z0-9-]{0,39}$/, 'must be small letters, digits and hyphens, and begin with a letter')
      .refine((name) => name !== 'cs336', { message: "is the name of the course's space" }),
    shapes: shapes.optional(),
    ladder: ladder.optional(),
    vocabulary: count.min(2),
    /** Tokens of a sequence. */
    context: count.max(100_000_000),
    batch: z.strictObject({
      unit: z.enum(['sequences', 'tokens']),
      sizes: listOrEnds(count),
    }),
    learning_rate: spread(positive.max(10)),
    /** FLOPs that a run may have. */
    train_flops: listOrEnds(positive.max(1e30)),
    /** FLOPs to spend, and of the run to predict. */
    budget: positive.max(1e32),
    target: z.strictObject({
      flops: positive.max(1e32),
      d_model: spread(count.min(8).max(1_000_000)).optional(),
      num_layers: spread(count.max(10_000)).optional(),
      learning_rate: spread(positive.max(10)).optional(),
    }),
    constants: z
      .record(
        z
          .string()
          .regex(/^[a-z][a-z0-9_]{0,39}$/, 'names have small letters, digits and underscores, and begin with a letter'),
        z.union([z.number(), z.string(), z.boolean()], { error: ofForms('a number, a text, true or false') }),
      )
      .default({}),
  })
  .refine(({ shapes: knobs, ladder: list }) => (knobs === undefined) !== (list === undefined), {
    message: 'a space has either shapes or a ladder',
  })

export type SpaceSpec = z.infer<typeof spaceSpec>
