import type { AddressInfo } from 'node:net'
import { Command } from 'commander'
import type { FastifyInstance } from 'fastify'
import { exampleOf } from '../api/asked.ts'
import type { Backend } from '../backend/backend.ts'
import { systemClock } from '../core/clock.ts'
import { IsoflopError } from '../core/errors.ts'
import { shortInteger } from '../core/exact-integer.ts'
import { printableLine } from '../core/printable.ts'
import { version } from '../core/version.ts'
import { accountings } from '../cs336/parameters.ts'
import { cs336Space, isCourse } from '../cs336/space.ts'
import { devices } from '../gpt/engine.ts'
import { lossNames } from '../gpt/losses.ts'
import { listenAt } from '../pages/listen.ts'
import { createComplaints } from '../server/complaints.ts'
import { usualSubmissions } from '../server/disclosure.ts'
import { addKey, isWeak, keyLength } from '../server/keys.ts'
import type { ServicePage } from '../server/options.ts'
import { changedSettings } from '../server/settings.ts'
import { shownPlace } from '../server/store/place.ts'
import type { Store } from '../server/store/store.ts'
import { anyCodec } from '../space/any.ts'
import type { Space } from '../space/space.ts'
import type { BackendFlags } from './backend.ts'
import { changedText } from './changed-settings.ts'
import { answerTo } from './confirm.ts'
import { defaultDatabase, openDatabase } from './database.ts'
import { givenKeys } from './given-keys.ts'
import { examples } from './help.ts'
import {
  flops,
  nameOf,
  networkAddresses,
  plainName,
  plainNames,
  portNumber,
  time,
  timeSpan,
  wholeBudgets,
  wholeNumber,
} from './options.ts'
import { print, say } from './print.ts'

interface ServeFlags extends BackendFlags {
  readonly port: number
  readonly host: string
  readonly db?: string
  readonly budget?: bigint
  readonly key?: readonly string[]
  readonly keyFile?: string
  readonly weakKeys?: boolean
  readonly adopt?: boolean
  readonly proxy?: readonly string[]
  readonly leaderboard?: boolean
  readonly deadline?: number
  readonly submissions: number
  readonly docs: boolean
  readonly metrics: boolean
  readonly trainFlopsGrid?: readonly number[]
  readonly space?: string
}

/** What may be asked. Errors: those of `readSpace`; BAD_OPTION where its FLOPs are no whole numbers, which budgets are. */
async function openSpace({ space: file, trainFlopsGrid }: ServeFlags): Promise<Space> {
  if (file === undefined)
    return cs336Space({ ...(trainFlopsGrid && { trainFlops: trainFlopsGrid }) }) as unknown as Space
  const { spaceNamed } = await import('./space-option.ts')
  const space = await spaceNamed(file, trainFlopsGrid)
  const broken = [...space.trainFlops, space.target].find((flops) => !Number.isInteger(flops))
  if (broken === undefined) return space
  throw new IsoflopError(
    'BAD_OPTION',
    `A server keeps accounts in whole FLOPs, and ${file} has runs of ${broken}.`,
    'Write whole numbers of FLOPs in the file, or give --train-flops-grid.',
  )
}

/** `isoflop serve`. */
export function serveCommand(): Command {
  return new Command('serve')
    .summary('the training API of the CS336 assignment, on this machine')
    .description(
      'Serves the training API: GET /loss answers what loss a configuration would reach, for a key\n' +
        'with a budget of FLOPs. The first start makes a key and prints it. /docs documents it.\n' +
        'With --backend train every answer is a training on this machine (docs/train-api.md), with --backend workers\n' +
        'one on any machine that runs isoflop worker (docs/workers.md).',
    )
    .optionsGroup('Where it listens:')
    .option('--port <N>', '0 picks a free one', port, 8000)
    .option('--host <HOST>', 'address to listen on; 0.0.0.0 for every one', '127.0.0.1')
    .optionsGroup('What answers:')
    .option('--backend <NAME>', 'simulate, replay:FILE for recorded runs, train for real ones, workers', 'simulate')
    .option('--world <NAME>', 'what is simulated: cs336, handout, chinchilla, seed:N, staged:N (default: cs336)')
    .option('--program <NAME>', 'workers: what isoflop worker --run runs, by a name of your choice', programName)
    .option('--tags <LIST>', 'workers: what a worker must have, such as gpu,h100', tagList)
    .option('--tries <N>', 'workers: failures until a training is given up (default: 3)', atLeastOne('--tries'))
    .option('--worker-patience <TIME>', 'workers: silence until another one takes over (default: 60s)', patience)
    .option('--corpus <DIR>', 'train: the text, made by isoflop corpus prepare')
    .option('--runs <DIR>', 'train: where trainings are kept (default: runs)')
    .option('--workers <N>', 'train: trainings at a time (default: 1)', atLeastOne('--workers'))
    .option('--threads <N>', 'train: threads of each (default: the cores, shared out)', atLeastOne('--threads'))
    .option('--loss <NAME>', `train: which is answered, ${lossNames.join(', ')} (default: average)`, lossName)
    .option('--accounting <NAME>', `train: how N is counted, ${accountings.join(', ')} (default: api)`, accounting)
    .option('--device <NAME>', `train: ${devices.join(', ')} (default: cpu)`, nameOf('--device', devices))
    .option('--seed <N>', 'train: of weights and order (default: 0)', seed)
    .option('--space <FILE>', "models, batches, rates and FLOPs of your own; docs/space.md (default: the course's)")
    .option(
      '--train-flops-grid <LIST>',
      "the FLOPs that a query may have (default: the space's; the course's 16)",
      grid,
    )
    .optionsGroup('Keys and budgets:')
    .option('--db <PLACE>', 'a SQLite file, or postgres://... (default: $DATABASE_URL or isoflop.sqlite)')
    .option('--adopt', 'say that an older database, or one without answers, is that of what is served now')
    .option(
      '--budget <FLOPS>',
      "budget of keys made by this command (default: the space's; the course's 2e18)",
      flops('--budget'),
    )
    .option('--key <KEY...>', 'make sure that these keys exist; others on this machine see them, but not $ISOFLOP_KEYS')
    .option('--key-file <FILE>', 'make sure that the keys in this file exist, one a line; - for stdin')
    .option('--weak-keys', `take keys of fewer than ${keyLength.strong} characters also from other machines`)
    .optionsGroup('Who may see what:')
    .option('--proxy <ADDRESS...>', 'reverse proxies whose X-Forwarded-For tells who asks', proxyAddresses)
    .option('--leaderboard', 'show everyone who has predicted (GET /leaderboard), and after --deadline how well')
    .option(
      '--deadline <TIME>',
      'when predicting ends and the truth is shown, such as 2027-12-15T23:59Z; kept in the database',
      deadline,
    )
    .option(
      '--submissions <N>',
      'predictions that a key may submit',
      wholeNumber('--submissions', 1, 'a whole number such as 5'),
      usualSubmissions,
    )
    .option('--no-docs', 'do not show /docs')
    .option('--no-metrics', 'do not show /metrics, where who may read it is not told otherwise')
    .addHelpText(
      'after',
      examples(
        'isoflop serve --host 0.0.0.0 --db postgres://isoflop@localhost/isoflop --leaderboard',
        'isoflop serve --backend train --corpus corpus --train-flops-grid 1e12,3e12,1e13 --budget 1e14',
      ),
    )
    .action(runServe)
}

const port = portNumber('--port')
const atLeastOne = (name: string) => wholeNumber(name, 1, 'a whole number such as 1')
const programName = plainName('--program')
const tagList = plainNames('--tags')
const patience = timeSpan('--worker-patience', 10_000)
const seed = wholeNumber('--seed', 0, 'a whole number such as 0')
const proxyAddresses = networkAddresses('--proxy')
const grid = wholeBudgets('--train-flops-grid')
const deadline = time('--deadline')
const lossName = nameOf('--loss', lossNames)
const accounting = nameOf('--accounting', accountings)

async function runServe(flags: ServeFlags): Promise<void> {
  // Loaded only here, so that the other commands start quickly.
  const [{ createServer }, { openBackend }, { claimStore }, { claimDeadline }, { noteSpace }] = await Promise.all([
    import('../server/app.ts'),
    import('./backend.ts'),
    import('../server/producer.ts'),
    import('../server/deadline.ts'),
    import('../server/noted-space.ts'),
  ])
  const space = await openSpace(flags)
  const place = flags.db ?? defaultDatabase()
  const store = await openDatabase(place, { create: true })
  try {
    const { backend, truth, notes } = await openBackend(
      { ...flags, onError: createComplaints(printError).tell },
      place,
      space,
    )
    try {
      await noteSpace(store, space) // first: a database that says its space has it, whenever a start breaks off
      await claimStore(store, backend, space.trainFlops, { confirm: confirmation(flags) })
      const deadline = await claimDeadline(store, flags.deadline ?? null, systemClock)
      const isPublic = !isLoopback(flags.host) || flags.proxy !== undefined
      const budget = flags.budget ?? BigInt(Math.round(space.budget))
      const weakKeys = flags.weakKeys === true || !isPublic
      await ensureKeys(store, flags, { weakKeys, budget })
      const changed = changedText(await changedSettings(store))
      const app = await createServer({
        store,
        backend,
        clock: systemClock,
        version,
        truth,
        leaderboard: flags.leaderboard === true,
        submissions: flags.submissions,
        closed: closedOf(flags),
        weakKeys,
        proxies: flags.proxy ?? [],
        space,
        onError: printError,
      })
      try {
        const url = await listen(app, flags)
        // Only now: a start that breaks off, such as at a port that is taken, leaves no key behind that nobody has seen.
        const firstKey = await ensureOne(store, budget)
        // All at once from here: whoever reads the first line, and is answered, has the key as well.
        print(`listening on ${url}`)
        print(
          `  ${shownBackend(backend)}${isCourse(space) ? '' : `, of the space ${space.runsFingerprint}`}; keys and runs in ${shownPlace(place)}${documentation(url, flags)}`,
        )
        if (truth !== null) print(`  ${deadlineText(deadline)}`)
        for (const line of changed) print(`  ${line}`)
        for (const note of notes) print(`  ${note}`)
        if (firstKey !== null) printFirstKey(firstKey, url, { budget, space })
        await stopped()
        endAnyway()
      } finally {
        // Together: the server waits for its answers, which a training may only give in hours.
        await Promise.all([app.close(), backend.close()])
      }
    } finally {
      await backend.close()
    }
  } finally {
    await store.close()
  }
}

/** Whether what answered a database is as the question says: --adopt says yes, or who sits at the terminal. */
const confirmation =
  ({ adopt }: ServeFlags) =>
  async (question: string): Promise<boolean> => {
    if (adopt) {
      say(`note: ${printableLine(question)} Yes, says --adopt.`)
      return true
    }
    return (await answerTo(question)) ?? false
  }

/** A world's name is a part of the answer, and the screen or the log may be seen by who is to find it. */
const shownBackend = ({ name, producer }: Pick<Backend, 'name' | 'producer'>): string =>
  producer.backend === 'simulate' ? 'a simulated world' : name

const documentation = (url: string, { docs }: ServeFlags): string => (docs ? `; documentation at ${url}/docs` : '')

export const deadlineText = (deadline: number | null): string =>
  deadline === null
    ? 'no deadline: predictions are taken, and the truth is shown to instructors alone'
    : `predictions are taken until ${new Date(deadline).toISOString()}; from then on the truth is shown`

/** What is closed: commander makes --no-docs `docs: false`. */
const closedOf = ({ docs, metrics }: ServeFlags): ServicePage[] => [
  ...(docs ? [] : (['docs'] as const)),
  ...(metrics ? [] : (['metrics'] as const)),
]

/** Tells who runs the server of an error, and of what lies behind it where clients are not told; of more like it by their ids. */
function printError({ message, cause }: Error, about?: { readonly id: string; readonly last?: string }): void {
  const ids =
    about === undefined
      ? ''
      : about.last === undefined
        ? ` ${about.id}`
        : ` ${about.id} to ${about.last}, alike, the last of them`
  say(`error${ids}: ${message}`)
  if (cause instanceof Error && !message.includes(cause.message)) say(`  ${cause.message}`)
}

/** Listens, and gives the address that clients use. Errors: BAD_OPTION. */
async function listen(app: FastifyInstance, { host, port }: ServeFlags): Promise<string> {
  await listenAt(app, { host, port })
  const address = app.server.address() as AddressInfo
  return `http://${host.includes(':') ? `[${host}]` : host}:${address.port}`
}

/** Adds the keys asked for. */
async function ensureKeys(
  store: Store,
  flags: ServeFlags,
  { weakKeys, budget }: { readonly weakKeys: boolean; readonly budget: bigint },
): Promise<void> {
  const now = systemClock.now()
  const keys = await givenKeys(flags, process.env.ISOFLOP_KEYS)
  if (!weakKeys && keys.some(isWeak)) throw tooWeak()
  for (const key of keys) {
    const { id, was } = await addKey(store, { key, label: '', budget, now })
    if (was === 'revoked') say(`note: a key that was asked for is that of ${id}, which was revoked and stays so`)
  }
}

/** Makes a key when there is none at all, and gives it. */
async function ensureOne(store: Store, budget: bigint): Promise<string | null> {
  if ((await store.listKeys()).length > 0) return null
  return (await addKey(store, { label: 'first', budget, now: systemClock.now() })).key
}

const tooWeak = () =>
  new IsoflopError(
    'BAD_OPTION',
    `A key of fewer than ${keyLength.strong} characters can be guessed, and this server is for other machines too.`,
    'Give a longer one, or take the risk with --weak-keys.',
  )

/** Whether nobody on another machine can ask. */
const isLoopback = (host: string): boolean => host === 'localhost' || host === '::1' || /^127(\.\d+){3}$/.test(host)

function printFirstKey(
  key: string,
  url: string,
  { budget, space }: { readonly budget: bigint; readonly space: Space },
): void {
  const query = Object.entries(anyCodec.record(exampleOf(space))).map(
    ([name, value]) => `${name}=${encodeURIComponent(value)}`,
  )
  print(`\nA first key, with a budget of ${shortInteger(budget)} FLOPs. It is shown only now:\n\n  ${key}\n`)
  print(
    `Sign in with it at ${url} in a browser, or try it:\n\n  curl '${url}/loss?${query.join('&')}&api_key=${key}'\n`,
  )
  print(
    'Whoever teaches a class signs in there with a key of their own, which the same database gives:\n\n  isoflop keys add --instructor --label staff --budget 0\n',
  )
}

/** How long stopping may take, ms: answers have 10 s, trainings 8 s for a checkpoint, and then the database has the rest. */
const longestStop = 11_500

/** Ends the process though something does not let go, such as a database that does not answer. All that was answered is on disk. */
function endAnyway(): void {
  setTimeout(() => {
    say('error: The server ends without waiting any longer; what it had reserved is freed by the next one.')
    process.exit(1)
  }, longestStop).unref()
}

/**
 * Resolves when the process is asked to stop. A second signal stops at once, unless it comes with the first: what starts processes
 * for others, such as timeout, may deliver one twice.
 */
function stopped(): Promise<void> {
  return new Promise((resolve) => {
    let isAgain = false
    const onSignal = () => {
      if (isAgain) process.exit(1)
      resolve()
      setTimeout(() => {
        isAgain = true
      }, 500).unref()
    }
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, onSignal)
  })
}
