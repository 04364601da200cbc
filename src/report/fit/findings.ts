import type { Analysis } from '../../fit/analysis.ts'
import type { SurfaceLaw } from '../../law/surface.ts'

/** What tables, figures and the report of a fit are made of. */
export interface Findings {
  readonly analysis: Analysis
  /** The law that generated the runs, where it is known. */
  readonly truth: SurfaceLaw | null
}
