import { z } from 'zod'
import type { Config } from '../core/config.ts'
import { anyCodec } from '../space/any.ts'
import type { Field } from '../space/codec.ts'
import { answered, inRange, longestPage, shownInteger, wholeNumber } from './contract.ts'

/**
 * The second version of the wire: runs are asked for and looked at instead of waited for. Names are those of the contract; a run is named
 * by its configuration, which makes every request one that may be repeated.
 */

/** What may be the matter with a run, in the order in which it happens. */
export const runStates = ['waiting', 'running', 'finished', 'diverged', 'failed', 'cancelled'] as const
export type WireState = (typeof runStates)[number]

/** The name of a run: `d256-n4-h4-b128-lr0.001-C100000000000000`, `m25m-b524288-lr0.001-C1e+22`. */
export const idOfConfig = (config: Config): string => anyCodec.folderName(config)
/** The configuration that a run's name says; null for any other text. */
export const configOfId = (id: string): Config | null => anyCodec.configOfFolder(id)

/** The longest that a request may wait for an answer, s. */
export const longestWait = 30

const exampleId = 'd256-n4-h4-b128-lr0.001-C100000000000000'

export const runParams = z.object({
  id: z.string().meta({ description: 'The name of a run, as POST /v2/runs gave it.', example: exampleId }),
})

const wait = wholeNumber('wait')
  .refine(...inRange('wait', { least: 0, most: longestWait }, shownInteger))
  .optional()
  .meta({ type: 'integer', description: 'Answer when the run has ended, or after so many seconds.' })

export const waitQuery = z.object({ wait })

const after = wholeNumber('after').refine(
  ...inRange('after', { least: 0, most: Number.MAX_SAFE_INTEGER }, shownInteger),
)

export const runsQuery = z.object({
  state: z
    .string()
    .max(100)
    .transform((text) => text.split(','))
    .pipe(z.array(z.enum(runStates, { error: `state must be some of ${runStates.join(', ')}, between commas` })))
    .optional()
    .meta({ type: 'string', description: `Some of ${runStates.join(', ')}, between commas; all without.` }),
  limit: wholeNumber('limit')
    .refine(...inRange('limit', { least: 1, most: longestPage }, shownInteger))
    .optional()
    .meta({ type: 'integer', description: 'At most so many; 100 without.' }),
  after: after
    .optional()
    .meta({ type: 'integer', description: 'Runs that have changed since: what an earlier page gave as last.' }),
})

export const eventsQuery = z.object({
  after: after.optional().meta({
    type: 'integer',
    description:
      'Events behind this one: the number of a run, or what a page of runs gave as last. The header Last-Event-ID comes before it.',
  }),
})

const curvePoint = z.object({ step: z.number(), tokens: z.number(), loss: z.number() })

const head = { id: z.string(), state: z.enum(runStates) }

const rest = {
  loss: z.number().nullable().describe('Nats per token, of a run that has finished.'),
  flops_charged: z.number(),
  ahead: z.number().nullable().describe('Of a run that waits: how many come before it, where that is known.'),
  latest: curvePoint.nullable().describe('Of a run that runs: where it is, where that is known.'),
  error: z.object({ code: z.string(), message: z.string() }).nullable().describe('Why a run failed.'),
  asked_at: z.string().nullable(),
  started_at: z.string().nullable(),
  ended_at: z.string().nullable(),
  number: z.number().describe("The key's count of changes at the last change of this run."),
}
const curve = { curve: z.array(curvePoint).describe('The training loss, thinned to some hundred points.') }
const place = {
  last: z.number().describe('What to give as after for what changes later, to /v2/runs or /v2/events.'),
  more: z.boolean().describe('Whether there are more already.'),
}

/** A run as a client reads it, whatever the fields of its configuration. */
export const runAnswer = z.looseObject({ ...head, ...rest })
/** The same, and how it came to where it is. */
export const runWithCurve = runAnswer.extend(curve)
/** `GET /v2/runs`. */
export const runsAnswer = z.object({ runs: z.array(runAnswer), ...place })

export type WireRun = z.infer<typeof runAnswer>
export type WireRunWithCurve = z.infer<typeof runWithCurve>
export type WireRuns = z.infer<typeof runsAnswer>

/** The same three as a server of a space with these fields writes and documents them. */
export function answersOf(fields: readonly Field[]) {
  const run = z.object({ ...head, ...answered(fields), ...rest }).describe('A run.')
  const known = <T>(schema: z.ZodType) => schema as z.ZodType<T>
  return {
    run: known<WireRun>(run),
    withCurve: known<WireRunWithCurve>(run.extend(curve).describe('A run with its curve.')),
    runs: known<WireRuns>(
      z.object({ runs: z.array(run), ...place }).describe('Runs of the key in the order of their last changes.'),
    ),
  }
}

/** `GET /v2`. */
export const aboutAnswer = z
  .object({
    ...{ name: z.string(), version: z.string(), api: z.literal(2), longest_wait: z.number() },
    space: z
      .object({
        name: z.string(),
        fingerprint: z.string().describe('Equal where an equal configuration is the same run.'),
        train_flops: z.array(z.number()),
      })
      .optional()
      .describe('Whose runs may be asked for; older servers do not say it, and have those of the course.'),
  })
  .describe('That this server has the second version, and what it may be asked.')

export const codedError = z.object({ code: z.string(), message: z.string() })

/** What a status means in the second version, where no route says more of it. */
const refusalMeanings = {
  400: 'The body is no JSON.',
  403: 'BUDGET_EXCEEDED: the budget of the key does not hold the run; nothing was charged.',
  404: 'RUN_UNKNOWN: the key has asked for no run of that id.',
  409: 'RUN_ENDED: the run has ended, and cannot be cancelled. QUERY_OPEN: it is a query of GET /loss, which goes on until it has its answer.',
  413: 'The body is longer than 64 KiB.',
  415: 'The body has another type than application/json.',
  422: 'KEY_INVALID: there is no API key, or a wrong one. CONFIG_INVALID: a value is missing, of the wrong type or outside its range.',
  429: 'KEY_TRIES: too many wrong API keys came from this address; Retry-After says when to try again.',
  500: 'A defect of the server, or a damaged row of its database: its log has the error by the id in the message.',
  503: 'The database cannot be written or reached just now; nothing was charged. Ask again.',
}

/** The answers of these statuses, and of those that every route with a key has, for the documentation. */
export const codedRefusals = (
  statuses: readonly (keyof typeof refusalMeanings)[],
  meanings: Partial<Record<keyof typeof refusalMeanings, string>> = {},
): Record<keyof typeof refusalMeanings, typeof codedError> =>
  Object.fromEntries(
    ([...statuses, 422, 429, 500, 503] as const).map((status) => [
      status,
      codedError.describe(meanings[status] ?? refusalMeanings[status]),
    ]),
  ) as Record<keyof typeof refusalMeanings, typeof codedError>

export const wireOfRun = (config: Config) => ({ id: idOfConfig(config), ...anyCodec.record(config) })

export const messagesOfRuns = {
  unknown: (id: string) => `This API key has asked for no run ${id.slice(0, 100)}: POST /v2/runs asks for one`,
  ended: (state: string) => `This run cannot be cancelled: it is ${state}`,
  query: 'This run cannot be cancelled: a query of GET /loss waits for it, and goes on until it has its answer',
  tooMany: (open: number) =>
    `This API key has ${open} runs that wait or run, as many as it may. Nothing was charged: ask again when some have ended`,
  tooManyStreams: (most: number) => `This API key has ${most} streams of events open, as many as it may: close one`,
}
