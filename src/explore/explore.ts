import type { FastifyInstance, FastifyRequest } from 'fastify'
import { IsoflopError } from '../core/errors.ts'
import { type Host, type HostOptions, startHost } from '../pages/host.ts'
import { createFiles, type Files, mostBytes } from './files.ts'
import {
  type Asked,
  type Question,
  questionOf,
  type Start,
  type TableAnswer,
  type TableFlags,
  tableQuestionOf,
} from './question.ts'

/** Where the page of a fit gets what it shows. */
export interface ExploreOptions extends Omit<HostOptions, 'entrance' | 'routes' | 'host' | 'token'> {
  /** As they are named on the command line: paths, or `world:handout`. */
  readonly files: readonly string[]
  readonly flags: TableFlags
  readonly asked: Asked
  readonly version: string
  /** Reads files as a table: what came of it, also where it was not understood. The paths are of files that the page was given, and which it calls by their names. */
  readonly table: (paths: readonly string[], flags: TableFlags, names: readonly string[]) => Promise<TableAnswer>
  /** The HTML page that the same question writes with --report. */
  readonly report: (paths: readonly string[], question: Question) => Promise<string>
}

export interface Explore extends Host {}

/** What a report that was written here may do in the browser: nothing but look as it does. */
const longestQuestion = 1 << 20

/**
 * Serves the page of a fit to browsers of this machine: the page reads files through it, and fits what it read by itself.
 * @example const { link } = await startExplore({ files: ['runs.csv'], flags: {}, asked, version, table, report })
 */
export async function startExplore(options: ExploreOptions): Promise<Explore> {
  const files = createFiles(options.files)
  const host = await startHost({
    ...options,
    entrance: 'fit',
    routes: (app) => routes(app, options, files),
  }).catch((error) => {
    files.close()
    throw error
  })
  return {
    get link() {
      return host.link
    },
    origin: host.origin,
    canWrite: host.canWrite,
    async close() {
      files.close()
      await host.close()
    },
  }
}

function routes(app: FastifyInstance, { flags, asked, version, table, report }: ExploreOptions, files: Files): void {
  app.addContentTypeParser('application/octet-stream', { parseAs: 'buffer' }, (_request, body, done) =>
    done(null, body),
  )
  app.get('/start', async (): Promise<Start> => ({ files: files.names, flags, asked, version }))
  app.post('/table', async (request: FastifyRequest<{ Body: unknown }>) => {
    const { files: names, flags: wanted } = tableQuestionOf(request.body)
    return table(names.map(files.path), wanted, names)
  })
  app.post(
    '/files',
    { bodyLimit: mostBytes },
    async (request: FastifyRequest<{ Body: unknown; Querystring: { name?: unknown } }>) => {
      if (!Buffer.isBuffer(request.body)) throw noBytes()
      return { name: await files.add(String(request.query.name ?? ''), request.body) }
    },
  )
  app.post('/report', { bodyLimit: longestQuestion }, async (request: FastifyRequest<{ Body: unknown }>, reply) => {
    const question = questionOf(request.body)
    const html = await report(question.files.map(files.path), question)
    return reply.type('text/plain; charset=utf-8').send(html)
  })
}

const noBytes = (): IsoflopError =>
  new IsoflopError('BAD_OPTION', 'A file comes as application/octet-stream.', 'Drop it on the page.')
