import { extreme, fewestForParabola, fitParabolas, type ProfileMinimum, profileMinimum } from '../parabola.ts'
import { type LeftOut, type Method, noProfiles, plain } from './method.ts'

/** A power law through the minima of the profiles' parabolas (parabola.ts). */
export const parabola: Method<'parabola'> = {
  name: 'parabola',
  fit({ runs, profiles }) {
    if (profiles.length < 2) return noProfiles
    const estimate = fitParabolas(runs, profiles)
    if (estimate === null) return 'fewer than two profiles have an interior minimum'
    const excluded = profiles.flatMap((profile): LeftOut[] => {
      const reason = reasonToLeaveOut(profileMinimum(runs, profile))
      return reason === null ? [] : [{ budget: profile.budget, reason }]
    })
    return {
      ...plain,
      estimate,
      excluded,
      replicas: { kind: 'refits', refit: (sample) => fitParabolas(sample.runs, profiles, sample.weights) },
    }
  },
}

/** Why a profile's minimum may not enter the power law; null when it may. */
function reasonToLeaveOut(minimum: ProfileMinimum): string | null {
  switch (minimum.kind) {
    case 'interior':
      return null
    case 'edge':
      return `edge: its minimum is beyond its ${extreme(minimum.side)} size`
    case 'not-convex':
      return 'not-convex: its parabola does not open upward'
    case 'too-few':
      return `too-few: ${minimum.sizes} sizes, a parabola needs ${fewestForParabola}`
  }
}
