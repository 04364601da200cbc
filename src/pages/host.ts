import { type FastifyInstance, type FastifyReply, type FastifyRequest, fastify } from 'fastify'
import { errorTable, IsoflopError } from '../core/errors.ts'
import { loadAssets } from './assets.ts'
import type { Entrance, PageLanguage } from './document.ts'
import { listenAt } from './listen.ts'
import { isLoopback, isOwnName, nameOfHost } from './names.ts'
import { addAssets, pageFor, pageHeaders } from './routes.ts'
import { createSessions, noSession, type Session } from './sessions.ts'

/** What hosts a page on this machine. */
export interface HostOptions {
  readonly entrance: Entrance
  /** Where it listens; 127.0.0.1 by default. On anything but loopback it only shows. */
  readonly host?: string
  /** One that is free by default. */
  readonly port?: number
  /** The secret of a link that works as often as people come; without, a link works once and the next one is told to `onLink`. */
  readonly token?: string
  readonly language?: PageLanguage
  readonly onLink?: (link: string) => void
  /** Adds what the page asks for, below /api: a session is looked for first, and for all but GET whether it may write. */
  readonly routes: (app: FastifyInstance) => void
}

export interface Host {
  /** With the secret of a link in the fragment, which browsers send to nobody. */
  readonly link: string
  readonly origin: string
  readonly canWrite: boolean
  close(): Promise<void>
}

/**
 * Serves a page: its document and assets to whoever asks, what it shows to whoever has a session.
 * @throws BAD_OPTION where it cannot listen.
 */
export async function startHost(options: HostOptions): Promise<Host> {
  const { entrance, host = '127.0.0.1', port = 0, token, language, onLink = () => {}, routes } = options
  const canWrite = isLoopback(host)
  const assets = await loadAssets()
  const app = fastify({ bodyLimit: 1 << 16, forceCloseConnections: true })
  let origin = ''
  const linkOf = (secret: string) => `${origin}/#${secret}`
  const sessions = createSessions({ ...(token !== undefined && { token }), onUsed: (next) => onLink(linkOf(next)) })
  const cookieName = () => `isoflop-${new URL(origin).port}`
  const sessionOf = (request: FastifyRequest) => sessions.find(cookieIn(request, cookieName()))

  app.addHook('onSend', async (_request, reply) => {
    for (const [name, value] of Object.entries(pageHeaders)) if (!reply.hasHeader(name)) reply.header(name, value)
  })
  app.addHook('onRequest', async (request) => {
    if (!isOwnName(nameOfHost(request.headers.host), host)) throw unknownHost()
  })
  app.setErrorHandler((error: Error & { statusCode?: number }, _request, reply) => {
    const status = error instanceof IsoflopError ? statusOf(error) : (error.statusCode ?? 500)
    const message = status === 500 ? 'Internal error.' : error.message
    const advice = error instanceof IsoflopError ? error.advice : ''
    return reply.code(status).send({ code: error instanceof IsoflopError ? error.code : 'INTERNAL', message, advice })
  })
  app.setNotFoundHandler((_request, reply) => reply.code(404).send({ message: 'There is no such page.' }))

  app.get('/', async (request, reply) =>
    reply.type('text/html; charset=utf-8').send(pageFor(request, entrance, assets, { language })),
  )
  addAssets(app)
  app.post('/session', async (request: FastifyRequest<{ Body: unknown }>, reply) => {
    expectOwnSite(request)
    const { token: given } = (request.body ?? {}) as { token?: unknown }
    if (typeof given !== 'string') throw noSession()
    const cookie = sessions.begin(given)
    reply.header('set-cookie', `${cookieName()}=${cookie}; Path=/; HttpOnly; SameSite=Strict`)
    return reply.code(204).send()
  })
  app.get('/session', async (request) => {
    const { csrf } = expectSession(sessionOf(request))
    return { csrf, canWrite }
  })
  app.register(
    async (api) => {
      api.addHook('onRequest', async (request) => {
        const { csrf } = expectSession(sessionOf(request))
        if (request.method === 'GET') return
        expectOwnSite(request)
        if (request.headers['x-csrf-token'] !== csrf) throw noSession()
        if (!canWrite) throw readOnly()
      })
      routes(api)
    },
    { prefix: '/api' },
  )
  const address = await listenAt(app, { host, port })
  origin = originOf(address, host)
  return {
    get link() {
      return linkOf(sessions.token)
    },
    origin,
    canWrite,
    close: () => app.close(),
  }
}

/** How a host that listens everywhere is reached from here. */
function originOf(address: string, host: string): string {
  const { port } = new URL(address)
  const name = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host.includes(':') ? `[${host}]` : host
  return `http://${name}:${port}`
}

/** What is an option of a command there is a question of the page here. */
const statusOf = ({ code }: IsoflopError): number =>
  (errorTable[code] as { status?: number }).status ?? (code === 'BAD_OPTION' ? 400 : 500)

const cookieIn = ({ headers: { cookie = '' } }: FastifyRequest, name: string): string | undefined =>
  cookie
    .split(';')
    .map((pair) => pair.trim().split('='))
    .find(([key]) => key === name)?.[1]

function expectSession(session: Session | null): Session {
  if (session === null) throw noSession()
  return session
}

/** That a browser does not send this for another site. Programs say nothing of a site. */
function expectOwnSite({ headers: { origin, host, 'sec-fetch-site': site } }: FastifyRequest): void {
  const isOwn = origin === undefined || origin === `http://${host}`
  if (!isOwn || (site !== undefined && site !== 'same-origin')) throw noSession()
}

const unknownHost = (): IsoflopError =>
  new IsoflopError(
    'HOST_UNKNOWN',
    'This page has another name.',
    'Open the link that the terminal has printed, as it is.',
  )

const readOnly = (): IsoflopError =>
  new IsoflopError(
    'READ_ONLY',
    'This page only shows: it is served to other machines.',
    'Open it on the machine where it runs, without --host.',
  )

/** Answers with a stream: fastify leaves the connection to whoever tells. */
export function hijack(reply: FastifyReply) {
  reply.hijack()
  return reply.raw
}
