import { IsoflopError } from '../../core/errors.ts'
import { shortNumber } from '../../core/exact-integer.ts'
import { fitJoint, isUsable, type JointFit, mostUsableLoss } from '../../joint/fit.ts'
import {
  type CampaignRun,
  once,
  type Plan,
  type Planned,
  type Situation,
  type Strategy,
  totalFlops,
} from '../strategy.ts'
import { type Choice, checkReason, choose, isDesigned, offerOf } from './choice.ts'
import { climbPlan, isMisled, isSummit, learned, nextRung, pinnedSpace } from './climb.ts'
import { beliefsOf, forecastOf } from './forecast.ts'
import { jointEvidence } from './joint-evidence.ts'
import { deciding, isCheap, meanwhile } from './meanwhile.ts'
import { furtherOpeningPlan, isOfRest, newcomer, openingPlan, restOfOpening } from './opening.ts'
import { draws, expectAt } from './predict.ts'
import { stakeNames } from './stakes.ts'
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
/** The run that checks the law in the last round costs at most this share of the budget. */
const checkShare = 1 / 6
/** A round that is expected to be worth less than this, nats of regret, is not bought. */
const leastWorth = 2e-5

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
  const lawSoFar = () => (usableRuns(situation) < fewestUsable ? null : fitted())
  const plan = nextStep(situation, lawSoFar)
  return plan.kind === 'wait' ? (meanwhile(situation, lawSoFar) ?? plan) : plan
}

/** What comes next, or that it is open. */
function nextStep(situation: Situation, lawSoFar: () => JointFit | null): Plan {
  const isEarly = learnsEarly(situation)
  // Whether there is more of an opening, or a climb, is for the outcomes of the one before to say.
  if (deciding(situation, isEarly).length > 0)
    return { kind: 'wait', reason: 'what the runs that are out tell decides what is planned next' }
  const opening = openingOf(situation)
  if (opening !== null) return opening
  const fit = lawSoFar()
  const climb = climbOf(situation, fit)
  if (climb !== null) return climb
  // A law of few runs designs nothing while there are more of the opening to come.
  if (situation.running?.some((run) => !isDesigned(run)) && usableRuns(situation) < enoughGiven)
    return { kind: 'wait', reason: 'what the runs that are out tell decides what is planned next' }
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
  if (learnsEarly(situation)) {
    const rest = restOfOpening(situation)
    return rest.queries.length > 0 ? rest : null
  }
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
    `${shortNumber(budget - spent)} FLOPs pay for ${payable} runs of ${shortNumber(cheapest)}, the cheapest that may be asked, expected at least ${fewestUsable}. None was asked for.`,
    'Give the campaign a larger budget, or allow cheaper runs.',
  )
}

/** Whether the cheap runs learned enough to tell what trained models do. */
function learnsEarly(situation: Situation): boolean {
  const { runs, budget } = situation
  // What machines made that would have been idle does not decide: it would take fewer of each that learn to be three.
  const isBeside = isOfRest(situation)
  const isJudged = (run: CampaignRun) => run.round < 0 || !(isCheap(run) || isBeside(run))
  const early = runs.filter((run) => learned(run) && run.config.trainFlops <= cheapShare * budget)
  return early.filter(isJudged).length >= fewLearned
}

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
      runs.length === 0 && situation.spent > 0
        ? 'Look at what became of the runs before more is spent: one that was lost may need more time.'
        : 'Give the campaign a larger budget, or runs that were trained longer.',
    )
  return fitJoint(runs, { target, space })
}

function designedPlan(situation: Situation, fit: JointFit): Plan {
  const { budget, spent, space, round, target, seed } = situation
  const left = budget - spent
  const done = designedRounds(situation)
  const roundsLeft = rounds - done
  if (roundsLeft <= 0 || round >= mostPlans) return { kind: 'stop', reason: `all ${rounds} rounds are done` }
  // What the check will cost is kept for the last round.
  const free = left - (checkFlops(situation) ?? 0)
  const asked = isMisled(situation, fit) ? pinnedSpace(space, budget, fit) : space
  const offer = offerOf({ ...situation, space: asked }, fit, free, [round])
  const shared = choose(offer, free / roundsLeft)
  // Where a share pays for no run that would learn enough, the round is the last one.
  const choices = shared.length > 0 ? shared : choose(offer, free)
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
  `another round, ${choices.length} runs for ${totalFlops(choices).toExponential(1)} FLOPs, is expected to be worth only ` +
  `${worth.toExponential(0)} nats`

/** How many designed rounds there were. */
const designedRounds = ({ runs, running = [] }: Situation): number =>
  new Set([...runs, ...running].filter(isDesigned).map(({ round }) => round)).size

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
