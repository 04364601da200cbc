import { counted } from '../report/number.ts'
import type { Settings } from '../server/settings.ts'

/** What an instructor has changed on the page, which holds whatever the flags say. */
export const changedText = ({ submissions, leaderboard }: Partial<Settings>): string[] => [
  ...(submissions === undefined
    ? []
    : [`a key may submit ${counted(submissions, 'prediction')}, as was set on the page`]),
  ...(leaderboard === undefined
    ? []
    : [`the leaderboard is ${leaderboard ? 'shown' : 'hidden'}, as was set on the page`]),
]
