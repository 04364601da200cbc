import type { SurfaceLaw } from '../law/surface.ts'
import { intervalOf, type Replicates, type Resampling, type Scheme } from './bootstrap.ts'
import type { FitData } from './data.ts'
import { type Estimate, quantities } from './estimate.ts'
import {
  type FrontierPoint,
  fitFrontier,
  fitLogLine,
  fitPinnedFrontier,
  frontierPoints,
  logLineLoss,
  lossOf,
} from './frontier.ts'
import type { Samplers } from './replicates.ts'
import type { FittedFrontier, FrontierResult } from './result.ts'

/** The three frontiers, each with intervals from the same resamples as the other methods. */
export function fitFrontiers(
  { runs, profiles }: FitData,
  judge: SurfaceLaw | null,
  samplers: Samplers,
  targets: readonly number[],
  { resamples, confidence, kind }: Resampling,
): FrontierResult | null {
  const points = frontierPoints(runs, profiles)
  if (points.length < 2) return null
  const resampled: ReadonlyMap<Scheme, readonly FrontierPoint[][]> = new Map(
    kind === 'score'
      ? []
      : [...samplers].map(([scheme, sampler]) => [
          scheme,
          Array.from({ length: resamples }, (_, k) => {
            const sample = sampler(k)
            return frontierPoints(sample.runs, profiles, sample.weights)
          }),
        ]),
  )
  const fitted = <Fit>(
    fit: (points: readonly FrontierPoint[]) => Fit | null,
    loss: (fit: Fit) => (C: number) => number,
  ): FittedFrontier<Fit> | null => {
    const own = fit(points)
    if (own === null) return null
    const replicates: Replicates = new Map(
      [...resampled].map(([scheme, samples]) => [
        scheme,
        samples.map((sample) => {
          const refit = fit(sample)
          return refit && { ...noEstimate, loss: loss(refit) }
        }),
      ]),
    )
    const predictions = targets.map((flops) => ({
      flops,
      loss: loss(own)(flops),
      interval: intervalOf(replicates, quantities.loss(flops), confidence),
    }))
    return { fit: own, predictions }
  }
  return {
    points,
    free: fitted(fitFrontier, lossOf),
    pinned: judge && fitted((points) => fitPinnedFrontier(points, judge.E), lossOf),
    line: fitted(fitLogLine, (fit) => (C) => logLineLoss(fit.law, C)),
  }
}

const noEstimate: Estimate = { modelSize: null, datasetSize: null, law: null, loss: null, fitError: null }
