import type { FastifyReply, FastifyRequest } from 'fastify'
import { outOfRange } from '../api/contract.ts'
import { type ErrorCode, errorTable, IsoflopError } from '../core/errors.ts'
import type { Complaints } from './complaints.ts'

/** A validation issue as zod reports it through Fastify. */
interface Issue {
  readonly message?: string
  readonly params?: { readonly issue?: { readonly params?: { readonly kind?: string } } & Record<string, unknown> }
}

/** How errors are told: of a body how it is written, and whether with their codes. */
export interface Face {
  readonly body: string
  readonly isCoded: boolean
}

/**
 * Turns every error into the contract's `{"message": ...}` with the right status. What is no caller's fault is told to the log only: the
 * caller gets what it means, without the hosts, paths and causes that databases and defects speak of, and an id by which the log has them.
 */
export function answerError(complaints: Complaints, face: Face) {
  return (error: AnyError, _request: FastifyRequest, reply: FastifyReply) => {
    const { status, code, message } = toldOf(error, complaints, face)
    return reply.code(status).send(face.isCoded ? { code, message } : { message })
  }
}

/** What is told of an error to whoever looks at its run later. */
export const failureOf =
  (complaints: Complaints) =>
  (error: Error): { readonly code: ErrorCode; readonly message: string } => {
    const { code, message } = toldOf(error, complaints, { body: '', isCoded: false })
    return { code, message }
  }

type AnyError = Error & { validation?: unknown; statusCode?: number; code?: string }

interface Told {
  readonly status: number
  readonly code: ErrorCode
  readonly message: string
}

function toldOf(error: AnyError, complaints: Complaints, face: Face): Told {
  const { status, code, message } = statusOf(error, face)
  const text = status >= 500 ? `${message.replace(/\.?$/, '.')} Error ${complaints.tell(error)}.` : message
  return { status, code, message: text }
}

function statusOf(error: AnyError, face: Face): Told {
  if (error instanceof IsoflopError) {
    const { code } = error
    const { status = 500, meaning } = errorTable[code] as { status?: number; meaning: string }
    if (status === 500) return { status, code: 'INTERNAL', message: internal }
    if (code === 'CONFIG_INVALID' && face.isCoded) return { status: 422, code, message: error.message }
    return { status, code, message: code === 'STORE_UNAVAILABLE' ? meaning : error.message }
  }
  if (Array.isArray(error.validation)) return invalid(error.validation as Issue[], face)
  const status = error.statusCode ?? 500
  const code = status >= 500 ? 'INTERNAL' : 'CONFIG_INVALID'
  const known = bodyFault(error.code, face.body)
  if (known !== undefined) return { status, code, message: known }
  return { status, code, message: status >= 500 ? internal : error.message }
}

/** What fastify says of a body by its own codes: it is told how it is written. */
function bodyFault(code: string | undefined, body: string): string | undefined {
  switch (code) {
    case 'FST_ERR_CTP_INVALID_MEDIA_TYPE':
      return body
    case 'FST_ERR_CTP_EMPTY_JSON_BODY':
      return `The body is empty. ${body}`
    case 'FST_ERR_CTP_INVALID_JSON_BODY':
      return `The body is no JSON. ${body}`
    case 'FST_ERR_CTP_BODY_TOO_LARGE':
      return 'The body is longer than 64 KiB.'
    default:
      return undefined
  }
}

const internal = 'Internal server error.'

/** The first fault decides: by the contract 404 for a value outside its range, 422 for one that is missing or of the wrong type. */
function invalid(issues: readonly Issue[], { isCoded }: Face): Told {
  const typeFault = issues.find((issue) => !isOutOfRange(issue))
  const first = typeFault ?? issues[0]
  const status = typeFault || isCoded ? 422 : 404
  return { status, code: 'CONFIG_INVALID', message: first?.message ?? 'The request is not valid' }
}

const isOutOfRange = (issue: Issue): boolean => JSON.stringify(issue.params ?? {}).includes(`"${outOfRange}"`)
