import { type Diagnostic, info, short } from '../../core/diagnostic.ts'
import { tokensFor } from '../../core/flops.ts'
import type { Interval } from '../../core/interval.ts'
import { powerAt } from '../../law/power.ts'
import { optimalParameters, type SurfaceLaw, surfaceLoss } from '../../law/surface.ts'
import type { Subject } from './subject.ts'

/** How wide the choice of N is at no cost to speak of. */
export function ofValley({ runs, headline, laws: { judge }, targets }: Subject): Diagnostic[] {
  if (judge === null || !headline.determined) return []
  const largest = runs.flops.reduce((high, C) => Math.max(high, C))
  const C = Math.max(largest, ...targets)
  const [low, high] = valley(judge.law, C / judge.flopsRatio)
  return [
    info(
      'flat-valley',
      `At ${short(C)} FLOPs any N from ${short(low)} to ${short(high)} costs less than 0.1 % in loss.`,
      { flops: C, parameters: [low, high], ratio: high / low },
      'Within it choose by what else matters: smaller models are cheaper to serve.',
    ),
  ]
}

/** The sizes whose loss under the law is within 0.1 % of the best at C. */
function valley(law: SurfaceLaw, C: number): Interval {
  const best = powerAt(optimalParameters(law), C)
  const loss = (logRatio: number) => {
    const N = best * Math.exp(logRatio)
    return surfaceLoss(law, N, tokensFor(C, N))
  }
  const level = loss(0) * 1.001
  const end = (sign: number) => {
    let near = 0
    let far = 20
    for (let k = 0; k < 60; k++) {
      const middle = 0.5 * (near + far)
      if (loss(sign * middle) < level) near = middle
      else far = middle
    }
    return best * Math.exp(sign * near)
  }
  return [end(-1), end(1)]
}
