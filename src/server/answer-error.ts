import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify'
import { outOfRange, submissionInBody } from '../api/contract.ts'
import { errorTable, IsoflopError } from '../core/errors.ts'
import type { Complaints } from './complaints.ts'

/** A validation issue as zod reports it through Fastify. */
interface Issue {
  readonly message?: string
  readonly params?: { readonly issue?: { readonly params?: { readonly kind?: string } } & Record<string, unknown> }
}

/**
 * Turns every error into the contract's `{"message": ...}` with the right status. What is no caller's fault is told to the log only: the
 * caller gets what it means, without the hosts, paths and causes that databases and defects speak of, and an id by which the log has them.
 */
export function answerError(complaints: Complaints) {
  return (error: FastifyError | IsoflopError | Error, _request: FastifyRequest, reply: FastifyReply) => {
    const { status, message } = statusOf(error)
    const text = status >= 500 ? `${message.replace(/\.?$/, '.')} Error ${complaints.tell(error)}.` : message
    return reply.code(status).send({ message: text })
  }
}

function statusOf(error: Error & { validation?: unknown; statusCode?: number; code?: string }): {
  status: number
  message: string
} {
  if (error instanceof IsoflopError) {
    const { status = 500, meaning } = errorTable[error.code] as { status?: number; meaning: string }
    if (status === 500) return { status, message: internal }
    return { status, message: error.code === 'STORE_UNAVAILABLE' ? meaning : error.message }
  }
  if (Array.isArray(error.validation)) return invalid(error.validation as Issue[])
  const status = error.statusCode ?? 500
  const known = bodyFaults[error.code ?? '']
  if (known !== undefined) return { status, message: known }
  return { status, message: status >= 500 ? internal : error.message }
}

/** What fastify says of a body by its own codes; the one route with a body is told how it is written. */
const bodyFaults: Readonly<Record<string, string>> = {
  FST_ERR_CTP_INVALID_MEDIA_TYPE: submissionInBody,
  FST_ERR_CTP_EMPTY_JSON_BODY: `The body is empty. ${submissionInBody}`,
  FST_ERR_CTP_INVALID_JSON_BODY: `The body is no JSON. ${submissionInBody}`,
  FST_ERR_CTP_BODY_TOO_LARGE: 'The body is longer than 64 KiB.',
}

const internal = 'Internal server error.'

/** The first fault decides: 404 for a value outside its range, 422 for one that is missing or of the wrong type. */
function invalid(issues: readonly Issue[]): { status: number; message: string } {
  const typeFault = issues.find((issue) => !isOutOfRange(issue))
  const first = typeFault ?? issues[0]
  return { status: typeFault ? 422 : 404, message: first?.message ?? 'The request is not valid' }
}

const isOutOfRange = (issue: Issue): boolean => JSON.stringify(issue.params ?? {}).includes(`"${outOfRange}"`)
