import type { ProfilesMethod } from './profiles/profiles.ts'
import type { Strategy } from './strategy.ts'

const profiles = (method: ProfilesMethod) => async (): Promise<Strategy> =>
  (await import('./profiles/profiles.ts')).profilesStrategy(method)

/** Every strategy by its name, the usual one first. A strategy is loaded when it is asked for. */
const strategies = {
  adaptive: async (): Promise<Strategy> => (await import('./adaptive/adaptive.ts')).adaptive,
  'profiles-lowest': profiles('lowest'),
  'profiles-parabola': profiles('parabola'),
  'profiles-surface': profiles('surface'),
} as const

export type StrategyName = keyof typeof strategies

export const strategyNames = Object.keys(strategies) as readonly StrategyName[]

/** @example await strategyNamed('adaptive') */
export const strategyNamed = (name: StrategyName): Promise<Strategy> => strategies[name]()
