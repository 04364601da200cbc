import type { Runs } from '../core/run.ts'

/** Budgets closer than this, relatively, are one budget written down differently. */
export const budgetTolerance = 0.01

/** A profile needs this many different sizes to say which of them is best. */
export const fewestSizes = 3

/** The runs of one compute budget, by ascending size. */
export interface Profile {
  /** C: the common budget, or the geometric mean of budgets that were grouped. */
  readonly budget: number
  /** Indices into the runs, by ascending N. */
  readonly runs: Int32Array
  /** How many different N the runs have. */
  readonly sizes: number
  /** Largest relative distance between two budgets in the group; 0 when they are equal. */
  readonly spread: number
}

/** Runs by budget: `profiles` with enough sizes to have a minimum, and the group number of every run. */
export interface Budgets {
  /** Every budget's runs, by ascending C. */
  readonly groups: readonly Profile[]
  /** The groups that have at least `fewestSizes` different sizes. */
  readonly profiles: readonly Profile[]
  /** The index in `groups` of each run, `[size]`. */
  readonly groupOf: Int32Array
}

/**
 * Groups runs by compute budget. Budgets within 1 % of the smallest one of their group count as equal: runs are often logged
 * with C = 6ND of rounded N and D.
 */
export function groupBudgets(runs: Runs): Budgets {
  const { levels, levelOf } = distinctBudgets(runs.flops)
  const groupOfLevel = new Int32Array(levels.length)
  let first = 0
  for (let k = 1; k < levels.length; k++) {
    const same = levels[k] <= levels[first] * (1 + budgetTolerance)
    groupOfLevel[k] = groupOfLevel[k - 1] + (same ? 0 : 1)
    if (!same) first = k
  }
  const groupOf = levelOf.map((level) => groupOfLevel[level])
  const counts = new Int32Array(levels.length === 0 ? 0 : groupOfLevel[levels.length - 1] + 1)
  for (const group of groupOf) counts[group]++
  const members = Array.from(counts, (count) => new Int32Array(count))
  for (let i = runs.size - 1; i >= 0; i--) members[groupOf[i]][--counts[groupOf[i]]] = i
  const groups = members.map((indices) => profileOf(runs, indices))
  return { groups, profiles: groups.filter((group) => group.sizes >= fewestSizes), groupOf }
}

/** The different budgets in ascending order, and which of them each run has. */
function distinctBudgets(flops: Float64Array): { levels: Float64Array; levelOf: Int32Array } {
  const levels = Float64Array.from(new Set(flops)).sort()
  const levelNumber = new Map(Array.from(levels, (C, level) => [C, level]))
  return { levels, levelOf: Int32Array.from(flops, (C) => levelNumber.get(C)!) }
}

function profileOf(runs: Runs, indices: Int32Array): Profile {
  const N = runs.parameters
  const sorted = indices.sort((i, j) => N[i] - N[j] || i - j)
  const first = runs.flops[sorted[0]]
  let sizes = 0
  let low = first
  let high = first
  let logSum = 0
  for (let k = 0; k < sorted.length; k++) {
    const C = runs.flops[sorted[k]]
    if (k === 0 || N[sorted[k]] !== N[sorted[k - 1]]) sizes++
    if (C !== first) logSum += Math.log(C / first)
    low = Math.min(low, C)
    high = Math.max(high, C)
  }
  const budget = low === high ? low : first * Math.exp(logSum / sorted.length)
  return { budget, runs: sorted, sizes, spread: high / low - 1 }
}

/** The index of the run with the lowest loss among those with positive weight; -1 when there is none. */
export function lowestRun(runs: Runs, profile: Profile, weights?: Float64Array): number {
  let best = -1
  for (const i of profile.runs)
    if (!(weights && weights[i] === 0) && (best < 0 || runs.loss[i] < runs.loss[best])) best = i
  return best
}
