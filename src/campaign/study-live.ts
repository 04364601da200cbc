import { systemClock } from '../core/clock.ts'
import { IsoflopError } from '../core/errors.ts'
import type { CampaignEvidence } from '../plan/evidence.ts'
import type { Forecast, Judgement, ShortForecast } from '../plan/strategy.ts'
import type { LostRun, Milestone, Refusal, Round } from './campaign.ts'
import { wishIn } from './control-file.ts'
import type { Live } from './live.ts'
import { Pace, readLive, writeLive } from './live-file.ts'
import { costOf, type Frame, payable, type State, situationOf, studySource, toldTo } from './study-state.ts'
import { type CampaignView, type Surroundings, viewOfCampaign, viewOfStanding } from './view.ts'

/**
 * Tells whoever looks on where a study stands, in the `live.json` that campaigns write. Called under the study's lock, so that it is never older than what
 * another process told. `again` is called, outside of it, when there is time to tell what came too soon after the last time.
 */
export class StudyTeller {
  readonly #folder: string
  readonly #frame: Frame
  readonly #again: () => void
  readonly #pace = new Pace(systemClock)
  #due: NodeJS.Timeout | null = null
  /** What was told last: nothing new is told twice. */
  #told = ''

  constructor(folder: string, frame: Frame, again: () => void) {
    this.#folder = folder
    this.#frame = frame
    this.#again = again
  }

  /** `thought` is what was thought of the runs, where that was needed just now. */
  tell(state: State, thought: Judgement | null): void {
    const stamp = [state.plans, state.told, state.running].map(({ length }) => length).join()
    if (stamp === this.#told && thought === null) return
    const { wait } = this.#pace
    // A thought is not thought again for those who look on.
    if (wait > 0 && thought === null) {
      this.#due ??= setTimeout(() => {
        this.#due = null
        this.#again()
      }, wait)
      return
    }
    this.#told = stamp
    this.#write(state, thought)
  }

  #write(state: State, thought: Judgement | null): void {
    const before = readLive(this.#folder)
    const isTold = before?.state === 'ended' && before.view.runs.length === runsOf(state, this.#frame).length
    const isOver = thought !== null && this.#isOver(state, thought)
    if (isOver && isTold) return
    const end = isOver ? ifEnough(() => thought.conclude()) : null
    if (end !== null) {
      this.#put(state, 'ended', viewOfEnd(state, this.#frame, end, thought!))
      return
    }
    const isWatched = wishIn(this.#folder) !== null
    const known = isWatched && thought ? lawOf(thought) : lawBefore(before, state)
    const isAsking = payable(state, this.#frame).length > 0 || state.running.length === 0
    const name = isOver ? 'ended' : isAsking ? 'asking' : 'waiting'
    this.#put(state, name, viewOfState(state, this.#frame, known))
  }

  #put(state: State, name: Live['state'], view: CampaignView): void {
    const live = { state: name, view, capacity: state.running.length, command: '' }
    this.#pace.work(() => writeLive(this.#folder, live))
  }

  #isOver(state: State, thought: Judgement): boolean {
    if (state.running.length > 0 || payable(state, this.#frame).length > 0) return false
    return ifEnough(() => thought.ask())?.kind === 'stop'
  }
}

/** What the law says: of the target, and of single runs. */
interface Law {
  readonly estimate: ShortForecast | null
  readonly evidence: CampaignEvidence | null
}

const lawOf = (thought: Judgement): Law => ({
  estimate: ifEnough(() => thought.conclude()),
  evidence: ifEnough(() => thought.evidence()),
})

/** What was told before, or was expected at the latest plan. Runs are told in one order, so that what was said of them holds. */
function lawBefore(before: Live | null, { plans }: State): Law {
  const latest = plans.at(-1)?.plan.estimate ?? null
  if (before === null) return { estimate: latest, evidence: null }
  const { rounds, estimate, evidence } = before.view
  return { estimate: rounds.length < plans.length ? latest : (estimate ?? latest), evidence }
}

/** Null where there are too few runs for a law. */
function ifEnough<Result>(work: () => Result): Result | null {
  try {
    return work()
  } catch (error) {
    if (error instanceof IsoflopError && error.code === 'TOO_FEW_RUNS') return null
    throw error
  }
}

const aboutOf = ({ strategy, seed, budget, target, space }: Frame): Surroundings => ({
  task: { source: studySource, strategy: strategy.name, words: strategy.words, seed, budget, target },
  space,
})

const runsOf = (state: State, frame: Frame) => situationOf(state, frame).runs

/** What is the same of a study that goes on and of one that has ended. */
function common(state: State, frame: Frame) {
  const { runs } = situationOf(state, frame)
  const given = costOf(frame.given)
  const refused = state.told.flatMap(({ run: { config }, told }): Refusal[] =>
    told.kind === 'refused' ? [{ config, message: told.message } as Refusal] : [],
  )
  const lost = state.told.flatMap(({ run: { config }, told }): LostRun[] =>
    told.kind === 'lost' ? [{ config, message: told.message, spentFlops: config.trainFlops } as LostRun] : [],
  )
  const history = state.plans.flatMap(({ plan: { estimate, beliefs = [] }, ...before }): Milestone[] =>
    estimate ? [{ spentFlops: given + before.spent, runs: frame.given.length + before.runs, estimate, beliefs }] : [],
  )
  return { runs, refused, lost, history, rounds: roundsOf(state) }
}

/** What each plan bought, what is out included. */
function roundsOf(state: State): Round[] {
  const bought = [...toldTo(state, 'finished', 'diverged', 'lost'), ...state.running]
  return state.plans.map(({ plan: { title } }, k) => {
    const runs = bought.filter(({ round }) => round === k)
    return { title, queries: runs.length, spentFlops: costOf(runs) }
  })
}

function viewOfState(state: State, frame: Frame, { estimate, evidence }: Law): CampaignView {
  const { lost, refused, ...rest } = common(state, frame)
  const spent = costOf(frame.given) + costOf(toldTo(state, 'finished', 'diverged', 'lost'))
  const open = [...state.running, ...payable(state, frame)]
  const standing = { ...rest, refused, lost, spent, budget: frame.budget, open, training: [], estimate }
  return viewOfStanding({ ...standing, evidence: () => evidence }, aboutOf(frame), { withEvidence: true })
}

function viewOfEnd(state: State, frame: Frame, prediction: Forecast, thought: Judgement): CampaignView {
  const { history, ...rest } = common(state, frame)
  const { spent } = situationOf(state, frame)
  const { config, parameters, loss, interval, laws, diagnostics } = prediction
  const end: Milestone = {
    ...{ spentFlops: spent, runs: rest.runs.length },
    estimate: { config, parameters, loss, interval },
    beliefs: laws.map(({ name, weight }) => ({ name, weight })),
  }
  const plan = thought.ask()
  return viewOfCampaign(
    {
      ...rest,
      ...{ spentFlops: spent, queries: rest.runs.length - frame.given.length, prediction, diagnostics },
      ...{ history: [...history, end], evidence: thought.evidence() },
      stopped: plan.kind === 'ask' ? '' : plan.reason,
    },
    aboutOf(frame),
  )
}
