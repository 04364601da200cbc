import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { ZodTypeProvider } from 'fastify-type-provider-zod'
import { z } from 'zod'
import {
  apiKeyQuery,
  configOfWire,
  errorAnswer,
  lossAnswer,
  lossQueryOf,
  lossText,
  messages,
  previousRunsAnswer,
  runText,
  type SubmissionBody,
  submissionBody,
  wireOfConfig,
} from '../api/contract.ts'
import { pythonInteger } from '../api/python.ts'
import { apiLimits, targetFlops } from '../core/config.ts'
import { IsoflopError } from '../core/errors.ts'
import { gradeSubmissions } from './grade.ts'
import { authenticate } from './keys.ts'
import type { Ledger } from './ledger.ts'
import type { Metrics, QueryOutcome } from './metrics.ts'
import type { ServerOptions } from './options.ts'
import type { KeyRecord, Submission } from './store/store.ts'

interface RouteOptions extends ServerOptions {
  readonly ledger: Ledger
  readonly metrics: Metrics
}

/** Wires the HTTP routes. They translate between the wire and the ledger and hold no rules of their own. */
export function addRoutes(scope: FastifyInstance, options: RouteOptions): void {
  const { store, ledger, metrics, clock } = options
  const app = scope.withTypeProvider<ZodTypeProvider>()

  const keyOf = async (request: FastifyRequest, query: { api_key?: string | undefined }): Promise<KeyRecord> => {
    const header = request.headers['x-api-key']
    const key = query.api_key ?? (typeof header === 'string' ? header : undefined)
    const record = key === undefined ? null : await authenticate(store, key)
    if (record) return record
    throw new IsoflopError(
      'KEY_INVALID',
      key === undefined ? messages.missingKey : messages.invalidKey(key),
      'Use the key that the server printed, or ask who runs it for one.',
    )
  }

  app.get(
    '/loss',
    {
      schema: {
        summary: 'The loss of a configuration; repeats are free',
        tags: ['contract'],
        querystring: lossQueryOf(options.trainFlops ?? apiLimits.trainFlops),
        response: { 200: lossAnswer, ...refusals(403, 404, 422) },
      },
    },
    async (request, reply) => {
      const started = clock.now()
      const count = (outcome: QueryOutcome) => metrics.query(outcome, (clock.now() - started) / 1000, config.trainFlops)
      const config = configOfWire(request.query)
      const key = await keyOf(request, request.query)
      try {
        const { loss, used, charged } = await ledger.query(key.id, config)
        count(charged ? 'settled' : 'repeated')
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
        querystring: apiKeyQuery,
        response: { 200: z.number(), ...refusals(422) },
      },
    },
    async (request, reply) => {
      const { id } = await keyOf(request, request.query)
      const used = (await store.getKey(id))?.used ?? 0n // a sum that is shown must be on disk
      if (used === 0n) throw new IsoflopError('KEY_WITHOUT_RUNS', messages.noRuns, 'Query /loss first.')
      return json(reply, pythonInteger(used))
    },
  )

  app.get(
    '/previous_runs',
    {
      schema: {
        summary: 'All runs of the key',
        tags: ['contract'],
        querystring: apiKeyQuery,
        response: { 200: previousRunsAnswer, ...refusals(422) },
      },
    },
    async (request, reply) => {
      const key = await keyOf(request, request.query)
      const runs = await store.runs(key.id)
      return json(reply, `{"previous_runs":[${runs.map(({ config, loss }) => runText(config, loss)).join(',')}]}`)
    },
  )

  app.get(
    '/submission',
    { schema: { summary: 'The prediction of the key', tags: ['assignment'], querystring: apiKeyQuery } },
    async (request) => {
      const key = await keyOf(request, request.query)
      const submission = await store.getSubmission(key.id)
      if (submission === null)
        throw new IsoflopError('SUBMISSION_MISSING', messages.noSubmission, 'POST /submission first.')
      return wireSubmission(submission)
    },
  )

  app.post(
    '/submission',
    {
      schema: {
        summary: 'Predict the best configuration at 1e19 FLOPs and its loss; replaces an earlier prediction',
        tags: ['assignment'],
        querystring: apiKeyQuery,
        body: submissionBody,
      },
    },
    async (request) => {
      const key = await keyOf(request, request.query)
      const submission = submissionOf(request.body, clock.now())
      await store.putSubmission(key.id, submission)
      return wireSubmission(submission)
    },
  )

  app.get(
    '/leaderboard',
    { schema: { summary: 'All predictions, judged', tags: ['assignment'] } },
    async (_, reply) => {
      if (!options.leaderboard || !options.truth)
        return reply.code(404).send({ message: 'This server does not show a leaderboard' })
      const grades = gradeSubmissions(await store.listSubmissions(), options.truth)
      return {
        leaderboard: grades.map(({ config, ...grade }) => ({ ...grade, config: wireOfConfig(config) })),
      }
    },
  )

  app.get('/healthz', { schema: { summary: 'Whether the server can answer', tags: ['service'] } }, async () => {
    await store.sweep(clock.now(), Number.MAX_SAFE_INTEGER)
    return { status: 'ok', backend: options.backend.name, version: options.version, running: ledger.running }
  })

  app.get('/metrics', { schema: { hide: true } }, async (_, reply) =>
    reply.type(metrics.contentType).send(await metrics.text()),
  )
}

/** The answers of these statuses, for the documentation. */
const refusals = (...statuses: number[]) =>
  Object.fromEntries([...statuses, 503].map((status) => [status, errorAnswer]))

const json = (reply: FastifyReply, text: string): FastifyReply =>
  reply.header('content-type', 'application/json').send(text)

const submissionOf = (body: SubmissionBody, now: number): Submission => ({
  config: configOfWire({ ...body, train_flops: targetFlops }),
  predictedLoss: body.predicted_loss,
  submittedAt: now,
})

const wireSubmission = ({ config, predictedLoss, submittedAt }: Submission) => ({
  ...wireOfConfig(config),
  predicted_loss: predictedLoss,
  submitted_at: new Date(submittedAt).toISOString(),
})
