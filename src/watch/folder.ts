import { existsSync, type FSWatcher, statSync, watch } from 'node:fs'
import { basename, join, resolve } from 'node:path'
import { cancel, wantedIn, wish, wishIn } from '../campaign/control-file.ts'
import { type CampaignNews, hasProcess, isStudy, type Live, mayBeOut } from '../campaign/live.ts'
import { liveFile, readLive } from '../campaign/live-file.ts'
import { RunHistories } from '../campaign/run-history.ts'
import type { ViewedOpen } from '../campaign/view.ts'
import { isLocked } from '../core/lock.ts'
import type { Source } from '../pages/stream.ts'
import type { Jobs } from './jobs.ts'
import { liveOfRecord } from './record.ts'

/** Where the system tells of no change, as on network disks, it is looked for so often, ms; and whether the campaign is still there. */
const lookMs = 1000
/** Changes that come together are read together, ms. */
const togetherMs = 15

/** A campaign's folder, watched: what is new there. It need not be there yet. */
export class CampaignFolder implements Source {
  readonly #folder: string
  readonly #listeners = new Set<() => void>()
  readonly #timer: NodeJS.Timeout
  #watcher: FSWatcher | null = null
  #due: NodeJS.Timeout | null = null
  #seen = ''
  #live: Live | null = null
  /** Counts campaigns in the folder, what was told of its runs, and evidence: the parts of a place. */
  #epoch = 0
  #version = 0
  #evidence = 0
  /** Places of another process are not known here. */
  readonly #process: string
  readonly #histories: RunHistories
  readonly #jobs: Jobs | null

  constructor(folder: string, processName: string, jobs: Jobs | null = null) {
    this.#jobs = jobs
    this.#folder = resolve(folder)
    this.#process = processName
    this.#histories = new RunHistories(this.#folder)
    this.#timer = setInterval(() => void this.look(), lookMs).unref()
  }

  /** Whether a campaign has begun there. */
  get hasBegun(): boolean {
    return this.#live !== null
  }

  get isOver(): boolean {
    return this.#live !== null && (this.#live.state === 'detached' || !mayBeOut(this.#live.state))
  }

  /** Whether a run of that name is planned or out. */
  isOpen(id: string): boolean {
    return this.#live?.view.open.some((run) => run.id === id) === true
  }

  /** Gives a run up. Where no process of the campaign is there, its job is ended as soon as whoever has it answers; until then it goes on. */
  cancel(id: string): void {
    cancel(this.#folder, id)
    const [live, jobs] = [this.#live, this.#jobs]
    const run = live?.view.open.find((one) => one.id === id)
    if (live?.state !== 'detached' || jobs === null || run === undefined) return
    jobs
      .cancel(live, run)
      .then((isEnded) => isEnded && this.#news())
      .catch(() => {
        // The campaign's next call ends it: the page says so until then.
      })
  }

  #isJobEnded(id: string): boolean {
    const live = this.#live
    const run = live?.view.open.find((one) => one.id === id)
    if (live?.state !== 'detached' || this.#jobs === null || run === undefined) return false
    try {
      return this.#jobs.isCancelled(live, run)
    } catch {
      return false
    }
  }

  /** Reads what has changed. */
  async look(): Promise<void> {
    this.#watch()
    // Nothing is written where no campaign is, nor where it is over.
    if (this.#goesOn() && wishIn(this.#folder) === null) this.#announce()
    const seen = this.#stamp()
    const isNew = seen !== this.#seen
    this.#seen = seen
    const live = isNew ? (readLive(this.#folder) ?? (await this.#recorded())) : this.#live
    if (live === null) return
    const isFurther = this.#histories.look(outOf(live))
    if (isNew || isFurther) this.#take(this.#withTraining({ ...live, state: this.#stateOf(live) }))
  }

  /** The runs of a study tell how far they are by files of their own. */
  #withTraining(live: Live): Live {
    return isStudy(live.state) ? { ...live, view: { ...live.view, training: this.#histories.training } } : live
  }

  since(place: string | null): { place: string; data: CampaignNews } | null {
    if (this.#live === null) return null
    const { live: _, view, ...rest } = this.#live
    const { runs, evidence, ...told } = view
    const epoch = `${this.#process}.${this.#epoch}`
    const at = `${epoch}-${this.#version}-${this.#evidence}-${runs.length}`
    if (place === at) return null
    const [epochThere, , evidenceThere, runsThere] = (place ?? '').split('-')
    const isSame = epochThere === epoch
    const from = isSame ? Math.min(Number(runsThere) || 0, runs.length) : 0
    const cancelling = (wantedIn(this.#folder)?.cancel ?? []).filter((id) => this.isOpen(id))
    const data: CampaignNews = {
      ...rest,
      epoch,
      view: told,
      from,
      runs: runs.slice(from),
      ...(isSame && evidenceThere === String(this.#evidence) ? {} : { evidence }),
      cancelling,
      jobsEnded: cancelling.filter((id) => this.#isJobEnded(id)),
      folder: basename(this.#folder),
      hasReport: existsSync(join(this.#folder, 'report.html')),
    }
    return { place: at, data }
  }

  onNews(tell: () => void): () => void {
    this.#listeners.add(tell)
    return () => this.#listeners.delete(tell)
  }

  close(): void {
    clearInterval(this.#timer)
    if (this.#due !== null) clearTimeout(this.#due)
    this.#watcher?.close()
  }

  /** Says that somebody looks on, so that the campaign tells what its law says. A folder that may not be written to is only looked at. */
  #announce(): void {
    try {
      wish(this.#folder, 'go')
    } catch {
      // The law's curves are missing then, until the campaign ends.
    }
  }

  #watch(): void {
    if (this.#watcher !== null || !existsSync(this.#folder)) return
    try {
      this.#watcher = watch(this.#folder, () => {
        this.#due ??= setTimeout(() => {
          this.#due = null
          void this.look()
        }, togetherMs)
      })
      this.#watcher.on('error', () => {
        this.#watcher?.close()
        this.#watcher = null
      })
    } catch {
      // The timer looks.
    }
  }

  /** What changes whenever something did. */
  #stamp(): string {
    const files = [liveFile(this.#folder), join(this.#folder, 'campaign.jsonl'), join(this.#folder, 'report.html')]
    const stamps = files.map((file) => {
      const stat = statSync(file, { throwIfNoEntry: false })
      return stat ? `${stat.mtimeMs}/${stat.size}/${stat.ino}` : '-'
    })
    // With a live file the record says nothing more.
    if (stamps[0] !== '-') stamps[1] = '-'
    return `${stamps.join(' ')} ${this.#isHeld()} ${JSON.stringify(wantedIn(this.#folder))}`
  }

  /** Whether something is told there from now on: by the process that has the campaign, or by whoever tells a study. */
  #goesOn(): boolean {
    return this.#isHeld() !== false || (this.#live !== null && isStudy(this.#live.state))
  }

  #isHeld(): boolean | null {
    const file = join(this.#folder, '.campaign.lock')
    return existsSync(file) ? isLocked(file) : false
  }

  async #recorded(): Promise<Live | null> {
    try {
      return await liveOfRecord(this.#folder)
    } catch {
      return null // Damaged, or of another isoflop: the command that goes on with it says which.
    }
  }

  /** A campaign that says that it goes on, and whose process is gone, has broken off. */
  #stateOf({ state }: Live): Live['state'] {
    if (!hasProcess(state)) return state
    if (this.#isHeld() === false) return 'broken'
    const wanted = wishIn(this.#folder)
    return wanted === 'pause' ? 'paused' : wanted === 'stop' ? 'stopping' : 'running'
  }

  #take(live: Live): void {
    if (!goesOn(this.#live, live)) this.#epoch++
    const [before, now] = [this.#live?.view.evidence, live.view.evidence]
    if (before !== now && JSON.stringify(before) !== JSON.stringify(now)) this.#evidence++
    this.#live = live
    this.#news()
  }

  #news(): void {
    this.#version++
    for (const tell of this.#listeners) tell()
  }
}

/** The runs of a study that others make just now. */
const outOf = ({ state, view, capacity }: Live): readonly ViewedOpen[] =>
  isStudy(state) ? view.open.slice(0, capacity) : []

/** Whether what was known of a campaign is the beginning of what is known now. */
function goesOn(before: Live | null, after: Live): boolean {
  if (before === null) return false
  const [known, now] = [before.view.runs, after.view.runs]
  if (now.length < known.length || JSON.stringify(before.view.task) !== JSON.stringify(after.view.task)) return false
  const isEqual = (k: number) => JSON.stringify(known[k]) === JSON.stringify(now[k])
  return known.length === 0 || (isEqual(0) && isEqual(known.length - 1))
}
