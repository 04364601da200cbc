import type { Analysis } from '../../fit/result.ts'
import type { SurfaceLaw } from '../../law/surface.ts'

/** What tables, figures and the report of a fit are made of: an analysis, or the parts of it that one of them needs. */
export interface Findings<Parts = Analysis> {
  readonly analysis: Parts
  /** The law that generated the runs, where it is known. */
  readonly truth: SurfaceLaw | null
}
