import type { PowerLaw } from '../law/power.ts'
import type { SurfaceLaw } from '../law/surface.ts'
import type { Interval, Scheme } from './bootstrap.ts'
import type { FitError } from './estimate.ts'
import type { FrontierFit, FrontierPoint, LogLine } from './frontier.ts'
import type { LossLaws } from './lowest.ts'

/** The methods by name, in the order of the comparison. */
export const methodNames = ['surface', 'huber', 'parabola', 'lowest-log', 'lowest-raw', 'envelope', 'frontier'] as const
export type MethodName = (typeof methodNames)[number]

/** The methods that say which N and D are compute-optimal: all but `frontier`. */
export type SizeMethod = Exclude<MethodName, 'frontier'>

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
  /** Loss of the predicted N, with D = C / 6N, beyond the optimum of the `surface` law; null without that law. */
  readonly excessLoss: number | null
  readonly interval: {
    readonly parameters: Interval | null
    readonly tokens: Interval | null
    /** Of the law's loss at its optimum, not of a single noisy run. */
    readonly loss: Interval | null
  }
}

/** What a method left out, and why. */
export interface LeftOut {
  readonly budget: number | null
  readonly reason: string
}

/** One method's outcome. What it cannot give is null; `unavailable` says why when it gives nothing at all. */
export interface MethodResult {
  readonly method: SizeMethod
  readonly modelSize: FittedPower | null
  readonly datasetSize: FittedPower | null
  readonly law: SurfaceLaw | null
  readonly lawIntervals: Readonly<Record<keyof SurfaceLaw, Interval | null>> | null
  /** The intervals of the exponents of N_opt by each bootstrap scheme alone. */
  readonly exponentBy: Readonly<Record<Scheme, Interval | null>> | null
  readonly predictions: readonly Prediction[]
  readonly fitError: FitError | null
  readonly excluded: readonly LeftOut[]
  /** `lowest-raw` alone: the loss as power laws of N and of D. */
  readonly lossLaws: LossLaws | null
  /** `huber` alone: the summed objective, and how many starts ended within 5 % of it. */
  readonly objective: { readonly value: number; readonly starts: number; readonly agreeing: number } | null
  readonly unavailable: string | null
}

/** The loss frontier's fits and what each expects at the targets. */
export interface FrontierResult {
  readonly points: readonly FrontierPoint[]
  readonly free: FrontierOutcome<FrontierFit> | null
  /** With the asymptote E of the `surface` law. */
  readonly pinned: FrontierOutcome<FrontierFit> | null
  /** A straight line in ln C, for comparison only. */
  readonly line: FrontierOutcome<FrontierFit<LogLine>> | null
}

export interface FrontierOutcome<Fit> {
  readonly fit: Fit
  readonly predictions: readonly { readonly flops: number; readonly loss: number; readonly interval: Interval | null }[]
}

/** What a method would have said without the largest budgets, against what their runs show. */
export interface Backtest {
  readonly method: SizeMethod
  /** How many of the largest budgets were withheld. */
  readonly withheld: number
  /** Root mean square error of the loss of the withheld runs, nats; null for methods without a surface. */
  readonly lossError: number | null
  readonly budgets: readonly {
    readonly flops: number
    /** Predicted N over the one that the budget's own profile shows; null when that has no interior minimum. */
    readonly sizeRatio: number | null
    /** Predicted best loss minus the one the profile shows. */
    readonly lossDifference: number | null
  }[]
}

/** Something about the data or the fits that the reader should know. */
export interface Diagnostic {
  readonly code: DiagnosticCode
  readonly severity: 'info' | 'warning'
  readonly message: string
  readonly evidence: Readonly<Record<string, unknown>>
  readonly advice: string
}

/** Every diagnostic's code and what it means; docs/errors.md repeats this table, and a test keeps them equal. */
export const diagnosticTable = {
  'columns-inferred': 'Which columns were taken for which quantity, and what was derived.',
  'runs-excluded': 'Rows that were read and are in no fit, each listed with its reason.',
  'checkpoints-set-aside': 'Earlier checkpoints of training curves, which only the method envelope uses.',
  'no-profiles': 'Fewer than two budgets, or less than half of the runs, form IsoFLOP profiles.',
  'budgets-grouped': 'Budgets that differ by less than 1 % were taken for one.',
  'too-few-sizes': 'A budget has too few sizes for a parabola.',
  'edge-minimum': "A profile's minimum lies outside the sizes that were trained.",
  'not-convex': 'A profile has no minimum: its parabola does not open upward.',
  'one-sided-profile': 'A profile has fewer than two sizes on one side of its minimum.',
  'repeated-sizes': 'Several runs have the same N and D: a sweep of something else, or repeats.',
  'single-ray': 'All runs lie on one line in (ln N, ln D), so the surface is not determined.',
  outliers: 'Runs far from the surface, measured by the spread of the other runs.',
  'asymptote-not-identified': 'The runs do not tell the plateau E.',
  'not-converged': 'The surface fit stopped before it converged, or an exponent is at the end of its range.',
  'flat-valley': 'The sizes that cost less than 0.1 % in loss at a budget.',
  'budgets-err-together': 'The runs of one budget deviate together: intervals by budgets are much wider than by runs.',
  'laws-disagree': 'The methods name different sizes at the largest target.',
  'far-extrapolation': 'A target lies more than a hundred times beyond the largest budget.',
  'intervals-skipped': 'Intervals that are not computed for this many runs.',
} as const
export type DiagnosticCode = keyof typeof diagnosticTable
