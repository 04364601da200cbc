import type { CampaignView, ViewedRun } from '../../campaign/view.ts'
import { apiSpace } from '../../cs336/space.ts'
import type { CampaignEvidence } from '../../plan/evidence.ts'
import { type StrategyName, strategyNamed } from '../../plan/strategies.ts'
import type { CampaignRun, ShortForecast } from '../../plan/strategy.ts'
import { spaceOf } from '../../space/own.ts'
import { type Pins, pinnedAtTarget } from '../../space/pinned.ts'
import type { Space } from '../../space/space.ts'
import type { SpaceSpec } from '../../space/spec.ts'

/** What is asked of a fit in the browser: another target, fewer runs, another law, settings that are held. */
export interface RefitRequest {
  readonly id: number
  readonly task: Pick<CampaignView['task'], 'seed' | 'budget' | 'target'>
  readonly strategy: StrategyName
  /** Of the space; null for the course's. */
  readonly spec: object | null
  readonly runs: readonly ViewedRun[]
  /** What the run at the target is to have. */
  readonly pins?: Pins
}

/** What it came to; the same as the campaign itself would say of these runs. */
export interface Refit {
  readonly estimate: ShortForecast
  readonly evidence: CampaignEvidence | null
}

/** Fits what is left of a campaign, by the code that plans it. Throws what that throws, such as TOO_FEW_RUNS. */
export async function refit({ task, strategy, spec, runs, pins = {} }: Omit<RefitRequest, 'id'>): Promise<Refit> {
  const planner = await strategyNamed(strategy)
  const whole = spec === null ? (apiSpace as unknown as Space) : spaceOf(spec as SpaceSpec)
  const space = pinnedAtTarget(whole, pins)
  const all = runs.map(
    ({ loss, expected, config, round, reason }): CampaignRun => ({
      ...{ config, round, reason, expected },
      loss: loss ?? Number.NaN,
    }),
  )
  const spent = all.reduce((sum, { config }) => sum + config.trainFlops, 0)
  const judgement = planner.consider({
    ...task,
    ...{ runs: all, refused: [], pending: [], spent, space },
    // No plan is asked for.
    round: Math.max(0, ...all.map((run) => run.round)) + 1,
  })
  const { config, parameters, loss, interval } = judgement.conclude()
  return { estimate: { config, parameters, loss, interval }, evidence: judgement.evidence() }
}
