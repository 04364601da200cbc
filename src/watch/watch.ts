import { randomBytes } from 'node:crypto'
import { createReadStream, existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { FastifyRequest } from 'fastify'
import { wish } from '../campaign/control-file.ts'
import { wishes } from '../campaign/live.ts'
import { IsoflopError } from '../core/errors.ts'
import { type HostOptions, hijack, startHost } from '../pages/host.ts'
import { Streams } from '../pages/stream.ts'
import { CampaignFolder } from './folder.ts'
import type { Jobs } from './jobs.ts'

export interface WatchOptions extends Pick<HostOptions, 'host' | 'port' | 'token' | 'language' | 'onLink'> {
  /** Of the campaign; it may be begun later. */
  readonly folder: string
  /** What ends jobs while no process of the campaign is there; nothing does by default. */
  readonly jobs?: Jobs
  /** Called when the campaign is over and for so long, ms, nobody has looked on. */
  readonly onLeft?: { readonly afterMs: number; readonly call: () => void }
}

export interface Watch {
  /** With the secret that opens it. */
  readonly link: string
  readonly origin: string
  readonly canWrite: boolean
  /** Whether there is a campaign in the folder. */
  readonly hasBegun: boolean
  close(): Promise<void>
}

/** What a report may do: show itself. Its style sheet is in it. */
const reportPolicy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'none'"

/**
 * Shows a campaign in the browser, live, by its folder: of whatever process, or one that has ended.
 * @example const { link } = await startWatch({ folder: 'out' })
 */
export async function startWatch(options: WatchOptions): Promise<Watch> {
  const { folder, onLeft, jobs = null } = options
  const source = new CampaignFolder(folder, randomBytes(6).toString('hex'), jobs)
  const streams = new Streams(source)
  await source.look()
  const leave = leaving(source, streams, onLeft)
  const host = await startHost({
    ...options,
    entrance: 'campaign',
    routes(app) {
      app.get('/events', (request: FastifyRequest<{ Querystring: { tab?: string; after?: string } }>, reply) => {
        const { tab, after } = request.query
        const place = request.headers['last-event-id'] ?? after ?? null
        streams.open(hijack(reply), String(tab ?? '').slice(0, 64), place === null ? null : String(place), leave.look)
      })
      app.post('/control', async (request: FastifyRequest<{ Body: unknown }>, reply) => {
        obey(resolve(folder), source, request.body)
        await source.look()
        return reply.code(204).send()
      })
      app.get('/report', async (_request, reply) => {
        const file = join(resolve(folder), 'report.html')
        if (!existsSync(file)) return reply.callNotFound()
        return reply
          .header('content-security-policy', reportPolicy)
          .type('text/html; charset=utf-8')
          .send(createReadStream(file))
      })
    },
  }).catch((error) => {
    source.close()
    throw error
  })
  return {
    get link() {
      return host.link
    },
    origin: host.origin,
    canWrite: host.canWrite,
    get hasBegun() {
      return source.hasBegun
    },
    async close() {
      leave.end()
      source.close()
      streams.close()
      await host.close()
    },
  }
}

/** Passes on what is wanted of a campaign. Errors: BAD_OPTION, OUTPUT_FAILED. */
function obey(folder: string, source: CampaignFolder, body: unknown): void {
  const { wish: asked, cancel: id } = (body ?? {}) as { wish?: unknown; cancel?: unknown }
  if (id === undefined) {
    const wanted = wishes.find((one) => one === asked)
    if (wanted === undefined)
      throw new IsoflopError('BAD_OPTION', `A wish is one of ${wishes.join(', ')}.`, 'Send {"wish": "pause"}.')
    wish(folder, wanted)
  } else if (typeof id === 'string' && source.isOpen(id)) source.cancel(id)
  else throw new IsoflopError('BAD_OPTION', 'No run of that name is planned or out.', 'It may have ended just now.')
}

/** Notices that a campaign is over and nobody looks on. */
function leaving(source: CampaignFolder, streams: Streams, onLeft: WatchOptions['onLeft']) {
  if (onLeft === undefined) return { look: () => {}, end: () => {} }
  let timer: NodeJS.Timeout | null = null
  const look = () => {
    if (timer !== null) clearTimeout(timer)
    timer = setTimeout(() => {
      if (streams.size === 0 && (source.isOver || !source.hasBegun)) onLeft.call()
      else look()
    }, onLeft.afterMs)
  }
  look()
  return {
    look,
    end() {
      if (timer !== null) clearTimeout(timer)
    },
  }
}
