import { type Diagnostic, info, warning } from '../../core/diagnostic.ts'
import type { Runs } from '../../core/run.ts'
import { extreme } from '../parabola.ts'
import type { Profile } from '../profile.ts'
import { inRow, type Subject } from './subject.ts'

/** Profiles that show no minimum, or lean on a single run. */
export function ofProfiles({ runs, profiles }: Subject): Diagnostic[] {
  const found: Diagnostic[] = []
  const budgetsOf = (kind: string) =>
    profiles.filter(({ minimum }) => minimum.kind === kind).map(({ profile }) => profile.budget)

  const tooFew = budgetsOf('too-few')
  if (tooFew.length > 0)
    found.push(
      info(
        'too-few-sizes',
        `Fewer than four sizes at ${inRow(tooFew)} FLOPs: no parabola is drawn there.`,
        { budgets: tooFew },
        'Train at least five sizes at a budget, on both sides of the best one.',
      ),
    )
  for (const side of ['small', 'large'] as const) {
    const edges = profiles.filter(({ minimum }) => minimum.kind === 'edge' && minimum.side === side)
    if (edges.length === 0) continue
    const end = edges.map(
      ({ profile }) => runs.parameters[side === 'small' ? profile.runs[0] : profile.runs[profile.runs.length - 1]],
    )
    found.push(
      warning(
        'edge-minimum',
        `At ${inRow(edges.map(({ profile }) => profile.budget))} FLOPs the best size lies beyond the ${extreme(side)} trained one.`,
        { budgets: edges.map(({ profile }, k) => ({ budget: profile.budget, side, size: end[k] })) },
        `Add ${side === 'small' ? 'smaller' : 'larger'} models there: beyond N = ${inRow(end)}.`,
      ),
    )
  }
  const flat = budgetsOf('not-convex')
  if (flat.length > 0)
    found.push(
      warning(
        'not-convex',
        `The losses at ${inRow(flat)} FLOPs do not bend upward, so they show no minimum.`,
        { budgets: flat },
        'Widen the range of sizes there, or look for a run that went wrong.',
      ),
    )
  const oneSided = profiles.flatMap(({ profile, minimum }) => {
    if (minimum.kind !== 'interior') return []
    const below = sizesBelow(runs, profile, minimum.parameters)
    const above = profile.sizes - below
    return Math.min(below, above) < 2 ? [{ budget: profile.budget, below, above }] : []
  })
  if (oneSided.length > 0)
    found.push(
      warning(
        'one-sided-profile',
        `At ${inRow(oneSided.map(({ budget }) => budget))} FLOPs fewer than two sizes lie on one side of the minimum.`,
        { budgets: oneSided },
        'Add sizes on the thin side: the minimum leans on a single run there.',
      ),
    )
  return found
}

/** How many different sizes of a profile are smaller than N. */
function sizesBelow(runs: Runs, profile: Profile, N: number): number {
  let count = 0
  for (let k = 0; k < profile.runs.length && runs.parameters[profile.runs[k]] < N; k++)
    if (k === 0 || runs.parameters[profile.runs[k]] !== runs.parameters[profile.runs[k - 1]]) count++
  return count
}
