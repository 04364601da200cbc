import { hash } from 'node:crypto'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { configOfId, wireOfRun } from '../../api/v2.ts'
import type { Config } from '../../core/config.ts'
import { type ErrorCode, IsoflopError } from '../../core/errors.ts'
import { exactInteger, integerAsWritten } from '../../core/exact-integer.ts'
import { createClassBoard } from '../class-board.ts'
import { classCsv, predictionsCsv, runsCsv } from '../class-csv.ts'
import { createClassEvents } from '../class-events.ts'
import { addClassKeys, keysCsv } from '../class-keys.ts'
import { classListOf } from '../class-list.ts'
import { drawnRuns } from '../class-runs.ts'
import { spendingOf } from '../class-spending.ts'
import { setDeadline } from '../deadline.ts'
import { usualEventTimes } from '../events.ts'
import { gradesOfClass } from '../grade.ts'
import { replaceKey } from '../keys.ts'
import { createLongAnswers } from '../long-answer.ts'
import type { Services } from '../options.ts'
import { changeSettings } from '../settings.ts'
import { allRuns, isoOrNull, keyJson, measuredRunJson, submissionJson } from '../standing.ts'
import { type Past, pastKinds } from '../store/pasts.ts'
import type { Standing } from '../store/store.ts'
import { callerOf, stillCalled } from './caller.ts'

/** The class's page: what an instructor sees and changes, below /class. */
export const classRoutes: FastifyPluginAsyncZod<Services> = async (app, services) => {
  const { store, disclosure, clock, requests, changes, progresses, truth = null, space } = services
  const board = createClassBoard(services)
  const longAnswer = createLongAnswers()
  const times = services.eventTimes ?? usualEventTimes
  const events = createClassEvents({ board, changes, times })
  const longStream = createLongAnswers(times.unreadFor)

  app.addHook('onRequest', async (request) => {
    if (!callerOf(request).instructor) throw notForStudents()
  })
  // Whoever looks on is told at once of what is changed here.
  app.addHook('onResponse', async ({ method, params }) => {
    if (method === 'POST') changes.made((params as { id?: string }).id ?? '')
  })
  app.setErrorHandler((error, _request, reply) => {
    // What is wrong with a list or a number that somebody typed has no status elsewhere: a command says it.
    if (error instanceof IsoflopError && typed.has(error.code))
      return reply.code(422).send({ message: error.message, advice: error.advice })
    throw error
  })

  const students = async (): Promise<Standing[]> => (await store.standings()).filter(({ key }) => !key.instructor)

  const afterQuery = z.object({ after: z.string().max(100).optional() })
  app.get('/class', { schema: { querystring: afterQuery } }, async (request, reply) => {
    await board.look()
    return unlessKnown(request, reply, board.since(request.query.after ?? null))
  })

  /** A figure of the whole class, made once for all who look at the same class. */
  const figure = (path: string, make: () => object) => {
    let [of, body] = ['', '']
    app.get(`/class/${path}`, async (request, reply) => {
      await board.look()
      if (of !== board.mark) [of, body] = [board.mark, JSON.stringify(make())]
      return unlessKnown(request, reply, body)
    })
  }
  figure('runs', () => drawnRuns(board.students().runs, space))
  figure('spending', () => {
    const { keys, runs } = board.students()
    return spendingOf(keys, runs)
  })

  app.get('/class/events', { schema: { querystring: afterQuery } }, async (request, reply) => {
    const last = request.headers['last-event-id']
    const after = typeof last === 'string' && last !== '' ? last : (request.query.after ?? null)
    const stream = events.open(callerOf(request).id, after, () => stillCalled(request))
    reply.raw.once('close', stream.close)
    reply.header('content-type', 'text/event-stream; charset=utf-8').header('x-accel-buffering', 'no')
    return reply.send(longStream(stream.slices, () => reply.raw.destroy()))
  })

  const one = z.object({ id: z.string().max(100) })
  app.get('/class/keys/:id', { schema: { params: one } }, async ({ params: { id } }) => {
    const key = await store.getKey(id)
    if (key === null) throw unknownKey(id)
    const [runs, submissions, pasts] = await Promise.all([allRuns(store, id), store.submissions(id), store.pasts(id)])
    return {
      ...keyJson(key),
      pasts: pastKinds.flatMap((kind) => pasts.filter((past) => past.kind === kind).slice(0, 1)).map(pastJson),
      submissions: submissions.map(submissionJson),
      runs: runs.map(measuredRunJson(space)),
    }
  })

  app.get('/class/queue', async (request, reply) => {
    const { queued, total } = await store.queue(mostQueued)
    const shown = queued.map(({ keyId, config, cost, state, askedAt, startedAt }) => ({
      ...{ key: keyId, run: wireOfRun(config), cost: String(cost), state },
      ...{ askedAt: isoOrNull(askedAt), startedAt: isoOrNull(startedAt), ahead: aheadOf(keyId, config, state) },
    }))
    return unlessKnown(request, reply, JSON.stringify({ total, queued: shown }))
  })

  /** How many wait before it, as far as this server knows. */
  const aheadOf = (keyId: string, config: Config, state: string): number | null => {
    const told = state === 'running' ? null : progresses.latest(keyId, config)
    return told?.kind === 'waiting' ? (told.ahead ?? null) : null
  }

  const ofRun = z.object({ id: z.string().max(100), run: z.string().max(300) })
  app.post(
    '/class/keys/:id/runs/:run/cancel',
    { schema: { params: ofRun } },
    async ({ params: { id, run } }, reply) => {
      const config = configOfId(run)
      const cancelled = config && (await requests.cancel(id, config))
      if (cancelled?.kind !== 'cancelled') throw notOpen()
      return reply.code(204).send()
    },
  )

  /** One after the other: of two instructors with the same list, or the same undo, the second finds it done. */
  let last: Promise<unknown> = Promise.resolve()
  const inTurn = <Result>(work: () => Promise<Result>): Promise<Result> => {
    const turn = last.then(work)
    last = turn.catch(() => {})
    return turn
  }

  /** Whether what is to be taken back is still what its page showed: another one may have been behind it. */
  const isLast = async (
    id: string,
    { what, at }: { what: Past['kind']; at?: string | undefined },
  ): Promise<boolean> => {
    const there = (await store.pasts(id)).find(({ kind }) => kind === what)
    return there !== undefined && (at === undefined || isoOrNull(there.at) === at)
  }

  const list = z.object({
    list: z.string().max(500_000),
    nameColumn: z.string().max(200).optional(),
    budget: z
      .string()
      .max(100)
      .default(String(integerAsWritten(space.budget))),
  })
  app.post('/class/keys', { bodyLimit: 1_000_000, schema: { body: list } }, async ({ body }) => {
    const budget = flopsOf(body.budget)
    const people = classListOf('The list', body.list, body.nameColumn)
    if (people.people.length > mostAtOnce) throw tooMany(people.people.length)
    const { made, ...rest } = await inTurn(() => addClassKeys(store, people, { budget, now: clock.now() }))
    return { ...rest, made: made.map(({ id, key, label }) => ({ id, key, label })) }
  })

  const change = (path: string, work: (id: string) => Promise<boolean>) =>
    app.post(`/class/keys/:id/${path}`, { schema: { params: one } }, async ({ params: { id } }, reply) => {
      if (!(await work(id))) throw unknownKey(id)
      return reply.code(204).send()
    })
  change('revoke', (id) => store.revokeKey(id, clock.now()))
  change('restore', (id) => store.restoreKey(id))
  app.post('/class/keys/:id/rekey', { schema: { params: one } }, async ({ params: { id } }) => {
    const key = await replaceKey(store, id, clock.now())
    if (key === null) throw unknownKey(id)
    return { key }
  })
  const resetting = z.object({ submissions: z.boolean().default(false) })
  app.post('/class/keys/:id/reset', { schema: { params: one, body: resetting } }, async ({ params, body }, reply) => {
    if (!(await store.resetKey(params.id, body, clock.now()))) throw unknownKey(params.id)
    return reply.code(204).send()
  })
  const back = z.object({ what: z.enum(pastKinds), at: z.string().max(40).optional() })
  app.post('/class/keys/:id/take-back', { schema: { params: one, body: back } }, async ({ params, body }, reply) => {
    const wasTaken = await inTurn(async () => (await isLast(params.id, body)) && store.takeBack(params.id, body.what))
    if (!wasTaken) throw nothingToTakeBack()
    return reply.code(204).send()
  })
  const funding = z.object({ budget: z.string().max(100) })
  app.post('/class/keys/:id/budget', { schema: { params: one, body: funding } }, async ({ params, body }, reply) => {
    if (!(await store.setBudget(params.id, flopsOf(body.budget)))) throw unknownKey(params.id)
    return reply.code(204).send()
  })

  const settings = z.object({
    submissions: z.int().min(1).max(1_000_000).nullable().optional(),
    leaderboard: z.boolean().nullable().optional(),
    deadline: z.iso
      .datetime({ offset: true, error: 'deadline is a time with its zone, such as 2027-12-15T23:59:00Z' })
      .nullable()
      .optional(),
    reopen: z.boolean().default(false),
    atOnce: z.boolean().default(false),
  })
  app.post('/class/settings', { schema: { body: settings } }, async ({ body }, reply) => {
    const { deadline, reopen, atOnce, ...changed } = body
    if (deadline !== undefined)
      await setDeadline(store, deadline === null ? null : Date.parse(deadline), clock, { reopen, atOnce })
    await changeSettings(store, changed)
    return reply.code(204).send()
  })

  const csv = (name: string, slices: () => Promise<AsyncIterator<string>>) =>
    app.get(`/class/${name}.csv`, async (_request, reply) => {
      reply.header('content-type', 'text/csv; charset=utf-8')
      reply.header('content-disposition', `attachment; filename="${name}.csv"`)
      return reply.send(longAnswer(forSpreadsheets(await slices()), () => reply.raw.destroy()))
    })
  csv('keys', async () => whole(keysCsv(await store.listKeys())))
  csv('class', async () => {
    const [inClass, { deadline }] = [await students(), await disclosure.now()]
    return whole(classCsv(inClass, deadline, gradesOfClass(inClass, truth)))
  })
  csv('predictions', async () => predictionsCsv(store, await students(), space.fields))
  csv('runs', async () => runsCsv(store, await students(), space.fields))
}

/** Codes of what somebody typed wrong. */
const typed = new Set<ErrorCode>(['FILE_FORMAT', 'FILE_EMPTY', 'COLUMN_MISSING', 'BAD_OPTION', 'DEADLINE_PASSED'])

/** Keys that are made at once: all of them stand in one answer. */
const mostAtOnce = 5000

/** What waits and runs that is shown: more is scrolled past by nobody. */
const mostQueued = 200

/** Behind the mark by which spreadsheets know UTF-8: without it some show the names of half the world as another alphabet. */
async function* forSpreadsheets(slices: AsyncIterator<string>): AsyncGenerator<string> {
  yield '\ufeff'
  yield* { [Symbol.asyncIterator]: () => slices }
}

async function* whole(text: string): AsyncGenerator<string> {
  yield text
}

/** What the browser has already is not sent again: of 1,000 students some 400 kB. */
function unlessKnown(request: FastifyRequest, reply: FastifyReply, body: string): FastifyReply {
  const tag = `"${hash('sha256', body, 'hex').slice(0, 24)}"`
  reply.header('etag', tag)
  if (request.headers['if-none-match'] === tag) return reply.code(304).send()
  return reply.type('application/json').send(body)
}

const pastJson = ({ at, ...past }: Past) => ({ ...past, at: isoOrNull(at) })

const flopsOf = (text: string): bigint => {
  const flops = exactInteger(text.trim())
  if (flops !== null && flops >= 0n) return flops
  throw new IsoflopError(
    'BAD_OPTION',
    `A budget is a whole number of FLOPs, got "${text.slice(0, 60)}".`,
    'Write 2e18.',
  )
}

const unknownKey = (id: string) => new IsoflopError('BAD_OPTION', `There is no key "${id}".`, 'Load the page again.')

const notOpen = () =>
  new IsoflopError('BAD_OPTION', 'It neither waits nor runs any more.', 'The page shows what came of it.')

const nothingToTakeBack = () =>
  new IsoflopError('BAD_OPTION', 'There is nothing to take back.', 'The page shows what there is.')

const tooMany = (n: number) =>
  new IsoflopError('BAD_OPTION', `The list has ${n} names, more than ${mostAtOnce}.`, 'Add them in parts.')

const notForStudents = () =>
  new IsoflopError(
    'INSTRUCTOR_ONLY',
    'This is for instructors.',
    'Sign in with a key of "isoflop keys add --instructor".',
  )
