import Fastify, { type FastifyInstance } from 'fastify'
import { serializerCompiler, validatorCompiler } from 'fastify-type-provider-zod'
import { answerError } from './answer-error.ts'
import { createLedger } from './ledger.ts'
import { createMetrics } from './metrics.ts'
import type { ServerOptions } from './options.ts'
import { addRoutes } from './routes.ts'
import { createTickets } from './tickets.ts'
import { startUpkeep } from './upkeep.ts'

export type { ServerOptions } from './options.ts'

/**
 * A training API over a store and a backend, ready to listen. Closing it waits for what is in flight, not for the store: close a
 * backend whose answers take long at the same time.
 */
export async function createServer(options: ServerOptions): Promise<FastifyInstance> {
  const { store, backend, clock } = options
  const app = Fastify({
    logger: false, // a log of URLs would be a log of keys
    forceCloseConnections: 'idle',
    bodyLimit: 65_536,
    exposeHeadRoutes: false, // HEAD /loss would train and charge, and show nothing for it
    // An answer may take hours: nothing limits it, and routers on the way are shown that the connection lives.
    http: { keepAlive: true, keepAliveInitialDelay: 30_000 },
    routerOptions: { maxParamLength: 500 },
  })
  app.setValidatorCompiler(validatorCompiler)
  app.setSerializerCompiler(serializerCompiler)
  app.setErrorHandler(answerError(options.onError))
  app.setNotFoundHandler((request, reply) =>
    reply.code(404).send({ message: `There is no ${request.method} ${request.url.split('?')[0]}; see /docs` }),
  )
  // Once closing, an answer also ends its connection: a client that keeps it open must not hold the server up.
  let closing = false
  app.addHook('preClose', async () => {
    closing = true
  })
  app.addHook('onSend', async (_request, reply) => {
    if (closing) reply.header('connection', 'close')
  })

  const tickets = createTickets(store)
  const ledger = createLedger(store, backend, clock, tickets)
  const upkeep = await startUpkeep(store, tickets, options.onError ?? (() => {}), options.upkeep)
  app.addHook('onClose', async () => upkeep.stop())
  const metrics = createMetrics({ ledger, tickets, upkeep, backend })
  await addRoutes(app, { ...options, ledger, metrics })
  return app
}
