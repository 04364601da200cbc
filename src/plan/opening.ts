import { configIdentity, type TrainingConfig } from '../core/config.ts'
import { random } from '../core/random.ts'
import { configOfUnit, latinHypercube, type Reach } from './candidates.ts'
import type { Plan, Planned, Situation } from './strategy.ts'

/** A block of the first runs: how many, and the share of the budget that one of them costs at most. */
interface Block {
  readonly count: number
  readonly share: number
}

/** Of 2e18 FLOPs: 16 runs of 1e15, 16 of 3e15 and 14 of 1e16, a ninth of the budget. */
const opening: readonly Block[] = [
  { count: 16, share: 1 / 2000 },
  { count: 16, share: 3 / 2000 },
  { count: 14, share: 1 / 200 },
]
/** Where hardly any of them learned enough: 16 runs of 3e16, then 8 of 6e16. */
const further: readonly Block[] = [
  { count: 16, share: 3 / 200 },
  { count: 8, share: 3 / 100 },
]

const reach: Reach = { tokensPerParameter: [2, 500], widthPerLayer: [30, 150] }

/** Marks the streams of this file among those of the random numbers. */
const stream = 0x1a

/** Whether a configuration is neither known nor refused; each is new once. */
export function newcomer({ runs, refused }: Situation): (config: TrainingConfig) => boolean {
  const seen = new Set([...runs.map(({ config }) => config), ...refused].map(configIdentity))
  return (config) => {
    const identity = configIdentity(config)
    if (seen.has(identity)) return false
    seen.add(identity)
    return true
  }
}

/** The first runs: spread over sizes, shapes, rates and batches at three small budgets, before any law is known. */
export const openingPlan = (situation: Situation): Plan =>
  spread(situation, opening, 'Opening: spread over sizes, shapes, rates and batches')

/** More of them at a larger budget, where too few of the first ones learned enough to tell. */
export const furtherOpeningPlan = (situation: Situation): Plan =>
  spread(
    situation,
    further.slice(situation.round - 1, situation.round),
    'A further opening: most runs had hardly begun to learn, so these are larger',
  )

function spread(situation: Situation, blocks: readonly Block[], title: string): Plan {
  const isNew = newcomer(situation)
  const queries = blocks.flatMap((block, k) => blockOf(situation, block, k).filter(({ config }) => isNew(config)))
  return { kind: 'ask', title, queries, estimate: null }
}

function blockOf({ budget, space, seed, round }: Situation, { count, share }: Block, k: number): Planned[] {
  // Shares are of budgets such as 2e18, which no sum of floating-point numbers should miss.
  const flops = space.trainFlops.findLast((C) => C <= share * budget * (1 + 1e-9)) ?? space.trainFlops[0]
  const cube = latinHypercube(count, 4, random(seed, stream, round, k))
  return cube.flatMap((unit, i) => {
    const config = configOfUnit(unit, flops, space, reach)
    const reason = `${i + 1} of ${count} spread evenly over sizes, shapes, rates and batches (Latin hypercube)`
    return config === null ? [] : [{ config, reason }]
  })
}
