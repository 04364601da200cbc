import type { Config } from '../core/config.ts'
import type { TrainedRun } from '../core/trainer.ts'
import type { Codec } from '../space/codec.ts'

/** What a campaign asks first with these runs given; null where it asks nothing. */
export type FirstQuery = (given: readonly TrainedRun[]) => Config | null

/**
 * Which of a trainer's previous runs were there before a campaign. Where its first query is among them, the campaign lost its record, for
 * example on another machine, and only the runs listed before that query are given; else all are.
 */
export function givenAmong(
  previous: readonly TrainedRun[],
  firstQuery: FirstQuery,
  { identity }: Codec,
): { given: readonly TrainedRun[]; isOurs: boolean } {
  const everything = { given: previous, isOurs: false }
  if (previous.length === 0) return everything
  const isSame = (p: Config, q: Config) => identity(p) === identity(q)
  const first = firstQuery([])
  const place = previous.findIndex(({ config }) => first !== null && isSame(config, first))
  if (place < 0) return everything
  const given = previous.slice(0, place)
  const again = place === 0 ? first : firstQuery(given)
  return again !== null && isSame(again, previous[place].config) ? { given, isOurs: true } : everything
}

/** FLOPs of runs, each configuration counted once. */
export const costOf = (runs: readonly TrainedRun[], { identity }: Codec): number =>
  [...new Map(runs.map(({ config }) => [identity(config), config.trainFlops])).values()].reduce(
    (sum, flops) => sum + flops,
    0,
  )
