import type { StoreOptions } from './common.ts'
import { isPostgres, shownPlace } from './place.ts'
import { openPostgres } from './postgres.ts'
import { openSqlite } from './sqlite.ts'
import type { Store } from './store.ts'

export type { StoreOptions } from './common.ts'

/**
 * Opens the store at a location, and brings its tables up to date: a `postgres://` address, a file of SQLite (made when
 * it is not there), or `:memory:`. Several processes may open the same one, also at the same time.
 *
 * @example const store = await openStore('ledger.db')
 *
 * Rejects with BAD_OPTION for an address that cannot be read, with STORE_UNAVAILABLE when it cannot be opened or was written by a
 * newer version.
 */
export async function openStore(location: string, options: StoreOptions = {}): Promise<Store> {
  shownPlace(location) // refuses what may not be shown
  return isPostgres(location) ? openPostgres(location, options) : openSqlite(location, options)
}
