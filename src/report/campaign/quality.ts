import type { CampaignView } from '../../campaign/view.ts'
import { groupBy } from '../../core/group-by.ts'
import { normal95 } from '../../numeric/quantile.ts'
import { compact, listed, percent, significant } from '../number.ts'
import { type Block, heading, list, paragraph } from '../page/blocks.ts'
import { words } from '../words/words.ts'
import {
  backtestRuns,
  costOf,
  type ForetoldRun,
  foretoldRuns,
  isInside,
  isTrained,
  rootMeanSquare,
  usedRuns,
} from './facts.ts'

/** How well the law fits: what is left over, what was foretold, and the profiles. */
export function qualityBlocks(view: CampaignView, figure: (name: string) => Block[]): Block[] {
  const residuals = residualText(view)
  const others = [setAsideText(view), backtestText(view), foretoldText(view)]
  return [
    heading(words().campaign.quality),
    ...(residuals === null ? [paragraph(words().campaign.noResiduals)] : []),
    ...list([residuals, ...others].filter((text) => text !== null)),
    ...figure('residuals'),
    ...figure('backtest'),
    ...figure('profiles'),
  ]
}

function residualText(view: CampaignView): string | null {
  const used = usedRuns(view)
  if (used.length === 0) return null
  const inside = used.filter(({ residual, fitted }) => Math.abs(residual) <= normal95 * fitted.sd).length
  const rms = rootMeanSquare(used.map(({ residual }) => residual))
  const largest = Math.max(...used.map(({ run }) => run.config.trainFlops))
  const atLargest = used.filter(({ run }) => run.config.trainFlops === largest)
  const top = rootMeanSquare(atLargest.map(({ residual }) => residual))
  return words().campaign.residuals(
    used.length,
    significant(rms),
    significant(top),
    atLargest.length,
    compact(largest),
    inside,
  )
}

function setAsideText({ runs, evidence }: CampaignView): string | null {
  const reasons = (evidence?.fitted ?? []).flatMap((fitted) => (fitted.kind === 'set-aside' ? [fitted.reason] : []))
  if (reasons.length === 0) {
    const diverged = runs.filter((run) => !isTrained(run)).length
    return diverged > 0 ? words().campaign.divergedRuns(diverged) : null
  }
  const groups = [...groupBy(reasons, (reason) => reason)].map(
    ([reason, all]) => `${all.length}${words().marks.open}${words().elsewhere(reason)}${words().marks.close}`,
  )
  const aside = runs.filter((_, i) => evidence?.fitted[i]?.kind === 'set-aside')
  const share = percent(Number((costOf(aside) / costOf(runs)).toPrecision(2)))
  return words().campaign.notInFit(listed(groups), runs.length, share)
}

const share = (runs: readonly ForetoldRun[]): string =>
  words().campaign.shareOf(runs.filter(isInside).length, runs.length)

const errorOf = (runs: readonly ForetoldRun[]): string =>
  significant(rootMeanSquare(runs.map(({ run, predicted }) => run.loss - predicted)))

function backtestText(view: CampaignView): string | null {
  const runs = backtestRuns(view)
  if (runs.length === 0) return null
  const below = Math.min(...(view.evidence?.backtest ?? []).map(({ fittedBelow }) => fittedBelow))
  return words().campaign.backtest(compact(below), errorOf(runs), share(runs))
}

function foretoldText(view: CampaignView): string | null {
  const runs = foretoldRuns(view)
  if (runs.length === 0) return null
  return words().campaign.predictedBefore(share(runs), errorOf(runs))
}
