import type { FastifyInstance } from 'fastify'

/**
 * What every answer tells browsers and proxies: to keep none of it, as it belongs to a key; to take it for nothing but what it says it
 * is; to run and frame nothing of it (`/docs` has a policy of its own); and to tell no other site of an address that has a key in it.
 */
export const usualHeaders = {
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
} as const

export function addHeaders(app: FastifyInstance): void {
  app.addHook('onSend', async (_request, reply) => {
    for (const [name, value] of Object.entries(usualHeaders)) if (!reply.hasHeader(name)) reply.header(name, value)
  })
}
