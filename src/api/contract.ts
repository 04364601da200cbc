import { z } from 'zod'
import type { Config } from '../core/config.ts'
import { exactInteger, integerAsWritten, shortExact, shortInteger } from '../core/exact-integer.ts'
import { apiCodec, type TrainingConfig } from '../cs336/config.ts'
import { apiLimits, predictionLimits } from '../cs336/limits.ts'
import { anyCodec } from '../space/any.ts'
import type { Field } from '../space/codec.ts'
import { pythonFloat, pythonInteger } from './python.ts'

/**
 * The wire contract of the course's training API, version 1, and what isoflop adds to it. Names on the wire are the handout's;
 * a message is built in this file alone.
 */

/** A whole number as a query carries it: `64`, and also `1e+16` and `64.0`, as Python's requests sends floats. */
export const wholeNumber = (name: string) =>
  z.preprocess(
    exactlyNumberOf,
    z.number({ error: ({ input }) => notA(name, wholeOf(input), input) }).refine(Number.isInteger, {
      error: ({ input }) => notA(name, 'a whole number', input),
      abort: true,
    }),
  )

export const realNumber = (name: string) =>
  z.preprocess(numberOf, z.number({ error: ({ input }) => notA(name, 'a number', input) }))

/** Characters of the longest number: Python writes at most 24, and longer text is never looked into. */
const longestNumber = 100
// No two parts of it can take the same character, so that a mismatch is found in one pass.
const decimal = /^[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?$/i

/** The number that a query's text means; other text is left for the schema to refuse. */
function numberOf(value: unknown): unknown {
  if (typeof value !== 'string' || value.length > longestNumber) return value
  const text = value.trim()
  return decimal.test(text) ? Number(text) : value
}

/** The same, unless the text is a whole number that no double is: 2^53 + 1 must not become 2^53 unsaid. */
function exactlyNumberOf(value: unknown): unknown {
  const number = numberOf(value)
  if (typeof value !== 'string' || typeof number !== 'number' || !Number.isInteger(number)) return number
  return exactInteger(value) === integerAsWritten(number) ? number : value
}

const wholeOf = (input: unknown): string =>
  typeof input === 'string' && exactInteger(input) !== null ? 'a whole number that a double holds' : 'a whole number'

const notA = (name: string, what: string, input: unknown): string =>
  input === undefined ? `${name} is missing` : `${name} must be ${what}, got ${shownInput(input)}`

/** What came, as it may be repeated to the caller; of lists and objects, which may be nested without end, only that they came. */
export const shownInput = (input: unknown): string => {
  if (typeof input === 'object' && input !== null) return Array.isArray(input) ? 'a list' : 'an object'
  const text = String(input)
  return text.length > 60 ? `${text.slice(0, 60)}...` : text
}

/** A value of the right type outside its range: the contract answers 404 for it, and 422 for other faults. */
export const outOfRange = 'out-of-range'

export const inRange = (
  name: string,
  { least, most }: { least: number; most: number },
  format: (x: number) => string,
) =>
  [
    (x: number) => x >= least && x <= most,
    {
      error: ({ input }: { input?: unknown }) =>
        `${name} must be in range [${format(least)}, ${format(most)}], got ${format(input as number)}`,
      params: { kind: outOfRange },
    },
  ] as const

const oneOf = (name: string, values: readonly number[]) =>
  [
    (x: number) => values.includes(x),
    {
      error: ({ input }: { input?: unknown }) =>
        `${name} must be one of [${values.map(pythonInteger).join(', ')}], got ${shownInteger(input as number)}${nearest(values, input as number)}`,
      params: { kind: outOfRange },
    },
  ] as const

/** The two values of a list that a number may have meant, as they are typed most easily; nothing of a list that is read at a glance. */
function nearest(values: readonly number[], x: number): string {
  if (values.length < 3) return ''
  const distance = (value: number) => (x > 0 ? Math.abs(Math.log(value / x)) : value)
  const two = [...values].sort((p, q) => distance(p) - distance(q)).slice(0, 2)
  const [low, high] = two.sort((p, q) => p - q).map((value) => shortInteger(integerAsWritten(value)))
  return `; the nearest are ${low} and ${high}`
}

export const shownInteger = (x: number): string => (Number.isFinite(x) ? pythonInteger(x) : String(x))

/** What the documentation says of a field: zod knows only that it is a number after parsing. */
const documented = (
  type: 'integer' | 'number',
  example: number,
  description: string,
  limits?: { readonly least: number; readonly most: number } | readonly number[],
) => ({
  type,
  description,
  example,
  ...(limits === undefined
    ? {}
    : isRange(limits)
      ? { minimum: limits.least, maximum: limits.most }
      : { enum: [...limits] }),
})

const isRange = (
  limits: { readonly least: number; readonly most: number } | readonly number[],
): limits is { readonly least: number; readonly most: number } => !Array.isArray(limits)

const hyperparameters = {
  d_model: wholeNumber('d_model')
    .refine(...inRange('d_model', apiLimits.dModel, shownInteger))
    .meta(documented('integer', 256, 'Width of the residual stream, divisible by num_heads.', apiLimits.dModel)),
  num_layers: wholeNumber('num_layers')
    .refine(...inRange('num_layers', apiLimits.numLayers, shownInteger))
    .meta(documented('integer', 4, 'Number of layers.', apiLimits.numLayers)),
  num_heads: wholeNumber('num_heads')
    .refine(...inRange('num_heads', apiLimits.numHeads, shownInteger))
    .meta(documented('integer', 4, 'Number of attention heads.', apiLimits.numHeads)),
  batch_size: wholeNumber('batch_size')
    .refine(...oneOf('batch_size', apiLimits.batchSize))
    .meta(documented('integer', 128, 'Sequences of 512 tokens in a step.', apiLimits.batchSize)),
  learning_rate: realNumber('learning_rate')
    .refine(...inRange('learning_rate', apiLimits.learningRate, pythonFloat))
    .meta(documented('number', 0.001, 'Peak learning rate.', apiLimits.learningRate)),
}

const trainFlopsOf = (allowed: readonly number[]) =>
  wholeNumber('train_flops')
    .refine(...oneOf('train_flops', allowed))
    .meta({
      type: 'string', // so that it is shown as it is typed; on the wire it is a number, however it is written
      description: 'Training FLOPs; all ways to write the number do, 1e14 as well as 100000000000000.',
      example: shortInteger(integerAsWritten(allowed.includes(1e14) ? 1e14 : allowed[0])),
      enum: allowed.map((flops) => shortInteger(integerAsWritten(flops), 17)),
    })

const divisible = ({ d_model, num_heads }: { d_model: number; num_heads: number }, context: z.RefinementCtx) => {
  if (d_model % num_heads !== 0)
    context.addIssue({
      code: 'custom',
      message: `d_model must be divisible by num_heads, got d_model ${d_model} and num_heads ${num_heads}`,
      path: ['d_model'],
      params: { kind: outOfRange },
    })
}

/** The query of `GET /loss`, for a server that takes these FLOPs. */
export const lossQueryOf = (trainFlops: readonly number[]) =>
  z.object({ ...hyperparameters, train_flops: trainFlopsOf(trainFlops) }).superRefine(divisible)

/** The same as the JSON of a body, which has a message of its own where it is no object. */
export const configBodyOf = (trainFlops: readonly number[], error: string) =>
  z
    .object(
      {
        ...hyperparameters,
        train_flops: trainFlopsOf(trainFlops).meta({
          ...documented('number', trainFlops.includes(1e14) ? 1e14 : trainFlops[0], 'Training FLOPs.', trainFlops),
        }),
      },
      { error },
    )
    .superRefine(divisible)

/** The most runs of a page of `GET /previous_runs`. */
export const longestPage = 1000

/** The query of `GET /previous_runs`: the contract's form without, a page with `limit`. */
export const previousRunsQuery = z.object({
  limit: wholeNumber('limit')
    .refine(...inRange('limit', { least: 1, most: longestPage }, shownInteger))
    .optional()
    .meta({ type: 'integer', description: 'At most so many runs, and `next`; all of them where it is missing.' }),
  after: wholeNumber('after')
    .refine(...inRange('after', { least: 0, most: Number.MAX_SAFE_INTEGER }, shownInteger))
    .optional()
    .meta({ type: 'integer', description: 'Those behind an earlier page: what it gave as `next`.' }),
})

/** A configuration as the wire names it. */
export interface WireConfig {
  readonly d_model: number
  readonly num_layers: number
  readonly num_heads: number
  readonly batch_size: number
  readonly learning_rate: number
  readonly train_flops: number
}

export const configOfWire = (wire: WireConfig): TrainingConfig => apiCodec.configOf({ ...wire }) as TrainingConfig

export const wireOfConfig = (config: TrainingConfig): WireConfig => apiCodec.record(config) as unknown as WireConfig

/** How a prediction is sent, for who sends it otherwise; the example is plainly no good one. */
export const submissionInBody =
  'A prediction is sent as JSON in the body of POST /submission, with the header Content-Type: application/json, not in the query: ' +
  '{"d_model": 64, "num_layers": 2, "num_heads": 2, "batch_size": 128, "learning_rate": 0.0001, "predicted_loss": 9.9}'

export const predictedLoss = realNumber('predicted_loss')
  .refine(...inRange('predicted_loss', predictionLimits.loss, pythonFloat))
  .meta(documented('number', 9.9, 'The loss that you expect of it.'))

/** The body of `POST /submission`: a configuration for 1e19 FLOPs and the loss predicted for it. */
export const submissionBody = z
  .object(
    {
      d_model: wholeNumber('d_model')
        .refine(...inRange('d_model', predictionLimits.dModel, shownInteger))
        .meta(documented('integer', 64, 'Width of the residual stream, divisible by num_heads.')),
      num_layers: wholeNumber('num_layers')
        .refine(...inRange('num_layers', predictionLimits.numLayers, shownInteger))
        .meta(documented('integer', 2, 'Number of layers.')),
      num_heads: wholeNumber('num_heads')
        .refine(...inRange('num_heads', predictionLimits.numHeads, shownInteger))
        .meta(documented('integer', 2, 'Number of attention heads.')),
      batch_size: hyperparameters.batch_size,
      learning_rate: realNumber('learning_rate')
        .refine(...inRange('learning_rate', predictionLimits.learningRate, pythonFloat))
        .meta(documented('number', 0.0001, 'Peak learning rate.')),
      predicted_loss: predictedLoss,
    },
    { error: submissionInBody },
  )
  .superRefine(divisible)

/** The body that submits a configuration for the target's FLOPs, of the course or of another space, and the loss expected of it. */
export function submissionBodyOf(config: Config, predictedLoss: number) {
  const { train_flops: _, ...record } = anyCodec.record(config)
  return { ...record, predicted_loss: predictedLoss }
}

/** The answers, for the documentation and the client. */
export const lossAnswer = z
  .object({ loss: z.number(), total_flops_used: z.number() })
  .describe('The loss, nats per token, and all FLOPs that the key has used.')
export const usedAnswer = z.number().describe('FLOPs, every digit of them.')
export const previousRunsAnswer = z.object({ previous_runs: z.array(z.looseObject({ loss: z.number() })) })

/** Answers with predictions, for a server of a space with these fields. */
export function predictionAnswersOf(fields: readonly Field[]) {
  const config = answered(fields)
  const prediction = z.object({
    ...config,
    predicted_loss: z.number(),
    submitted_at: z.string(),
    flops_used: z.number().nullable().describe('What the key had used by then; null where an older version kept it.'),
  })
  return {
    /** `GET` and `POST /submission`. */
    submission: prediction
      .extend({
        attempts_left: z.number(),
        deadline: z.string().nullable().describe('Until when predictions are taken; null without an end.'),
        attempts: z.array(prediction).describe('All predictions of the key, the last one last.'),
      })
      .describe('The prediction that counts, and all of them.'),
    /** `GET /leaderboard`: what is true of a prediction stands there for who may know it. */
    leaderboard: z
      .object({
        deadline: z.string().nullable(),
        leaderboard: z.array(
          z.object({
            key: z.string(),
            label: z.string(),
            submitted_at: z.string(),
            rank: z.number().optional(),
            predictedLoss: z.number().optional(),
            trueLoss: z.number().optional(),
            regret: z.number().optional(),
            error: z.number().optional(),
            attempts: z.number().optional(),
            config: z.object(config).optional(),
          }),
        ),
      })
      .describe('Who has predicted; judged once everybody may know what is true, and for an instructor.'),
  }
}

/** `GET /healthz`. */
export const healthAnswer = z
  .object({ status: z.literal('ok'), backend: z.string(), version: z.string(), running: z.number() })
  .describe('The database can be written.')

export const errorAnswer = z.object({ message: z.string() })

/** What a status means where no route says more of it. */
const refusalMeanings = {
  400: 'The body is no JSON.',
  403: 'The budget of the key does not hold the query; nothing was charged.',
  404: 'A value is outside its range, or a combination is not allowed; nothing was charged.',
  413: 'The body is longer than 64 KiB.',
  415: 'The body has another type than application/json.',
  422: 'There is no API key, or a wrong one; or a parameter is missing or has the wrong type.',
  429: 'Too many wrong API keys came from this address; Retry-After says when to try again.',
  500: 'A defect of the server, or a damaged row of its database: its log has the error by the id in the message.',
  503: 'The database cannot be written or reached just now, or a training broke off; nothing was charged. Ask again.',
}

export type RefusalStatus = keyof typeof refusalMeanings

/** Who may ask without a key: what OpenAPI calls an empty requirement. */
export const keyIfAny: Record<string, string[]>[] = [{}, { header: [] }, { query: [] }]

/** The answers of these statuses, and of those that every route with a key has, for the documentation. */
export const refusals = (
  statuses: readonly RefusalStatus[],
  meanings: Partial<Record<RefusalStatus, string>> = {},
): Record<RefusalStatus, typeof errorAnswer> =>
  Object.fromEntries(
    ([...statuses, 422, 429, 500, 503] as const).map((status) => [
      status,
      errorAnswer.describe(meanings[status] ?? refusalMeanings[status]),
    ]),
  ) as Record<RefusalStatus, typeof errorAnswer>

/** `GET /loss`'s answer, every digit of the total. */
export const lossText = (loss: number, used: bigint): string =>
  `{"loss":${pythonFloat(loss)},"total_flops_used":${pythonInteger(used)}}`

/** `GET /previous_runs` in pages: a page, and what to give as `after` for the next one. */
export const previousRunsPage = (fields: readonly Field[]) =>
  z
    .object({
      previous_runs: z.array(z.object({ ...answered(fields), loss: z.number() })),
      next: z.number().nullable().optional(),
    })
    .describe('The runs in the order in which they were settled.')

/** Fields of a configuration in an answer. */
export const answered = (fields: readonly Field[]): Record<string, z.ZodType> =>
  Object.fromEntries(fields.map(({ name, kind }) => [name, kind === 'text' ? z.string() : z.number()]))

/** One run of `GET /previous_runs`. */
export const runText = (config: Config, loss: number): string => {
  const record = anyCodec.record(config)
  const fields = anyCodec.fieldsOf(config).map(({ name }) => `"${name}":${valueText(name, record[name])}`)
  return `{${fields.join(',')},"loss":${pythonFloat(loss)}}`
}

/** A rate is a float, also where it is whole. */
const valueText = (name: string, value: unknown): string =>
  typeof value !== 'number'
    ? JSON.stringify(value)
    : name === 'learning_rate' || !Number.isInteger(value)
      ? pythonFloat(value)
      : pythonInteger(value)

/** Messages that the handout or this server promises. */
export const messages = {
  invalidKey: (key: string) => `Invalid API key provided: ${key}`,
  weakKey: (least: number) =>
    `This server takes no API key of fewer than ${least} characters, because it can be guessed: ask who runs it for another`,
  wrongKeys: (seconds: number) =>
    `Too many wrong API keys came from this address: try again in ${seconds} s. Keys that worked before go on working`,
  missingKey: 'No API key provided: pass api_key in the query, or the header X-API-Key',
  noRuns: 'No runs found for this API key: query /loss first',
  overBudget: (cost: bigint, left: bigint, budget: bigint) =>
    `This query costs ${shortExact(cost)} FLOPs, but only ${shortExact(left)} of the budget of ${shortExact(budget)} FLOPs are left. Nothing was charged`,
  submissionsUsed: (most: number) => `This API key has made all of its ${most} predictions: the last one counts`,
  submissionsClosed: (deadline: string) => `Predictions were taken until ${deadline}: the last one counts`,
  noSubmission: 'This API key has not submitted a prediction yet: POST /submission',
}
