import type { Pool, PoolClient } from 'pg'

const ignore = () => {}

/** What work comes to on a connection of its own. Where it fails the connection is closed: nobody knows the state that it is in. */
export async function onConnection<Result>(pool: Pool, work: (client: PoolClient) => Promise<Result>): Promise<Result> {
  const client = await pool.connect()
  client.on('error', ignore) // the query in flight rejects anyway
  let failure: Error | undefined
  try {
    return await work(client)
  } catch (error) {
    failure = error as Error
    throw error
  } finally {
    client.off('error', ignore)
    client.release(failure)
  }
}
