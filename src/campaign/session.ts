import { existsSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { type AnswerRecord, openRecord } from '../client/record.ts'
import { makeFolder } from '../core/durable.ts'
import { IsoflopError } from '../core/errors.ts'
import { lock } from '../core/lock.ts'
import type { TrainedRun, Trainer } from '../core/trainer.ts'
import { version } from '../core/version.ts'
import type { Codec } from '../space/codec.ts'
import { costOf, type FirstQuery, givenAmong } from './beginning.ts'
import { openCancellations } from './cancellations.ts'
import {
  type CampaignIdentity,
  campaignDiffers,
  damaged,
  differences,
  type Head,
  readHead,
  simulatedDiffers,
  writeHead,
} from './head.ts'
import { recorded } from './recorded.ts'
import { worldPrefix } from './world-trainer.ts'
import { writing } from './writing.ts'

/**
 * A campaign on disk: `campaign.json` says which campaign it is, `campaign.jsonl` has its answers, and `.campaign.lock` keeps a
 * second process out. Ending a process at any moment loses at most an answer that the trainer gives again for nothing.
 */
export interface Session {
  /** The trainer, remembering. */
  readonly trainer: Trainer
  /** Runs that were made before the campaign began. */
  readonly given: readonly TrainedRun[]
  /** What the user should know of how it begins. */
  readonly notices: readonly Notice[]
  /** Whether it begins here, with no record of before. */
  readonly isNew: boolean
  /** The files that it keeps. */
  readonly files: readonly string[]
  close(): void
}

/** How a campaign begins; `runs` counts runs, `flops` are theirs. */
export type Notice =
  /** The trainer has runs of this very campaign, whose record is written again from them. */
  | { readonly kind: 'record-lost' }
  /** Runs that were there before: in the fit, and counted as spent. */
  | { readonly kind: 'given'; readonly runs: number; readonly flops: number }
  | { readonly kind: 'resumed'; readonly file: string; readonly runs: number; readonly flops: number }
  /** Runs of the trainer that the campaign does not know: asked for just before a crash, or by someone else. */
  | { readonly kind: 'unexplained'; readonly runs: number; readonly flops: number }
  /** Lines of the record are not what was written: they are not believed, and the trainer gives the runs again. */
  | { readonly kind: 'damaged'; readonly file: string; readonly lines: readonly number[] }
  /** So many runs have another loss in the record than the trainer gives now: the trainer's counts. */
  | { readonly kind: 'contradicted'; readonly file: string; readonly runs: number }
  /** Another isoflop began it: the plans may differ. */
  | { readonly kind: 'other-version'; readonly there: string; readonly here: string }

export interface SessionOptions {
  readonly folder: string
  readonly trainer: Trainer
  readonly identity: CampaignIdentity
  readonly firstQuery: FirstQuery
  readonly codec: Codec
  /** Whether the trainer knows the runs that it made: it then gives them again for nothing. */
  readonly remembers: boolean
  /** Whether a simulated campaign may take the place of another one. */
  readonly replaces: boolean
}

/**
 * Begins a campaign in a folder, or goes on with the one that is there. A simulated campaign is begun anew each time, since its
 * answers cost nothing; it never replaces one that was paid for, and another simulated one only where that is allowed.
 * @throws IsoflopError CAMPAIGN_DIFFERS, CAMPAIGN_RUNNING, OUTPUT_FAILED, RECORD_DAMAGED where only the record knows the runs, and what the
 * trainer says.
 */
export async function openSession(options: SessionOptions): Promise<Session> {
  const { folder } = options
  writing(folder, () => makeFolder(folder))
  const unlock = lockFolder(folder)
  try {
    return { ...(await openLocked(options)), close: unlock }
  } catch (error) {
    unlock()
    throw error
  }
}

/** The runs that count as given to a campaign which has no record here yet, as `--dry-run` needs them. */
export async function givenRuns(options: SessionOptions): Promise<readonly TrainedRun[]> {
  const { folder, identity, trainer, firstQuery, codec } = options
  const head = readHead(filesOf(folder).head, codec)
  if (head !== null && differences(head.identity, identity).length === 0) return head.given
  return givenAmong((await trainer.previous?.()) ?? [], firstQuery, codec).given
}

const filesOf = (folder: string) => ({
  head: join(folder, 'campaign.json'),
  answers: join(folder, 'campaign.jsonl'),
  cancelled: join(folder, 'cancelled.jsonl'),
})

async function openLocked(options: SessionOptions): Promise<Omit<Session, 'close'>> {
  const { folder, trainer, identity, codec, remembers } = options
  const files = filesOf(folder)
  const head = openHead(files, options)
  const [previous, charged] = await Promise.all([trainer.previous?.() ?? [], trainer.spentFlops?.() ?? 0])
  const begun = head === null ? beginning(previous, options) : { given: head.given, notices: versionNotice(head) }
  if (head === null) writeHead(files.head, identity, begun.given, codec)
  const record = openRecord(files.answers, codec, { unsummed: head?.hasSum === false })
  if (record.damaged.length > 0 && !remembers)
    throw damaged(files.answers, `line ${record.damaged.join(', ')} was changed since`)
  const known = [...begun.given, ...record.answers()]
  const notices = [
    ...begun.notices,
    ...doubts(files.answers, record, previous, codec),
    ...(head === null ? [] : resuming(files.answers, record, previous, known, codec)),
  ]
  const cancelled = openCancellations(files.cancelled, codec)
  const spent = Math.max(charged, costOf([...known, ...previous], codec) + cancelled.spent)
  const remembering = recorded(trainer, { record, cancelled, codec, previous, budget: identity.budget, spent })
  return { trainer: remembering, given: begun.given, notices, files: [files.answers], isNew: head === null }
}

/** The head of the campaign to go on with; null where one begins. Refuses to touch what another one paid for. */
function openHead(
  files: ReturnType<typeof filesOf>,
  { identity, trainer, codec, replaces }: SessionOptions,
): Head | null {
  const head = readHead(files.head, codec)
  if (head === null) {
    if (existsSync(files.answers))
      throw campaignDiffers(`${files.answers} has runs, but ${files.head} is not there to say whose.`)
    return null
  }
  if (trainer.isPaid === false && head.identity.source.startsWith(worldPrefix)) {
    const differing = differences(head.identity, identity)
    if (differing.length > 0 && !replaces) throw simulatedDiffers(files.head, differing)
    for (const file of [files.answers, files.cancelled]) writing(file, () => rmSync(file, { force: true }))
    return null
  }
  const differing = differences(head.identity, identity)
  if (differing.length > 0) throw campaignDiffers(`${files.head} is of another campaign: ${differing.join(', ')}.`)
  return head
}

/** Where a campaign without a record begins: with the runs that its trainer has made. */
function beginning(
  previous: readonly TrainedRun[],
  { firstQuery, codec }: SessionOptions,
): { given: readonly TrainedRun[]; notices: Notice[] } {
  const { given, isOurs } = givenAmong(previous, firstQuery, codec)
  const notices: Notice[] = []
  if (isOurs) notices.push({ kind: 'record-lost' })
  if (given.length > 0) notices.push({ kind: 'given', ...sumOf(given, codec) })
  return { given, notices }
}

const versionNotice = ({ isoflop }: Head): Notice[] =>
  isoflop === version ? [] : [{ kind: 'other-version', there: isoflop, here: version }]

function resuming(
  file: string,
  record: AnswerRecord,
  previous: readonly TrainedRun[],
  known: readonly TrainedRun[],
  codec: Codec,
): Notice[] {
  const identities = new Set(known.map(({ config }) => codec.identity(config)))
  const others = previous.filter(({ config }) => !identities.has(codec.identity(config)))
  const resumed: Notice = { kind: 'resumed', file, ...sumOf(record.answers(), codec) }
  return others.length === 0 ? [resumed] : [resumed, { kind: 'unexplained', ...sumOf(others, codec) }]
}

/** What of a record is not to be believed. */
function doubts(file: string, record: AnswerRecord, previous: readonly TrainedRun[], codec: Codec): Notice[] {
  const contradicted = previous.filter(({ config, loss }) => {
    const recorded = record.get(codec.identity(config))
    return recorded !== undefined && !Object.is(recorded, loss)
  })
  const { damaged: lines } = record
  return [
    ...(lines.length > 0 ? [{ kind: 'damaged', file, lines } as const] : []),
    ...(contradicted.length > 0 ? [{ kind: 'contradicted', file, runs: contradicted.length } as const] : []),
  ]
}

const sumOf = (runs: readonly TrainedRun[], codec: Codec) => ({ runs: runs.length, flops: costOf(runs, codec) })

/** Keeps other processes out of a folder; gives what lets them in again. Errors: CAMPAIGN_RUNNING, OUTPUT_FAILED. */
function lockFolder(folder: string): () => void {
  const file = join(folder, '.campaign.lock')
  const unlock = writing(file, () => lock(file))
  if (unlock !== null) return unlock
  throw new IsoflopError(
    'CAMPAIGN_RUNNING',
    `Another process runs a campaign in ${folder}.`,
    `See how far it is with isoflop watch ${folder}; wait until it has ended, or choose another --out.`,
  )
}
