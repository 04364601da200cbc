import type { EmbeddingAccounting } from '../core/flops.ts'
import type { TrainedRun } from '../core/trainer.ts'
import { invertPositive } from '../numeric/cholesky.ts'
import { levenbergMarquardt } from '../numeric/levenberg-marquardt.ts'
import { accountingsOf, type Measuring } from '../space/space.ts'
import { type Cut, cutsOf, type Evidences, isUsable, mostUsableLoss } from './cut.ts'
import { type Deviation, deviationOver } from './deviation.ts'
import { jointReference } from './law.ts'
import { JointMode } from './mode.ts'
import { jointPoint } from './point.ts'
import { centreOf, formNames, formsOfStages, freeCoefficients, type JointForm, type Prior, priors } from './prior.ts'
import { type JointData, JointProblem } from './problem.ts'
import { jointData } from './run.ts'
import { cautiousScales, firstScales, searchScales } from './scales.ts'

export { isUsable, mostUsableLoss } from './cut.ts'

/** The joint law fitted to runs: several modes, which share the belief. */
export interface JointFit {
  /** By descending weight; the weights sum to 1. */
  readonly modes: readonly WeightedMode[]
  /** The runs that the law was fitted to; where it is open whether early ones obey it (E51), those of the likelier case. */
  readonly used: readonly TrainedRun[]
  /** Runs at or above this loss were left out, nats. */
  readonly cut: number
  /** Losses at or above which runs were left out in the cases that share the belief, the likeliest first; `cut` is the first's. */
  readonly cuts: readonly Cut[]
}

export interface WeightedMode {
  readonly mode: JointMode
  readonly weight: number
}

export interface JointOptions {
  /** How configurations are measured. */
  readonly space: Measuring
  /** FLOPs up to which the law is meant to hold. */
  readonly target: number
  /** The accountings that come into question; default those of the space. */
  readonly accountings?: readonly EmbeddingAccounting[]
}

/** Loss before training over ln of the vocabulary: published runs of one step report 10.54 with ln 32,000 = 10.37. */
const untrainedExcess = 0.1
/** An accounting whose plain form is less probable than the best by e^15 is not fitted in other forms. */
const hopeless = 15

/**
 * Fits the joint law by maximum a posteriori in several forms and accountings, with Laplace covariances and weights by evidence
 * (docs/math.md, "The joint law"). Runs of high loss are used as far as they prove to obey the law of those of low loss (`cutsOf`); where that is
 * open, laws with and without them share the belief. No random numbers: equal runs give equal fits. About 0.4 s for 100 runs. At least one run below `mostUsableLoss` is needed.
 *
 * @example fitJoint(runs, { target: 1e19, space: cs336Space() }).modes[0].mode
 */
export function fitJoint(runs: readonly TrainedRun[], options: JointOptions): JointFit {
  const usable = runs.filter(isUsable)
  const below = (cut: number) => usable.filter(({ loss }) => loss < cut)
  const cuts = cutsOf(usable, evidences(usable, options))
  const modes = cuts.flatMap(({ cut, belief }) => {
    const [forms, prior] = cut < mostUsableLoss ? [formsOfStages, priors.staged] : [formNames, priors.usual]
    const used = below(cut)
    return fitForms(used, options, forms, prior, used.length).map(({ mode, weight }) => ({
      mode,
      weight: weight * belief,
    }))
  })
  const [{ cut }] = cuts
  return { modes: modes.sort((a, b) => b.weight - a.weight), used: below(cut), cut, cuts }
}

/** The accounting under which the plain form makes the runs most probable. */
function likeliestAccounting(runs: readonly TrainedRun[], options: JointOptions): EmbeddingAccounting {
  const { accountings: possible = accountingsOf(options.space) } = options
  if (possible.length === 1) return possible[0]
  return fitForms(runs, options, ['plain'], priors.usual, runs.length)[0].mode.fitted.accounting
}

/** The two beliefs that are weighed against each other where runs may be left out, over parts of `usable` runs. */
function evidences(usable: readonly TrainedRun[], options: JointOptions): Evidences {
  const among = usable.length
  const usual = {
    forms: ['plain', 'staged'],
    prior: priors.usual,
    accounting: likeliestAccounting(usable, options),
  } as const
  const staged = { forms: formsOfStages, prior: priors.staged, accounting: expectedAccounting(options) }
  return {
    usual: (part) => evidenceOf(part, options, usual, among),
    staged: (part) => evidenceOf(part, options, staged, among),
  }
}

/** The accounting that is likeliest beforehand where training has stages. */
const expectedAccounting = ({ space, accountings = accountingsOf(space) }: JointOptions): EmbeddingAccounting =>
  accountings.reduce((best, next) => (priors.staged.accounting[next] > priors.staged.accounting[best] ? next : best))

interface Belief {
  readonly forms: readonly JointForm[]
  readonly prior: Prior
  readonly accounting: EmbeddingAccounting
}

/** Log evidence of runs that are believed as if they were `among` so many, averaged over a belief's forms. */
function evidenceOf(
  runs: readonly TrainedRun[],
  options: JointOptions,
  { forms, prior, accounting }: Belief,
  among: number,
): number {
  const modes = fitForms(runs, { ...options, accountings: [accounting] }, forms, prior, among)
  const values = modes.map(({ mode }) => mode.fitted.evidence)
  const most = Math.max(...values)
  return most + Math.log(values.reduce((sum, value) => sum + Math.exp(value - most), 0) / forms.length)
}

/** The forms fitted to runs that are believed as if they were `among` so many (`runWeight`), by descending weight. */
export function fitForms(
  used: readonly TrainedRun[],
  options: JointOptions,
  [first, ...others]: readonly JointForm[],
  prior: Prior,
  among: number,
): WeightedMode[] {
  const points = used.map(({ config }) => jointPoint(options.space, config, 'none'))
  const deviation = deviationOver(points, Math.log(options.target / jointReference.trainFlops))
  const fit = (form: JointForm, accounting: EmbeddingAccounting) =>
    fitMode(jointData(used, accounting, options.space, among), form, accounting, options, deviation, prior)
  const firsts = (options.accountings ?? accountingsOf(options.space)).map((accounting) => fit(first, accounting))
  const most = Math.max(...firsts.map(({ fitted }) => fitted.evidence))
  const modes = firsts.flatMap((mode) => {
    const { evidence, accounting } = mode.fitted
    return evidence < most - hopeless ? [mode] : [mode, ...others.map((form) => fit(form, accounting))]
  })
  return weigh(modes)
}

function weigh(modes: readonly JointMode[]): WeightedMode[] {
  const most = Math.max(...modes.map(({ fitted }) => fitted.evidence))
  const raw = modes.map(
    ({ fitted: { prior, accounting, evidence } }) => prior.accounting[accounting] * Math.exp(evidence - most),
  )
  const total = raw.reduce((sum, value) => sum + value, 0)
  return modes.map((mode, k) => ({ mode, weight: raw[k] / total })).sort((a, b) => b.weight - a.weight)
}

/** Passes over coefficients, robust weights and scales, in turn; then the coefficients once more. */
const passes = 3
const rough = { tolerance: 1e-4, decrease: 1e-4 } as const
const fine = { tolerance: 1e-5, decrease: 1e-5, maxIterations: 25 } as const

function fitMode(
  data: JointData,
  form: JointForm,
  accounting: EmbeddingAccounting,
  options: JointOptions,
  deviation: Deviation,
  prior: Prior,
): JointMode {
  const untrained = Math.log(options.space.vocabularySize) + untrainedExcess
  const free = freeCoefficients(form)
  const problem = new JointProblem(data, untrained, free, deviation, prior, centreOf(form, prior))
  let z = new Float64Array(problem.size)
  let scales = firstScales(prior.scales)
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
  return new JointMode({
    form,
    accounting,
    prior,
    space: options.space,
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
