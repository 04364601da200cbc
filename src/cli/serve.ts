import type { AddressInfo } from 'node:net'
import { Command } from 'commander'
import type { FastifyInstance } from 'fastify'
import { systemClock } from '../core/clock.ts'
import { apiBudget } from '../core/config.ts'
import { IsoflopError } from '../core/errors.ts'
import { addKey } from '../server/keys.ts'
import type { Store } from '../server/store/store.ts'
import { flops, wholeNumber } from './options.ts'
import { version } from './version.ts'

interface ServeFlags {
  readonly port: number
  readonly host: string
  readonly world: string
  readonly backend: string
  readonly db?: string
  readonly budget?: bigint
  readonly key?: readonly string[]
  readonly leaderboard?: boolean
}

/** Where keys and runs are kept when nothing is said: PostgreSQL if DATABASE_URL is set, else a file here. */
export const defaultDatabase = (): string => process.env.DATABASE_URL ?? 'isoflop.sqlite'

/** What a key may spend when nothing is said, FLOPs. */
export const defaultBudget = BigInt(apiBudget)

/** `isoflop serve`. */
export function serveCommand(): Command {
  return new Command('serve')
    .summary('the training API of the CS336 assignment, on this machine')
    .description(
      'Serves the training API: GET /loss answers what loss a configuration would reach, for a key\n' +
        'with a budget of FLOPs. The first start makes a key and prints it. /docs documents it.',
    )
    .option('--port <N>', '0 picks a free one', wholeNumber('--port', 0, 'a whole number such as 8000'), 8000)
    .option('--host <HOST>', 'address to listen on; 0.0.0.0 for every one', '127.0.0.1')
    .option('--world <NAME>', 'what is simulated: cs336, handout, chinchilla, seed:N', 'cs336')
    .option('--backend <NAME>', 'simulate, or replay:FILE for recorded runs', 'simulate')
    .option('--db <PLACE>', 'a SQLite file, or postgres://... (default: $DATABASE_URL or isoflop.sqlite)')
    .option('--budget <FLOPS>', 'budget of keys made by this command (default: 2e18)', flops('--budget'))
    .option('--key <KEY...>', 'make sure that these keys exist')
    .option('--leaderboard', 'show GET /leaderboard to everyone')
    .addHelpText(
      'after',
      '\nExamples:\n  isoflop serve\n  isoflop serve --host 0.0.0.0 --db postgres://isoflop@localhost/isoflop --leaderboard',
    )
    .action(runServe)
}

async function runServe(flags: ServeFlags): Promise<void> {
  // Loaded only here, so that the other commands start quickly.
  const [{ createServer }, { openStore }, { openBackend }] = await Promise.all([
    import('../server/app.ts'),
    import('../server/store/open.ts'),
    import('./backend.ts'),
  ])
  const { backend, truth } = await openBackend(flags.backend, flags.world)
  const place = flags.db ?? defaultDatabase()
  const store = await openStore(place)
  try {
    const firstKey = await ensureKeys(store, flags)
    const app = await createServer({
      store,
      backend,
      clock: systemClock,
      version,
      truth,
      leaderboard: flags.leaderboard === true,
      onError: (error) => console.error(`error: ${error.message}`),
    })
    try {
      const url = await listen(app, flags)
      console.log(`listening on ${url}`)
      console.log(`  ${backend.name}; keys and runs in ${withoutPassword(place)}; documentation at ${url}/docs`)
      if (firstKey !== null) printFirstKey(firstKey, url, flags.budget ?? defaultBudget)
      await stopped()
    } finally {
      await app.close()
    }
  } finally {
    await backend.close()
    await store.close()
  }
}

/** Listens, and gives the address that clients use. */
async function listen(app: FastifyInstance, { host, port }: ServeFlags): Promise<string> {
  await app.listen({ port, host }).catch((error: NodeJS.ErrnoException) => {
    throw new IsoflopError(
      'BAD_OPTION',
      `${host}:${port} cannot be listened on: ${error.message}.`,
      error.code === 'EADDRINUSE'
        ? 'Something listens there already: choose another --port, or 0.'
        : 'Check --host and --port.',
    )
  })
  const address = app.server.address() as AddressInfo
  return `http://${host.includes(':') ? `[${host}]` : host}:${address.port}`
}

/** Adds the keys asked for; makes one when there is none at all, and gives it. */
async function ensureKeys(
  store: Store,
  { key: keys = [], budget = defaultBudget }: ServeFlags,
): Promise<string | null> {
  const now = systemClock.now()
  for (const key of keys) await addKey(store, { key, label: '', budget, now })
  if ((await store.listKeys()).length > 0) return null
  return (await addKey(store, { label: 'first', budget, now })).key
}

function printFirstKey(key: string, url: string, budget: bigint): void {
  const query = 'd_model=256&num_layers=4&num_heads=4&batch_size=128&learning_rate=0.001&train_flops=100000000000000'
  console.log(`\nA first key, with a budget of ${budget} FLOPs. It is shown only now:\n\n  ${key}\n`)
  console.log(`Try it:\n\n  curl '${url}/loss?${query}&api_key=${key}'\n`)
}

/** A database's place as it may be printed. */
export const withoutPassword = (place: string): string => place.replace(/(:\/\/[^:@/]+):[^@/]*@/, '$1:***@')

/** Resolves when the process is asked to stop. A second signal stops at once. */
function stopped(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const)
      process.once(signal, () => {
        process.once(signal, () => process.exit(1))
        resolve()
      })
  })
}
