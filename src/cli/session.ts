import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { configOfWire, type WireConfig, wireOfConfig } from '../api/contract.ts'
import type { KnownRun, Purpose } from '../campaign.ts'
import { type AnswerRecord, openRecord } from '../client/record.ts'
import { configIdentity, type TrainingConfig } from '../core/config.ts'
import { lock, writeWhole } from '../core/durable.ts'
import { IsoflopError, outputFailed } from '../core/errors.ts'
import { compact, counted } from '../report/number.ts'
import { version } from './version.ts'

/**
 * A campaign on disk: `campaign.json` says which campaign it is, `campaign.jsonl` has its answers, and `.campaign.lock` keeps a
 * second process out. Ending a process at any moment loses at most an answer that the API gives again for nothing.
 */

/** What asks for losses, and what it knows of earlier queries. */
export interface RunSource {
  /** An address without the key, or `world:NAME`. */
  readonly name: string
  /** Whether answers cost something: those of a simulated world do not. */
  readonly isPaid: boolean
  ask(config: TrainingConfig): Promise<number>
  /** Runs that are there already: those of the user, then those that the key has paid for, in the order of the API. */
  previousRuns(): Promise<KnownRun[]>
  /** FLOPs that the key has paid for. */
  spentFlops(): Promise<number>
}

/** What makes two campaigns one: equal answers then have equal plans. */
export interface CampaignIdentity {
  readonly source: string
  readonly strategy: string
  readonly seed: number
  /** FLOPs. */
  readonly budget: number
  readonly target: number
  /** FLOPs that a query may have. */
  readonly trainFlops: readonly number[]
  readonly vocabularySize: number
  /** Of the runs that were brought along in files; empty without. */
  readonly runs: string
}

export interface Session {
  /** Runs that were paid for before the campaign began. */
  readonly given: readonly KnownRun[]
  /** What the user should know of how it begins, a line each. */
  readonly notices: readonly string[]
  /** The files that it keeps. */
  readonly files: readonly string[]
  /**
   * The loss of a configuration: recorded, paid for before a crash, or asked for now and recorded before it counts.
   * @throws IsoflopError BUDGET_EXCEEDED where the key would pass the campaign's budget, OUTPUT_FAILED, or what the API says.
   */
  query(config: TrainingConfig, purpose: Purpose): Promise<{ loss: number }>
  close(): void
}

export interface SessionOptions {
  readonly folder: string
  readonly source: RunSource
  readonly identity: CampaignIdentity
  /** What the campaign asks first with these runs given; null where it asks nothing. */
  readonly firstQuery: (given: readonly KnownRun[]) => TrainingConfig | null
}

/**
 * Begins a campaign in a folder, or goes on with the one that is there. A simulated campaign is begun anew each time, since its
 * answers cost nothing; it never replaces one that was paid for.
 * @throws IsoflopError CAMPAIGN_DIFFERS, CAMPAIGN_RUNNING, OUTPUT_FAILED, and what the API says.
 */
export async function openSession(options: SessionOptions): Promise<Session> {
  const { folder } = options
  writing(folder, () => mkdirSync(folder, { recursive: true }))
  const unlock = lockFolder(folder)
  try {
    return { ...(await openLocked(options)), close: unlock }
  } catch (error) {
    unlock()
    throw error
  }
}

/** The runs that count as given to a campaign which has no record here yet, as `--dry-run` needs them. */
export async function givenRuns({
  folder,
  identity,
  source,
  firstQuery,
}: SessionOptions): Promise<readonly KnownRun[]> {
  const head = readHead(headFile(folder))
  if (head !== null && differences(head.identity, identity).length === 0) return head.given
  return givenAmong(await source.previousRuns(), firstQuery).given
}

async function openLocked(options: SessionOptions): Promise<Omit<Session, 'close'>> {
  const { folder, source, identity, firstQuery } = options
  const files = { head: headFile(folder), answers: join(folder, 'campaign.jsonl') }
  const head = openHead(files, identity, source.isPaid)
  const [previous, total] = await Promise.all([source.previousRuns(), source.spentFlops()])
  const begun = head ?? beginning(previous, firstQuery)
  if (head === null) writeHead(files.head, identity, begun.given)
  const record = openRecord(files.answers)
  const notices = [
    ...begun.notices,
    ...(head === null ? [] : [resumedText(files.answers, record)]),
    ...(head === null ? [] : unexplainedText(previous, [...begun.given, ...record.answers()])),
  ]
  const spent = Math.max(total, costOf([...begun.given, ...record.answers(), ...previous]))
  const query = asking(source, record, previous, identity.budget, spent)
  return { given: begun.given, notices, files: [files.answers], query }
}

/** Takes an answer from the record or from the runs already paid for, or asks; never beyond the budget. */
function asking(
  source: RunSource,
  record: AnswerRecord,
  previous: readonly KnownRun[],
  budget: number,
  before: number,
): Session['query'] {
  const paid = new Map(previous.map(({ config, loss }) => [configIdentity(config), loss]))
  let spent = before

  async function ask(config: TrainingConfig): Promise<number> {
    if (spent + config.trainFlops > budget) throw overBudget(config, spent, budget)
    spent += config.trainFlops
    try {
      return await source.ask(config)
    } catch (error) {
      // A refusal costs nothing; an answer that could not be read may have cost something. The API knows.
      if (error instanceof IsoflopError && refusals.has(error.code))
        spent = Math.max(spent - config.trainFlops, await source.spentFlops())
      throw error
    }
  }

  return async (config, purpose) => {
    const identity = configIdentity(config)
    const known = record.get(identity)
    if (known !== undefined) return { loss: known }
    const loss = paid.get(identity) ?? (await ask(config))
    record.add(config, loss, { round: purpose.round, reason: purpose.reason })
    return { loss }
  }
}

const refusals: ReadonlySet<string> = new Set(['BUDGET_EXCEEDED', 'CONFIG_INVALID', 'API_REFUSED'])

const overBudget = (config: TrainingConfig, spent: number, budget: number): IsoflopError =>
  new IsoflopError(
    'BUDGET_EXCEEDED',
    `a query of ${config.trainFlops} FLOPs would pass --budget ${budget}: the key has spent ${spent}, other runs than this campaign's included.`,
    'Raise --budget, or use a key of its own for the campaign.',
  )

/** FLOPs of runs, each configuration counted once. */
const costOf = (runs: readonly KnownRun[]): number =>
  [...new Map(runs.map(({ config }) => [configIdentity(config), config.trainFlops])).values()].reduce(
    (sum, flops) => sum + flops,
    0,
  )

// What was there before

interface Beginning {
  readonly given: readonly KnownRun[]
  readonly notices: readonly string[]
}

/** Where a campaign without a record begins: with the runs that its key has. */
function beginning(previous: readonly KnownRun[], firstQuery: SessionOptions['firstQuery']): Beginning {
  const { given, isOurs } = givenAmong(previous, firstQuery)
  const notices: string[] = []
  if (isOurs) notices.push(`the key has runs of this very campaign: the record is written again from them`)
  if (given.length > 0)
    notices.push(
      `${counted(given.length, 'run')} that were there before: in the fit, and counted as spent (${compact(costOf(given))} FLOPs)`,
    )
  return { given, notices }
}

/**
 * Which of a key's runs were there before a campaign. Where its first query is among them, the campaign lost its record, for
 * example on another machine, and only the runs listed before that query are given; else all are.
 */
function givenAmong(
  previous: readonly KnownRun[],
  firstQuery: SessionOptions['firstQuery'],
): { given: readonly KnownRun[]; isOurs: boolean } {
  const everything = { given: previous, isOurs: false }
  if (previous.length === 0) return everything
  const first = firstQuery([])
  const place = previous.findIndex(({ config }) => first !== null && isSame(config, first))
  if (place < 0) return everything
  const given = previous.slice(0, place)
  const again = place === 0 ? first : firstQuery(given)
  return again !== null && isSame(again, previous[place].config) ? { given, isOurs: true } : everything
}

const isSame = (p: TrainingConfig, q: TrainingConfig): boolean => configIdentity(p) === configIdentity(q)

const resumedText = (file: string, record: AnswerRecord): string => {
  const answers = record.answers()
  return `going on with ${file}: ${counted(answers.length, 'run')}, ${compact(costOf(answers))} FLOPs`
}

/** Runs of the key that the campaign does not know: asked for just before a crash, or by someone else. */
function unexplainedText(previous: readonly KnownRun[], known: readonly KnownRun[]): string[] {
  const identities = new Set(known.map(({ config }) => configIdentity(config)))
  const others = previous.filter(({ config }) => !identities.has(configIdentity(config)))
  if (others.length === 0) return []
  return [
    `the key has ${counted(others.length, 'run')} beyond the record, asked for just before it broke off or by another client: ` +
      `${compact(costOf(others))} FLOPs that count as spent`,
  ]
}

// The head

interface Head {
  readonly identity: CampaignIdentity
  readonly given: readonly KnownRun[]
  readonly notices: readonly string[]
}

const headFile = (folder: string): string => join(folder, 'campaign.json')

/** What a head's file holds: the layout's version first, so that a later isoflop knows what it reads. */
interface HeadFile extends CampaignIdentity {
  readonly campaign: 1
  readonly isoflop: string
  readonly given: readonly (WireConfig & { loss: number | null })[]
}

/** The head of the campaign to go on with; null where one begins. Refuses to touch what another one paid for. */
function openHead(
  files: { readonly head: string; readonly answers: string },
  identity: CampaignIdentity,
  isPaid: boolean,
): Head | null {
  const head = readHead(files.head)
  if (head === null) {
    if (existsSync(files.answers))
      throw differs(`${files.answers} has runs, but ${files.head} is not there to say whose.`)
    return null
  }
  if (!isPaid && head.identity.source.startsWith(worldPrefix)) {
    writing(files.answers, () => rmSync(files.answers, { force: true }))
    return null
  }
  const differing = differences(head.identity, identity)
  if (differing.length > 0) throw differs(`${files.head} is of another campaign: ${differing.join(', ')}.`)
  return head
}

/** How a source that is simulated begins its name. */
export const worldPrefix = 'world:'

const differs = (message: string): IsoflopError =>
  new IsoflopError(
    'CAMPAIGN_DIFFERS',
    message,
    'Choose another --out, or give the options that it was begun with. No run of a key is ever paid for twice.',
  )

const optionNames: Readonly<Record<keyof CampaignIdentity, string>> = {
  source: 'the source',
  strategy: '--strategy',
  seed: '--seed',
  budget: '--budget',
  target: '--target',
  trainFlops: '--train-flops-grid',
  vocabularySize: '--vocab-size',
  runs: 'what --runs has',
}

/** What differs between two campaigns, in words. */
const differences = (there: CampaignIdentity, here: CampaignIdentity): string[] =>
  (Object.keys(optionNames) as (keyof CampaignIdentity)[])
    .filter((name) => String(there[name]) !== String(here[name]))
    .map((name) => `${optionNames[name]} is ${shown(there[name])} there and ${shown(here[name])} here`)

/** A list by its elements; what has no text is nothing. */
const shown = (value: unknown): string => String(value) || 'nothing'

function readHead(file: string): Head | null {
  if (!existsSync(file)) return null
  const { campaign, isoflop, given, ...identity } = parsedHead(file)
  if (campaign !== 1 || !Array.isArray(given) || typeof identity.source !== 'string')
    throw differs(`${file} is not the head of a campaign that this isoflop reads.`)
  const runs = given.map(({ loss, ...wire }) => ({ config: configOfWire(wire), loss: loss ?? Number.NaN }))
  const notices =
    isoflop === version ? [] : [`begun with isoflop ${isoflop}, going on with ${version}: the plans may differ`]
  return { identity, given: runs, notices }
}

function parsedHead(file: string): HeadFile {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) ?? {}
  } catch (error) {
    throw differs(`${file} cannot be read as the head of a campaign: ${(error as Error).message}.`)
  }
}

/** Writes the head whole or not at all. */
function writeHead(file: string, identity: CampaignIdentity, given: readonly KnownRun[]): void {
  const rows = given.map(({ config, loss }) => ({ ...wireOfConfig(config), loss: Number.isFinite(loss) ? loss : null }))
  const head: HeadFile = { campaign: 1, isoflop: version, ...identity, given: rows }
  writing(file, () => writeWhole(file, `${JSON.stringify(head, null, 2)}\n`))
}

function writing<Result>(place: string, work: () => Result): Result {
  try {
    return work()
  } catch (cause) {
    throw outputFailed(place, cause, 'Name an --out that exists or can be made, and that can be written to.')
  }
}

// The lock

/** Keeps other processes out of a folder; gives what lets them in again. Errors: CAMPAIGN_RUNNING, OUTPUT_FAILED. */
function lockFolder(folder: string): () => void {
  const file = join(folder, '.campaign.lock')
  const unlock = writing(file, () => lock(file))
  if (unlock !== null) return unlock
  throw new IsoflopError(
    'CAMPAIGN_RUNNING',
    `Another process runs a campaign in ${folder}.`,
    'Wait until it has ended, or choose another --out.',
  )
}
