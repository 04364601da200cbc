import type { JointFit } from '../../joint/fit.ts'
import { type Plan, type Planned, type RunningRun, type Situation, totalFlops } from '../strategy.ts'
import { choose, isDesigned, offerOf } from './choice.ts'
import { isRung } from './climb.ts'
import { isOfRest, restOfOpening } from './opening.ts'

/** What all runs cost that are bought before it is known what comes next, at most: a share of the budget. A climb can be paid for beside it. */
const cautiousShare = 1 / 10
/** What one of them costs at most, as the largest of the opening; where cheap runs hardly learn, those of half as much tell nothing. */
const runShare = 1 / 200
/** Of the rest of the opening those of at most this share come before what a law has to say. */
const openingShare = 1 / 500
/** As if a round of so many were bought, of which there are as many as machines are free. */
const atOnce = 8
/** A run that is expected to be worth less than this, nats of regret, is not bought: a tenth of what a round has to be worth. */
const leastWorth = 2e-6

const cautiously = '; cheap, because what comes next is not decided yet'

/** Whether a law chose a run for a machine that would have been idle. */
export const isCheap = ({ reason }: { readonly reason: string }): boolean => reason.endsWith(cautiously)

/**
 * The runs that are out whose outcomes decide what comes next. Designed ones decide nothing, the rest of the opening neither, and once enough cheap
 * runs have learned only a climb is left to be decided.
 */
export function deciding(situation: Situation, learnsEarly: boolean): RunningRun[] {
  const decidesNothing = isOfRest(situation)
  return (situation.running ?? []).filter(
    (run) => isRung(run) || !(learnsEarly || isDesigned(run) || decidesNothing(run)),
  )
}

/**
 * What a free machine does before it is decided what comes next; null where nothing is worth its cost. At first the rest of the opening, cheap ones first,
 * which is bought in any case where cheap runs learn. Then, by the law so far, cheap designed runs.
 */
export function meanwhile(situation: Situation, fitted: () => JointFit | null): Plan | null {
  const first = situation.round === 1 ? moreOpening(situation, openingShare * situation.budget) : null
  return first ?? cheapPlan(situation, fitted()) ?? moreOpening(situation, Infinity)
}

function planOfThese(title: string, wanted: readonly Planned[], situation: Situation): Plan | null {
  const queries = cautious(situation, wanted)
  if (queries.length === 0) return null
  return { kind: 'ask', title, queries, estimate: null, isMeanwhile: true }
}

function moreOpening(situation: Situation, most: number): Plan | null {
  const queries = restOfOpening(situation).queries.filter(({ config }) => config.trainFlops <= most)
  return planOfThese('The rest of the opening, before what comes next is decided', queries, situation)
}

function cheapPlan(situation: Situation, fit: JointFit | null): Plan | null {
  if (fit === null) return null
  const { runs, running = [], round } = situation
  const left = shareLeft(situation)
  const most = Math.min(runShare * situation.budget * (1 + 1e-9), left)
  const offer = offerOf(situation, fit, most, [round, runs.length + running.length])
  const queries = choose({ ...offer, most: left }, Math.min(atOnce * most, left))
    .filter(({ worth }) => worth >= leastWorth)
    .map(({ planned }) => ({ ...planned, reason: planned.reason + cautiously }))
  return planOfThese('Cheap runs, before what comes next is decided', queries, situation)
}

/** FLOPs that all of these runs may still cost. */
function shareLeft(situation: Situation): number {
  const { budget, spent, runs, running = [] } = situation
  const isRest = isOfRest(situation)
  const before = totalFlops([...runs, ...running].filter((run) => isCheap(run) || isRest(run)))
  return Math.min(cautiousShare * budget - before, budget - spent)
}

/** Those that may be bought, one after another. */
function cautious(situation: Situation, wanted: readonly Planned[]): Planned[] {
  let left = shareLeft(situation)
  return wanted.filter(({ config: { trainFlops } }) => {
    if (trainFlops > left) return false
    left -= trainFlops
    return true
  })
}
