import type { FastifyInstance } from 'fastify'
import type { Services } from './options.ts'
import { assignment } from './routes/assignment.ts'
import { addDocs } from './routes/docs.ts'
import { front } from './routes/front.ts'
import { service } from './routes/service.ts'
import { v1 } from './routes/v1.ts'
import { v2 } from './routes/v2.ts'
import { web } from './routes/web.ts'

/**
 * Where each route belongs. Plugins translate between the wire and the ledger and hold no rules of their own.
 *
 * | file | routes | for |
 * |---|---|---|
 * | `routes/v1.ts` | GET `/loss`, `/total_flops_used`, `/previous_runs` | clients of the course's contract |
 * | `routes/v2.ts` | `/v2/runs` and `/v2/events` | clients that do not wait |
 * | `routes/assignment.ts` | GET and POST `/submission`, GET `/leaderboard` | who predicts, and who grades |
 * | `routes/service.ts` | GET `/healthz`, `/metrics` | who runs the server |
 * | `routes/front.ts` | GET `/` | who comes by |
 * | `routes/web.ts`, `routes/class.ts` | below `/web` | the pages in the browser, of learners and of instructors |
 * | `routes/docs.ts` | GET `/docs` | who reads about it |
 */
export async function addRoutes(app: FastifyInstance, services: Services): Promise<void> {
  if (!services.closed?.includes('docs')) await addDocs(app, services.version) // first: it describes the routes that come after it
  await app.register(v1, services)
  await app.register(v2, services)
  await app.register(assignment, services)
  await app.register(service, services)
  await app.register(web, services)
  await app.register(front, services)
}
