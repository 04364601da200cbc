import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { healthAnswer, keyIfAny, refusals } from '../../api/contract.ts'
import type { Services } from '../options.ts'
import { callerIfAny, keyIfGiven } from './caller.ts'

/** What whoever runs the server asks of it: whether it can answer, and how much it did. */
export const service: FastifyPluginAsyncZod<Services> = async (app, services) => {
  const { store, backend, disclosure, gate, ledger, metrics, version } = services

  /** One check at a time, for all who ask meanwhile: each is a write to the disk, and needs no key. */
  let checking: Promise<void> | null = null
  app.get(
    '/healthz',
    {
      exposeHeadRoute: true,
      onRequest: keyIfGiven(gate),
      schema: {
        summary: 'Whether the server can answer',
        tags: ['service'],
        security: keyIfAny,
        response: { 200: healthAnswer, ...refusals([], { 422: 'A wrong API key; none is needed.' }) },
      },
    },
    async (request) => {
      checking ??= store.check().finally(() => {
        checking = null
      })
      await checking
      const mayKnow = await (await disclosure.now()).mayKnow(callerIfAny(request))
      const name = mayKnow ? backend.name : backend.producer.backend
      return { status: 'ok' as const, backend: name, version, running: ledger.running }
    },
  )

  if (services.closed?.includes('metrics')) return
  app.get('/metrics', { schema: { hide: true } }, async (_, reply) =>
    reply.type(metrics.contentType).send(await metrics.text()),
  )
}
