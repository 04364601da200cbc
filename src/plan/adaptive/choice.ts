import type { Config } from '../../core/config.ts'
import { random } from '../../core/random.ts'
import type { JointFit, WeightedMode } from '../../joint/fit.ts'
import { bestPlace } from '../../joint/place.ts'
import { leadingModes } from '../../joint/posterior.ts'
import { type Place, placeOf } from '../../space/space.ts'
import type { Planned, Situation } from '../strategy.ts'
import { configOfUnit, type Reach } from './candidates.ts'
import { Prospect } from './design.ts'
import { newcomer } from './opening.ts'
import { type Stake, type StakeName, stakeNames, stakesAt } from './stakes.ts'

/** Candidates of a round, and how many modes judge them. */
const search = { candidates: 2000, leastWeight: 0.02, modes: 4 } as const
/** A query costs time too: as if it took this share of the budget in addition. */
const overhead = 1 / 500
/** No candidate is below this share of the budget: hundreds of tiny runs are no use. */
const smallestShare = 1 / 20_000
/** Candidates have an expected loss this far below the cut: a run above it would be left out. */
const margin = 0.5

const reach: Reach = { tokensPerParameter: [2, 3000], widthPerLayer: [30, 150] }

/** Marks the streams of this file among those of the random numbers. */
const stream = 0xca

/** A candidate that was chosen. */
export interface Choice {
  readonly config: Config
  readonly planned: Planned
  readonly worth: number
  readonly by: Readonly<Record<StakeName, number>>
}

/** Candidates as a fit judges them, the first `out` of which are out already. */
export interface Offer {
  readonly prospect: Prospect
  readonly out: number
  /** Candidates of a higher expected loss would be left out of the fit. */
  readonly below: number
  /** FLOPs: what one of them costs at most, and the budget of the campaign. */
  readonly most: number
  readonly budget: number
}

/** What may be bought for `most` FLOPs; `draw` says which of the random candidates are drawn. What is out is taken as known. */
export function offerOf(situation: Situation, fit: JointFit, most: number, draw: readonly number[]): Offer {
  const running = (situation.running ?? []).map(({ config }) => config)
  const prospect = new Prospect([...running, ...candidatesOf(situation, most, draw)], judgesOf(fit, situation))
  // What is out will be known: what is chosen tells something beside it.
  for (const c of running.keys()) prospect.take(c)
  return { prospect, out: running.length, below: fit.cut - margin, most, budget: situation.budget }
}

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
function candidatesOf(situation: Situation, most: number, draw: readonly number[]): Config[] {
  const isNew = newcomer(situation)
  const diverges = divergence(situation)
  const { budget, space, seed } = situation
  const rng = random(seed, stream, ...draw)
  const flops = space.trainFlops.filter((C) => C <= most && C >= budget * smallestShare)
  if (flops.length === 0) return []
  return Array.from({ length: search.candidates }).flatMap(() => {
    const trainFlops = flops[rng.integer(flops.length)]
    const unit = Array.from({ length: 4 }, () => rng.uniform())
    const config = configOfUnit(unit, trainFlops, space, reach)
    return config !== null && isNew(config) && !diverges(config) ? [config] : []
  })
}

/** Takes the candidate of most worth for its cost, one after another, until so many FLOPs are spent. */
export function choose({ prospect, out, below, most, budget }: Offer, spend: number): Choice[] {
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

/** The reason of the run that checks the law. */
export const checkReason = 'checks the law at a high budget, at the best that may be asked there'

/** Whether a run was chosen by a law. */
export const isDesigned = ({ reason }: { readonly reason: string }): boolean =>
  reason.startsWith('worth ') || reason === checkReason
