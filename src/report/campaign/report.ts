import { type CampaignView, type EndedView, hasEnded } from '../../campaign/view.ts'
import { renderFigures } from '../draw/svg.ts'
import { glossaryBlocks } from '../glossary.ts'
import type { Block, Page } from '../page/blocks.ts'
import { markdownFiles } from '../page/files.ts'
import { htmlOf } from '../page/html.ts'
import { inLanguage } from '../words/words.ts'
import { answerBlocks, standingBlocks } from './answer.ts'
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
 * answers the assignment's questions in their order. While the campaign goes on, it says what was bought and where it stands.
 *
 * @example for (const [name, text] of Object.entries(renderCampaign(report))) writeFileSync(join(folder, name), text)
 */
export const renderCampaign = (report: CampaignReport): Record<string, string> =>
  inLanguage(report.language ?? 'en', () => filesInLanguage(report))

function filesInLanguage(report: CampaignReport): Record<string, string> {
  const { view, title } = report
  const submission = hasEnded(view) ? submissionOf(view) : null
  const page: Page = {
    title,
    language: report.language,
    blocks: hasEnded(view) ? endBlocks(report, view) : interimBlocks(report),
  }
  return {
    'report.html': htmlOf(page),
    ...markdownFiles(page, 'report.md', figureFolder),
    ...(submission === null ? {} : { 'submission.json': submission }),
  }
}

function endBlocks(report: CampaignReport, view: EndedView): Block[] {
  const figure = figureBlocks(view)
  return [
    ...answerBlocks(view),
    ...purchaseBlocks(view, figure),
    ...lawBlocks(view),
    ...qualityBlocks(view, figure),
    ...targetBlocks(view, figure),
    ...hyperparameterBlocks(view, figure),
    ...diagnosticBlocks(view),
    ...runBlocks(view),
    ...provenanceBlocks(report, submissionOf(view) !== null),
    ...glossaryBlocks(),
  ]
}

/** What can be said while the campaign goes on. */
function interimBlocks(report: CampaignReport): Block[] {
  const { view } = report
  const figure = figureBlocks(view)
  return [
    ...standingBlocks(view),
    ...purchaseBlocks(view, figure),
    ...figure('profiles'),
    ...runBlocks(view),
    ...provenanceBlocks(report, false),
  ]
}

/** A figure by its name, or nothing where the campaign lacks what it shows. */
function figureBlocks(view: CampaignView): (name: string) => Block[] {
  const figures = renderFigures(campaignFigures, view)
  return (name) => figures.filter((figure) => figure.name === name).map((figure) => ({ kind: 'figure', figure }))
}
