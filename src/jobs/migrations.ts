import { readdirSync, readFileSync } from 'node:fs'
import type { PoolClient } from 'pg'
import { IsoflopError } from '../core/errors.ts'
import type { Asking } from './database.ts'

/** Any number does that no other program locks in this database. */
const migrationLock = 1_769_105_513

/** Brings the tables of the queue up to date. Servers that start at once do it one after another. Errors: STORE_UNAVAILABLE where a newer isoflop wrote them. */
export async function migrate(client: PoolClient): Promise<void> {
  await client.query('BEGIN')
  try {
    await client.query("SET LOCAL lock_timeout = '60s'; SET LOCAL statement_timeout = '60s'")
    await client.query('SELECT pg_advisory_xact_lock($1)', [migrationLock])
    await applyMissing(client)
    await client.query('COMMIT')
  } catch (error) {
    await client.query('ROLLBACK').catch(() => {})
    throw error
  }
}

async function applyMissing(client: PoolClient): Promise<void> {
  // Asked first, because making a schema needs a permission that a server's daily user need not have.
  const { rows } = await client.query("SELECT to_regclass('isoflop_jobs.migrations') IS NOT NULL AS present")
  if (!rows[0].present)
    await client.query(
      'CREATE SCHEMA IF NOT EXISTS isoflop_jobs; CREATE TABLE isoflop_jobs.migrations (version int PRIMARY KEY)',
    )
  const version: number = (await client.query('SELECT coalesce(max(version), 0) AS v FROM isoflop_jobs.migrations'))
    .rows[0].v
  const known = migrations()
  const latest = known.at(-1)?.version ?? 0
  if (version > latest) throw tooNew(version, latest)
  for (const { version: next, sql } of known.slice(version)) {
    await client.query(sql)
    await client.query('INSERT INTO isoflop_jobs.migrations VALUES ($1)', [next])
  }
}

/** Errors: STORE_UNAVAILABLE where another isoflop made the queue than this worker is. */
export async function checkVersion(asking: Asking): Promise<void> {
  const [{ v }] = await asking.ask<{ v: number }>('SELECT coalesce(max(version), 0) AS v FROM isoflop_jobs.migrations')
  const latest = migrations().at(-1)?.version ?? 0
  if (v > latest) throw tooNew(v, latest)
  if (v < latest) throw tooOld(v, latest)
}

/** In order, from 1 on: `migrations/001_start.sql`. A file that was released is never edited; a change is a new one. */
function migrations(): { readonly version: number; readonly sql: string }[] {
  const folder = new URL('./migrations/', import.meta.url)
  return readdirSync(folder)
    .filter((name) => name.endsWith('.sql'))
    .sort()
    .map((name) => ({ version: Number.parseInt(name, 10), sql: readFileSync(new URL(name, folder), 'utf8') }))
}

const tooOld = (version: number, known: number): IsoflopError =>
  new IsoflopError(
    'STORE_UNAVAILABLE',
    `The queue of trainings in the database has schema ${version}; this isoflop needs schema ${known}.`,
    'Start a server of this isoflop, which brings it up to date.',
  )

const tooNew = (version: number, known: number): IsoflopError =>
  new IsoflopError(
    'STORE_UNAVAILABLE',
    `The queue of trainings in the database has schema ${version}; this isoflop knows schemas up to ${known}.`,
    'Start the newer isoflop that wrote it.',
  )
