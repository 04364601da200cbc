import type { FastifyReply, FastifyRequest } from 'fastify'
import { IsoflopError } from '../../core/errors.ts'
import { type Gate, TooManyWrongKeys } from '../gate.ts'
import type { KeyRecord } from '../store/store.ts'

type Asking = FastifyRequest<{ Querystring: { api_key?: string | undefined } }>

/** Who asked, of the requests whose key is known. */
const callers = new WeakMap<FastifyRequest, KeyRecord>()

/**
 * Finds out whose request it is before anything of it is parsed, so that nobody without a key makes the server work: the key in
 * the query (`api_key`), else in the header X-API-Key. To be put on a route as `onRequest`; the handler then asks `callerOf`.
 * @throws what `Gate.authenticate` throws.
 */
export const keyFirst = (gate: Gate) => async (request: FastifyRequest, reply: FastifyReply) => {
  if (callers.has(request)) return // a session said so: see `web.ts`
  const authenticate = () => gate.authenticate(keyOf(request as Asking), request.ip)
  callers.set(request, await orLater(reply, authenticate()))
  goingOn.set(request, () => isKeyStill(authenticate))
}

/** Whether a key is one still, and was not replaced or revoked. */
const isKeyStill = (authenticate: () => Promise<KeyRecord>): Promise<boolean> =>
  authenticate().then(
    () => true,
    (error) => {
      if (error instanceof IsoflopError && error.code === 'STORE_UNAVAILABLE') throw error
      return false
    },
  )

/** What the gate says; where it says to come later, the answer says when. */
export const orLater = <Found>(reply: FastifyReply, found: Promise<Found>): Promise<Found> =>
  found.catch((error) => {
    if (error instanceof TooManyWrongKeys) reply.header('retry-after', error.seconds)
    throw error
  })

/** Says whose request it is, before a route asks, and how to ask whether it still is. */
export function calledBy(request: FastifyRequest, caller: KeyRecord, goesOn: () => Promise<boolean>): void {
  callers.set(request, caller)
  goingOn.set(request, goesOn)
}

const goingOn = new WeakMap<FastifyRequest, () => Promise<boolean>>()

/** Whether the key or session that a request came with is one still: what takes long asks before it tells more. Errors: STORE_UNAVAILABLE. */
export const stillCalled = async (request: FastifyRequest): Promise<boolean> => (await goingOn.get(request)?.()) ?? true

/** The same on a route that needs no key: whoever gives one must have it. */
export const keyIfGiven = (gate: Gate) => async (request: FastifyRequest, reply: FastifyReply) => {
  if (callers.has(request) || keyOf(request as Asking) !== undefined) await keyFirst(gate)(request, reply)
}

/** Whose request it is on such a route; null for nobody's. */
export const callerIfAny = (request: FastifyRequest): KeyRecord | null => callers.get(request) ?? null

/** Whose request it is, on a route with `keyFirst`. */
export function callerOf(request: FastifyRequest): KeyRecord {
  const caller = callers.get(request)
  if (caller === undefined) throw new Error('a route asks for its caller and has no keyFirst')
  return caller
}

function keyOf({ query, headers }: Asking): string | undefined {
  const header = headers['x-api-key']
  const given: unknown = query.api_key ?? header
  return typeof given === 'string' ? given : undefined
}
