import { startPostgres, type TestPostgres } from '../server/postgres.ts'

let postgres: TestPostgres | null = null
const addresses = new Map<string, string>()

/** Starts the PostgreSQL that pages speak of, with an empty database for each of them. */
export async function startDatabases(pages: readonly string[]): Promise<void> {
  postgres = await startPostgres()
  for (const page of pages) addresses.set(page, await postgres.database())
}

/** What stands behind `postgres://` in the address of a page's database. */
export function databaseOf(page: string): string {
  const address = addresses.get(page)
  if (address === undefined) throw new Error(`${page} has no database: it is started for pages that say postgres://`)
  return address.replace('postgres://', '')
}

export const stopDatabases = async (): Promise<void> => postgres?.stop()
