import type { Config } from '../../core/config.ts'
import { IsoflopError } from '../../core/errors.ts'
import { random } from '../../core/random.ts'
import { fitJoint, isUsable, type JointFit, mostUsableLoss, type WeightedMode } from '../../joint/fit.ts'
import { bestPlace } from '../../joint/place.ts'
import { leadingModes } from '../../joint/posterior.ts'
import type { Place } from '../../space/space.ts'
import { placeOf } from '../../space/space.ts'
import { once, type Plan, type Planned, type Situation, type Strategy } from '../strategy.ts'
import { configOfUnit, type Reach } from './candidates.ts'
import { climbPlan, isMisled, isSummit, learned, nextRung, pinnedSpace } from './climb.ts'
import { Prospect } from './design.ts'
import { beliefsOf, forecastOf } from './forecast.ts'
import { jointEvidence } from './joint-evidence.ts'
import { furtherOpeningPlan, newcomer, openingPlan, restOfOpening } from './opening.ts'
import { draws, expectAt } from './predict.ts'
import { type Stake, type StakeName, stakeNames, stakesAt } from './stakes.ts'
import { adaptiveWords } from './words.ts'

/** Rounds of designed runs after the opening, each with an equal share of what is left. */
const rounds = 6
/** With fewer usable runs than this after the opening there is a further one, of larger runs; with fewer at last, no law. */
const fewUsable = 7
const fewestUsable = 5
/** So many usable runs that were there before stand for the opening. */
const enoughGiven = 12
/** With fewer runs than this that learned, cheap runs are thought to hardly learn. */
const fewLearned = 3
/** A run is cheap up to this share of the budget: the opening's are. */
const cheapShare = 1 / 150
/** However many rounds the API refused: more plans than this are not made. */
const mostPlans = 16
/** Candidates of a round, and how many modes judge them. */
const search = { candidates: 2000, leastWeight: 0.02, modes: 4 } as const
/** A query costs time too: as if it took this share of the budget in addition. */
const overhead = 1 / 500
/** No candidate is below this share of the budget: hundreds of tiny runs are no use. */
const smallestShare = 1 / 20_000
/** The run that checks the law in the last round costs at most this share of the budget. */
const checkShare = 1 / 6
/** A round that is expected to be worth less than this, nats of regret, is not bought. */
const leastWorth = 2e-5
/** Candidates have an expected loss this far below the cut: a run above it would be left out. */
const margin = 0.5

const reach: Reach = { tokensPerParameter: [2, 3000], widthPerLayer: [30, 150] }

/** Marks the streams of this file among those of the random numbers. */
const stream = 0xca

/**
 * Spends the budget where it is expected to tell most (docs/math.md, "Campaigns"). An opening is spread over everything; runs that
 * were given stand for it where they are enough. Where cheap runs learn, six designed rounds follow: before each the joint law is
 * fitted, and among random candidates those are bought that lower the expected regret at the target and the variance of its loss most
 * for each FLOP, over several forms of the law; the last one begins with a run at a high budget, to check the law. Where they hardly
 * learn, three runs at a higher budget tell whether the law of the cheap ones holds there; if not, the budget goes into a climb of few
 * larger runs instead. Stops early when a round is worth less than 2e-5 nats.
 */
export const adaptive: Strategy = {
  name: 'adaptive',
  words: adaptiveWords,
  plansAhead: true,
  consider(situation) {
    const fit = once(() => fitSituation(situation))
    return {
      ask: () => planOf(situation, fit),
      conclude: () => forecastOf(situation, fit()),
      evidence: () => jointEvidence(situation, fit()),
    }
  },
}

function planOf(situation: Situation, fitted: () => JointFit): Plan {
  // Whether there is more of an opening, or a climb, is for the outcomes of the one before to say.
  if ((situation.running ?? []).some((run) => !isDesigned(run)))
    return { kind: 'wait', reason: 'what the runs that are out tell decides what is planned next' }
  const opening = openingOf(situation)
  if (opening !== null) return opening
  const fit = usableRuns(situation) < fewestUsable ? null : fitted()
  const climb = climbOf(situation, fit)
  if (climb !== null && situation.running?.length)
    return { kind: 'wait', reason: 'what the runs that are out tell decides whether larger ones are needed' }
  if (climb !== null) return climb
  if (fit === null) return { kind: 'stop', reason: 'too few runs learned enough to tell a law' }
  return designedPlan(situation, fit)
}

const usableRuns = ({ runs }: Pick<Situation, 'runs'>): number => runs.filter(isUsable).length

/** The first runs, as far as given ones do not stand for them; null once they are there. */
function openingOf(situation: Situation): Plan | null {
  const { runs, round } = situation
  if (usableRuns({ runs: runs.filter((run) => run.round < 0) }) >= enoughGiven) return null
  if (round === 0) {
    expectPayable(situation)
    return openingPlan(situation)
  }
  if (round !== 1) return null
  if (learnsEarly(situation)) return restOfOpening(situation)
  return usableRuns(situation) < fewUsable ? furtherOpeningPlan(situation) : null
}

/** That the budget can pay for as many runs as a law needs. Errors: TOO_FEW_RUNS, before anything is spent. */
function expectPayable(situation: Situation): void {
  const { budget, spent, space } = situation
  const [cheapest] = space.trainFlops
  const payable = Math.max(0, Math.floor((budget - spent) / cheapest))
  if (usableRuns(situation) + payable >= fewestUsable) return
  throw new IsoflopError(
    'TOO_FEW_RUNS',
    `${budget - spent} FLOPs pay for ${payable} runs of ${cheapest}, the cheapest that may be asked, expected at least ${fewestUsable}. None was asked for.`,
    'Give the campaign a larger budget, or allow cheaper runs.',
  )
}

/** Whether the cheap runs learned enough to tell what trained models do. */
const learnsEarly = ({ runs, budget }: Situation): boolean =>
  runs.filter((run) => learned(run) && run.config.trainFlops <= cheapShare * budget).length >= fewLearned

/** A few larger runs, where the cheap ones hardly learn: null where they do, or where the climb is over. */
function climbOf(situation: Situation, fit: JointFit | null): Plan | null {
  const { space, target, seed } = situation
  const rung = nextRung(situation)
  if (rung === null || (rung === 1 && learnsEarly(situation))) return null
  if (rung > 1 && (!isMisled(situation, fit) || !(fit || learnsMoreFromMore(situation)))) return null
  const estimate = fit && expectAt(fit, target, space.targetLimits, seed, draws.estimate)
  const plan = climbPlan(situation, rung, fit, estimate)
  return plan?.kind === 'ask' && fit ? { ...plan, beliefs: beliefsOf(fit) } : plan
}

/** Whether the runs of the latest round reached lower losses than all before them. */
function learnsMoreFromMore({ runs, round }: Situation): boolean {
  const lowest = (list: typeof runs) => Math.min(...list.map(({ loss }) => (Number.isFinite(loss) ? loss : Infinity)))
  const latest = runs.filter((run) => run.round === round - 1)
  return lowest(latest) < lowest(runs.filter((run) => run.round !== round - 1))
}

/** The joint law of a situation. Errors: TOO_FEW_RUNS. */
function fitSituation(situation: Situation): JointFit {
  const { runs, space, target } = situation
  const usable = usableRuns(situation)
  if (usable < fewestUsable)
    throw new IsoflopError(
      'TOO_FEW_RUNS',
      `${usable} of ${runs.length} runs have a loss below ${mostUsableLoss}, expected at least ${fewestUsable}.`,
      'Give the campaign a larger budget, or runs that were trained longer.',
    )
  return fitJoint(runs, { target, space })
}

/** A candidate that was chosen. */
interface Choice {
  readonly config: Config
  readonly planned: Planned
  readonly worth: number
  readonly by: Readonly<Record<StakeName, number>>
}

const costOf = (list: readonly { readonly config: Config }[]): number =>
  list.reduce((sum, { config }) => sum + config.trainFlops, 0)

function designedPlan(situation: Situation, fit: JointFit): Plan {
  const { budget, spent, space, round, target, seed } = situation
  const left = budget - spent
  const done = designedRounds(situation)
  const roundsLeft = rounds - done
  if (roundsLeft <= 0 || round >= mostPlans) return { kind: 'stop', reason: `all ${rounds} rounds are done` }
  // What the check will cost is kept for the last round.
  const free = left - (checkFlops(situation) ?? 0)
  const asked = isMisled(situation, fit) ? pinnedSpace(space, budget, fit) : space
  const running = (situation.running ?? []).map(({ config }) => config)
  const candidates = [...running, ...candidatesOf({ ...situation, space: asked }, free)]
  const prospect = new Prospect(candidates, judgesOf(fit, situation))
  // What is out will be known: what is chosen tells something beside it.
  for (const c of running.keys()) prospect.take(c)
  const terms = { below: fit.cut - margin, most: free, budget, out: running.length }
  const shared = choose(prospect, { ...terms, spend: free / roundsLeft })
  // Where a share pays for no run that would learn enough, the round is the last one.
  const choices = shared.length > 0 ? shared : choose(prospect, { ...terms, spend: free })
  const worth = choices.reduce((sum, choice) => sum + choice.worth, 0)
  const isLast = roundsLeft === 1 || choices.length === 0
  const planned = [...(isLast ? checkRuns(situation, fit) : []), ...choices.map((choice) => choice.planned)]
  const isNew = newcomer(situation)
  const queries = planned.filter(({ config }) => isNew(config))
  if (queries.length === 0) return { kind: 'stop', reason: 'no run that is left can be paid for' }
  if (choices.length > 0 && worth < leastWorth) return { kind: 'stop', reason: notWorth(choices, worth) }
  const estimate = expectAt(fit, target, space.targetLimits, seed, draws.estimate)
  return { kind: 'ask', title: titleOf(done + 1, choices), queries, estimate, beliefs: beliefsOf(fit) }
}

const notWorth = (choices: readonly Choice[], worth: number): string =>
  `another round, ${choices.length} runs for ${costOf(choices).toExponential(1)} FLOPs, is expected to be worth only ` +
  `${worth.toExponential(0)} nats`

/** The modes with what is at stake in each. */
const judgesOf = (fit: JointFit, situation: Situation): (WeightedMode & { stakes: readonly Stake[] })[] =>
  leadingModes(fit, search.leastWeight, search.modes).map(({ mode, weight }) => {
    const { target, space } = situation
    const loss = (place: Place) => mode.lossOf(mode.fitted, mode.pointAt(place))
    const best = bestPlace(mode, mode.fitted.theta, loss, target, space.targetLimits)
    return { mode, weight, stakes: stakesAt(mode, best, space.targetLimits.batchSize) }
  })

/** So many of the nearest runs have to have diverged for a configuration to be thought to diverge. */
const fewestDiverged = 3

/** Whether a configuration is likely to diverge: the runs that are nearest in size and rate, logarithms, all did. */
function divergence({ runs, space }: Situation): (config: Config) => boolean {
  if (runs.filter(({ loss }) => !Number.isFinite(loss)).length < fewestDiverged) return () => false
  const known = runs.map(({ config, loss }) => ({ place: placeOf(space, config), hasDiverged: !Number.isFinite(loss) }))
  return (config) => {
    const { size, rate } = placeOf(space, config)
    const far = (place: Place) => (place.size - size) ** 2 + (place.rate - rate) ** 2
    const nearest = known.toSorted((a, b) => far(a.place) - far(b.place)).slice(0, fewestDiverged)
    return nearest.every(({ hasDiverged }) => hasDiverged)
  }
}

/** Random configurations at the budgets that can still be paid for. */
function candidatesOf(situation: Situation, most: number): Config[] {
  const isNew = newcomer(situation)
  const diverges = divergence(situation)
  const { budget, space, seed, round } = situation
  const rng = random(seed, stream, round)
  const flops = space.trainFlops.filter((C) => C <= most && C >= budget * smallestShare)
  if (flops.length === 0) return []
  return Array.from({ length: search.candidates }).flatMap(() => {
    const trainFlops = flops[rng.integer(flops.length)]
    const unit = Array.from({ length: 4 }, () => rng.uniform())
    const config = configOfUnit(unit, trainFlops, space, reach)
    return config !== null && isNew(config) && !diverges(config) ? [config] : []
  })
}

/** Takes the candidate of most worth for its cost, one after another, until the round's share is spent. */
function choose(
  prospect: Prospect,
  { below, spend, most, budget, out }: { below: number; spend: number; most: number; budget: number; out: number },
): Choice[] {
  const open = new Set([...prospect.candidates.keys()].filter((c) => c >= out && prospect.expected[c] < below))
  const choices: Choice[] = []
  for (let used = 0; used < spend; ) {
    let best: { c: number; rate: number } | null = null
    for (const c of open) {
      const cost = prospect.candidates[c].trainFlops
      // A little over the share is fine, and so is a run that a whole round can hardly pay for.
      if (cost > most - used || cost > Math.max(1.5 * (spend - used), 0.2 * spend)) continue
      const rate = prospect.worth(c) / (cost + overhead * budget)
      if (best === null || rate > best.rate) best = { c, rate }
    }
    if (best === null) break
    const choice = choiceOf(prospect, best.c)
    choices.push(choice)
    open.delete(best.c)
    used += choice.config.trainFlops
    prospect.take(best.c)
  }
  return choices
}

function choiceOf(prospect: Prospect, c: number): Choice {
  const config = prospect.candidates[c]
  const by = prospect.worthBy(c)
  const worth = prospect.worth(c)
  const expected = { loss: prospect.expected[c], sd: prospect.sd(c) }
  const shares = stakeNames
    .map((name) => ({ name, share: by[name] / worth }))
    .filter(({ share }) => share >= 0.1)
    .sort((a, b) => b.share - a.share)
    .map(({ name, share }) => `${name} ${Math.round(100 * share)} %`)
  const reason = `worth ${Number(worth.toPrecision(2))} nats at the target (${shares.join(', ')})`
  return { config, planned: { config, reason, expected }, worth, by }
}

const checkReason = 'checks the law at a high budget, at the best that may be asked there'

/** How many designed rounds there were. */
const designedRounds = ({ runs, running = [] }: Situation): number =>
  new Set([...runs, ...running].filter(isDesigned).map(({ round }) => round)).size

const isDesigned = ({ reason }: { readonly reason: string }): boolean =>
  reason.startsWith('worth ') || reason === checkReason

/** What a round is about: what most of its worth is for. */
function titleOf(round: number, choices: readonly Choice[]): string {
  const totals = stakeNames.map((name) => ({ name, worth: choices.reduce((sum, { by }) => sum + by[name], 0) }))
  const [first, second] = totals.sort((a, b) => b.worth - a.worth)
  return `Round ${round} of ${rounds}: mostly for the ${first.name} and the ${second.name} at the target`
}

/** The budget of the run that checks the law; undefined where it cannot be paid for, or one that checks it is there. */
const checkFlops = ({ budget, spent, space, runs, running = [] }: Situation): number | undefined =>
  runs.some((run) => run.reason === checkReason || isSummit(run)) || running.some((run) => run.reason === checkReason)
    ? undefined
    : space.trainFlops.findLast((C) => C <= Math.min(budget - spent, checkShare * budget))

/** A run at a high budget, at the best configuration that may be asked there; its loss is predicted beforehand. */
function checkRuns(situation: Situation, fit: JointFit): Planned[] {
  const { space, seed } = situation
  const flops = checkFlops(situation)
  if (flops === undefined) return []
  const { config, loss, reportedSd } = expectAt(fit, flops, space.limits, seed, draws.estimate)
  return [{ config, reason: checkReason, expected: { loss, sd: reportedSd } }]
}
