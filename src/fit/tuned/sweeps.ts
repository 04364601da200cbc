import { bestTunedPoint, tunedLoss, tunedSize } from '../../law/tuned.ts'
import type { TunedFit } from './fit.ts'
import type { Sweep } from './result.ts'

/** A sweep has at least so many learning rates. */
const fewestRates = 4
/** Points of a law's curve. */
const steps = 48

/** The learning rates that were compared at each N and D, the lowest loss of each, and the law's, by ascending compute. */
export function rateSweeps(fit: TunedFit): Sweep[] {
  const { data } = fit
  const { runs, points, features } = data
  const rate = runs.tuning?.rate
  if (!rate || !features.has('rate')) return []
  const groups = new Map<string, number[]>()
  for (let i = 0; i < runs.size; i++) {
    const key = `${runs.parameters[i]} ${runs.tokens[i]}`
    const group = groups.get(key)
    if (group) group.push(i)
    else groups.set(key, [i])
  }
  return [...groups.values()]
    .map((group): Sweep => {
      const rates = [...new Set(group.map((i) => rate[i]))].sort((a, b) => a - b)
      const seen = rates.map((r) => {
        const losses = group.filter((i) => rate[i] === r).map((i) => runs.loss[i])
        return { rate: r, loss: Math.min(...losses) }
      })
      // The law goes through the best of the batches that were tried, as the lowest losses do.
      const { size, tokens } = points[group[0]]
      const batches = [...new Set(group.map((i) => points[i].batch))]
      const at = (r: number) =>
        Math.min(
          ...batches.map((batch) => lossAt(fit, { size, tokens, batch, rate: Math.log(r / data.reference.rate) })),
        )
      const [low, high] = [rates[0], rates[rates.length - 1]]
      const curve = Array.from({ length: steps + 1 }, (_, k) => {
        const r = low * (high / low) ** (k / steps)
        return { rate: r, loss: at(r) }
      })
      const best = bestOf(fit, size, tokens)
      return {
        parameters: runs.parameters[group[0]],
        tokens: runs.tokens[group[0]],
        flops: runs.flops[group[0]],
        seen,
        curve,
        best,
      }
    })
    .filter(({ seen }) => seen.length >= fewestRates)
    .sort((a, b) => a.flops - b.flops)
}

const scratch = new Float64Array(tunedSize)

function lossAt({ modes }: TunedFit, place: Record<'size' | 'tokens' | 'batch' | 'rate', number>): number {
  const point = { ...place, unique: place.tokens }
  return modes.reduce((sum, { theta, weight }) => sum + weight * tunedLoss(theta, point, scratch), 0)
}

/** The best rate and batch by the law, and the loss there. */
function bestOf({ modes, data }: TunedFit, size: number, tokens: number): Sweep['best'] {
  const mean = (value: (theta: Float64Array) => number) =>
    modes.reduce((sum, { theta, weight }) => sum + weight * value(theta), 0)
  return {
    rate: data.reference.rate * Math.exp(mean((theta) => bestTunedPoint(theta, size, tokens).rate)),
    loss: mean((theta) => tunedLoss(theta, bestTunedPoint(theta, size, tokens), scratch)),
  }
}
