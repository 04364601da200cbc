import type { Runs } from '../../core/run.ts'
import type { Estimate } from '../estimate.ts'
import { fitLowestLog, fitLowestRaw, type LossLaws } from '../lowest.ts'
import { lowestRun, type Profile } from '../profile.ts'
import { type LeftOut, type Method, noProfiles, plain } from './method.ts'

/** A power law through the lowest run of each budget, by least squares on logarithms (lowest.ts). */
export const lowestLog = throughLowest('lowest-log', fitLowestLog)
/** The same on the raw values, as the course handout suggests. */
export const lowestRaw = throughLowest('lowest-raw', fitLowestRaw)

type LowestFit = (
  runs: Runs,
  profiles: readonly Profile[],
  weights?: Float64Array,
) => (Estimate & { readonly lossLaws?: LossLaws }) | null

function throughLowest<Name extends string>(name: Name, fit: LowestFit): Method<Name> {
  return {
    name,
    isRough: true,
    fit({ runs, profiles }) {
      if (profiles.length < 2) return noProfiles
      const estimate = fit(runs, profiles)
      if (estimate === null) return 'the lowest runs do not determine a power law'
      return {
        ...plain,
        estimate,
        excluded: profiles.flatMap((profile) => atEnd(runs, profile)),
        lossLaws: estimate.lossLaws ?? null,
        replicas: { kind: 'refits', refit: (sample) => fit(sample.runs, profiles, sample.weights) },
      }
    },
  }
}

function atEnd(runs: Runs, profile: Profile): LeftOut[] {
  const best = lowestRun(runs, profile)
  if (best !== profile.runs[0] && best !== profile.runs[profile.runs.length - 1]) return []
  return [{ budget: profile.budget, reason: 'kept, though its lowest run is at the end of the profile' }]
}
