import type { Diagnostic } from '../core/diagnostic.ts'
import type { Interval } from '../core/interval.ts'
import type { Run, Runs } from '../core/run.ts'
import type { PowerLaw } from '../law/power.ts'
import type { SurfaceLaw } from '../law/surface.ts'
import type { Resampling, Scheme } from './bootstrap.ts'
import type { FitError } from './estimate.ts'
import type { FrontierFit, FrontierPoint, LogLine } from './frontier.ts'
import type { LossLaws } from './lowest.ts'
import type { LeftOut, Objective } from './methods/method.ts'
import type { ProfileMinimum } from './parabola.ts'
import type { Profile } from './profile.ts'
import type { ExponentRegion } from './region.ts'
import type { RepeatsResult } from './repeats/result.ts'
import type { TunedResult } from './tuned/result.ts'

/** A power law of C with the interval of its exponent; null where there is none. */
export interface FittedPower extends PowerLaw {
  readonly interval: Interval | null
}

/** What a method expects at a budget. Units: FLOPs, parameters, tokens, nats per token. */
export interface Prediction {
  readonly flops: number
  readonly parameters: number
  readonly tokens: number
  readonly loss: number | null
  /** Loss of the predicted N, with D = C / 6N, beyond the optimum of the law that leads (`norm`, else `surface`); null without one. */
  readonly excessLoss: number | null
  readonly interval: {
    readonly parameters: Interval | null
    readonly tokens: Interval | null
    /** Of the law's loss at its optimum, not of a single noisy run. */
    readonly loss: Interval | null
  }
}

/** One method's result. What it cannot give is null; `unavailable` says why when it gives nothing at all. */
export interface MethodResult {
  readonly method: string
  readonly modelSize: FittedPower | null
  readonly datasetSize: FittedPower | null
  readonly law: SurfaceLaw | null
  readonly lawIntervals: Readonly<Record<keyof SurfaceLaw, Interval | null>> | null
  /** The intervals of the exponents of N_opt by each bootstrap scheme alone. */
  readonly exponentBy: Readonly<Record<Scheme, Interval | null>> | null
  readonly predictions: readonly Prediction[]
  readonly fitError: FitError | null
  readonly excluded: readonly LeftOut[]
  /** The loss as power laws of N and of D, of a method that has them (`lowest-raw`). */
  readonly lossLaws: LossLaws | null
  /** Of a method that starts many times (`huber`). */
  readonly objective: Objective | null
  readonly unavailable: string | null
  /** Why there are no intervals where there might be; null where there are, or where none are ever made. */
  readonly withheld: string | null
  /** Why the runs do not determine the law: then there are no predictions; null where they do. */
  readonly undetermined: string | null
}

/** Who speaks for the analysis, and whether the runs determine what would be said. */
export interface Headline {
  readonly method: string | null
  readonly determined: boolean
  /** Why the runs do not determine a law, in words; empty where they do. */
  readonly reasons: readonly string[]
  /** What can be told all the same. */
  readonly told: readonly string[]
  /** Runs that would tell the law; null where it is determined. */
  readonly next: NextRuns | null
}

/** A profile to train, and by how much it would narrow the interval of the best N at the largest trained budget. */
export interface NextRuns {
  readonly runs: readonly Omit<Run, 'loss'>[]
  /** High over low end of that interval now, and with losses there as the law has them. */
  readonly widthNow: number
  readonly widthThen: number
}

/** The loss frontier's fits and what each expects at the targets. */
export interface FrontierResult {
  readonly points: readonly FrontierPoint[]
  readonly free: FittedFrontier<FrontierFit> | null
  /** With the asymptote E of the `surface` law. */
  readonly pinned: FittedFrontier<FrontierFit> | null
  /** A straight line in ln C, for comparison only. */
  readonly line: FittedFrontier<FrontierFit<LogLine>> | null
}

export interface FittedFrontier<Fit> {
  readonly fit: Fit
  readonly predictions: readonly { readonly flops: number; readonly loss: number; readonly interval: Interval | null }[]
}

/** What a method would have said without the largest budgets, against what their runs show. */
export interface Backtest {
  readonly method: string
  /** How many of the largest budgets were withheld; where the runs form no profiles, how many bands of compute, a factor of two each. */
  readonly withheld: number
  /** The largest budget that was left for the fit. */
  readonly reached: number
  /** Root mean square error of the loss of the withheld runs, nats; null for methods without a surface. */
  readonly lossError: number | null
  readonly budgets: readonly {
    readonly flops: number
    /** Predicted N over the one that the budget's own profile shows; null when that has no interior minimum. */
    readonly sizeRatio: number | null
    /** Predicted best loss minus the one the profile shows; of a band of compute, the median of its runs' predicted minus seen loss. */
    readonly lossDifference: number | null
    /** Standard deviation of that prediction by the method's own posterior, nats; null for methods without one. */
    readonly lossSd: number | null
  }[]
}

/** What a method expects along the compute axis, for a figure's line and band. */
export interface Band {
  readonly method: string
  readonly points: readonly Prediction[]
}

/** What was asked of which runs. */
export interface Scope {
  readonly runs: Runs
  readonly targets: readonly number[]
  readonly bootstrap: Resampling
  /** FLOPs over 6ND of the largest runs; predictions keep it. */
  readonly flopsRatio: number
}

/** The methods side by side. */
export interface Comparison {
  readonly methods: readonly MethodResult[]
  readonly bands: readonly Band[]
}

export interface Headlined {
  readonly headline: Headline
}

export interface Profiled {
  readonly profiles: readonly { readonly profile: Profile; readonly minimum: ProfileMinimum }[]
}

export interface Frontiers {
  readonly frontier: FrontierResult | null
}

export interface Backtested {
  readonly backtests: readonly Backtest[]
}

export interface Diagnosed {
  readonly diagnostics: readonly Diagnostic[]
}

/** What else the runs allow the surface to be. */
export interface SurfaceRegions {
  readonly region: ExponentRegion | null
  /** Profile-likelihood interval of the surface's E. */
  readonly asymptote: Interval | null
}

export interface Tuned {
  /** The law of N, D and the settings that the runs have; null unless it was asked for. */
  readonly joint: TunedResult | null
}

export interface Repeated {
  /** The data-constrained law; null unless it was asked for. */
  readonly repeats: RepeatsResult | null
}

/** All that the fits found, in parts: who tells or draws of it takes those that it needs. */
export interface Analysis
  extends Scope,
    Comparison,
    Headlined,
    Profiled,
    Frontiers,
    Backtested,
    Diagnosed,
    SurfaceRegions,
    Tuned,
    Repeated {}
