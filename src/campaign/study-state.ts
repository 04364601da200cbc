import type { Config } from '../core/config.ts'
import type { TrainedRun } from '../core/trainer.ts'
import { type CampaignRun, type Judgement, once, type Situation, type Strategy } from '../plan/strategy.ts'
import type { Space } from '../space/space.ts'
import { type AskedRun, type PlanEvent, type StudyEvent, type Told, trainedOf } from './study-log.ts'

/** Who makes the runs of a study. */
export const studySource = 'ask and tell'

/** What does not change. */
export interface Frame {
  readonly budget: number
  readonly target: number
  readonly strategy: Strategy
  readonly seed: number
  readonly space: Space
  readonly given: readonly TrainedRun[]
}

export interface ToldRun {
  readonly run: AskedRun
  readonly told: Told
}

/** A plan, and what had been asked for before it. */
export interface PlannedRound {
  readonly plan: PlanEvent
  readonly runs: number
  /** FLOPs. */
  readonly spent: number
}

/** What the log comes to. */
export interface State {
  /** Planned and not asked for yet, in order. */
  readonly queue: readonly AskedRun[]
  readonly running: readonly AskedRun[]
  readonly told: readonly ToldRun[]
  /** What was planned, and what there was before. */
  readonly plans: readonly PlannedRound[]
  isPlanned(id: string): boolean
  isRunning(id: string): boolean
  toldOf(id: string): Told | undefined
  /** What is thought of this state; null where nobody has thought about it. */
  readonly judgement: Judgement | null
  /** A judgement of this state, which is kept. */
  judged(judge: () => Judgement): Judgement
}

/** What came of the events that were read so far. */
export class History implements State {
  readonly #planned = new Map<string, AskedRun>()
  readonly #queue = new Map<string, AskedRun>()
  readonly #running = new Map<string, AskedRun>()
  readonly #told = new Map<string, ToldRun>()
  readonly #plans: PlannedRound[] = []
  #judgement: Judgement | null = null

  add(event: StudyEvent): void {
    this.#judgement = null
    if (event.event === 'plan') {
      if (!event.meanwhile) this.#plans.push({ plan: event, ...this.#bought() })
      for (const run of event.runs) {
        this.#planned.set(run.id, run)
        this.#queue.set(run.id, run)
      }
    } else if (event.event === 'ask') {
      for (const id of event.ids) {
        this.#running.set(id, this.#planned.get(id)!)
        this.#queue.delete(id)
      }
    } else {
      this.#told.set(event.id, { run: this.#planned.get(event.id)!, told: event.told })
      this.#running.delete(event.id)
    }
  }

  /** What has been asked for so far. */
  #bought(): { runs: number; spent: number } {
    const told = this.told.filter(({ told }) => told.kind !== 'refused').map(({ run }) => run)
    return { runs: told.length, spent: costOf(told) + costOf(this.running) }
  }

  get plans(): readonly PlannedRound[] {
    return this.#plans
  }

  get queue(): readonly AskedRun[] {
    return [...this.#queue.values()]
  }

  get running(): readonly AskedRun[] {
    return [...this.#running.values()]
  }

  get told(): readonly ToldRun[] {
    return [...this.#told.values()]
  }

  isPlanned(id: string): boolean {
    return this.#planned.has(id)
  }

  isRunning(id: string): boolean {
    return this.#running.has(id)
  }

  toldOf(id: string): Told | undefined {
    return this.#told.get(id)?.told
  }

  get judgement(): Judgement | null {
    return this.#judgement
  }

  judged(judge: () => Judgement): Judgement {
    this.#judgement ??= judge()
    return this.#judgement
  }
}

export const costOf = (list: readonly { readonly config: Config }[]): number =>
  list.reduce((sum, { config }) => sum + config.trainFlops, 0)

export const toldTo = (state: State, ...kinds: Told['kind'][]): AskedRun[] =>
  state.told.filter(({ told }) => kinds.includes(told.kind)).map(({ run }) => run)

export const spentOf = (state: State, { given }: Frame): number =>
  costOf(given) + costOf(toldTo(state, 'finished', 'diverged', 'lost')) + costOf(state.running)

/** Runs that may be asked for: planned, not out yet, and within what is left. */
export function payable(state: State, frame: Frame): readonly AskedRun[] {
  const left = frame.budget - spentOf(state, frame)
  return state.queue.filter(({ config }) => config.trainFlops <= left)
}

export function situationOf(state: State, frame: Frame): Situation {
  const { budget, target, seed, space, given } = frame
  const bought = state.told.flatMap(({ run, told }): CampaignRun[] => {
    const trained = trainedOf(run, told)
    return trained ? [{ ...trained, round: run.round, reason: run.reason, expected: run.expected ?? null }] : []
  })
  return {
    runs: [...given.map((run) => ({ ...run, round: -1, reason: 'was there before' })), ...bought],
    refused: toldTo(state, 'refused').map(({ config }) => config),
    pending: toldTo(state, 'lost').map(({ config }) => config),
    running: state.running,
    budget,
    spent: spentOf(state, frame),
    target,
    seed,
    round: state.plans.length,
    space,
  }
}

/** What the strategy makes of what there is; thought about once, until something is asked or told. */
export function judgementOf(state: State, frame: Frame): Judgement {
  return state.judged(() => {
    const judgement = frame.strategy.consider(situationOf(state, frame))
    return { ...judgement, ask: once(() => judgement.ask()), conclude: once(() => judgement.conclude()) }
  })
}
