import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify'
import { outOfRange } from '../api/contract.ts'
import { errorTable, IsoflopError } from '../core/errors.ts'

/** A validation issue as zod reports it through Fastify. */
interface Issue {
  readonly message?: string
  readonly params?: { readonly issue?: { readonly params?: { readonly kind?: string } } & Record<string, unknown> }
}

/** Turns every error into the contract's `{"message": ...}` with the right status; defects are told to `onError` only. */
export function answerError(onError?: (error: Error) => void) {
  return (error: FastifyError | IsoflopError | Error, _request: FastifyRequest, reply: FastifyReply) => {
    const { status, message } = statusOf(error)
    if (status >= 500) onError?.(error)
    return reply.code(status).send({ message })
  }
}

function statusOf(error: Error & { validation?: unknown; statusCode?: number; code?: string }): {
  status: number
  message: string
} {
  if (error instanceof IsoflopError) {
    const { status = 500 } = errorTable[error.code]
    return { status, message: status === 500 ? 'Internal server error' : error.message }
  }
  if (Array.isArray(error.validation)) return invalid(error.validation as Issue[])
  const status = error.statusCode ?? 500
  return { status, message: status >= 500 ? 'Internal server error' : error.message }
}

/** The first fault decides: 404 for a value outside its range, 422 for one that is missing or of the wrong type. */
function invalid(issues: readonly Issue[]): { status: number; message: string } {
  const typeFault = issues.find((issue) => !isOutOfRange(issue))
  const first = typeFault ?? issues[0]
  return { status: typeFault ? 422 : 404, message: first?.message ?? 'The request is not valid' }
}

const isOutOfRange = (issue: Issue): boolean => JSON.stringify(issue.params ?? {}).includes(`"${outOfRange}"`)
