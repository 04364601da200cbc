import type { FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify'
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { IsoflopError } from '../../core/errors.ts'
import { integerAsWritten } from '../../core/exact-integer.ts'
import { isCourse } from '../../cs336/space.ts'
import type { Services } from '../options.ts'
import { repeat } from '../repeat.ts'
import { createSessions, isTokenOf, type Session } from '../sessions.ts'
import { settingsOf } from '../settings.ts'
import { isoOrNull, keyJson, measuredRunJson } from '../standing.ts'
import { assignment } from './assignment.ts'
import { calledBy, callerOf, orLater } from './caller.ts'
import { classRoutes } from './class.ts'
import { v1 } from './v1.ts'
import { v2 } from './v2.ts'

/** What the pages in the browser ask: the routes that programs ask, and those of the class, for a session instead of a key. */
export const web: FastifyPluginAsync<Services> = async (app, services) => {
  app.addHook('onRoute', (route) => {
    route.schema = { ...route.schema, hide: true } as never // /docs is for programs
  })
  const sessions = createSessions(services.store, services.gate, services.clock)
  const known = new WeakMap<FastifyRequest, Session>()

  app.register(signing, { prefix: '/web', ...services, sessions })
  app.register(
    async (inside) => {
      inside.addHook('onRequest', async (request, reply) => {
        const name = await sessions.name()
        const cookie = cookieIn(request, name)
        const session = await sessions.find(cookie)
        if (session === null) {
          reply.header('set-cookie', `${name}=; Path=/web; Max-Age=0`)
          throw noSession()
        }
        if (changes(request)) expectOwnPage(request, session)
        known.set(request, session)
        const goesOn = async () => (await sessions.find(cookie)) !== null
        endWithSession(request, reply, goesOn)
        calledBy(request, session.key, goesOn)
      })
      inside.register(learner, { ...services, csrfOf: (request: FastifyRequest) => known.get(request)!.csrf })
      inside.register(v1, services)
      inside.register(v2, services)
      inside.register(assignment, services)
      inside.register(classRoutes, services)
    },
    { prefix: '/web' },
  )
}

/** Whether a request changes something; a query costs FLOPs. */
const changes = ({ method, routeOptions }: FastifyRequest): boolean =>
  method !== 'GET' || routeOptions.url === '/web/loss'

/** Signing in and out. */
const signing: FastifyPluginAsyncZod<Services & { readonly sessions: ReturnType<typeof createSessions> }> = async (
  app,
  { sessions },
) => {
  const body = z.object({ key: z.string({ error: 'Send {"key": "..."}, the key that you were given' }) })
  app.post('/session', { schema: { body } }, async (request, reply) => {
    expectOwnSite(request)
    const { cookie } = await orLater(reply, sessions.begin(request.body.key.trim(), request.ip))
    const secure = request.protocol === 'https' ? '; Secure' : ''
    // For the page's own requests alone, and no longer than the browser is open.
    reply.header('set-cookie', `${await sessions.name()}=${cookie}; Path=/web; HttpOnly; SameSite=Strict${secure}`)
    return reply.code(204).send()
  })
  // Asked first, so that a page that nobody is signed in to needs no refusal, which browsers call an error.
  app.get('/session', async (request) => {
    const session = await sessions.find(cookieIn(request, await sessions.name()))
    return { isSignedIn: session !== null }
  })
  app.delete('/session', async (request, reply) => {
    expectOwnSite(request)
    await sessions.end(cookieIn(request, await sessions.name()))
    reply.header('set-cookie', `${await sessions.name()}=; Path=/web; Max-Age=0`)
    return reply.code(204).send()
  })
}

/** How often a stream looks whether its session goes on, ms: somebody may have signed out in another tab, or on another server. */
const sessionLookMs = 5_000

/** What goes on for long ends with the session that asked for it. */
function endWithSession(request: FastifyRequest, reply: FastifyReply, goesOn: () => Promise<boolean>): void {
  if (!request.routeOptions.url?.endsWith('/events')) return
  const look = async () => {
    if (!(await goesOn())) reply.raw.destroy()
  }
  reply.raw.once(
    'close',
    repeat(look, sessionLookMs, () => {}), // a database that is away now may be there later
  )
}

const runsInPage = 1000
const pageQuery = z.object({
  after: z
    .string()
    .regex(/^\d{1,18}$/, { error: 'after is what an earlier page gave' })
    .default('0'),
})

/** Who is signed in: the key, what it may do, its runs with their times. */
const learner: FastifyPluginAsyncZod<Services & { csrfOf(request: FastifyRequest): string }> = async (
  app,
  services,
) => {
  const { store, disclosure, backend, clock, version, closed = [], space, csrfOf } = services

  app.get('/me', async (request, reply) => {
    const { id, instructor } = callerOf(request)
    const [key, settings, { isOpen, deadline }, attempts] = await Promise.all([
      ...[store.getKey(id), settingsOf(services), disclosure.now(), store.submissions(id)],
    ] as const)
    if (key === null) return reply.callNotFound()
    return {
      ...{ csrf: csrfOf(request), key: keyJson(key), version, now: isoOrNull(clock.now()) },
      ...{ deadline: isoOrNull(deadline), isOpen, attempts: attempts.length, ...settings },
      leaderboard: settings.leaderboard || instructor,
      trainFlops: space.trainFlops.map((flops) => String(integerAsWritten(flops))),
      takesLong: backend.trainings !== undefined,
      hasDocs: !closed.includes('docs'),
      space: isCourse(space) ? null : { name: space.name, target: String(space.target) },
    }
  })

  app.get('/runs', { schema: { querystring: pageQuery } }, async (request) => {
    const { runs, next } = await store.runs(callerOf(request).id, BigInt(request.query.after), runsInPage)
    return { runs: runs.map(measuredRunJson(space)), next: next === null ? null : String(next) }
  })
}

/** The value of a cookie. */
function cookieIn({ headers: { cookie = '' } }: FastifyRequest, name: string): string | undefined {
  const pair = cookie.split(';').find((one) => one.trim().startsWith(`${name}=`))
  return pair?.trim().slice(name.length + 1)
}

function expectOwnPage(request: FastifyRequest, session: Session): void {
  expectOwnSite(request)
  if (!isTokenOf(session, request.headers['x-csrf-token'])) throw foreign('without the token of the page')
}

/**
 * That no browser sends this for a page of another site. Browsers say so themselves (Sec-Fetch-Site) where nobody can listen in; elsewhere they name the page's
 * origin, which is what was asked for, unless a proxy asks under another name. Programs say nothing of a site.
 */
function expectOwnSite({ headers: { origin, 'sec-fetch-site': site }, host }: FastifyRequest): void {
  const isOwn = site === undefined ? origin === undefined || hostOf(origin) === host : site === 'same-origin'
  if (!isOwn) throw foreign('from a page of another site')
}

const hostOf = (origin: string): string | null => (URL.canParse(origin) ? new URL(origin).host : null)

const noSession = () =>
  new IsoflopError('SESSION_INVALID', 'Nobody is signed in here, or the key works no more.', 'Sign in with your key.')

const foreign = (how: string) =>
  new IsoflopError('REQUEST_FOREIGN', `What changes something came ${how}.`, 'Use the page of this server.')
