import { analyseGroups } from '../../src/fit/groups/analysis.ts'
import { fewerTokens, firstLaw, interleaved, profilesOf, sixBudgets } from '../fit/groups-runs.ts'

/** A name that is no plain text in any form of a report. */
export const hostile = '<b>*_`'
const noise = { own: 0.004 }
export const input = interleaved({
  web: profilesOf(firstLaw, sixBudgets, { ...noise, seed: 1 }),
  books: profilesOf(fewerTokens(firstLaw, 1.7), sixBudgets.slice(0, 5), { ...noise, seed: 1001 }),
  [hostile]: profilesOf({ ...firstLaw, E: 2.2 }, sixBudgets.slice(0, 4), { ...noise, seed: 7 }),
  tiny: profilesOf(firstLaw, [1e18], { ...noise, seed: 8 }),
})
/** Four data sets, one of them too small. */
export const analysis = await analyseGroups(input, { methods: ['norm', 'parabola'], targets: [1e21], resamples: 60 })
