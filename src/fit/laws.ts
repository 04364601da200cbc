import type { SurfaceLaw } from '../law/surface.ts'
import type { FitData } from './data.ts'
import type { Fitted, Method, MethodOptions, OnStep } from './methods/method.ts'
import { norm } from './methods/norm.ts'
import { surface } from './methods/surface.ts'
import type { NormFit } from './norm/fit.ts'
import type { SurfaceFit } from './surface.ts'

/** The methods whose laws judge the others: the first that the runs allow leads. */
export const lawMethods = [norm, surface] as const

/** The law that weighs every method's size in loss, and how the runs count FLOPs. */
export interface Judge {
  readonly law: SurfaceLaw
  readonly flopsRatio: number
}

/** The two laws that an analysis fits in any case; null what the runs do not allow. */
export interface Laws {
  /** Judges the other methods and the runs. */
  readonly norm: NormFit | null
  readonly surface: SurfaceFit | null
  /** The law of `surface`: its residuals drive the wild bootstrap. */
  readonly additive: SurfaceLaw | null
  readonly judge: Judge | null
  /** Both as methods have them, so that none is fitted twice. */
  readonly fits: ReadonlyMap<Method, Fitted | string>
}

/** Fits both. */
export async function lawsOf(
  data: FitData,
  options: MethodOptions & { readonly onStep?: OnStep | undefined },
): Promise<Laws> {
  options.onStep?.(norm.name)
  const ofNorm = await norm.fit(data, options)
  options.onStep?.(surface.name)
  const ofSurface = await surface.fit(data, options)
  const normFit = typeof ofNorm === 'string' ? null : ofNorm.norm
  const surfaceFit = typeof ofSurface === 'string' ? null : ofSurface.estimate
  const law = normFit?.law ?? surfaceFit?.law
  return {
    norm: normFit,
    surface: surfaceFit,
    additive: surfaceFit?.law ?? null,
    judge: law ? { law, flopsRatio: data.flopsRatio } : null,
    fits: new Map<Method, Fitted | string>([
      [norm, ofNorm],
      [surface, ofSurface],
    ]),
  }
}
