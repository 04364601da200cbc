import { statSync } from 'node:fs'
import { IsoflopError } from '../../core/errors.ts'

/** What SQLite says of a file of another kind (sqlite.org/rescode.html). */
export const notADatabase = 26

/**
 * The error of a file that does not open, for whoever named it: no client is told of it, so it has the path, and what is to be done about it.
 */
export function cannotOpen(path: string, cause: unknown): IsoflopError {
  const reason = cause instanceof Error ? cause.message : String(cause)
  return new IsoflopError(
    'STORE_UNAVAILABLE',
    `${path} cannot be opened as a database: ${reason}.`,
    advice(path, cause),
    {
      cause,
    },
  )
}

function advice(path: string, cause: unknown): string {
  const { code, errcode } = Object(cause) as { readonly code?: string; readonly errcode?: number }
  const place = statSync(path, { throwIfNoEntry: false })
  if (place?.isDirectory()) return 'It is a folder: name a file in it with --db.'
  if (errcode === notADatabase || (place !== undefined && !place.isFile()))
    return 'It is something else, or damaged: name another file with --db, or put the latest backup in its place.'
  if (code === 'ENOENT' || code === 'ENOTDIR')
    return 'Its folder is not there: make it, or name another file with --db.'
  if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS')
    return 'It may not be written there: go to a folder of your own, or name a file in one with --db.'
  return 'Try again soon; where it stays so, look at the disk (space, permissions).'
}
