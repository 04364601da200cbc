/** Every strategy's name, the usual one first. */
export const strategyNames = ['adaptive', 'profiles-lowest', 'profiles-parabola', 'profiles-surface'] as const

export type StrategyName = (typeof strategyNames)[number]
