import type { StrategyWords } from '../strategy.ts'
import type { ProfilesMethod } from './reading.ts'

/** How each method reads the profiles. */
const readings: Readonly<Record<ProfilesMethod, string>> = {
  lowest: 'The lowest run of each profile gives its best size and loss; laws through these reach the target.',
  parabola:
    'A parabola in ln N through each profile gives its best size and loss; laws through these reach the target.',
  surface:
    'One loss surface, E + A / N^alpha + B / D^beta, through the runs of the largest profiles gives the best size and its loss.',
}

/** What the hand-made design does, for reports. */
export const profilesWords = (method: ProfilesMethod): StrategyWords => ({
  design:
    'A sweep of the learning rate over a few sizes and both batches comes first, then IsoFLOP profiles at growing budgets: several ' +
    'sizes about the one that the profile before suggests, each at the rate that the sweep suggests.',
  law:
    `${readings[method]} The best learning rate follows the Step Law, 1.79 N^-0.713 D^0.307 (Li et al. 2025), scaled to the sweep. ` +
    'The equations are in docs/math.md.',
  reference: null,
})
