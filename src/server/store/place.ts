import { IsoflopError } from '../../core/errors.ts'

/** Whether a database's place is the address of a PostgreSQL server; else it is a file of SQLite. */
export const isPostgres = (place: string): boolean => /^postgres(ql)?:\/\//i.test(place)

/**
 * The place of a database as it may be shown: of an address host and database alone, since a password may stand before the @, in the
 * query, or, unescaped, where a host or a path is looked for. A place that is no such address is refused without repeating it.
 * Errors: BAD_OPTION.
 */
export function shownPlace(place: string): string {
  if (!isPostgres(place)) {
    if (/^([a-z][a-z0-9+.-]+:\/\/|postgres\w*:)/i.test(place))
      throw badPlace(`begins with "${place.slice(0, place.indexOf(':'))}:"`)
    // What psql and libpq take as well: as the name of a file, a password would be on the disk and on the screen.
    if (/(^|\s)(host|hostaddr|user|password|passfile|dbname|service)\s*=/i.test(place))
      throw badPlace('has words with =')
    if (/:[^/\\]*@/.test(place)) throw badPlace('has a : and then an @')
    return place
  }
  // With a user and no host a socket is meant, which the query names.
  const url = URL.parse(place) ?? URL.parse(place.replace('@/', '@socket/'))
  if (url === null) throw badPlace('cannot be read as one')
  const { host, pathname, search, hash } = url
  // Behind a / or ? or # of a password that is not escaped comes the rest of it, and then the @.
  if (`${pathname}${search}${hash}`.includes('@')) throw badPlace('has an @ behind its host')
  return `postgres://${host}${pathname}`
}

const badPlace = (what: string): IsoflopError =>
  new IsoflopError(
    'BAD_OPTION',
    `The place of the database ${what}, expected postgres://USER:PASSWORD@HOST/DATABASE or a file.`,
    'In a password write @ as %40, / as %2F, ? as %3F, # as %23 and : as %3A; $DATABASE_URL keeps it from the list of processes.',
  )
