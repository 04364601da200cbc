import swagger from '@fastify/swagger'
import type { FastifyInstance } from 'fastify'
import { jsonSchemaTransform } from 'fastify-type-provider-zod'
import { IsoflopError } from '../../core/errors.ts'
import { loadPackage } from '../../core/packages.ts'

/** `/docs` describes the routes that are added after it, which is why this is no plugin: a plugin sees its own routes alone. */
export async function addDocs(app: FastifyInstance, version: string): Promise<void> {
  await app.register(swagger, {
    openapi: {
      info: {
        title: 'isoflop training API',
        description:
          'What loss would this configuration reach with these FLOPs? The contract of the CS336 scaling assignment.\n\n' +
          'A method that a path does not take is answered 405 with the one that it takes. HEAD costs nothing.',
        version,
      },
      components: {
        securitySchemes: {
          header: { type: 'apiKey', in: 'header', name: 'X-API-Key' },
          query: { type: 'apiKey', in: 'query', name: 'api_key' },
        },
      },
      security: [{ header: [] }, { query: [] }],
    },
    transform: jsonSchemaTransform,
  })
  await addPage(app)
}

/** The page, by a package that brings 12 MB; where that is not installed, what to install, and the document that the page would show. */
async function addPage(app: FastifyInstance): Promise<void> {
  try {
    const name = '@fastify/swagger-ui'
    const page = await loadPackage(name, () => import('@fastify/swagger-ui'), 'the page /docs')
    await app.register(page.default, { routePrefix: '/docs', staticCSP: true })
  } catch (error) {
    if (!(error instanceof IsoflopError)) throw error
    app.get('/docs/json', { schema: { hide: true } }, () => app.swagger())
    app.get('/docs', { schema: { hide: true } }, (_, reply) =>
      reply
        .code(404)
        .type('text/plain; charset=utf-8')
        .send(`${error.message}\n${error.advice}\nThe same as an OpenAPI document: /docs/json\n`),
    )
  }
}
