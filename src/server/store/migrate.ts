import { readdirSync, readFileSync } from 'node:fs'

/** One step of a schema: the number that its file name starts with, and its SQL. */
export interface Migration {
  readonly version: number
  readonly sql: string
}

/**
 * The migrations of one database, in order: `migrations/sqlite/001_start.sql` is version 1. They lie beside this file,
 * in a clone and in a built package (scripts/copy-sql.js). A file that was released is never edited; a change is a new
 * one.
 */
export function migrationsOf(database: 'sqlite' | 'postgres'): Migration[] {
  const folder = new URL(`./migrations/${database}/`, import.meta.url)
  return readdirSync(folder)
    .filter((name) => name.endsWith('.sql'))
    .sort()
    .map((name) => ({ version: Number.parseInt(name, 10), sql: readFileSync(new URL(name, folder), 'utf8') }))
}
