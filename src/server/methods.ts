import type { FastifyInstance } from 'fastify'

/**
 * Answers what no route takes: 405 with the methods that the path has, 404 where there is no such path, and OPTIONS with the same. To be added
 * before the routes. None repeats the query, which may have a key.
 */
export function answerUnknown(app: FastifyInstance, hint: string): void {
  const taken = new Map<string, Set<string>>()
  app.addHook('onRoute', ({ url, method }) => {
    const methods = taken.get(url) ?? new Set()
    for (const one of [method].flat()) methods.add(one)
    taken.set(url, methods)
  })
  const methodsOf = (path: string): string[] =>
    [...taken].flatMap(([url, methods]) => (isTaken(url, path) ? [...methods] : []))
  app.setNotFoundHandler((request, reply) => {
    const path = request.url.split('?')[0]
    const methods = [...new Set(methodsOf(path))].sort(getFirst)
    if (methods.length === 0) return reply.code(404).send({ message: `There is no ${request.method} ${path}${hint}` })
    reply.header('allow', methods.join(', '))
    if (request.method === 'OPTIONS') return reply.code(204).send()
    const message = `${path} does not take ${request.method}: ask ${methods.join(' or ')} ${path}${hint}`
    return reply.code(405).send({ message })
  })
}

/** Whether a route's address takes a path: /docs/static/* whatever begins so, /v2/runs/:id whatever has one part more. */
function isTaken(url: string, path: string): boolean {
  if (url.endsWith('*')) return path.startsWith(url.slice(0, -1))
  const [wanted, parts] = [url.split('/'), path.split('/')]
  return wanted.length === parts.length && wanted.every((part, k) => part.startsWith(':') || part === parts[k])
}

const getFirst = (p: string, q: string): number => Number(q === 'GET') - Number(p === 'GET') || (p < q ? -1 : 1)
