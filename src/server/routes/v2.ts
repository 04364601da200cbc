import type { FastifyReply } from 'fastify'
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { askedInBody, configAsked, runInBody } from '../../api/asked.ts'
import { messages } from '../../api/contract.ts'
import {
  aboutAnswer,
  answersOf,
  codedRefusals,
  eventsQuery,
  idOfConfig,
  longestWait,
  messagesOfRuns,
  runParams,
  runsQuery,
  waitQuery,
} from '../../api/v2.ts'
import type { Config } from '../../core/config.ts'
import { IsoflopError } from '../../core/errors.ts'
import { integerAsWritten } from '../../core/exact-integer.ts'
import { anyCodec } from '../../space/any.ts'
import type { Space } from '../../space/space.ts'
import { answerError } from '../answer-error.ts'
import { Bell } from '../bell.ts'
import { createEvents, usualEventTimes } from '../events.ts'
import { createLongAnswers } from '../long-answer.ts'
import type { Services } from '../options.ts'
import { createShownRuns } from '../shown-run.ts'
import { isOpen, type StoredRequest } from '../store/requests.ts'
import { callerOf, keyFirst, stillCalled } from './caller.ts'

/** The second version: runs that nobody has to wait for. */
export const v2: FastifyPluginAsyncZod<Services> = async (app, services) => {
  const { store, gate, requests, known, changes, version, complaints, progresses, space } = services
  const answers = answersOf(space.fields)
  const shown = createShownRuns(store, progresses)
  const times = services.eventTimes ?? usualEventTimes
  const events = createEvents({ store, changes, shown, known, times })
  const longAnswer = createLongAnswers(times.unreadFor)
  const onRequest = keyFirst(gate)
  app.setErrorHandler(answerError(complaints, { body: runInBody(space), isCoded: true }))

  /** A request once it has ended, or as it is when the time is over, the server stops or nobody listens any more. */
  const awaited = async (keyId: string, config: Config, seconds: number, reply: FastifyReply) => {
    const bell = new Bell()
    const state = { isOver: seconds === 0 }
    const over = () => {
      state.isOver = true
      bell.ring()
    }
    const unwatch = changes.watch(keyId, (change) => (change === 'changed' ? bell.ring() : over()))
    const timer = setTimeout(over, 1000 * seconds)
    reply.raw.once('close', over)
    try {
      for (;;) {
        const request = await known.one(keyId, config)
        if (request === null || !isOpen(request.state) || state.isOver) return request
        await bell.rest(1000 * seconds)
      }
    } finally {
      clearTimeout(timer)
      reply.raw.off('close', over)
      unwatch()
    }
  }

  /** Errors: QUERY_OPEN. */
  const expectNoQuery = async (keyId: string, config: Config) => {
    const there = await known.one(keyId, config)
    if (there !== null && isOpen(there.state))
      throw new IsoflopError('QUERY_OPEN', messagesOfRuns.query, 'Ask with POST /v2/runs for what may be cancelled.')
  }

  app.get(
    '/v2',
    {
      schema: {
        summary: 'That this server has the second version',
        tags: ['runs'],
        security: [{}],
        response: { 200: aboutAnswer },
      },
    },
    () => ({
      ...{ name: 'isoflop training API', version, api: 2 as const, longest_wait: longestWait },
      space: aboutSpace(space),
    }),
  )

  if (space.spec !== undefined)
    app.get(
      '/v2/space',
      {
        schema: {
          summary: 'The file of the space whose runs this server makes, for isoflop campaign --space',
          tags: ['runs'],
          security: [{}],
          response: { 200: z.looseObject({ name: z.string() }).describe('docs/space.md says what it has.') },
        },
      },
      () => space.spec as { name: string },
    )

  app.post(
    '/v2/runs',
    {
      onRequest,
      schema: {
        summary: 'Ask for a run, and be answered at once; asking again is free',
        description:
          'A run is named by its configuration. One that is there already is answered as it is; one that failed or was cancelled begins anew, unless ' +
          'the header Idempotency-Key is the one that it was asked for with.',
        tags: ['runs'],
        body: askedInBody(space),
        querystring: waitQuery,
        response: {
          200: answers.run.describe('The run was there already, or has ended meanwhile.'),
          202: answers.run.describe('The run waits or runs; Location says where to look for it.'),
          ...codedRefusals([400, 403, 413, 415], {
            429: 'RUNS_TOO_MANY: the key has as many runs waiting and running as it may. KEY_TRIES: too many wrong API keys came from this address. Retry-After says when to ask again.',
          }),
        },
      },
    },
    async (request, reply) => {
      const { id: keyId } = callerOf(request)
      const config = configAsked(request.body)
      const asked = await requests.ask(keyId, config, nameOf(request.headers['idempotency-key']))
      if (asked.kind === 'refused')
        throw new IsoflopError(
          'BUDGET_EXCEEDED',
          messages.overBudget(integerAsWritten(config.trainFlops), asked.left, asked.budget),
          'Choose a smaller train_flops, or repeat an earlier query, which is free.',
        )
      if (asked.kind === 'too-many') {
        reply.header('retry-after', 1)
        throw new IsoflopError('RUNS_TOO_MANY', messagesOfRuns.tooMany(asked.open), 'Ask again when some have ended.')
      }
      const there = await awaited(keyId, config, request.query.wait ?? 0, reply)
      const run = await shown.run(keyId, there ?? asked.request)
      reply.header('location', `/v2/runs/${idOfConfig(config)}`)
      return reply.code(asked.kind === 'opened' && isOpen(run.state) ? 202 : 200).send(run)
    },
  )

  app.get(
    '/v2/runs',
    {
      onRequest,
      schema: {
        summary: 'Runs of the key in the order of their last changes',
        description:
          'Queries of GET /loss that are under way come last, on the last page, with the number of the last change.',
        tags: ['runs'],
        querystring: runsQuery,
        response: { 200: answers.runs, ...codedRefusals([]) },
      },
    },
    async (request) => {
      const { id } = callerOf(request)
      const { state: states, limit = usualPage, after = 0 } = request.query
      const page = await known.page(id, { after: BigInt(after), limit, ...(states && { states }) })
      // Of a database that was given to another space (--adopt) what came to nothing before is still there.
      const own = page.runs.filter(({ config }) => space.configOf(anyCodec.record(config)) !== null)
      const runs = await Promise.all(own.map((one) => shown.run(id, one)))
      return { runs, last: Number(page.runs.at(-1)?.number ?? after), more: page.more }
    },
  )

  app.get(
    '/v2/runs/:id',
    {
      onRequest,
      schema: {
        summary: 'A run: its state, its answer, its curve',
        tags: ['runs'],
        params: runParams,
        querystring: waitQuery,
        response: { 200: answers.withCurve, ...codedRefusals([404]) },
      },
    },
    async (request, reply) => {
      const { id: keyId } = callerOf(request)
      const config = configFrom(space, request.params.id)
      const there = await awaited(keyId, config, request.query.wait ?? 0, reply)
      return shown.withCurve(keyId, expectKnown(there, request.params.id))
    },
  )

  app.delete(
    '/v2/runs/:id',
    {
      onRequest,
      schema: {
        summary: 'Cancel a run that waits or runs; nothing is charged for it',
        tags: ['runs'],
        params: runParams,
        response: { 200: answers.run.describe('The run is cancelled.'), ...codedRefusals([400, 404, 409, 413, 415]) },
      },
    },
    async (request) => {
      const { id: keyId } = callerOf(request)
      const config = configFrom(space, request.params.id)
      const cancelled = await requests.cancel(keyId, config)
      if (cancelled?.kind !== 'cancelled') await expectNoQuery(keyId, config)
      const there = expectKnown(cancelled && (await store.request(keyId, config)), request.params.id)
      if (cancelled?.kind === 'ended')
        throw new IsoflopError('RUN_ENDED', messagesOfRuns.ended(there.state), 'GET it to see what came of it.')
      return shown.run(keyId, there)
    },
  )

  app.get(
    '/v2/events',
    {
      onRequest,
      schema: {
        summary: 'Events of the key: changes of its runs, and how far they are',
        description:
          'Server-sent events. `run` has a run that changed, and its number as id; `key` says that something else of the key changed, such as its budget; `progress` has a run that is further; `start` comes where the stream begins; `gone` has the id of a query of GET /loss that came to nothing. Whoever comes ' +
          'back with Last-Event-ID, or `after`, is told what has changed since; without, what changes from now on.',
        tags: ['runs'],
        querystring: eventsQuery,
        response: {
          200: z.string().describe('text/event-stream, without end'),
          ...codedRefusals([], {
            429: 'STREAMS_TOO_MANY: the key has as many streams open as it may. KEY_TRIES: too many wrong API keys came from this address.',
          }),
        },
      },
    },
    async (request, reply) => {
      const { id } = callerOf(request)
      const after = afterOf(request.headers['last-event-id']) ?? bigintOf(request.query.after)
      const stream = events.open(id, after, () => stillCalled(request))
      reply.raw.once('close', stream.close)
      reply.header('content-type', 'text/event-stream; charset=utf-8').header('x-accel-buffering', 'no')
      return reply.send(longAnswer(stream.slices, () => reply.raw.destroy()) as never)
    },
  )
}

const aboutSpace = ({ name, runsFingerprint, trainFlops }: Space) => ({
  ...{ name, fingerprint: runsFingerprint, train_flops: [...trainFlops] },
})

/** Runs of a page where nothing is said. */
const usualPage = 100

/** Characters of the longest name that is kept. */
const longestName = 200

/** Errors: CONFIG_INVALID. */
function nameOf(given: string | string[] | undefined): string | null {
  if (given === undefined) return null
  if (typeof given === 'string' && given.length > 0 && given.length <= longestName) return given
  throw new IsoflopError(
    'CONFIG_INVALID',
    `Idempotency-Key must have 1 to ${longestName} characters`,
    'Send a shorter one, or none: equal configurations are one run anyway.',
  )
}

/** The number that a browser sends when it comes back; null for what is none. */
const afterOf = (given: string | string[] | undefined): bigint | null =>
  typeof given === 'string' && /^\d{1,18}$/.test(given) ? BigInt(given) : null

const bigintOf = (after: number | undefined): bigint | null => (after === undefined ? null : BigInt(after))

/** Errors: RUN_UNKNOWN. */
function configFrom(space: Space, id: string): Config {
  const config = space.configOfFolder(id)
  if (config === null || idOfConfig(config) !== id) throw unknownRun(id)
  return config
}

/** Errors: RUN_UNKNOWN. */
function expectKnown(request: StoredRequest | null, id: string): StoredRequest {
  if (request === null) throw unknownRun(id)
  return request
}

const unknownRun = (id: string) =>
  new IsoflopError('RUN_UNKNOWN', messagesOfRuns.unknown(id), 'GET /v2/runs lists those that there are.')
