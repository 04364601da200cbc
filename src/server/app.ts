import Fastify, { type FastifyInstance } from 'fastify'
import { serializerCompiler, validatorCompiler } from 'fastify-type-provider-zod'
import { predictionHelp } from '../api/asked.ts'
import { courseSpace } from '../cs336/space.ts'
import { answerError, failureOf } from './answer-error.ts'
import { createChanges } from './changes.ts'
import { createComplaints } from './complaints.ts'
import { createConnections, usualLimits } from './connections.ts'
import { createDisclosure } from './disclosure.ts'
import { createGate } from './gate.ts'
import { addHeaders } from './headers.ts'
import { keyHashOf } from './key-hash.ts'
import { createKnownRuns } from './known-runs.ts'
import { createLedger } from './ledger.ts'
import { answerBroken, answerMalformed } from './malformed.ts'
import { answerUnknown } from './methods.ts'
import { createMetrics } from './metrics.ts'
import type { ServerOptions } from './options.ts'
import { createProgresses } from './progress.ts'
import { repeat } from './repeat.ts'
import { createRequests } from './requests.ts'
import { addRoutes } from './routes.ts'
import { createTickets } from './tickets.ts'
import { startUpkeep } from './upkeep.ts'

export type { ServerOptions } from './options.ts'

/** How often is kept how far runs are, ms. */
const keepEveryMs = 2000

/**
 * A training API over a store and a backend, ready to listen. Closing it waits for what is in flight, 10 s at most, not for the store:
 * close a backend whose answers take long at the same time.
 */
export async function createServer(options: ServerOptions): Promise<FastifyInstance> {
  const { store, backend, clock } = options
  const limits = options.limits ?? usualLimits()
  const connections = createConnections(limits, options.proxies)
  const app = Fastify({
    logger: false, // a log of URLs would be a log of keys
    serverFactory: connections.serve,
    forceCloseConnections: false, // see `close` below
    clientErrorHandler: answerBroken,
    frameworkErrors: answerMalformed,
    bodyLimit: 65_536,
    exposeHeadRoutes: false, // HEAD /loss would train and charge, and show nothing for it
    trustProxy: options.proxies === undefined || options.proxies.length === 0 ? false : [...options.proxies],
    routerOptions: { maxParamLength: 500 },
  })
  app.setValidatorCompiler(validatorCompiler)
  app.setSerializerCompiler(serializerCompiler)
  const complaints = createComplaints(options.onError ?? (() => {}))
  const space = options.space ?? courseSpace()
  app.setErrorHandler(answerError(complaints, { body: predictionHelp(space), isCoded: false }))
  addHeaders(app)
  answerUnknown(app, options.closed?.includes('docs') ? '' : '; see /docs')
  await keyHashOf(store) // hashes of an older version are brought up to date before anybody asks
  const gate = createGate(options)
  const disclosure = createDisclosure(clock, store)
  const tickets = createTickets(store)
  const progresses = createProgresses(store)
  const changes = createChanges(store)
  const ledger = createLedger({ store, backend, clock, tickets, progresses })
  const shown = failureOf(complaints)
  const known = createKnownRuns(store, progresses)
  const requests = createRequests({ store, backend, clock, tickets, progresses, changes, known, shown })
  const upkeep = await startUpkeep(store, { tickets, requests }, complaints.tell, options.upkeep)
  const keeping = repeat(progresses.keep, keepEveryMs, () => {})
  app.addHook('onClose', async () => {
    upkeep.stop()
    keeping()
    complaints.flush()
  })
  const close = async () => {
    requests.stop()
    changes.stop()
    // What waits for a run of another process is told that it ends, shortly before its connection is cut.
    const patience = setTimeout(ledger.stop, 0.9 * limits.graceMs)
    await connections.close()
    clearTimeout(patience)
    ledger.stop()
  }
  let isClosing = false
  app.addHook('onSend', async (_request, reply) => {
    if (isClosing) reply.header('connection', 'close') // an answer also ends its connection
  })
  app.addHook('preClose', async () => {
    isClosing = true
    await close()
  })
  const metrics = createMetrics({ gate, ledger, tickets, upkeep, connections, backend, store })
  const services = { space, disclosure, gate, ledger, requests, known, changes, progresses, complaints, metrics }
  await addRoutes(app, { ...options, ...services })
  return app
}
