import type { Store } from '../server/store/store.ts'
import { say } from './print.ts'

/** Where keys and runs are kept when nothing is said: PostgreSQL if DATABASE_URL is set, else a file here. */
export const defaultDatabase = (): string => process.env.DATABASE_URL ?? 'isoflop.sqlite'

/** Opens a database, and says what whoever opens it should know. */
export async function openDatabase(place: string): Promise<Store> {
  const { openStore } = await import('../server/store/open.ts')
  const store = await openStore(place)
  for (const caution of store.cautions) say(`note: ${caution}`)
  return store
}

/** Does something with the database that `--db` names. */
export async function withStore<Result>(
  { db }: { readonly db?: string | undefined },
  work: (store: Store) => Promise<Result>,
): Promise<Result> {
  const store = await openDatabase(db ?? defaultDatabase())
  try {
    return await work(store)
  } finally {
    await store.close()
  }
}
