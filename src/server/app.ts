import Fastify, { type FastifyInstance } from 'fastify'
import { serializerCompiler, validatorCompiler } from 'fastify-type-provider-zod'
import { answerError } from './answer-error.ts'
import { createLedger } from './ledger.ts'
import { createMetrics } from './metrics.ts'
import type { ServerOptions } from './options.ts'
import { addRoutes } from './routes.ts'

export type { ServerOptions } from './options.ts'

/** How often a process says that it lives, and after how long a silent one counts as dead, ms. */
const heartbeat = { every: 2_000, deadAfter: 15_000 }

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

  const ledger = createLedger(store, backend, clock)
  const metrics = createMetrics(() => ledger.running, backend)
  await addRoutes(app, { ...options, ledger, metrics })

  await store.sweep(clock.now(), heartbeat.deadAfter)
  const beat = setInterval(() => {
    store.sweep(clock.now(), heartbeat.deadAfter).catch(() => {}) // a store that is away is told to each caller
  }, heartbeat.every)
  app.addHook('onClose', async () => clearInterval(beat))
  return app
}
