import { tokensFor } from '../core/flops.ts'
import { type Run, type Runs, runsOf } from '../core/run.ts'
import { type SurfaceLaw, surfaceLoss } from '../law/surface.ts'

/**
 * The law behind the IsoFLOP profiles of CS336's assignment 3 (stanford-cs336/assignment3-scaling, `data/isoflops_curves.json`),
 * recovered from the published file: it explains all 72 losses to 2e-15.
 */
export const handoutLaw: SurfaceLaw = { E: 2.69, A: 1606.4, alpha: 0.34, B: 3210.7, beta: 0.36, q: 1 }

/** The models of a profile reach from C / flopsPerSmallest to C / flopsPerLargest parameters. */
const designs = [
  { budgets: [6e18, 1e19, 3e19, 6e19, 1e20], flopsPerSmallest: 1.2e11, flopsPerLargest: 5e9 },
  { budgets: [3e20, 6e20, 1e21, 3e21], flopsPerSmallest: 1.2e12, flopsPerLargest: 3e10 },
]
const sizesPerProfile = 8

/**
 * The handout's 72 noise-free runs, regenerated: 9 budgets, 8 geometrically spaced sizes each. As in the file, the loss is the
 * law's at the exact size, and the size is then cut to a whole number. Powers of ten in these steps give the file's very digits.
 */
export function handoutRuns(): Runs {
  const runs: Run[] = []
  for (const { budgets, flopsPerSmallest, flopsPerLargest } of designs)
    for (const flops of budgets) {
      const smallest = Math.log10(flops / flopsPerSmallest)
      const largest = Math.log10(flops / flopsPerLargest)
      for (let k = 0; k < sizesPerProfile; k++) {
        const N = 10 ** (smallest + k * ((largest - smallest) / (sizesPerProfile - 1)))
        const loss = surfaceLoss(handoutLaw, N, tokensFor(flops, N))
        const parameters = Math.floor(N)
        runs.push({ parameters, tokens: tokensFor(flops, parameters), flops, loss })
      }
    }
  return runsOf(runs)
}
