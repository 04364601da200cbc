import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { runOf } from '../client/record.ts'
import { writeWhole } from '../core/durable.ts'
import { IsoflopError } from '../core/errors.ts'
import { shortNumber } from '../core/exact-integer.ts'
import { readSummed, summed } from '../core/summed.ts'
import type { TrainedRun } from '../core/trainer.ts'
import { version } from '../core/version.ts'
import type { Codec } from '../space/codec.ts'
import { writing } from './writing.ts'

/** What makes two campaigns one: equal answers then have equal plans. */
export interface CampaignIdentity {
  /** Who trains. */
  readonly source: string
  readonly strategy: string
  readonly seed: number
  /** FLOPs. */
  readonly budget: number
  readonly target: number
  /** FLOPs that a run may have. */
  readonly trainFlops: readonly number[]
  readonly vocabularySize: number
  /** Which space it plans in; empty for the course's. */
  readonly space: string
  /** Names the runs that were brought along; empty without. */
  readonly runs: string
}

/** The head of a campaign's record: which campaign it is, and with which runs it began. */
export interface Head {
  readonly identity: CampaignIdentity
  readonly given: readonly TrainedRun[]
  /** The isoflop that began it. */
  readonly isoflop: string
  /** Whether it has a checksum, and with it every answer. */
  readonly hasSum: boolean
}

/** What a head's file holds: the layout's version first, so that a later isoflop knows what it reads. */
interface HeadFile extends CampaignIdentity {
  readonly campaign: typeof layout.summed
  readonly isoflop: string
  readonly given: readonly Readonly<Record<string, unknown>>[]
}

/** A name for runs, their configurations and losses; empty for none. */
export const runsIdentity = (runs: readonly TrainedRun[]): string =>
  runs.length === 0 ? '' : createHash('sha256').update(JSON.stringify(runs)).digest('hex').slice(0, 12)

/**
 * The head in a file; null without the file. Errors: RECORD_DAMAGED where it is not what was written, CAMPAIGN_DIFFERS where it is none that
 * this isoflop reads.
 */
export function readHead(file: string, codec: Codec): Head | null {
  if (!existsSync(file)) return null
  const read = readSummed(writing(file, () => readFileSync(file, 'utf8')))
  if (read.kind === 'damaged') throw damaged(file, read.reason)
  const { campaign, isoflop, given, ...identity } = read.record
  const hasSum = read.kind === 'whole'
  if (
    campaign !== (hasSum ? layout.summed : layout.unsummed) ||
    !Array.isArray(given) ||
    typeof identity.source !== 'string'
  )
    return notOurs(file)
  const runs = given.map((row) => (isObject(row) ? runOf(row, codec) : null) ?? notOurs(file))
  return { identity: identity as unknown as CampaignIdentity, given: runs, isoflop: String(isoflop), hasSum }
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null

/** Versions of the layout: since the second head and answers have checksums. */
const layout = { unsummed: 1, summed: 2 } as const

function notOurs(file: string): never {
  throw campaignDiffers(`${file} is not the head of a campaign that this isoflop reads in this space.`)
}

/** Says that a file of a campaign is not what was written. */
export const damaged = (file: string, reason: string): IsoflopError =>
  new IsoflopError(
    'RECORD_DAMAGED',
    `${file} is not what was written: ${reason}.`,
    'Put a copy of it in its place, or begin with another --out. Where an API trains, it gives the runs again for nothing.',
  )

/** Writes the head whole or not at all. Errors: OUTPUT_FAILED. */
export function writeHead(file: string, identity: CampaignIdentity, given: readonly TrainedRun[], codec: Codec): void {
  const rows = given.map(({ config, loss }) => ({ ...codec.record(config), loss: Number.isFinite(loss) ? loss : null }))
  const head: HeadFile = { campaign: layout.summed, isoflop: version, ...identity, given: rows }
  writing(file, () => writeWhole(file, `${summed(head, 2)}\n`))
}

const optionNames: Readonly<Record<keyof CampaignIdentity, string>> = {
  source: 'the source',
  strategy: '--strategy',
  seed: '--seed',
  budget: '--budget',
  target: '--target',
  trainFlops: '--train-flops-grid',
  vocabularySize: '--vocab-size',
  space: '--space',
  runs: 'what --runs has',
}

/** What differs between two campaigns, in words. */
export const differences = (there: CampaignIdentity, here: CampaignIdentity): string[] =>
  (Object.keys(optionNames) as (keyof CampaignIdentity)[])
    .filter((name) => textOf(there[name]) !== textOf(here[name]))
    .map((name) => `${optionNames[name]} is ${shown(there[name])} there and ${shown(here[name])} here`)

/** A list by its elements. Earlier heads had no space: theirs is the course's, whose text is empty. */
const textOf = (value: unknown): string => String(value ?? '')
const shown = (value: unknown): string => (typeof value === 'number' ? shortNumber(value) : textOf(value) || 'nothing')

/** Says that a folder has another simulated campaign, which would be lost. */
export const simulatedDiffers = (file: string, differing: readonly string[]): IsoflopError =>
  new IsoflopError(
    'CAMPAIGN_DIFFERS',
    `${file} is of another campaign: ${differing.join(', ')}.`,
    'Choose another --out, or replace it: --force.',
  )

export const campaignDiffers = (message: string): IsoflopError =>
  new IsoflopError(
    'CAMPAIGN_DIFFERS',
    message,
    'Choose another --out, or give the options that it was begun with. No run of a key is ever paid for twice.',
  )
