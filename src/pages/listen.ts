import type { FastifyInstance } from 'fastify'
import { IsoflopError } from '../core/errors.ts'

/** Where a server listens; port 0 is one that is free. */
export interface Place {
  readonly host: string
  readonly port: number
}

/**
 * Begins to listen, and gives the address as the server says it.
 * @throws BAD_OPTION where the place is taken, forbidden, or none of this machine's.
 */
export const listenAt = (app: FastifyInstance, { host, port }: Place): Promise<string> =>
  app.listen({ host, port }).catch((error: NodeJS.ErrnoException) => {
    const place = `${host.includes(':') ? `[${host}]` : host}:${port}`
    throw new IsoflopError('BAD_OPTION', `${place} cannot be listened on: ${error.message}.`, adviceFor(error.code))
  })

function adviceFor(code: string | undefined): string {
  switch (code) {
    case 'EADDRINUSE':
      return 'Something listens there already: choose another --port, or 0 for one that is free.'
    case 'EACCES':
      return 'Ports below 1024 are often kept for root: choose a higher --port.'
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return 'This machine has no such address: choose another --host, such as 127.0.0.1.'
    default:
      return 'Check --host and --port.'
  }
}
