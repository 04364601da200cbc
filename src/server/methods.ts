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
  /** What a path takes; of /docs/static/* whatever begins so. */
  const methodsOf = (path: string): string[] =>
    [...taken].flatMap(([url, methods]) =>
      url === path || (url.endsWith('*') && path.startsWith(url.slice(0, -1))) ? [...methods] : [],
    )
  app.setNotFoundHandler((request, reply) => {
    const path = request.url.split('?')[0]
    const methods = [...new Set(methodsOf(path))].sort()
    if (methods.length === 0) return reply.code(404).send({ message: `There is no ${request.method} ${path}${hint}` })
    reply.header('allow', methods.join(', '))
    if (request.method === 'OPTIONS') return reply.code(204).send()
    const message = `${path} does not take ${request.method}: ask ${methods.join(' or ')} ${path}${hint}`
    return reply.code(405).send({ message })
  })
}
