import { renderFigures } from '../draw/svg.ts'
import type { Block, Page } from '../page/blocks.ts'
import { markdownFiles } from '../page/files.ts'
import { htmlOf } from '../page/html.ts'
import { answerBlocks } from './answer.ts'
import { diagnosticBlocks, provenanceBlocks, runBlocks } from './closing.ts'
import { campaignFigures } from './figures.ts'
import { hyperparameterBlocks } from './hyperparameters.ts'
import type { CampaignReport } from './input.ts'
import { lawBlocks } from './law.ts'
import { purchaseBlocks } from './purchases.ts'
import { qualityBlocks } from './quality.ts'
import { submissionOf } from './submission.ts'
import { targetBlocks } from './target.ts'

export type { CampaignReport } from './input.ts'

/** Where the Markdown's figures are. */
const figureFolder = 'figures'

/**
 * The write-up of a campaign, as text by file name: `report.html`, which needs nothing else; `report.md` with its figures as
 * `figures/NAME.svg`; and `submission.json`, the body of `POST /submission`, where the target is the assignment's 1e19 FLOPs. It
 * answers the assignment's questions in their order.
 *
 * @example for (const [name, text] of Object.entries(renderCampaign(report))) writeFileSync(join(folder, name), text)
 */
export function renderCampaign(report: CampaignReport): Record<string, string> {
  const figures = renderFigures(campaignFigures, report)
  const submission = submissionOf(report.campaign.prediction)
  const figure = (name: string): Block[] => {
    const found = figures.find((one) => one.name === name)
    return found ? [{ kind: 'figure', figure: found }] : []
  }
  const blocks = [
    ...answerBlocks(report),
    ...purchaseBlocks(report, figure),
    ...lawBlocks(report),
    ...qualityBlocks(report, figure),
    ...targetBlocks(report, figure),
    ...hyperparameterBlocks(report, figure),
    ...diagnosticBlocks(report),
    ...runBlocks(report),
    ...provenanceBlocks(report, submission !== null),
  ]
  const page: Page = { title: report.title, blocks }
  return {
    'report.html': htmlOf(page),
    ...markdownFiles(page, 'report.md', figureFolder),
    ...(submission === null ? {} : { 'submission.json': submission }),
  }
}
