import { IsoflopError } from '../core/errors.ts'

/** The database of the queue cannot be written or reached. Its message carries the cause but no address: it may reach a client. */
export function unavailable(cause: unknown): IsoflopError {
  if (cause instanceof IsoflopError) return cause
  const reason = cause instanceof Error ? cause.message : String(cause)
  return new IsoflopError(
    'STORE_UNAVAILABLE',
    `The database of the queue did not take the operation: ${reason || 'it cannot be reached'}.`,
    'Try again soon; an operator should look at the database server.',
    { cause },
  )
}

/** There is no queue where one was to be read. */
export const queueMissing = (): IsoflopError =>
  new IsoflopError(
    'QUEUE_MISSING',
    'The database has no queue of trainings.',
    'Start "isoflop serve --db postgres://... --backend workers" on it first: that makes one.',
  )
