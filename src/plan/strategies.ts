import type { ProfilesMethod } from './profiles/profiles.ts'
import type { Strategy } from './strategy.ts'
import type { StrategyName } from './strategy-names.ts'

export { type StrategyName, strategyNames } from './strategy-names.ts'

const profiles = (method: ProfilesMethod) => async (): Promise<Strategy> =>
  (await import('./profiles/profiles.ts')).profilesStrategy(method)

/** Every strategy by its name. A strategy is loaded when it is asked for. */
const strategies = {
  adaptive: async (): Promise<Strategy> => (await import('./adaptive/adaptive.ts')).adaptive,
  'profiles-lowest': profiles('lowest'),
  'profiles-parabola': profiles('parabola'),
  'profiles-surface': profiles('surface'),
} satisfies Record<StrategyName, () => Promise<Strategy>>

/** @example await strategyNamed('adaptive') */
export const strategyNamed = (name: StrategyName): Promise<Strategy> => strategies[name]()
