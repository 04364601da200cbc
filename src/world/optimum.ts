import type { Config } from '../core/config.ts'
import type { Range } from '../core/range.ts'
import { clamp, logRange } from '../core/range.ts'
import type { TrainingConfig } from '../cs336/config.ts'
import { targetLimits } from '../cs336/limits.ts'
import type { Limits, Models } from '../space/limits.ts'
import { roundRate } from '../space/limits.ts'
import type { Shape, ShapeModels } from '../space/shapes.ts'
import { headsFor, usualShape } from '../space/shapes.ts'
import { configWith } from '../space/space.ts'
import type { Optimum, World } from './world.ts'

/** A point of the search: the logarithms of width and rate, at some depth and batch. */
interface Point {
  readonly width: number
  readonly rate: number
  readonly numLayers: number
  readonly batchSize: number
  readonly loss: number
}

/** Losses that differ by less than this, nats, are equal to the search, and the more usual configuration is taken. */
const negligible = 1e-8
/** Depths whose floors differ by less than this, nats, may change places when widths become whole numbers. */
const nearTie = 1e-5
/** Steps of the coarse grid, in logarithms, and the smallest step of the refinement. */
const coarse = { width: 0.25, rate: 0.8 } as const
const finest = 1e-5
/** How far widths are tried about the best real one, whole numbers. */
const widthReach = 4
/** Digits of the rate that is answered: rounding costs less than 1e-11 nats. */
const rateDigits = 6

/** Places from end to end at about this distance. */
function ladder({ least, most }: Range, step: number): number[] {
  const count = Math.ceil((most - least) / step)
  return Array.from({ length: count + 1 }, (_, k) => (count === 0 ? least : least + ((most - least) * k) / count))
}

/** Whole numbers from end to end in steps of about a third, at least 1. */
function wholeLadder({ least, most }: Range): number[] {
  const places = ladder(logRange({ least, most }), Math.log(4 / 3)).map((x) => Math.round(Math.exp(x)))
  return [...new Set(places)]
}

/**
 * The best legal configuration at so many FLOPs and its noise-free loss, for a world whose loss is smooth and has one valley
 * for each depth and batch. Of equal losses (to 1e-8 nats) the one nearest to a width of 64 per layer is taken.
 *
 * A coarse grid in ln d_model and ln rate finds the valley of each batch and of every depth of a ladder; a pattern search goes
 * to its floor; every depth between the best one's neighbours, or between those of the depths as good as it, is refined, and there
 * every legal width near the floor is tried with its own best rate. Deterministic; 20 ms in most worlds here, 200 ms in cs336.
 *
 * @example optimum(world, 1e19).config.dModel
 * @example optimum(world, 1e16, queryLimits) // the best that the training API can be asked for
 */
export function optimum<C extends Config = TrainingConfig>(
  world: Pick<World<C>, 'loss'>,
  flops: number,
  limits: Limits = targetLimits,
): Optimum<C> {
  const { models } = limits
  const best = isShaped(models)
    ? shapedOptimum(world as unknown as Searched, flops, { ...limits, models })
    : listedOptimum(world as Pick<World<Config>, 'loss'>, flops, limits)
  return best as Optimum<Config> as Optimum<C>
}

type Searched = Pick<World, 'loss'>
type ShapedLimits = Limits<Shape> & { readonly models: ShapeModels }

const isShaped = (models: Models): models is ShapeModels => 'architecture' in models

/** The best of a list of models, each at its best batch and rate. */
function listedOptimum(world: Pick<World<Config>, 'loss'>, flops: number, limits: Limits): Optimum<Config> {
  const { models, batchSize, learningRate } = limits
  const found = (models.all ?? []).flatMap((model) =>
    batchSize.map((batch) => {
      const at = (rate: number) =>
        configWith(model, { batchSize: batch, learningRate: Math.exp(rate), trainFlops: flops })
      const rate = lowestAlong(logRange(learningRate), (x) => world.loss(at(x)))
      const rounded = roundRate(Math.exp(rate), learningRate, rateDigits)
      const config = { ...at(rate), learningRate: rounded }
      return { config, loss: world.loss(config) }
    }),
  )
  if (found.length === 0) throw new Error('the space has no models')
  return found.reduce((a, b) => (b.loss < a.loss ? b : a))
}

/** Where a function of one valley is lowest: the best place of a coarse grid, refined. */
function lowestAlong(range: Range, value: (x: number) => number): number {
  let best = ladder(range, coarse.rate).reduce((a, b) => (value(b) < value(a) ? b : a))
  for (let step: number = coarse.rate; step > finest; ) {
    const next = [best + step, best - step].map((x) => clamp(x, range)).find((x) => value(x) < value(best))
    if (next === undefined) step /= 2
    else best = next
  }
  return best
}

function shapedOptimum(world: Searched, flops: number, limits: ShapedLimits): Optimum {
  const search = new Search(world, flops, limits)
  const depths = wholeLadder(limits.models.numLayers)
  const floors = limits.batchSize.flatMap((batch) => depths.map((depth) => search.floor(search.scan(depth, batch))))
  const lowest = Math.min(...floors.map(({ loss }) => loss))
  const finalists = limits.batchSize.flatMap((batchSize) => {
    const ofBatch = floors.filter((floor) => floor.batchSize === batchSize)
    const best = mostUsual(ofBatch)
    // A batch that is worse by more than whole depths and widths can make good is out.
    return best.loss > lowest + 0.01 ? [] : search.around(best, ofBatch)
  })
  const legal = finalists.flatMap((floor) => search.legal(floor))
  const best = mostUsual(legal)
  const config = search.config(best)
  return { config, loss: world.loss(config) }
}

/** The lowest point; of equal ones that with the most usual shape, then rate, then the first. */
function mostUsual<P extends Point>(points: readonly P[]): P {
  const lowest = points.reduce((low, { loss }) => Math.min(low, loss), Number.POSITIVE_INFINITY)
  const oddity = ({ width, numLayers }: Point) => Math.abs(width - Math.log(numLayers * usualShape.widthPerLayer))
  const equal = points.filter(({ loss }) => loss <= lowest + negligible)
  return equal.reduce((a, b) => (oddity(b) < oddity(a) ? b : a))
}

class Search {
  readonly #world: Searched
  readonly #flops: number
  readonly #limits: ShapedLimits
  readonly #widths: Range
  readonly #rates: Range

  constructor(world: Searched, flops: number, limits: ShapedLimits) {
    this.#world = world
    this.#flops = flops
    this.#limits = limits
    this.#widths = logRange(limits.models.dModel)
    this.#rates = logRange(limits.learningRate)
  }

  /** The best point of the coarse grid at one depth and batch. */
  scan(numLayers: number, batchSize: number): Point {
    const usualRate = Math.log(usualShape.learningRate)
    const rates = ladder(this.#rates, coarse.rate)
    // The usual rate first, so that it stays where the rate does nothing.
    if (usualRate >= this.#rates.least && usualRate <= this.#rates.most) rates.unshift(usualRate)
    const widths = ladder(this.#widths, coarse.width)
    const points = widths.flatMap((width) => rates.map((rate) => this.#at({ width, rate, numLayers, batchSize })))
    return points.reduce((a, b) => (b.loss < a.loss ? b : a))
  }

  /** The floor of the valley that a point stands in, in width and rate (Hooke and Jeeves 1961). */
  floor(start: Point, step: { width: number; rate: number } = coarse): Point {
    let best = start
    let { width, rate } = step
    while (Math.max(width, rate) > finest) {
      const next = this.#explore(best, width, rate)
      if (next === best) {
        width /= 2
        rate /= 2
        continue
      }
      // Where a step led down, twice that step may lead further.
      const leap = this.#move(next, next.width - best.width, next.rate - best.rate)
      best = leap.loss < next.loss ? leap : next
    }
    return best
  }

  /** The floors of all depths between the ladder's neighbours of those that are as good as the best one. */
  around(best: Point, ladderFloors: readonly Point[]): Point[] {
    const isTied = ({ loss }: Point) => loss < best.loss + nearTie
    const from = ladderFloors[Math.max(0, ladderFloors.findIndex(isTied) - 1)].numLayers
    const to = ladderFloors[Math.min(ladderFloors.length - 1, ladderFloors.findLastIndex(isTied) + 1)].numLayers
    return Array.from({ length: to - from + 1 }, (_, i) => {
      const numLayers = from + i
      const width = clamp(best.width + Math.log(best.numLayers / numLayers) / 2, this.#widths)
      return this.floor(this.#at({ ...best, width, numLayers }), { width: 0.03, rate: 0.03 })
    })
  }

  /** The legal widths nearest to a floor, each with its best rate. */
  legal(floor: Point): Point[] {
    const places = this.#legalWidths(Math.exp(floor.width))
    return places.map((dModel) => this.#bestRate(this.#at({ ...floor, width: Math.log(dModel) })))
  }

  /** The configuration of a point whose width is legal. */
  config(point: Point): TrainingConfig {
    const config = this.#configAt(point)
    const dModel = Math.round(config.dModel)
    const learningRate = Number(config.learningRate.toPrecision(rateDigits))
    return { ...config, dModel, learningRate, numHeads: headsFor(dModel, this.#limits.models) ?? config.numHeads }
  }

  #configAt({ width, rate, numLayers, batchSize }: Omit<Point, 'loss'>): TrainingConfig {
    const { least, most } = this.#limits.learningRate
    const learningRate = clamp(Math.exp(rate), { least, most })
    return { dModel: Math.exp(width), numLayers, numHeads: 1, batchSize, learningRate, trainFlops: this.#flops }
  }

  #at(place: Omit<Point, 'loss'>): Point {
    return { ...place, loss: this.#world.loss(this.#configAt(place)) }
  }

  #move(from: Point, width: number, rate: number): Point {
    return this.#at({
      ...from,
      width: clamp(from.width + width, this.#widths),
      rate: clamp(from.rate + rate, this.#rates),
    })
  }

  /** One step along each coordinate where it leads down; the same point where none does. */
  #explore(from: Point, width: number, rate: number): Point {
    let best = from
    for (const [w, r] of [
      [width, 0],
      [0, rate],
    ] as const) {
      const up = this.#move(best, w, r)
      const next = up.loss < best.loss ? up : this.#move(best, -w, -r)
      if (next.loss < best.loss) best = next
    }
    return best
  }

  /** The best rate at a fixed width, from a rate nearby. */
  #bestRate(start: Point): Point {
    let best = start
    for (let step = 0.02; step > finest; ) {
      const next = [step, -step].map((by) => this.#move(best, 0, by)).find(({ loss }) => loss < best.loss)
      if (next) best = next
      else step /= 2
    }
    return best
  }

  /** The nearest legal widths below and above, a few of each. */
  #legalWidths(width: number): number[] {
    const { least, most } = this.#limits.models.dModel
    const isLegal = (d: number) => headsFor(d, this.#limits.models) !== null
    const found: number[] = []
    const walk = (from: number, by: number) => {
      for (let d = from, left = widthReach; d >= least && d <= most && left > 0; d += by)
        if (isLegal(d)) {
          found.push(d)
          left--
        }
    }
    walk(Math.floor(width), -1)
    walk(Math.floor(width) + 1, 1)
    return found
  }
}
