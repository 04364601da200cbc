import type { TrainingConfig } from '../../core/config.ts'
import { invertPositive } from '../../numeric/cholesky.ts'
import { levenbergMarquardt } from '../../numeric/levenberg-marquardt.ts'
import { type Accounting, accountings, jointPoint, type ModelFacts } from './accounting.ts'
import { type Deviation, deviationOver } from './deviation.ts'
import { JointMode } from './mode.ts'
import { accountingPrior, centreOf, formNames, freeCoefficients, type JointForm } from './prior.ts'
import { type JointData, JointProblem } from './problem.ts'
import { cautiousScales, firstScales, searchScales } from './scales.ts'

/** A training run: what was trained, and the loss, nats per token. */
export interface JointRun {
  readonly config: TrainingConfig
  readonly loss: number
}

/** The joint law fitted to runs: several modes, which share the belief. */
export interface JointFit {
  /** By descending weight; the weights sum to 1. */
  readonly modes: readonly WeightedMode[]
  /** The runs that the law was fitted to. */
  readonly used: readonly JointRun[]
  /** Runs at or above this loss were left out, nats. */
  readonly cut: number
}

export interface WeightedMode {
  readonly mode: JointMode
  readonly weight: number
}

export interface JointOptions extends ModelFacts {
  /** FLOPs up to which the law is meant to hold. */
  readonly target: number
}

/** Runs above this loss, nats, tell more about the beginning of training than about its end; they are never used. */
export const mostUsableLoss = 7
/** Whether a run learned enough to say something of the law; one that diverged did not. */
export const isUsable = ({ loss }: { readonly loss: number }): boolean => Number.isFinite(loss) && loss < mostUsableLoss
/** Losses at which it is asked whether the runs above them disturb the law of those below. */
const splits = [5.5, 4.7] as const
const fewest = { below: 10, above: 6 } as const
/** Loss before training over ln of the vocabulary: published runs of one step report 10.54 with ln 32,000 = 10.37. */
const untrainedExcess = 0.1
/** An accounting whose plain form is less probable than the best by e^15 is not fitted in other forms. */
const hopeless = 15

/**
 * Fits the joint law by maximum a posteriori in several forms and accountings, with Laplace covariances and weights by evidence
 * (docs/math.md, "The joint law"). Runs of high loss are used as long as they help to predict those of low loss (`cutOf`). No
 * random numbers: equal runs give equal fits. About 0.4 s for 100 runs. At least one run below `mostUsableLoss` is needed.
 *
 * @example fitJoint(runs, { target: 1e19, vocabularySize: 32_000, contextLength: 512 }).modes[0].mode
 */
export function fitJoint(runs: readonly JointRun[], options: JointOptions): JointFit {
  const usable = runs.filter(isUsable)
  const cut = cutOf(usable, options)
  // Where the beginning of training disturbs the law, the law has stages.
  const forms = cut < mostUsableLoss ? (['staged'] as const) : formNames
  return fitForms(
    usable.filter(({ loss }) => loss < cut),
    cut,
    options,
    forms,
  )
}

/**
 * The loss below which runs obey one law. At each split the evidence of all runs together is compared with that of the two parts
 * apart: runs above it that make those below less probable are left out (E51).
 */
function cutOf(runs: readonly JointRun[], options: JointOptions): number {
  let cut: number = mostUsableLoss
  for (const split of splits) {
    const all = runs.filter(({ loss }) => loss < cut)
    const below = all.filter(({ loss }) => loss < split)
    const above = all.filter(({ loss }) => loss >= split)
    if (below.length < fewest.below || above.length < fewest.above) continue
    const [together, ...apart] = [all, below, above].map((part) => evidenceOf(part, options))
    if (together < apart[0] + apart[1]) cut = split
  }
  return cut
}

/** Log evidence of runs, averaged over two forms and the accountings; what was hopeless counts as zero. */
function evidenceOf(runs: readonly JointRun[], options: JointOptions): number {
  const forms = ['plain', 'staged'] as const
  const evidences = fitForms(runs, 0, options, forms).modes.map(({ mode }) => mode.fitted.evidence)
  const most = Math.max(...evidences)
  const sum = evidences.reduce((total, value) => total + Math.exp(value - most), 0)
  return most + Math.log(sum / (forms.length * accountings.length))
}

function fitForms(
  used: readonly JointRun[],
  cut: number,
  options: JointOptions,
  [first, ...others]: readonly JointForm[],
): JointFit {
  const points = used.map(({ config }) => jointPoint(config, 'none', options))
  const deviation = deviationOver(points, Math.log(options.target / 1e16))
  const fit = (form: JointForm, accounting: Accounting) => fitMode(used, form, accounting, options, deviation)
  const firsts = accountings.map((accounting) => fit(first, accounting))
  const most = Math.max(...firsts.map(({ fitted }) => fitted.evidence))
  const modes = firsts.flatMap((mode) => {
    const { evidence, accounting } = mode.fitted
    return evidence < most - hopeless ? [mode] : [mode, ...others.map((form) => fit(form, accounting))]
  })
  return { modes: weigh(modes), used, cut }
}

function weigh(modes: readonly JointMode[]): WeightedMode[] {
  const most = Math.max(...modes.map(({ fitted }) => fitted.evidence))
  const raw = modes.map(({ fitted }) => accountingPrior[fitted.accounting] * Math.exp(fitted.evidence - most))
  const total = raw.reduce((sum, value) => sum + value, 0)
  return modes.map((mode, k) => ({ mode, weight: raw[k] / total })).sort((a, b) => b.weight - a.weight)
}

/** Passes over coefficients, robust weights and scales, in turn; then the coefficients once more. */
const passes = 3
const rough = { tolerance: 1e-4, decrease: 1e-4 } as const
const fine = { tolerance: 1e-5, decrease: 1e-5, maxIterations: 25 } as const

function fitMode(
  runs: readonly JointRun[],
  form: JointForm,
  accounting: Accounting,
  options: JointOptions,
  deviation: Deviation,
): JointMode {
  const data: JointData = {
    points: runs.map(({ config }) => jointPoint(config, accounting, options)),
    loss: Float64Array.from(runs, ({ loss }) => loss),
  }
  const untrained = Math.log(options.vocabularySize) + untrainedExcess
  const free = freeCoefficients(form)
  const problem = new JointProblem(data, untrained, free, deviation, centreOf(form))
  let z = new Float64Array(problem.size)
  let scales = firstScales
  let evidence = Number.NEGATIVE_INFINITY
  for (let pass = 0; pass < passes; pass++) {
    // The first pass trusts no run, lest the law bend to an outlier before its residual shows it to be one.
    const believed = pass === 0 ? cautiousScales : scales
    problem.setScales(believed)
    z = Float64Array.from(levenbergMarquardt(problem, z, { ...rough, maxIterations: pass === 0 ? 60 : 25 }).theta)
    problem.reweigh(z, believed)
    const found = searchScales((trial) => problem.evidence(trial), scales)
    // The weights keep their meaning in nats when the amplitude changes.
    const change = Math.exp(believed.deviation - found.scales.deviation)
    for (let k = free.length; k < z.length; k++) z[k] *= change
    ;({ scales, evidence } = found)
  }
  problem.setScales(scales)
  z = Float64Array.from(levenbergMarquardt(problem, z, fine).theta)
  problem.cost(z)
  const covariance = invertPositive(problem.slope().normal, problem.size)
  if (covariance === null) throw new Error('the posterior of the joint law has no covariance')
  const { vocabularySize, contextLength } = options
  return new JointMode({
    form,
    accounting,
    facts: { vocabularySize, contextLength },
    untrained,
    ...problem.drawAt(z),
    scales,
    free,
    deviation,
    covariance,
    problem,
    z,
    evidence,
  })
}
