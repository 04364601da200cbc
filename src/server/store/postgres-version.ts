import { Client } from 'pg'
import { unavailable } from './common.ts'

/** How long a server may take to say what it is, ms. */
const patience = 5_000

/**
 * The version of the PostgreSQL at an address, `18.4`; nothing is changed or made there.
 * @throws IsoflopError STORE_UNAVAILABLE, which names nothing of the address.
 */
export async function serverVersion(address: string): Promise<string> {
  const client = new Client({
    connectionString: address,
    connectionTimeoutMillis: patience,
    query_timeout: patience,
  })
  client.on('error', () => {}) // is told by the query
  try {
    await client.connect()
    const { rows } = await client.query<{ server_version: string }>('SHOW server_version')
    return rows[0].server_version
  } catch (error) {
    throw unavailable(error)
  } finally {
    await client.end().catch(() => {})
  }
}
