import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Config } from '../core/config.ts'
import { makeFolder } from '../core/durable.ts'
import { IsoflopError } from '../core/errors.ts'
import { lock } from '../core/lock.ts'
import type { Outcome, TrainedRun } from '../core/trainer.ts'
import type { TrainingConfig } from '../cs336/config.ts'
import { apiSpace } from '../cs336/space.ts'
import type { Forecast, Planned, Strategy } from '../plan/strategy.ts'
import type { Space } from '../space/space.ts'
import { settled } from './campaign.ts'
import { type CampaignIdentity, campaignDiffers, differences, readHead, runsIdentity, writeHead } from './head.ts'
import { appendReports, checkedReport, type RunReport } from './run-history.ts'
import { StudyTeller } from './study-live.ts'
import { type AskedRun, badOutcome, type StudyEvent, StudyLog, type Told, toldOf, toldOfOutcome } from './study-log.ts'
import { type Frame, History, judgementOf, payable, type State, spentOf, studySource } from './study-state.ts'
import { writing } from './writing.ts'

export type { RunReport } from './run-history.ts'
export type { AskedRun, Told } from './study-log.ts'

export interface StudyOptions<C extends Config = TrainingConfig> {
  /** Made if it is not there; several processes may use it. */
  readonly folder: string
  /** What may be asked; the course's API by default. */
  readonly space?: Space<C>
  /** FLOPs to spend, at most, and of the run to predict; the space's by default. */
  readonly budget?: number
  readonly target?: number
  /** How to spend it; `adaptive` by default. */
  readonly strategy?: Strategy
  /** Equal seeds and outcomes in equal order have equal plans; 0 by default. */
  readonly seed?: number
  /** Runs that you have: they count as spent and enter the fit. */
  readonly runs?: readonly TrainedRun<C>[]
}

/** Where a study stands. */
export interface StudyStanding<C extends Config = Config> {
  /** `asking`: `ask` has runs to give; `waiting`: outcomes decide what comes next; `ended`: no more are planned. */
  readonly state: 'asking' | 'waiting' | 'ended'
  /** Why it waits or has ended. */
  readonly reason: string
  readonly told: readonly { readonly run: AskedRun<C>; readonly told: Told }[]
  /** Runs that are out. */
  readonly running: readonly AskedRun<C>[]
  /** FLOPs of all runs that were asked for, refused ones left out, and of those that were there before. */
  readonly spent: number
  readonly budget: number
}

/** A campaign whose runs somebody else makes: ask for runs, make them anywhere, tell what came out, in any order. */
export interface Study<C extends Config = TrainingConfig> {
  /** The next runs, `n` at most; none while it waits or after it has ended. What was given once is not given again. */
  ask(n?: number): Promise<readonly AskedRun<C>[]>
  /**
   * Takes the outcome of a run, by its `id`. The same outcome again changes nothing.
   * Errors: OUTCOME_INVALID for a run that was not asked for, what is no outcome, and another one than was told before.
   */
  tell(id: string, outcome: Outcome | Told): Promise<void>
  /**
   * Takes how far a run is that goes on, for whoever looks on (`isoflop watch`); plans know nothing of it. Of a run that has ended it changes nothing.
   * @example study.report(id, { tokens: 122_880, loss: 4.81 })
   * Errors: OUTCOME_INVALID for a run that was not asked for, and what is no report.
   */
  report(id: string, ...reports: readonly RunReport[]): Promise<void>
  /** What to expect at the target from what was told. Errors: TOO_FEW_RUNS. */
  forecast(): Promise<Forecast<C>>
  standing(): Promise<StudyStanding<C>>
}

/**
 * Opens a study in a folder, or goes on with the one that is there. Each call reads the folder's log and writes to it under a lock, so that
 * kill -9 at any moment loses nothing that was told, and processes share one study. Runs that are out are allowed for in the plan.
 * `study.jsonl` has the order in which everything was asked and told: equal orders have equal plans.
 *
 * @example
 * const study = await openCampaign({ folder: 'out', space, budget: 1e21, target: 1e23 })
 * for (const { id, config } of await study.ask(8)) study.tell(id, { kind: 'finished', loss: await train(config) })
 * @throws IsoflopError CAMPAIGN_DIFFERS, RECORD_DAMAGED, OUTPUT_FAILED; the calls also CAMPAIGN_RUNNING where a lock is held for 30 s.
 */
export async function openCampaign<C extends Config = TrainingConfig>(options: StudyOptions<C>): Promise<Study<C>> {
  const { folder, runs = [] } = options as unknown as StudyOptions<Config>
  const { budget, target, strategy, seed, space } = settled(options as never)
  writing(folder, () => makeFolder(folder))
  const file = join(folder, 'study.jsonl')
  const frame: Frame = { budget, target, strategy, seed, space, given: runs }
  await locked(folder, () => openHead(folder, frame))
  const log = new StudyLog(file, space)
  let history = new History()
  const read = () => {
    const { isWhole, events } = log.read()
    if (isWhole) history = new History()
    for (const event of events) history.add(event)
  }
  const within = <Result>(work: (state: State) => Result) =>
    locked(folder, () => {
      read()
      const result = work(history)
      const thought = history.judgement
      read()
      teller.tell(history, thought)
      return result
    })
  const teller = new StudyTeller(folder, frame, () => void within(() => {}).catch(() => {}))
  const write = (event: StudyEvent) => log.write(event)
  const study: Study<Config> = {
    ask: (n = 1) => upTo(n, (left) => within((state) => askFor(state, left, frame, write))),
    tell: (id, outcome) => within((state) => tellOf(state, id, outcome, write)),
    report: (id, ...reports) => within((state) => reportOf(state, id, reports, folder)),
    forecast: () => within((state) => judgementOf(state, frame).conclude()),
    standing: () => within((state) => standingOf(state, frame)),
  }
  return study as unknown as Study<C>
}

/** Asks for runs until there are `n`, or no more. */
async function upTo(n: number, ask: (n: number) => Promise<AskedRun[]>): Promise<AskedRun[]> {
  const asked = [...(await ask(n))]
  while (asked.length > 0 && asked.length < n) {
    const more = await ask(n - asked.length)
    if (more.length === 0) break
    asked.push(...more)
  }
  return asked
}

/** What a study may do next: runs of the plan that is under way, those of a new one, or why none. */
type Next =
  | { readonly kind: 'runs'; readonly runs: readonly AskedRun[]; readonly plan: StudyEvent | null }
  | { readonly kind: 'wait' | 'stop'; readonly reason: string }

/** What to do next, where `n` machines are free. */
function nextOf(state: State, frame: Frame, n: number): Next {
  const left = payable(state, frame)
  if (left.length > 0) return { kind: 'runs', runs: left, plan: null }
  if (state.running.length > 0 && !frame.strategy.plansAhead)
    return { kind: 'wait', reason: `${frame.strategy.name} plans when all outcomes are told` }
  const plan = judgementOf(state, frame).ask()
  if (plan.kind !== 'ask') {
    // What is out may tell that more is worth buying.
    const isOver = plan.kind === 'stop' && state.running.length === 0
    return { kind: isOver ? 'stop' : 'wait', reason: plan.reason }
  }
  if (plan.isMeanwhile) return meanwhileOf(state, plan.title, plan.queries.slice(0, n))
  const runs = plan.queries.map((query, k) => ({
    ...query,
    id: `${state.plans.length}-${k}`,
    round: state.plans.length,
  }))
  const { title, estimate, beliefs } = plan
  const event: StudyEvent = { event: 'plan', title, runs, estimate, ...(beliefs && { beliefs }) }
  return { kind: 'runs', runs, plan: event }
}

/** Runs beside the plan that is out: they have its round, and go on with its numbers. */
function meanwhileOf(state: State, title: string, queries: readonly Planned[]): Next {
  const round = state.plans.length - 1
  let number = 0
  const runs = queries.map((query) => {
    while (state.isPlanned(`${round}-${number}`)) number++
    return { ...query, id: `${round}-${number++}`, round }
  })
  return { kind: 'runs', runs, plan: { event: 'plan', title, runs, meanwhile: true } }
}

function askFor(state: State, n: number, frame: Frame, write: (event: StudyEvent) => void): AskedRun[] {
  if (!(Number.isInteger(n) && n > 0))
    throw new IsoflopError('BAD_OPTION', `Asked for ${n} runs.`, 'Ask for a whole number of them, 1 or more.')
  const next = nextOf(state, frame, n)
  if (next.kind !== 'runs') return []
  let left = frame.budget - spentOf(state, frame)
  const asked: AskedRun[] = []
  for (const run of next.runs) {
    if (asked.length === n) break
    if (run.config.trainFlops > left) continue
    left -= run.config.trainFlops
    asked.push(run)
  }
  if (next.plan) write(next.plan)
  if (asked.length > 0) write({ event: 'ask', ids: asked.map(({ id }) => id) })
  return asked
}

function tellOf(state: State, id: string, outcome: Outcome | Told, write: (event: StudyEvent) => void): void {
  const told = checked(id, outcome)
  const before = state.toldOf(id)
  if (before !== undefined) {
    if (JSON.stringify(before) === JSON.stringify(told)) return
    throw badOutcome(`Run ${id} was told to be ${words(before)}, and now ${words(told)}.`)
  }
  if (!state.isRunning(id)) throw badOutcome(`Run "${id}" was not asked for.`)
  write({ event: 'tell', id, told })
}

function reportOf(state: State, id: string, reports: readonly RunReport[], folder: string): void {
  const sound = reports.map((report) => checkedReport(id, report))
  if (state.isRunning(id)) appendReports(folder, id, sound)
  else if (state.toldOf(id) === undefined) throw badOutcome(`Run "${id}" was not asked for.`)
}

function checked(id: string, outcome: Outcome | Told): Told {
  const given = 'error' in outcome ? toldOfOutcome(outcome) : outcome
  const told = given && toldOf({ ...given, outcome: given.kind })
  if (told === null)
    throw badOutcome(`What was told of run "${id}" is no outcome: ${JSON.stringify(outcome).slice(0, 80)}.`)
  return told
}

const words = (told: Told): string => (told.kind === 'finished' ? `finished with ${told.loss}` : told.kind)

function standingOf(state: State, frame: Frame): StudyStanding {
  const next = nextOf(state, frame, 1)
  const { told, running } = state
  const common = { told, running, spent: spentOf(state, frame), budget: frame.budget }
  if (next.kind === 'runs') return { state: 'asking', reason: 'there are runs to ask for', ...common }
  return { state: next.kind === 'wait' ? 'waiting' : 'ended', reason: next.reason, ...common }
}

/** Begins the folder's head, or holds it to this study. Errors: CAMPAIGN_DIFFERS, RECORD_DAMAGED, OUTPUT_FAILED. */
function openHead(folder: string, { budget, target, strategy, seed, space, given }: Frame): void {
  const file = join(folder, 'campaign.json')
  const { trainFlops, vocabularySize, name, fingerprint } = space
  const where = { trainFlops, vocabularySize, space: name === apiSpace.name ? '' : fingerprint }
  const settings = { budget, target, ...where, runs: runsIdentity(given) }
  const identity: CampaignIdentity = { source: studySource, strategy: strategy.name, seed, ...settings }
  const head = readHead(file, space)
  if (head === null) {
    writeHead(file, identity, given, space)
    return
  }
  const differing = differences(head.identity, identity)
  if (differing.length > 0) throw campaignDiffers(`${file} is of another campaign: ${differing.join(', ')}.`)
}

/** Between two looks at a lock that another process has, and the longest that one is waited for, ms. */
const wait = { look: 20, most: 30_000 } as const

/** Does work while no other process works in the folder. Errors: CAMPAIGN_RUNNING, OUTPUT_FAILED. */
async function locked<Result>(folder: string, work: () => Result): Promise<Result> {
  const file = join(folder, '.campaign.lock')
  for (let waited = 0; waited <= wait.most; waited += wait.look) {
    const unlock = writing(file, () => lock(file))
    if (unlock !== null) {
      try {
        return work()
      } finally {
        unlock()
      }
    }
    await sleep(wait.look)
  }
  throw new IsoflopError(
    'CAMPAIGN_RUNNING',
    `Another process has worked in ${folder} for ${wait.most / 1000} s.`,
    'Wait until it has ended, or use another folder.',
  )
}
