import type { CampaignEvidence } from '../plan/evidence.ts'
import type { CampaignView, ViewedRun } from './view.ts'

/**
 * A campaign as whoever looks on is told of it: plain data in `live.json` beside the record, written anew while it goes on. It is
 * derived from the record and may be deleted.
 */
export interface Live {
  /** Version of the layout. */
  readonly live: 1
  readonly state: LiveState
  readonly view: CampaignView
  /** How many runs are made at once. */
  readonly capacity: number
  /** The command that began it, to be copied; empty where none did. */
  readonly command: string
  /** Whether a run that is out can be cancelled; false where it is left out. */
  readonly cancels?: boolean
}

/**
 * `stopping` after the round; `ended` because no more is planned, `broken` before that; `detached`: what is out goes on while no process waits for
 * it. A study, whose runs others make, is `asking` where it has runs to give, and `waiting` where outcomes decide what comes next.
 */
export type LiveState = 'running' | 'paused' | 'stopping' | 'ended' | 'broken' | 'detached' | 'asking' | 'waiting'
export const liveStates: readonly LiveState[] = [
  ...(['running', 'paused', 'stopping', 'ended', 'broken', 'detached', 'asking', 'waiting'] as const),
]

/** Whether a process makes runs, which may be told to pause or to end. */
export const hasProcess = (state: LiveState): boolean =>
  state === 'running' || state === 'paused' || state === 'stopping'
/** Whether others make the runs, and tell. */
export const isStudy = (state: LiveState): boolean => state === 'asking' || state === 'waiting'
/** Whether runs that are open may be out. */
export const mayBeOut = (state: LiveState): boolean => state !== 'ended' && state !== 'broken'

/** What somebody who looks on wants of a campaign: go on, begin no run, or end after the round. */
export type Wish = 'go' | 'pause' | 'stop'
export const wishes: readonly Wish[] = ['go', 'pause', 'stop']

/** What is wanted of a campaign, and which runs are not wanted any more, by their names. */
export interface Wanted {
  readonly wish: Wish
  readonly cancel: readonly string[]
}

/** What is new of a campaign, for whoever knows its first runs. */
export interface CampaignNews extends Omit<Live, 'live' | 'view'> {
  /** What is known counts only where this is the same: else another campaign has begun. */
  readonly epoch: string
  /** All but runs and evidence. */
  readonly view: Omit<CampaignView, 'runs' | 'evidence'>
  /** So many runs are known; those that follow. */
  readonly from: number
  readonly runs: readonly ViewedRun[]
  /** Left out where it is as it was. */
  readonly evidence?: CampaignEvidence | null
  /** Open runs that are not wanted any more, by their names. */
  readonly cancelling: readonly string[]
  /** Those of them whose job has been ended already, while no process of the campaign is there to tell what came of it. */
  readonly jobsEnded: readonly string[]
  /** What the folder is called. */
  readonly folder: string
  /** Whether there is a report to be shown. */
  readonly hasReport: boolean
}
