import { Command } from 'commander'
import { systemClock } from '../core/clock.ts'
import { IsoflopError } from '../core/errors.ts'
import { printableLine } from '../core/printable.ts'
import { addKey, isWeak, keyLength, type NewKey } from '../server/keys.ts'
import type { Store } from '../server/store/store.ts'
import { withStore } from './database.ts'
import { givenKeys } from './given-keys.ts'
import { flops } from './options.ts'
import { print, printJson, say } from './print.ts'
import { defaultBudget } from './serve.ts'

interface KeysFlags {
  readonly db?: string
  readonly json?: boolean
}

/** `isoflop keys`. */
export function keysCommand(): Command {
  const command = new Command('keys')
    .summary('who may use the training API, and how many FLOPs they have')
    .description('Manages the keys of a training API, while it runs or not. A key is shown once, when it is made.')
    .addHelpText(
      'after',
      '\nExamples:\n  isoflop keys add --label "Ada" --budget 2e18\n  isoflop keys set-budget k1a2b3c4d 4e18',
    )
  const sub = (name: string, summary: string) =>
    command
      .command(name)
      .summary(summary)
      .description(`${summary.charAt(0).toUpperCase()}${summary.slice(1)}.`)
      .option('--db <PLACE>', 'a SQLite file, or postgres://... (default: $DATABASE_URL or isoflop.sqlite)')

  sub('add', 'make a key and print it')
    .option('--label <TEXT>', 'whose key it is', '')
    .option('--budget <FLOPS>', 'how much it may spend (default: 2e18)', flops('--budget'))
    .option('--instructor', "an instructor's: it may see the truth before the deadline")
    .option('--key <KEY>', 'the key itself, instead of a random one; others on this machine see it')
    .option('--key-file <FILE>', 'keys instead of a random one, one a line; - for stdin')
    .action((flags: AddFlags) => withStore(flags, (store) => add(store, flags)))
  sub('list', 'all keys: name, label, budget, used')
    .option('--json', 'print JSON')
    .action((flags: KeysFlags) => withStore(flags, (store) => list(store, flags.json === true)))
  sub('revoke', 'a key stops working; its runs stay')
    .argument('<ID>', 'the short name from the list')
    .action((id: string, flags: KeysFlags) => withStore(flags, (store) => change(id, store.revokeKey(id), 'revoked')))
  sub('set-budget', 'change what a key may spend in all')
    .argument('<ID>', 'the short name from the list')
    .argument('<FLOPS>', 'the new budget', flops('FLOPS'))
    .action((id: string, budget: bigint, flags: KeysFlags) =>
      withStore(flags, (store) => change(id, store.setBudget(id, budget), `has a budget of ${budget} FLOPs`)),
    )
  sub('reset', 'forget the runs of a key and what it spent')
    .argument('<ID>', 'the short name from the list')
    .action((id: string, flags: KeysFlags) => withStore(flags, (store) => change(id, store.resetKey(id), 'is reset')))
  return command
}

interface AddFlags extends KeysFlags {
  readonly label: string
  readonly instructor?: boolean
  readonly budget?: bigint
  readonly key?: string
  readonly keyFile?: string
}

/** Prints a key that was made; of keys that were given, what became of them. */
async function add(
  store: Store,
  { label, budget = defaultBudget, instructor = false, key, keyFile }: AddFlags,
): Promise<void> {
  const about = { label, budget, instructor, now: systemClock.now() }
  if (key === undefined && keyFile === undefined) return print((await addKey(store, about)).key)
  const given = await givenKeys({ key: key === undefined ? [] : [key], keyFile })
  const made: NewKey[] = []
  for (const key of given) made.push(await addKey(store, { ...about, key }))
  for (const { id, was } of made) print(`${id} ${outcomes[was]}`)
  if (given.some(isWeak))
    say(
      `note: a server for other machines refuses keys of fewer than ${keyLength.strong} characters without --weak-keys`,
    )
  if (made.some(({ was }) => was === 'revoked'))
    throw new IsoflopError(
      'BAD_OPTION',
      'A key that was revoked was to be added: it stays revoked.',
      'Give another one, or none for a random one.',
    )
}

const outcomes: Readonly<Record<NewKey['was'], string>> = {
  unknown: 'added',
  known: 'has this key already, and stays as it is',
  revoked: 'had this key, and was revoked',
}

async function change(id: string, done: Promise<boolean>, what: string): Promise<void> {
  if (!(await done))
    throw new IsoflopError('BAD_OPTION', `There is no key "${id}".`, 'See "isoflop keys list" for their short names.')
  print(`${id} ${what}`)
}

async function list(store: Store, json: boolean): Promise<void> {
  const keys = (await store.listKeys()).map((key) => (json ? key : { ...key, label: printableLine(key.label) }))
  if (json) {
    const rows = keys.map(({ id, label, budget, used, reserved, revoked, instructor, createdAt }) => ({
      ...{ id, label, revoked, instructor, createdAt: new Date(createdAt).toISOString() },
      ...{ budget: String(budget), used: String(used), reserved: String(reserved) },
    }))
    printJson(rows)
    return
  }
  const width = Math.max(5, ...keys.map(({ label }) => label.length))
  const digits = Math.max(
    20,
    ...keys.flatMap(({ budget, used }) => [budget, used].map((flops) => String(flops).length)),
  )
  const row = (id: string, label: string, budget: unknown, used: unknown) =>
    `${id.padEnd(11)} ${label.padEnd(width)} ${String(budget).padStart(digits)} ${String(used).padStart(digits)}`
  print(row('key', 'label', 'budget', 'used'))
  for (const { id, label, budget, used, revoked, instructor } of keys)
    print(`${row(id, label, budget, used)}${instructor ? '  instructor' : ''}${revoked ? '  revoked' : ''}`)
}
