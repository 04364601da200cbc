import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { configAsked, predictionInBody, type WireRecord } from '../../api/asked.ts'
import { keyIfAny, messages, predictionAnswersOf, refusals } from '../../api/contract.ts'
import { IsoflopError } from '../../core/errors.ts'
import { integerAsWritten, shortInteger } from '../../core/exact-integer.ts'
import { anyCodec } from '../../space/any.ts'
import { timeText } from '../deadline.ts'
import { gradeSubmissions } from '../grade.ts'
import type { Services } from '../options.ts'
import { settingsOf } from '../settings.ts'
import type { Prediction, Submission } from '../store/store.ts'
import { callerIfAny, callerOf, keyFirst, keyIfGiven } from './caller.ts'

/** The assignment's end: each key's predictions at 1e19 FLOPs, and the list of all, judged once everybody may know. */
export const assignment: FastifyPluginAsyncZod<Services> = async (app, services) => {
  const { store, gate, changes, clock, disclosure, truth, space } = services
  const answers = predictionAnswersOf(space.fields)
  const target = shortInteger(integerAsWritten(space.target))
  const onRequest = keyFirst(gate)

  const standing = async (keyId: string) => {
    const all = await store.submissions(keyId)
    const last = all.at(-1)
    if (last === undefined)
      throw new IsoflopError('SUBMISSION_MISSING', messages.noSubmission, 'POST /submission first.')
    const { isOpen, deadline } = await disclosure.now()
    const { submissions: most } = await settingsOf(services)
    const attempts_left = isOpen ? 0 : Math.max(0, most - all.length)
    return {
      ...wireSubmission(last),
      ...{ attempts_left, deadline: deadline === null ? null : timeText(deadline) },
      attempts: all.map(wireSubmission),
    }
  }

  app.get(
    '/submission',
    {
      onRequest,
      schema: {
        summary: 'The predictions of the key',
        tags: ['assignment'],
        response: { 200: answers.submission, ...refusals([404], { 404: 'Nothing was submitted yet.' }) },
      },
    },
    async (request) => standing(callerOf(request).id),
  )

  app.post(
    '/submission',
    {
      onRequest,
      schema: {
        summary: `Predict the best configuration at ${target} FLOPs and its loss; the last prediction counts`,
        tags: ['assignment'],
        body: predictionInBody(space),
        response: {
          200: answers.submission,
          ...refusals([400, 403, 404, 413, 415], {
            403: 'The key has made all of its predictions, or the deadline has passed.',
            422: 'There is no API key, or a wrong one; or the body is no prediction.',
          }),
        },
      },
    },
    async (request) => {
      const { id } = callerOf(request)
      const { isOpen, deadline } = await disclosure.now()
      if (isOpen) throw closed(deadline!)
      const { submissions: most } = await settingsOf(services)
      const { kind } = await store.submit(id, submissionOf(request.body, space.target, clock.now()), most)
      if (kind === 'refused') throw used(most)
      changes.made(id)
      return standing(id)
    },
  )

  app.get(
    '/leaderboard',
    {
      onRequest: keyIfGiven(gate),
      schema: {
        summary: 'Who has predicted; after the deadline, or for an instructor, judged',
        tags: ['assignment'],
        security: keyIfAny,
        response: {
          200: answers.leaderboard,
          ...refusals([404], { 404: 'This server shows none.', 422: 'A wrong API key; none is needed.' }),
        },
      },
    },
    async (request, reply) => {
      const caller = callerIfAny(request)
      if (!caller?.instructor && !(await settingsOf(services)).leaderboard)
        return reply.code(404).send({ message: 'This server does not show a leaderboard' })
      const entries = await store.listSubmissions()
      const disclosed = await disclosure.now()
      const deadline = disclosed.deadline === null ? null : timeText(disclosed.deadline)
      if (!truth || !(await disclosed.mayKnow(caller))) {
        const rows = entries.map(({ key: { id, label }, submission: { submittedAt } }) => ({
          ...{ key: id, label, submitted_at: timeText(submittedAt) },
        }))
        return { deadline, leaderboard: rows }
      }
      const rows = gradeSubmissions(entries, truth).map(({ config, submittedAt, ...grade }) => ({
        ...{ ...grade, submitted_at: timeText(submittedAt), config: anyCodec.record(config) },
      }))
      return { deadline, leaderboard: rows }
    },
  )
}

const submissionOf = (body: WireRecord, target: number, now: number): Prediction => ({
  config: configAsked({ ...body, train_flops: target }),
  predictedLoss: body.predicted_loss as number,
  submittedAt: now,
})

const wireSubmission = ({ config, predictedLoss, submittedAt, used }: Submission) => ({
  ...anyCodec.record(config),
  predicted_loss: predictedLoss,
  submitted_at: timeText(submittedAt),
  flops_used: used === null ? null : Number(used),
})

const closed = (deadline: number) =>
  new IsoflopError(
    'SUBMISSIONS_CLOSED',
    messages.submissionsClosed(timeText(deadline)),
    'GET /submission shows what counts.',
  )

const used = (most: number) =>
  new IsoflopError('SUBMISSIONS_USED', messages.submissionsUsed(most), 'GET /submission shows what counts.')
