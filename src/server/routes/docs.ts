import swagger from '@fastify/swagger'
import swaggerUi from '@fastify/swagger-ui'
import type { FastifyInstance } from 'fastify'
import { jsonSchemaTransform } from 'fastify-type-provider-zod'

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
  await app.register(swaggerUi, { routePrefix: '/docs', staticCSP: true })
}
