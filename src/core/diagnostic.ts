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
  'data-sets-pooled':
    'A column splits the losses into clusters at equal N and D: several data sets were fitted as one.',
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
  'not-determined':
    'The runs do not determine a law, so none is headlined; it says what can be told and which runs would tell more.',
  outliers: 'Runs far from the law that the others follow, measured by their spread; they hardly move it.',
  'flops-uneven': 'C is not the same multiple of 6ND in all large runs; predictions keep one.',
  'few-runs': 'So few runs that the prior of norm decides with them.',
  'little-weight':
    'Runs that hardly count for the law of norm: far above the best loss at their compute, or of little compute.',
  'asymptote-not-identified': 'The runs do not tell the plateau E.',
  'not-converged': 'The fit of a law stopped before it converged, or an exponent is at the end of its range.',
  'flat-valley': 'The sizes that cost less than 0.1 % in loss at a budget.',
  'backtest-drifts':
    'Fitted without its largest budgets the leading method missed them to one side: the size of the drift to expect.',
  'interval-withheld': 'A method has no interval, and why.',
  'budgets-deviate-together': 'The runs of a budget deviate from the law together, more than their scatter explains.',
  'laws-disagree': 'The methods name different sizes at the largest target.',
  'far-extrapolation': 'A target lies more than a hundred times beyond the largest budget.',
  'settings-unused': 'The runs differ in settings that only --method joint uses.',
  'repeats-counted-fresh': 'Runs saw their data more than once, and a fit by N and D counts repeats as fresh tokens.',
  'repeats-open': 'The runs do not tell how far repeats of tokens carry.',
  'repeats-memorized': 'Runs of many epochs rise above the data-constrained law: memorizing, which it has no term for.',
  'setting-at-end': 'The best learning rate or batch lies at the end of the range that was tried, or beyond it.',
  'setting-fixed': 'A setting that is the same in all runs, so that nothing can be said of a better one.',
  'settings-incomplete': 'Runs that lack a setting which the others have, and are not in the joint law.',
  'runs-thinned': 'Of very many runs only every so many-th is in the joint or the data-constrained law.',
  'few-for-settings': 'Few runs for the coefficients of the joint law.',
  'untrained-set-aside': 'Runs of a campaign that had learned too little, or diverged, and are in no fit.',
  'many-diverged': 'A quarter of the runs of a campaign or more diverged, or none of the predicted size finished.',
  'size-at-end': 'The best model at the target is the largest or the smallest that it may be.',
  'rate-beyond-cap': 'The best learning rate at the target is higher than any rate that may be asked.',
  'predicted-runs': 'How many runs fell into the interval that was predicted before they were bought.',
  'early-runs-undecided':
    'Whether runs of high loss obey the law of the others is open; laws with and without them share the belief.',
  'forms-undecided': 'No form of the joint law has half of the belief.',
  'intervals-skipped': 'Intervals that are not computed for this many runs.',
} as const
export type DiagnosticCode = keyof typeof diagnosticTable

/** A diagnostic that should shake the reader's trust. */
export const warning = (
  code: DiagnosticCode,
  message: string,
  evidence: Diagnostic['evidence'],
  advice: string,
): Diagnostic => ({ code, severity: 'warning', message, evidence, advice })

/** A diagnostic that the reader should only know of. */
export const info = (
  code: DiagnosticCode,
  message: string,
  evidence: Diagnostic['evidence'],
  advice: string,
): Diagnostic => ({ code, severity: 'info', message, evidence, advice })

/** A number with three digits, as messages have it. */
export const short = (x: number): string => x.toPrecision(3).replace('e+', 'e')
