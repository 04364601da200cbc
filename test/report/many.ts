import type { CampaignView } from '../../src/campaign/view.ts'
import { full } from './campaigns.ts'

const at = <T>(list: readonly T[], k: number): T => list[k % list.length]

/** The campaign of the tests with as many runs as are asked for, no two at one place. */
export function many(runs: number): CampaignView {
  const { view } = full
  return {
    ...view,
    runs: Array.from({ length: runs }, (_, k) => {
      const run = at(view.runs, k)
      const loss = run.loss && run.loss * (1 + (((k * 37) % 101) - 50) / 5000)
      return { ...run, loss, parameters: run.parameters * (1 + (k % 97) / 300) }
    }),
    evidence: { ...view.evidence!, fitted: Array.from({ length: runs }, (_, k) => at(view.evidence!.fitted, k)) },
  }
}
