import type { Runs } from '../../core/run.ts'
import { levenbergMarquardt } from '../../numeric/levenberg-marquardt.ts'
import { norms } from '../norm/fit.ts'
import { fitPlains } from '../norm/plain.ts'
import type { NormPrior } from '../norm/prior.ts'
import { lawAt, normData } from '../norm/problem.ts'
import { type GroupsData, GroupsProblem, groupsData, thetaOf } from './problem.ts'
import { type Scatter, scatterOf } from './scatter.ts'
import {
  gather,
  gatherFrom,
  groupTheta,
  type Layout,
  layoutOf,
  type Sharing,
  type SharingName,
  sharingOf,
  sharings,
} from './sharing.ts'

/** A model of several groups at its most probable coefficients. */
export interface SharedFit {
  readonly layout: Layout
  readonly theta: Float64Array
  /** What was minimized: squared residuals of the runs over their variances, and the distances from the prior. */
  readonly cost: number
  /** The same of the runs alone. */
  readonly squares: number
}

/** Every model of some groups, fitted to the same runs with the same precisions. */
export interface SharedFits {
  readonly data: GroupsData
  readonly prior: NormPrior
  readonly scatter: Scatter
  readonly fits: Readonly<Record<SharingName, SharedFit>>
}

type Descent = Parameters<typeof levenbergMarquardt>[2]
const descent = { maxIterations: 200, tolerance: 1e-7 } as const
/** Of resampled losses, from the fit of those that were measured: errors in the cost of 1e-5 of it do not matter. */
const rough = { maxIterations: 60, tolerance: 1e-4, decrease: 1e-5 } as const
/** Laws of their own, and from their residuals the scatter, improved in turn so often. */
const passes = 3

/** Fits every model (E92) to the runs of some groups. */
export function fitSharings(runs: readonly Runs[], prior: NormPrior): SharedFits {
  const data = groupsData(runs)
  const { own, scatter } = fitOwn(data, ownStarts(runs, data, prior), prior)
  const fits: Partial<Record<SharingName, SharedFit>> = { own }
  let nearest = groupThetas(own)
  for (const sharing of sharings.slice(0, -1).reverse()) {
    const fit = fitSharing(data, sharing, prior, scatter, nearest)
    fits[sharing.name] = fit
    nearest = groupThetas(fit)
  }
  return { data, prior, scatter, fits: fits as Record<SharingName, SharedFit> }
}

/** The problem of one model, to be solved anew where losses are resampled. */
export const problemOf = ({ data, prior, scatter }: Omit<SharedFits, 'fits'>, layout: Layout): GroupsProblem =>
  new GroupsProblem(data, layout, prior, scatter.precision)

/** The nearest minimum from some coefficients. */
function descend(problem: GroupsProblem, from: Float64Array, how: Descent = descent): SharedFit {
  const { theta } = levenbergMarquardt(problem, from, how)
  const cost = problem.cost(theta)
  const squares = problem.residual.reduce((sum, r, i) => sum + (r * problem.precision[i]) ** 2, 0)
  return { layout: problem.layout, theta, cost, squares }
}

/** A model fitted again to other losses that its problem was given. */
export const refit = (problem: GroupsProblem, { theta }: SharedFit): SharedFit => descend(problem, theta, rough)

/** The coefficients of each group. */
export const groupThetas = ({ theta, layout }: SharedFit): Float64Array[] =>
  Array.from({ length: layout.groups }, (_, g) => groupTheta(theta, layout, g))

const best = (fits: readonly SharedFit[]): SharedFit => fits.reduce((a, b) => (b.cost < a.cost ? b : a))

/** For each q the law of each group by Student's t: starts that no run with a wrong loss bends. */
function ownStarts(runs: readonly Runs[], data: GroupsData, prior: NormPrior): Float64Array[][] {
  const qs = prior.q.sd === 0 ? [prior.q.mean] : norms
  const plain = runs.map((each) => {
    const own = normData(each)
    return fitPlains(own, qs, prior).map(({ theta }, k) => thetaOf(lawAt(theta, qs[k], own), data.centre))
  })
  return qs.map((_, k) => plain.map((group) => group[k]))
}

/** Laws of their own, and the scatter about them. */
function fitOwn(data: GroupsData, starts: readonly Float64Array[][], prior: NormPrior) {
  const layout = layoutOf(sharingOf('own'), data.groups)
  let scatter = scatterOf(data, residualOf(data, layout, prior, gather(starts[0], layout)))
  let own = best(starts.map((thetas) => descend(problemOf({ data, prior, scatter }, layout), gather(thetas, layout))))
  for (let pass = 0; pass < passes; pass++) {
    scatter = scatterOf(data, residualOf(data, layout, prior, own.theta))
    own = descend(problemOf({ data, prior, scatter }, layout), own.theta)
  }
  return { own, scatter }
}

function residualOf(data: GroupsData, layout: Layout, prior: NormPrior, theta: Float64Array): Float64Array {
  const problem = new GroupsProblem(data, layout, prior, new Float64Array(data.loss.length).fill(1))
  problem.cost(theta)
  return problem.residual
}

/** A model from where the groups are without it: what is shared is tried as their mean and as each of them has it. */
function fitSharing(
  data: GroupsData,
  sharing: Sharing,
  prior: NormPrior,
  scatter: Scatter,
  thetas: readonly Float64Array[],
): SharedFit {
  const layout = layoutOf(sharing, data.groups)
  const starts = [gather(thetas, layout), ...thetas.map((_, g) => gatherFrom(thetas, layout, g))]
  return best(starts.map((start) => descend(problemOf({ data, prior, scatter }, layout), start)))
}
