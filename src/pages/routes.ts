import { randomBytes } from 'node:crypto'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { type Assets, loadAssets } from './assets.ts'
import { documentOf, type Entrance, icon, iconTag, languageOf, type PageLanguage } from './document.ts'

/** What a page's document and assets tell browsers: to run what this host serves alone, to frame nothing of it, and to ask nobody else. */
export const pageHeaders = {
  'cache-control': 'no-store',
  'content-security-policy':
    "default-src 'none'; script-src 'self'; worker-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
} as const

/** Browsers keep an asset under its content's name for so long, s. */
const yearSeconds = 31_536_000

/** Adds the files that the document of a page loads. */
export function addAssets(app: FastifyInstance): void {
  const schema = { hide: true } as object // of the documentation of an API
  app.get('/icon.svg', { schema }, async (_request, reply) =>
    reply.headers(pageHeaders).type('image/svg+xml').header('etag', iconTag).send(icon),
  )
  app.get('/assets/:name', { schema }, async (request, reply) => {
    const { name } = request.params as { name: string }
    const asset = (await loadAssets()).get(name)
    if (asset === undefined) return reply.callNotFound()
    reply.headers(pageHeaders)
    if (request.headers['if-none-match'] === asset.etag) return reply.code(304).send()
    return reply
      .type(asset.type)
      .headers({ etag: asset.etag, 'cache-control': `private, max-age=${yearSeconds}, immutable` })
      .send(asset.body)
  })
}

interface PageOptions {
  readonly language?: PageLanguage | undefined
  /** HTML for browsers without JavaScript. */
  readonly without?: string
}

/** The document of a page in the language that is asked for in its address, else the given one, else the browser's. */
export function pageFor(
  request: FastifyRequest,
  entrance: Entrance,
  assets: Assets,
  { language, without }: PageOptions = {},
): string {
  const { lang = language } = request.query as { lang?: unknown }
  const chosen = languageOf(typeof lang === 'string' ? lang : undefined, request.headers['accept-language'])
  const versionOf = (name: string) => assets.get(name)!.etag.slice(1, -1)
  return documentOf(entrance, chosen, versionOf, randomBytes(9).toString('hex'), without)
}
