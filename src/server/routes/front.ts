import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { integerAsWritten, shortInteger } from '../../core/exact-integer.ts'
import { loadAssets } from '../../pages/assets.ts'
import { addAssets, pageFor, pageHeaders } from '../../pages/routes.ts'
import type { Services } from '../options.ts'

/** The page of the class for whoever opens the server's address in a browser; what a server of this kind is for whoever asks it without a path. */
export const front: FastifyPluginAsyncZod<Services> = async (app, { version, closed = [], space }) => {
  const routes = {
    'GET /loss': 'the loss that a configuration would reach; costs its FLOPs, repeats are free',
    'GET /total_flops_used': 'the FLOPs that the key has used',
    'GET /previous_runs': 'all runs of the key',
    'GET /v2': 'that runs can be asked for without waiting for them',
    ...(space.spec === undefined ? {} : { 'GET /v2/space': 'the file of the space whose runs it makes' }),
    'POST /v2/runs': 'ask for a run, and be answered at once',
    'GET /v2/runs': 'all runs of the key, also those that wait, run or failed',
    'GET /v2/runs/{id}': 'a run: its state, its answer, its curve',
    'DELETE /v2/runs/{id}': 'cancel a run that waits or runs',
    'GET /v2/events': 'changes of the runs of the key as they happen',
    'GET /submission': 'the predictions of the key',
    'POST /submission': `predict the best configuration at ${shortInteger(integerAsWritten(space.target))} FLOPs, and its loss`,
    'GET /leaderboard': 'who has predicted',
    'GET /healthz': 'whether the server can answer',
    ...(closed.includes('docs') ? {} : { 'GET /docs': 'all of it, to read and to try' }),
  }
  const about = { name: 'isoflop training API', version, is, key: ofKey, routes }
  const without = htmlOf(version, routes, !closed.includes('docs'))
  const plain = `<!doctype html>\n<html lang="en">\n<meta charset="utf-8">\n<title>isoflop training API</title>\n${without}</html>\n`
  addAssets(app)

  app.get('/', { exposeHeadRoute: true, schema: { hide: true } }, async (request, reply) => {
    reply.header('vary', 'accept, accept-language')
    if (request.headers.accept?.includes('text/html') !== true) return reply.send(about)
    reply.type('text/html; charset=utf-8')
    // Where the bundler of a clone is not installed, a text says what this is.
    const assets = await loadAssets().catch(() => null)
    if (assets === null) return reply.send(plain)
    return reply.headers(pageHeaders).send(pageFor(request, 'class', assets, { without }))
  })
}

const is =
  'A training API as that of the scaling assignment of CS336: it says what loss a language model would reach that is trained with so many FLOPs, ' +
  'for a key with a budget.'
const ofKey = 'Send it as the header X-API-Key, or as api_key in the query. Whoever runs the server gives keys.'

const htmlOf = (
  version: string,
  routes: Readonly<Record<string, string>>,
  hasDocs: boolean,
): string => `<h1>isoflop training API</h1>
<p>${is}</p>
<p>${ofKey}</p>
<dl>
${Object.entries(routes)
  .map(([route, what]) => `<dt><code>${route}</code><dd>${what}`)
  .join('\n')}
</dl>
${hasDocs ? '<p><a href="docs">Read and try it</a></p>\n' : ''}<p>isoflop ${version}</p>
`
