import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import pg from 'pg'
import { IsoflopError } from '../../../src/core/errors.ts'
import { random } from '../../../src/core/random.ts'
import { openStore } from '../../../src/server/store/open.ts'
import { allOf, fillWithAll } from './flips.ts'

/**
 * Flips bits of the files in which a PostgreSQL of this machine, which has checksums of its pages, keeps our tables and indexes, one at a
 * time: each is told, or changes nothing that anybody sees. Of each damaged database a copy is opened, which is in nobody's memory.
 */
export async function survivesFlipsOfPostgres(url: string, flips: number): Promise<{ told: number; harmless: number }> {
  const filled = await openStore(url)
  await fillWithAll(filled)
  const place = new URL(url)
  const name = place.pathname.slice(1)
  const files = await inDatabase(url, async (client) => {
    const { rows } = await client.query(
      `SELECT current_setting('data_directory') AS folder, pg_relation_filepath(oid) AS path FROM pg_class
       WHERE relnamespace = 'isoflop'::regnamespace AND relkind IN ('r', 'i') ORDER BY relname`,
    )
    return rows.map(({ folder, path }) => join(folder, path))
  })
  place.pathname = '/postgres'
  const admin = place.href
  return inDatabase(admin, async (client) => {
    await client.query(`ALTER DATABASE ${name} ALLOW_CONNECTIONS false`)
    await client.query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1', [name])
    const said = async (): Promise<[string | null, unknown]> => {
      await client.query(`CREATE DATABASE copy_of_${name} TEMPLATE ${name} STRATEGY file_copy`)
      try {
        const place = new URL(url)
        place.pathname = `/copy_of_${name}`
        const store = await openStore(place.href)
        try {
          return [await allOf(store), null]
        } finally {
          await store.close()
        }
      } catch (error) {
        return [null, error]
      } finally {
        await client.query(`DROP DATABASE copy_of_${name} WITH (FORCE)`)
      }
    }
    const [expected] = await said()
    assert.equal(typeof expected, 'string')
    const { integer } = random(5, flips)
    let [told, harmless] = [0, 0]
    for (let k = 0; k < flips; k++) {
      const file = files[k % files.length]
      const whole = readFileSync(file)
      if (whole.length === 0) continue
      const copy = Buffer.from(whole)
      const at = integer(copy.length)
      copy[at] ^= 1 << integer(8)
      writeFileSync(file, copy)
      const [answers, error] = await said()
      writeFileSync(file, whole)
      if (error) {
        assert.ok(error instanceof IsoflopError && error.code === 'RECORD_DAMAGED', `byte ${at} of ${file}: ${error}`)
        told++
      } else {
        assert.equal(answers, expected, `byte ${at} of ${file} was believed`)
        harmless++
      }
    }
    await filled.close()
    return { told, harmless }
  })
}

async function inDatabase<Result>(url: string, work: (client: pg.Client) => Promise<Result>): Promise<Result> {
  const client = new pg.Client(url)
  await client.connect()
  try {
    return await work(client)
  } finally {
    await client.end()
  }
}
