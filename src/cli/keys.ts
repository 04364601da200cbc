import { existsSync, rmSync } from 'node:fs'
import { Command } from 'commander'
import { systemClock } from '../core/clock.ts'
import { writeWhole } from '../core/durable.ts'
import { IsoflopError, outputFailed } from '../core/errors.ts'
import { shortInteger } from '../core/exact-integer.ts'
import { printableLine } from '../core/printable.ts'
import { counted } from '../report/number.ts'
import { addClassKeys, keysCsv } from '../server/class-keys.ts'
import { addKey, isWeak, keyLength, type NewKey, replaceKey } from '../server/keys.ts'
import { keyJson } from '../server/standing.ts'
import type { KeyRecord, Store } from '../server/store/store.ts'
import { readClassList } from './class-list.ts'
import { answerTo } from './confirm.ts'
import { withStore } from './database.ts'
import { givenKeys } from './given-keys.ts'
import { examples } from './help.ts'
import { refuseOthers } from './mark.ts'
import { after } from './next.ts'
import { flops, forceHelp } from './options.ts'
import { writeOutput } from './output.ts'
import { print, printData, printJson, printNext, printWritten, say, sayNext } from './print.ts'
import { tableText } from './terminal.ts'

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
      examples(
        'isoflop keys add --label "Ada" --budget 2e18',
        'isoflop keys add --from names.csv --out keys.csv',
        'isoflop keys set-budget k1a2b3c4d5e 4e18',
      ),
    )
  const sub = (name: string, summary: string) =>
    command
      .command(name)
      .summary(summary)
      .description(`${summary.charAt(0).toUpperCase()}${summary.slice(1)}.`)
      .option('--db <PLACE>', 'a SQLite file, or postgres://... (default: $DATABASE_URL or isoflop.sqlite)')
  /** The same for one key. */
  const ofKey = (name: string, summary: string) => sub(name, summary).argument('<ID>', 'the short name from the list')

  sub('add', 'make a key and print it, or one for each name of a list')
    .option('--label <TEXT>', 'whose key it is')
    .option(
      '--budget <FLOPS>',
      "how much it may spend (default: the budget of what is served; the course's 2e18)",
      flops('--budget'),
    )
    .option('--instructor', "an instructor's: it may see the truth before the deadline")
    .option('--from <FILE>', 'a class list as CSV: a column "name", perhaps one "budget"; or names, one a line')
    .option('--name-column <COLUMN>', 'the column of names, where it is called otherwise')
    .option('--out <FILE>', 'with --from: where the list with its keys is written, for its owner alone to read')
    .option('--key <KEY>', 'the key itself, instead of a random one; others on this machine see it')
    .option('--key-file <FILE>', 'keys instead of a random one, one a line; - for stdin')
    .addHelpText(
      'after',
      examples('isoflop keys add --label "Ada" --budget 2e18', 'isoflop keys add --from names.csv --out keys.csv'),
    )
    .action((flags: AddFlags) => {
      checkAdd(flags)
      const work = async (store: Store) => {
        await (flags.from === undefined ? add(store, flags) : addClass(store, flags))
        sayNext(after['keys add'](flags.db))
      }
      return withStore(flags, work, { create: true })
    })
  sub('list', 'all keys: name, label, budget, used')
    .option('--json', 'print JSON')
    .action((flags: KeysFlags) => withStore(flags, (store) => list(store, flags)))
  sub('export', 'all keys as CSV, without the keys themselves, which nobody has')
    .option('--out <FILE>', 'where it is written, instead of printed')
    .option('--force', forceHelp)
    .action((flags: ExportFlags) => withStore(flags, (store) => exportKeys(store, flags)))
  ofKey('rekey', 'print another key for an owner; the one before works no more, all else stays').action(
    (id: string, flags: KeysFlags) =>
      withStore(flags, async (store) => {
        const key = await replaceKey(store, id, systemClock.now())
        if (key === null) throw unknownKey(id)
        print(key)
        sayNext(after['keys of one'](id, flags.db))
      }),
  )
  ofKey('revoke', 'a key stops working; its runs stay').action((id: string, flags: KeysFlags) =>
    withStore(flags, async (store) => {
      await change(id, store.revokeKey(id, systemClock.now()), 'revoked')
      printNext(after['keys of one'](id, flags.db))
    }),
  )
  ofKey('restore', 'a key that was revoked works again').action((id: string, flags: KeysFlags) =>
    withStore(flags, async (store) => {
      await change(id, store.restoreKey(id), 'works')
      printNext(after['keys of one'](id, flags.db))
    }),
  )
  ofKey('set-budget', 'change what a key may spend in all')
    .argument('<FLOPS>', 'the new budget', flops('FLOPS'))
    .action((id: string, budget: bigint, flags: KeysFlags) =>
      withStore(flags, async (store) => {
        await setBudget(store, id, budget)
        printNext(after['keys of one'](id, flags.db))
      }),
    )
  ofKey('reset', 'forget the runs of a key and what it spent; its predictions stay')
    .option('--submissions', 'forget its predictions too')
    .option('--yes', 'do not ask')
    .action((id: string, flags: ResetFlags) => withStore(flags, (store) => reset(store, id, flags)))
  ofKey('undo', 'take back the last reset of a key, or its last rekey, whichever came later').action(
    (id: string, flags: KeysFlags) =>
      withStore(flags, async (store) => {
        await undo(store, id)
        printNext(after['keys of one'](id, flags.db))
      }),
  )
  return command
}

interface AddFlags extends KeysFlags {
  readonly label?: string
  readonly instructor?: boolean
  readonly budget?: bigint
  readonly key?: string
  readonly keyFile?: string
  readonly from?: string
  readonly nameColumn?: string
  readonly out?: string
}

/** Refuses options that say two things. */
function checkAdd({ from, label, key, keyFile, out, nameColumn }: AddFlags): void {
  const strange =
    from === undefined
      ? (out ?? nameColumn) !== undefined && 'with --from alone there is --out or --name-column'
      : (label ?? key ?? keyFile) !== undefined && 'with --from there is no --label, --key or --key-file'
  if (strange) throw new IsoflopError('BAD_OPTION', `${sentence(strange)}.`, 'See "isoflop keys add --help".')
}

const sentence = (text: string) => text.charAt(0).toUpperCase() + text.slice(1)

/** What a key may spend where nothing is said: the budget of the space that the database is for. */
async function usualBudget(store: Store): Promise<bigint> {
  const [{ notedSpace }, { producerOf }] = await Promise.all([
    import('../server/noted-space.ts'),
    import('../server/producer.ts'),
  ])
  const { budget } = await notedSpace(store, await producerOf(store))
  return BigInt(Math.round(budget))
}

/** Prints a key that was made; of keys that were given, what became of them. */
async function add(store: Store, { label = '', instructor = false, key, keyFile, ...flags }: AddFlags): Promise<void> {
  const budget = flags.budget ?? (await usualBudget(store))
  const about = { label, budget, instructor, now: systemClock.now() }
  if (key === undefined && keyFile === undefined) return print((await addKey(store, about)).key)
  const given = await givenKeys({ key: key === undefined ? [] : [key], keyFile })
  const made = await Promise.all(given.map((key) => addKey(store, { ...about, key })))
  for (const { id, was } of made) print(`${id} ${outcomes[was]}`)
  if (given.some(isWeak))
    say(
      `note: a server for other machines refuses keys of fewer than ${keyLength.strong} characters without --weak-keys`,
    )
  if (made.some(({ was }) => was === 'revoked'))
    throw new IsoflopError(
      'BAD_OPTION',
      'A key that was revoked was to be added: it stays revoked.',
      'Make it work again with "isoflop keys restore ID", or give another one.',
    )
}

const outcomes: Readonly<Record<NewKey['was'], string>> = {
  unknown: 'added',
  known: 'has this key already, and stays as it is',
  revoked: 'had this key, and was revoked',
}

/** Makes a key for each name of a list that has none, and writes the list with its keys. */
async function addClass(
  store: Store,
  { from, nameColumn, out, instructor = false, ...flags }: AddFlags,
): Promise<void> {
  if (out !== undefined && existsSync(out)) throw isThere(out)
  const list = await readClassList(from!, nameColumn)
  const budget = flags.budget ?? (await usualBudget(store))
  const beforehand = (csv: string) => {
    if (out !== undefined) writeSecret(out, csv) // nobody could read them again
  }
  const now = systemClock.now()
  const { made, csv, known, twice } = await addClassKeys(store, list, { budget, instructor, now, beforehand }).catch(
    (error) => {
      if (out !== undefined) takeBack(out, error)
      throw error
    },
  )
  if (out !== undefined)
    print(made.length > 0 ? `${counted(made.length, 'key')} made, written to ${out}` : 'no key made')
  else if (made.length > 0) printData(csv)
  if (known > 0)
    say(`note: ${known} of the list have a key already, and were left out; "isoflop keys rekey ID" gives a new one`)
  if (twice > 0) say(`note: ${twice} of the names are there more than once, and have a key for each time`)
}

/** Removes a file of keys that were not added. Where a connection broke nobody knows whether they were, and it may be the only copy. */
function takeBack(file: string, { code }: { code?: string }): void {
  if (code !== 'STORE_UNAVAILABLE') rmSync(file, { force: true })
  else if (existsSync(file))
    say(`note: ${file} stays: "isoflop keys list" says whether its keys were added after all; if not, remove it`)
}

const isThere = (file: string) =>
  new IsoflopError(
    'BAD_OPTION',
    `--out is ${file}, which is there already and may have keys that nobody can look up.`,
    'Name another file.',
  )

/** Writes a file that its owner alone may read. Errors: OUTPUT_FAILED. */
function writeSecret(file: string, content: string): void {
  try {
    writeWhole(file, content, 0o600)
  } catch (cause) {
    throw outputFailed(file, cause, 'Name a place that exists and can be written to.')
  }
}

interface ExportFlags extends KeysFlags {
  readonly force?: boolean
  readonly out?: string
}

async function exportKeys(store: Store, { out, db, force }: ExportFlags): Promise<void> {
  const text = keysCsv(await store.listKeys())
  if (out === undefined) {
    printData(text)
    sayNext(after['keys export'](db))
    return
  }
  refuseOthers([out], text.slice(0, text.indexOf('\n')).trimEnd(), { force }) // its head is its mark
  await writeOutput(out, text)
  printWritten([out])
  printNext(after['keys export'](db))
}

async function change(id: string, done: Promise<boolean>, what: string): Promise<void> {
  if (!(await done)) throw unknownKey(id)
  print(`${id} ${what}`)
}

export const unknownKey = (id: string) =>
  new IsoflopError('BAD_OPTION', `There is no key "${id}".`, 'See "isoflop keys list" for their short names.')

async function setBudget(store: Store, id: string, budget: bigint): Promise<void> {
  await change(id, store.setBudget(id, budget), `has a budget of ${shortInteger(budget)} FLOPs`)
  const { used, reserved } = (await store.getKey(id))!
  if (used + reserved > 0n && used + reserved >= budget)
    say(`note: ${id} has used ${shortInteger(used + reserved)} FLOPs already, and has nothing left`)
}

interface ResetFlags extends KeysFlags {
  readonly submissions?: boolean
  readonly yes?: boolean
}

/** Forgets what a key did, once somebody has said yes to what that is. */
async function reset(store: Store, id: string, { submissions = false, yes, db }: ResetFlags): Promise<void> {
  const standing = (await store.standings()).find(({ key }) => key.id === id)
  if (standing === undefined) throw unknownKey(id)
  const { key, runs, attempts } = standing
  const stays = submissions ? 'too' : '(which stay)'
  const predictions = attempts === 0 ? '' : `, ${counted(attempts, 'prediction')} ${stays}`
  const question = `Forget ${counted(runs, 'run')} and ${shortInteger(key.used)} used FLOPs of ${id}${key.label && ` (${key.label})`}${predictions}?`
  const answer = yes ? true : await answerTo(question)
  if (answer === null)
    throw new IsoflopError('BAD_OPTION', `Nobody is at a terminal to answer: ${question}`, 'Say --yes.')
  if (answer) await change(id, store.resetKey(id, { submissions }, systemClock.now()), 'is reset')
  else print(`${id} stays as it is`)
  printNext(after['keys of one'](id, db))
}

/** Takes the last change of a key back that can be. */
async function undo(store: Store, id: string): Promise<void> {
  if ((await store.getKey(id)) === null) throw unknownKey(id)
  const [past] = await store.pasts(id)
  if (past === undefined || !(await store.takeBack(id, past.kind)))
    throw new IsoflopError(
      'BAD_OPTION',
      `${id} was neither reset nor given another key, or that was taken back.`,
      'What was revoked works again by "isoflop keys restore ID".',
    )
  const { runs, submissions } = past
  const back = [counted(runs, 'run'), submissions > 0 && counted(submissions, 'prediction')]
    .filter(Boolean)
    .join(' and ')
  print(
    past.kind === 'reset' ? `${id} has ${back} again` : `${id} has its earlier key again; the later one works no more`,
  )
}

async function list(store: Store, { json, db }: KeysFlags): Promise<void> {
  const keys = await store.listKeys()
  if (json) return printJson(keys.map(keyJson))
  const columns = [
    { title: 'key', align: 'left' },
    { title: 'label', align: 'left' },
    { title: 'budget', align: 'right' },
    { title: 'used', align: 'right' },
    { title: '', align: 'left' },
  ] as const
  const rows = keys.map((key) => [
    ...[key.id, printableLine(key.label), shortInteger(key.budget), shortInteger(key.used, 4), marksOf(key)],
  ])
  print(tableText(columns, rows))
  printNext(after['keys list'](db))
}

/** What a list says of a key that is not as the others. */
export const marksOf = ({ instructor, revoked }: KeyRecord): string =>
  [instructor ? 'instructor' : '', revoked ? 'revoked' : ''].filter((mark) => mark !== '').join(', ')
