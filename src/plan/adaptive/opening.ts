import type { Config } from '../../core/config.ts'
import { random } from '../../core/random.ts'
import type { Plan, Planned, Situation } from '../strategy.ts'
import { configOfUnit, latinHypercube, type Reach } from './candidates.ts'

/** A block of the first runs: how many, how many of them come first, and the share of the budget that one costs at most. */
interface Block {
  readonly count: number
  readonly first: number
  readonly share: number
}

/** Of 2e18 FLOPs: 16 runs of 1e15, 16 of 3e15 and 14 of 1e16, a tenth of the budget; 8, 8 and 6 of them come first, a twentieth. */
const opening: readonly Block[] = [
  { count: 16, first: 8, share: 1 / 2000 },
  { count: 16, first: 8, share: 3 / 2000 },
  { count: 14, first: 6, share: 1 / 200 },
]

const reach: Reach = { tokensPerParameter: [2, 500], widthPerLayer: [30, 150] }

/** Marks the streams of this file among those of the random numbers. */
const stream = 0x1a

/** Whether a configuration is neither known, refused, pending nor out; each is new once. */
export function newcomer({ runs, refused, pending, running = [], space }: Situation): (config: Config) => boolean {
  const known = [...runs, ...running].map(({ config }) => config)
  const seen = new Set([...known, ...refused, ...pending].map(space.identity))
  return (config) => {
    const identity = space.identity(config)
    if (seen.has(identity)) return false
    seen.add(identity)
    return true
  }
}

type Asking = Plan & { readonly kind: 'ask' }

/** The first runs: spread over sizes, shapes, rates and batches at three small budgets, before any law is known. */
export const openingPlan = (situation: Situation): Plan =>
  spread(situation, ({ first }) => [0, first], 'Opening: spread over sizes, shapes, rates and batches')

/** The rest of them, where the first ones learned enough to tell. */
export const restOfOpening = (situation: Situation): Asking =>
  spread(
    situation,
    ({ first, count }) => [first, count],
    'Opening, the rest: cheap runs learn here, so there are more of them',
  )

/** Which runs are of the rest of the opening. */
export function isOfRest(situation: Situation): (run: { readonly config: Config }) => boolean {
  const { identity } = situation.space
  const rest = opening.flatMap((block, k) => blockOf(situation, block, k).slice(block.first))
  const names = new Set(rest.map(({ config }) => identity(config)))
  return ({ config }) => names.has(identity(config))
}

/** Where hardly any of the first ones learned enough to say anything: three at 3e16 of 2e18 FLOPs. */
const further: Block = { count: 3, first: 3, share: 3 / 200 }

/** Larger runs, spread in the same way, where the first ones say nothing. */
export function furtherOpeningPlan(situation: Situation): Plan {
  const isNew = newcomer(situation)
  const queries = blockOf(situation, further, opening.length).filter(({ config }) => isNew(config))
  const title = 'A further opening: the first runs had hardly begun to learn, so these are larger'
  return { kind: 'ask', title, queries, estimate: null }
}

function spread(situation: Situation, part: (block: Block) => [from: number, to: number], title: string): Asking {
  const isNew = newcomer(situation)
  const queries = opening.flatMap((block, k) =>
    blockOf(situation, block, k)
      .slice(...part(block))
      .filter(({ config }) => isNew(config)),
  )
  return { kind: 'ask', title, queries, estimate: null }
}

function blockOf({ budget, space, seed }: Situation, { count, share }: Block, k: number): Planned[] {
  // Shares are of budgets such as 2e18, which no sum of floating-point numbers should miss.
  const flops = space.trainFlops.findLast((C) => C <= share * budget * (1 + 1e-9)) ?? space.trainFlops[0]
  const cube = latinHypercube(count, 4, random(seed, stream, 0, k))
  return cube.flatMap((unit, i) => {
    const config = configOfUnit(unit, flops, space, reach)
    const reason = `${i + 1} of ${count} spread evenly over sizes, shapes, rates and batches (Latin hypercube)`
    return config === null ? [] : [{ config, reason }]
  })
}
