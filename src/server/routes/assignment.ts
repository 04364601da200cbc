import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import {
  apiKeyQuery,
  configOfWire,
  messages,
  type SubmissionBody,
  submissionBody,
  wireOfConfig,
} from '../../api/contract.ts'
import { IsoflopError } from '../../core/errors.ts'
import { targetFlops } from '../../cs336/limits.ts'
import { gradeSubmissions } from '../grade.ts'
import type { Services } from '../options.ts'
import type { Submission } from '../store/store.ts'
import { callerOf, keyFirst } from './caller.ts'

/** The assignment's end: each key's prediction at 1e19 FLOPs, and the list of all, judged. */
export const assignment: FastifyPluginAsyncZod<Services> = async (app, { store, gate, clock, truth, leaderboard }) => {
  const onRequest = keyFirst(gate)
  app.get(
    '/submission',
    { onRequest, schema: { summary: 'The prediction of the key', tags: ['assignment'], querystring: apiKeyQuery } },
    async (request) => {
      const key = callerOf(request)
      const submission = await store.getSubmission(key.id)
      if (submission === null)
        throw new IsoflopError('SUBMISSION_MISSING', messages.noSubmission, 'POST /submission first.')
      return wireSubmission(submission)
    },
  )

  app.post(
    '/submission',
    {
      onRequest,
      schema: {
        summary: 'Predict the best configuration at 1e19 FLOPs and its loss; replaces an earlier prediction',
        tags: ['assignment'],
        querystring: apiKeyQuery,
        body: submissionBody,
      },
    },
    async (request) => {
      const key = callerOf(request)
      const submission = submissionOf(request.body, clock.now())
      await store.putSubmission(key.id, submission)
      return wireSubmission(submission)
    },
  )

  app.get(
    '/leaderboard',
    { schema: { summary: 'All predictions, judged', tags: ['assignment'] } },
    async (_, reply) => {
      if (!leaderboard || !truth) return reply.code(404).send({ message: 'This server does not show a leaderboard' })
      const grades = gradeSubmissions(await store.listSubmissions(), truth)
      return { leaderboard: grades.map(({ config, ...grade }) => ({ ...grade, config: wireOfConfig(config) })) }
    },
  )
}

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
