import { IsoflopError } from '../../core/errors.ts'
import { trainFlops } from '../../core/flops.ts'
import { everyNth } from '../../core/run.ts'
import type { SurfaceLaw } from '../../law/surface.ts'
import { type AnalysisOptions, analyse } from '../analysis.ts'
import { usualPrior } from '../norm/prior.ts'
import type { Analysis } from '../result.ts'
import {
  bestPlace,
  type CompareOptions,
  comparePair,
  type Named,
  type Place,
  type SharedBudget,
  shareOf,
} from './compare.ts'
import { type Group, type GroupedRuns, splitRuns, ungrouped } from './grouped.ts'
import { nearRuns } from './near.ts'
import type { FittedGroup, GroupsAnalysis, GroupsComparison, LeftGroup } from './result.ts'
import { lawSize } from './sharing.ts'

/** Groups of fewer runs have as many coefficients as runs, and tell nothing of what they share. */
const fewestForComparison = lawSize + 1
/** More groups than these are held beside the first one by one, but not tested together. */
const mostTogether = 12
/** Of larger groups every nth run is compared: that tells a factor of tokens to a hundredth. */
const mostCompared = 400
const level = 0.05
const resamples = 199

export interface GroupsOptions extends AnalysisOptions {
  /** What these groups share, where it is known already from the same law that leads: it takes as long as the fits. */
  readonly comparison?: GroupsComparison | undefined
}

/**
 * Fits the runs of each group as if they were alone, and asks what the groups share: exponents, plateau, all but a factor of tokens.
 * docs/math.md (E92 to E95).
 *
 * @example
 * const { groups, comparison } = await analyseGroups({ runs, groups: { column: 'dataset', names, of } }, { targets: [1e22] })
 * comparison.pairs[0].tokens // { value: 1.7, interval: [1.5, 2.0] }: so many times the tokens of the first group
 * @throws IsoflopError TOO_FEW_RUNS where no group can be fitted; its message has the reason of each.
 */
export async function analyseGroups(input: GroupedRuns, options: GroupsOptions = {}): Promise<GroupsAnalysis> {
  const { targets = [], confidence = 0.95, seed = 0, prior = usualPrior, onStep } = options
  const groups: FittedGroup[] = []
  const left: LeftGroup[] = []
  for (const group of splitRuns(input)) {
    const { name, runs } = group
    const analysis = await analysisOf(group, {
      ...options,
      onStep: onStep && ((step, share) => onStep(`${name}: ${step}`, share)),
    })
    if (typeof analysis === 'string') left.push({ name, runs: runs.size, reason: analysis })
    else groups.push({ name, analysis })
  }
  const nameless = ungrouped(input)
  if (nameless > 0) left.push({ name: '', runs: nameless, reason: `"${input.groups.column}" is empty there.` })
  if (groups.length === 0) throw noGroup(input.groups.column, left)
  if (options.comparison === undefined) onStep?.('comparison')
  const comparison = options.comparison ?? compareGroups(groups, targets, { prior, confidence, seed, resamples, level })
  return { column: input.groups.column, groups, left, comparison, targets, confidence, seed }
}

/** The analysis of one group; why there is none where it is too small. */
async function analysisOf({ runs, curves }: Group, options: AnalysisOptions) {
  try {
    return await analyse({ runs, curves }, options)
  } catch (error) {
    if (error instanceof IsoflopError && (error.code === 'TOO_FEW_RUNS' || error.code === 'ONE_BUDGET'))
      return error.message
    throw error
  }
}

/** Groups that an error names, at most. */
const mostNamed = 3

function noGroup(column: string, left: readonly LeftGroup[]): IsoflopError {
  const named = left.slice(0, mostNamed).map(({ name, reason }) => `"${name}": ${reason}`)
  const more = left.length > mostNamed ? ` And ${left.length - mostNamed} more.` : ''
  return new IsoflopError(
    'TOO_FEW_RUNS',
    `No group of "${column}" can be fitted: ${named.join(' ')}${more}`,
    'Group by a column with fewer values, or add runs: a scaling law needs several sizes at several budgets.',
  )
}

/** What the groups share; the first is the one that the others are held beside. */
function compareGroups(
  groups: readonly FittedGroup[],
  targets: readonly number[],
  options: CompareOptions,
): GroupsComparison {
  const thin = groups.map(({ name, analysis: { runs } }) => ({
    name,
    runs: everyNth(runs, Math.ceil(runs.size / mostCompared)),
  }))
  const near = thin.map(({ name, runs }) => ({ name, runs: nearRuns(runs, options.prior) }))
  const analysisNamed = (name: string) => groups.find((group) => group.name === name)!.analysis
  const isEnough = ({ runs }: Named) => runs.size >= fewestForComparison
  const [reference, ...others] = near.filter(isEnough)
  const pairs = others.map((group) =>
    comparePair(
      [reference, group],
      {
        places: placesOf(leadingLaw(analysisNamed(reference.name)), reference, group),
        budgets: budgetsOf(targets, groups, [analysisNamed(reference.name), analysisNamed(group.name)]),
      },
      options,
    ),
  )
  const isTogether = others.length > 1 && others.length < mostTogether
  return {
    reference: others.length > 0 ? reference.name : null,
    together: isTogether
      ? shareOf(
          [reference, ...others].map(({ runs }) => runs),
          options,
        )
      : (pairs[0] ?? null),
    pairs,
    left: near.filter((group) => !isEnough(group)).map(tooFew),
    outliers: near.flatMap(({ name, runs }, k) => {
      const far = thin[k].runs.size - runs.size
      return far > 0 ? [{ group: name, runs: far }] : []
    }),
    level: options.level,
  }
}

const tooFew = ({ name, runs: { size } }: Named): LeftGroup => ({
  name,
  runs: size,
  reason: `${size} runs that lie near its law, a comparison needs ${fewestForComparison}`,
})

/** The law that speaks for a group; null where its runs do not determine one. */
const leadingLaw = ({ headline, methods }: Analysis): SurfaceLaw | null =>
  headline.determined ? (methods.find(({ law }) => law !== null)?.law ?? null) : null

/** The targets, or else the largest budget that any group has reached, as 6ND of a reference and of a group; none where the runs of either tell no law. */
function budgetsOf(
  targets: readonly number[],
  groups: readonly FittedGroup[],
  [reference, group]: readonly [Analysis, Analysis],
): SharedBudget[] {
  if (leadingLaw(reference) === null || leadingLaw(group) === null) return []
  const asked = targets.length > 0 ? targets : [Math.max(...groups.map(({ analysis }) => largestOf(analysis)))]
  return asked.map((flops) => ({ flops, works: [flops / reference.flopsRatio, flops / group.flopsRatio] }))
}

const largestOf = ({ runs }: Analysis): number => runs.flops.reduce((high, C) => Math.max(high, C), 0)

/** Where tokens are weighed: the reference's best run for the largest budget, as 6ND, that both groups have reached. */
function placesOf(law: SurfaceLaw | null, reference: Named, group: Named): Place[] {
  const largest = ({ runs }: Named) =>
    runs.parameters.reduce((high, N, i) => Math.max(high, trainFlops(N, runs.tokens[i])), 0)
  return law ? [bestPlace(law, Math.min(largest(reference), largest(group)))] : []
}
