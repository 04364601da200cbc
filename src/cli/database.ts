import type { Store } from '../server/store/store.ts'
import { say } from './print.ts'

/** Where keys and runs are kept when nothing is said: PostgreSQL if DATABASE_URL is set, else a file here. */
export const defaultDatabase = (): string => process.env.DATABASE_URL ?? 'isoflop.sqlite'

interface Opening {
  /** Whether a database that is not there is made. */
  readonly create: boolean
}

/** Opens a database, and says what whoever opens it should know. */
export async function openDatabase(place: string, opening: Opening): Promise<Store> {
  const { openStore } = await import('../server/store/open.ts')
  const store = await openStore(place, opening)
  for (const caution of store.cautions) say(`note: ${caution}`)
  return store
}

/** Does something with the database that `--db` names. Errors: DATABASE_MISSING, unless it may be made. */
export async function withStore<Result>(
  { db }: { readonly db?: string | undefined },
  work: (store: Store) => Promise<Result>,
  opening: Opening = { create: false },
): Promise<Result> {
  const store = await openDatabase(db ?? defaultDatabase(), opening)
  try {
    return await work(store)
  } finally {
    await store.close()
  }
}
