import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Clock, systemClock } from '../core/clock.ts'
import { writeWhole } from '../core/durable.ts'
import type { Standing } from './campaign.ts'
import { wishIn } from './control-file.ts'
import { type Live, type LiveState, liveStates, type Wish } from './live.ts'
import { type CampaignView, type EndedView, type Surroundings, viewOfStanding } from './view.ts'

export const liveFile = (folder: string): string => join(folder, 'live.json')

const stateBy: Readonly<Record<Wish, LiveState>> = { go: 'running', pause: 'paused', stop: 'stopping' }

/** Written no oftener than this, ms, and so that writing takes at most this share of the time: 10,000 runs are 4 MB. */
const least = 150
const mostShare = 1 / 20

/** How often what changes may be told. */
export class Pace {
  readonly #clock: Clock
  #until = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** How long to wait before it is told again, ms. */
  get wait(): number {
    return this.#until - this.#clock.now()
  }

  /** Tells it. */
  work(tell: () => void): void {
    const begun = this.#clock.now()
    tell()
    const now = this.#clock.now()
    this.#until = now + Math.max(least, (now - begun) / mostShare)
  }
}

/** Tells where a campaign stands. Never fails: what is told is derived, and the record says whether the disk is full. */
export function writeLive(folder: string, live: Omit<Live, 'live'>): void {
  try {
    writeWhole(liveFile(folder), JSON.stringify({ live: 1, ...live } satisfies Live))
  } catch {
    // Whoever looks on sees what was told before.
  }
}

/** Tells whoever looks on where a campaign stands. Never fails: a disk that is full ends no campaign for that. */
export interface LiveTeller {
  show(standing: Standing): void
  /** Tells again what may have changed without a standing: whether it pauses. */
  again(): void
  ended(view: EndedView): void
  /** Stops telling; a campaign without a result is told as broken off. */
  close(): void
}

export interface LiveOptions {
  readonly folder: string
  readonly about: Surroundings
  readonly capacity?: number
  readonly cancels?: () => boolean
  readonly command?: string
  /** Whether what is out goes on when this process has ended. */
  readonly isDetached?: boolean
  readonly clock?: Clock
}

/** @example const live = tellLive({ folder: 'out', about: { task } }) */
export function tellLive(options: LiveOptions): LiveTeller {
  const {
    folder,
    about,
    capacity = 1,
    command = '',
    isDetached = false,
    cancels = () => false,
    clock = systemClock,
  } = options
  let standing: Standing | null = null
  let end: CampaignView | null = null
  let due: NodeJS.Timeout | null = null
  const pace = new Pace(clock)

  const write = (state: LiveState, view: CampaignView): void => {
    pace.work(() => writeLive(folder, { state, view, capacity, command, cancels: cancels() }))
  }
  const left: LiveState = isDetached ? 'detached' : 'broken'
  const state = (): LiveState => stateBy[wishIn(folder) ?? 'go']
  // What the law says of runs takes half a second a round: only where somebody looks on.
  const tell = () => {
    if (due !== null) clearTimeout(due)
    due = null
    if (standing !== null && end === null)
      write(state(), viewOfStanding(standing, about, { withEvidence: wishIn(folder) !== null }))
  }
  const soon = () => {
    if (pace.wait <= 0) tell()
    else due ??= setTimeout(tell, pace.wait).unref()
  }

  return {
    show(next) {
      standing = next
      soon()
    },
    again: soon,
    ended(view) {
      end = view
      if (view.result.stopped !== 'interrupted') return write('ended', view)
      // What it was about to make is still to be made.
      const { open, training } = standing ? viewOfStanding(standing, about) : view
      write(left, { ...view, open, training })
    },
    close() {
      if (due !== null) clearTimeout(due)
      due = null
      if (end === null && standing !== null) write(left, viewOfStanding(standing, about))
    },
  }
}

/** What is told in a folder; null where nothing is, or nothing sound. */
export function readLive(folder: string): Live | null {
  const file = liveFile(folder)
  if (!existsSync(file)) return null
  try {
    const live: unknown = JSON.parse(readFileSync(file, 'utf8'))
    return isLive(live) ? live : null
  } catch {
    return null
  }
}

type Fields = Readonly<Record<string, unknown>>
const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Whether a value has what is drawn of every campaign; what is null until later may be null. */
function isLive(value: unknown): value is Live {
  if (!isFields(value) || value.live !== 1 || !liveStates.some((state) => state === value.state)) return false
  const { view } = value
  if (!isFields(view) || !isFields(view.task) || !isFields(view.space)) return false
  const lists = ['runs', 'open', 'training', 'rounds', 'refused', 'lost', 'history'].map((name) => view[name])
  const { budget, target } = view.task
  return (
    lists.every(Array.isArray) &&
    [budget, target, view.spentFlops].every((flops) => typeof flops === 'number') &&
    (view.runs as unknown[]).every((run) => isFields(run) && isFields(run.config) && typeof run.parameters === 'number')
  )
}
