import type { Socket } from 'node:net'
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify'
import { usualHeaders } from './headers.ts'

/** Answers to what is no request of HTTP, or has no address: no route sees those, and none of them repeats what came. */

/** To be fastify's `clientErrorHandler`. A connection that is gone gets nothing. */
export function answerBroken(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) socket.destroy()
  else endWith(socket, ...(broken[error.code ?? ''] ?? [400, 'Bad Request', 'This is no request of HTTP.']))
}

/** By Node's code of the error: status, its name, and what is said. */
const broken: Readonly<Record<string, readonly [number, string, string]>> = {
  HPE_HEADER_OVERFLOW: [431, 'Request Header Fields Too Large', 'The headers of the request are too long.'],
  ERR_HTTP_REQUEST_TIMEOUT: [408, 'Request Timeout', 'The request took too long to arrive.'],
}

/** To be fastify's `frameworkErrors`: an address with a `%` that means nothing, or a part without end. */
export function answerMalformed(
  { statusCode = 400 }: FastifyError,
  _request: FastifyRequest,
  reply: FastifyReply,
): void {
  reply.code(statusCode).headers(usualHeaders).send({ message: 'The address of the request cannot be read.' })
}

/** Writes a whole answer on a connection that no request can be read from, and ends it. */
export function endWith(socket: Socket, status: number, name: string, message: string): void {
  const body = JSON.stringify({ message })
  const headers = { connection: 'close', 'content-type': 'application/json', ...usualHeaders }
  const lines = Object.entries({ ...headers, 'content-length': Buffer.byteLength(body) }).map((entry) =>
    entry.join(': '),
  )
  socket.end([`HTTP/1.1 ${status} ${name}`, ...lines, '', body].join('\r\n'), () => socket.destroy())
}
