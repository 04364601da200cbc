import type { TestContext } from 'node:test'
import type { ServerOptions } from '../../src/server/app.ts'
import { asking, heldBackend } from './asking.ts'
import { serving } from './serving.ts'

/** Looks so quick that a reservation is dead after 150 ms. */
export const quick = { upkeep: { lookEvery: 50, looks: 3, proveEvery: 60_000 }, onError: () => {} }

type Options = Parameters<typeof serving>[0]

/** A server over a backend, with somebody who asks; both are closed with the test, or before. */
export async function servingOver<Over extends ServerOptions['backend']>(
  t: TestContext,
  backend: Over,
  options: Options,
) {
  const server = await serving({ ...quick, ...options, backend })
  let isClosed = false
  const close = async () => {
    if (isClosed) return
    isClosed = true
    await Promise.all([server.close(), backend.close()])
  }
  t.after(close)
  return { server, backend, ask: asking(server.url, server.key), close }
}

/** A server whose trainings end when the test says so. */
export const holding = (t: TestContext, place: string, options: Options = {}) =>
  servingOver(t, heldBackend(), { place, ...options })
