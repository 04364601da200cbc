import { compact, counted, listed, percent, significant } from '../number.ts'
import { type Block, heading, list, paragraph } from '../page/blocks.ts'
import {
  backtestRuns,
  costOf,
  type ForetoldRun,
  foretoldRuns,
  halfWidth,
  isInside,
  isTrained,
  rootMeanSquare,
  usedRuns,
} from './facts.ts'
import type { CampaignReport } from './input.ts'

/** How well the law fits: what is left over, what was foretold, and the profiles. */
export function qualityBlocks(report: CampaignReport, figure: (name: string) => Block[]): Block[] {
  const residuals = residualText(report)
  const others = [setAsideText(report), backtestText(report), foretoldText(report)]
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

function residualText(report: CampaignReport): string | null {
  const used = usedRuns(report)
  if (used.length === 0) return null
  const inside = used.filter(({ residual, fitted }) => Math.abs(residual) <= halfWidth * fitted.sd).length
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

function setAsideText({ campaign, evidence }: CampaignReport): string | null {
  const reasons = (evidence?.fitted ?? []).flatMap((fitted) => (fitted.kind === 'set-aside' ? [fitted.reason] : []))
  if (reasons.length === 0) {
    const diverged = campaign.runs.filter((run) => !isTrained(run)).length
    return diverged > 0 ? `${counted(diverged, 'run')} diverged and ${diverged === 1 ? 'is' : 'are'} in no fit.` : null
  }
  const groups = [...Map.groupBy(reasons, (reason) => reason)].map(([reason, all]) => `${all.length} (${reason})`)
  const aside = campaign.runs.filter((_, i) => evidence?.fitted[i]?.kind === 'set-aside')
  const share = percent(Number((costOf(aside) / costOf(campaign.runs)).toPrecision(2)))
  return (
    `Not in the fit: ${listed(groups)} of ${counted(campaign.runs.length, 'run')}, ${share} of the FLOPs. ` +
    'They showed how late models begin to learn, and so where to buy the others.'
  )
}

const share = (runs: readonly ForetoldRun[]): string =>
  `${runs.filter(isInside).length} of ${counted(runs.length, 'run')}`

const errorOf = (runs: readonly ForetoldRun[]): string =>
  significant(rootMeanSquare(runs.map(({ run, predicted }) => run.loss - predicted)))

function backtestText(report: CampaignReport): string | null {
  const runs = backtestRuns(report)
  if (runs.length === 0) return null
  const below = Math.min(...(report.evidence?.backtest ?? []).map(({ fittedBelow }) => fittedBelow))
  return (
    `Backtest: fitted to the runs below ${compact(below)} FLOPs alone, the law foretells the others with a root mean square error of ` +
    `${errorOf(runs)} nats; ${share(runs)} fell into the 95 % interval.`
  )
}

function foretoldText(report: CampaignReport): string | null {
  const runs = foretoldRuns(report)
  if (runs.length === 0) return null
  return `Foretold before they were bought: ${share(runs)} fell into the 95 % interval, root mean square error ${errorOf(runs)} nats.`
}
