import type { CampaignView } from '../../campaign/view.ts'
import { groupBy } from '../../core/group-by.ts'
import { normal95 } from '../../numeric/quantile.ts'
import { compact, counted, listed, percent, significant } from '../number.ts'
import { type Block, heading, list, paragraph } from '../page/blocks.ts'
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
    heading('3. How well it fits'),
    ...(residuals === null
      ? [paragraph('This strategy has no law of single runs, so there are no residuals to show.')]
      : []),
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
  return (
    `Residuals of ${counted(used.length, 'run')}: root mean square ${significant(rms)} nats, ` +
    `${significant(top)} for the ${counted(atLargest.length, 'run')} at ${compact(largest)} FLOPs; ` +
    `${inside} of ${used.length} lie within the 95 % that the fit expects.`
  )
}

function setAsideText({ runs, evidence }: CampaignView): string | null {
  const reasons = (evidence?.fitted ?? []).flatMap((fitted) => (fitted.kind === 'set-aside' ? [fitted.reason] : []))
  if (reasons.length === 0) {
    const diverged = runs.filter((run) => !isTrained(run)).length
    return diverged > 0 ? `${counted(diverged, 'run')} diverged and ${diverged === 1 ? 'is' : 'are'} in no fit.` : null
  }
  const groups = [...groupBy(reasons, (reason) => reason)].map(([reason, all]) => `${all.length} (${reason})`)
  const aside = runs.filter((_, i) => evidence?.fitted[i]?.kind === 'set-aside')
  const share = percent(Number((costOf(aside) / costOf(runs)).toPrecision(2)))
  return (
    `Not in the fit: ${listed(groups)} of ${counted(runs.length, 'run')}, ${share} of the FLOPs. ` +
    'They showed how late models begin to learn, and so where to buy the others.'
  )
}

const share = (runs: readonly ForetoldRun[]): string =>
  `${runs.filter(isInside).length} of ${counted(runs.length, 'run')}`

const errorOf = (runs: readonly ForetoldRun[]): string =>
  significant(rootMeanSquare(runs.map(({ run, predicted }) => run.loss - predicted)))

function backtestText(view: CampaignView): string | null {
  const runs = backtestRuns(view)
  if (runs.length === 0) return null
  const below = Math.min(...(view.evidence?.backtest ?? []).map(({ fittedBelow }) => fittedBelow))
  return (
    `Backtest: fitted to the runs below ${compact(below)} FLOPs alone, the law predicts the others with a root mean square error of ` +
    `${errorOf(runs)} nats; ${share(runs)} fell into the 95 % interval.`
  )
}

function foretoldText(view: CampaignView): string | null {
  const runs = foretoldRuns(view)
  if (runs.length === 0) return null
  return `Predicted before they were bought: ${share(runs)} fell into the 95 % interval, root mean square error ${errorOf(runs)} nats.`
}
