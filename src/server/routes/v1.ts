import type { Readable } from 'node:stream'
import type { FastifyReply } from 'fastify'
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { askedInQuery, configAsked } from '../../api/asked.ts'
import {
  lossAnswer,
  lossText,
  messages,
  previousRunsPage,
  previousRunsQuery,
  refusals,
  runText,
  usedAnswer,
} from '../../api/contract.ts'
import { pythonInteger } from '../../api/python.ts'
import { IsoflopError } from '../../core/errors.ts'
import { createLongAnswers } from '../long-answer.ts'
import type { QueryOutcome } from '../metrics.ts'
import type { Services } from '../options.ts'
import type { RunsPage, Store } from '../store/store.ts'
import { callerOf, keyFirst } from './caller.ts'

/** The contract of the course's training API, version 1: answers are written digit by digit as its server writes them. */
export const v1: FastifyPluginAsyncZod<Services> = async (app, services) => {
  const { store, gate, ledger, changes, metrics, clock, space } = services
  const longAnswer = createLongAnswers()
  app.addHook('onRequest', keyFirst(gate))

  app.get(
    '/loss',
    {
      schema: {
        summary: 'The loss of a configuration; repeats are free',
        tags: ['contract'],
        querystring: askedInQuery(space),
        response: { 200: lossAnswer, ...refusals([403, 404]) },
      },
    },
    async (request, reply) => {
      const started = clock.now()
      const count = (outcome: QueryOutcome) => metrics.query(outcome, (clock.now() - started) / 1000, config.trainFlops)
      const config = configAsked(request.query)
      const key = callerOf(request)
      try {
        const { loss, used, charged } = await ledger.query(key.id, config, () => reply.raw.destroyed)
        count(charged ? 'settled' : 'repeated')
        if (charged) changes.made(key.id)
        return json(reply, lossText(loss, used))
      } catch (error) {
        count(error instanceof IsoflopError && error.code === 'BUDGET_EXCEEDED' ? 'refused' : 'failed')
        throw error
      }
    },
  )

  app.get(
    '/total_flops_used',
    {
      schema: {
        summary: 'FLOPs that the key has used',
        tags: ['contract'],
        response: { 200: usedAnswer, ...refusals([], { 422: noRuns }) },
      },
    },
    async (request, reply) => {
      const { id } = callerOf(request)
      const used = (await store.getKey(id))?.used ?? 0n // a sum that is shown must be on disk
      if (used === 0n) throw new IsoflopError('KEY_WITHOUT_RUNS', messages.noRuns, 'Query /loss first.')
      return json(reply, pythonInteger(used))
    },
  )

  app.get(
    '/previous_runs',
    {
      schema: {
        summary: 'All runs of the key, or a page of them',
        tags: ['contract'],
        querystring: previousRunsQuery,
        response: { 200: previousRunsPage(space.fields), ...refusals([404]) },
      },
    },
    async (request, reply) => {
      const { id } = callerOf(request)
      const { limit, after = 0 } = request.query
      const first = await store.runs(id, BigInt(after), limit ?? runsInSlice)
      if (limit !== undefined) return json(reply, `{"previous_runs":[${textOf(first)}],"next":${first.next}}`)
      if (first.next === null) return json(reply, `{"previous_runs":[${textOf(first)}]}`)
      const slices = allRuns(store, id, first)
      return json(
        reply,
        longAnswer(slices, () => reply.raw.destroy()),
      )
    },
  )
}

/** Runs that are read and written at once, some 10 microseconds each. */
const runsInSlice = 100

const textOf = ({ runs }: RunsPage): string => runs.map(({ config, loss }) => runText(config, loss)).join(',')

/** The contract's answer with all runs, in slices. */
async function* allRuns(store: Store, keyId: string, first: RunsPage): AsyncGenerator<string> {
  yield `{"previous_runs":[${textOf(first)}`
  for (let page = first; page.next !== null; ) {
    page = await store.runs(keyId, page.next, runsInSlice)
    if (page.runs.length > 0) yield `,${textOf(page)}` // none where the key was reset meanwhile
  }
  yield ']}'
}

const noRuns = 'There is no API key, or a wrong one, or one that has not made a query yet.'

const json = (reply: FastifyReply, text: string | Readable): FastifyReply =>
  reply.header('content-type', 'application/json').send(text)
