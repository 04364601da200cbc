import type { StoreOptions } from './common.ts'
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
 * Rejects with STORE_UNAVAILABLE when it cannot be opened or was written by a newer version.
 */
export const openStore = (location: string, options: StoreOptions = {}): Promise<Store> =>
  /^postgres(ql)?:\/\//.test(location) ? openPostgres(location, options) : openSqlite(location, options)
