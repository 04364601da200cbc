import { renderFigures } from '../draw/svg.ts'
import { glossaryBlocks } from '../glossary.ts'
import { type Block, heading, type Page } from '../page/blocks.ts'
import { inLanguage, words } from '../words/words.ts'
import { answerBlocks } from './answer.ts'
import { comparisonBlocks, predictionBlocks, reservationBlocks } from './comparison.ts'
import { dataBlocks, exclusionBlocks } from './data.ts'
import { hasMethods } from './facts.ts'
import { fitFigures } from './figures.ts'
import type { FitReport } from './input.ts'
import { jointBlocks } from './joint.ts'
import { frontierBlocks, surfaceBlocks } from './laws.ts'
import { provenanceBlocks } from './provenance.ts'
import { backtestBlocks, diagnosticBlocks } from './quality.ts'
import { readingBlocks } from './reading.ts'
import { repeatsBlocks } from './repeats.ts'

/**
 * The report of a fit, to be written as HTML or as Markdown.
 * @example writeFileSync('report.html', htmlOf(fitPage(report)))
 */
export const fitPage = (report: FitReport): Page => inLanguage(report.language ?? 'en', () => pageInLanguage(report))

function pageInLanguage(report: FitReport): Page {
  const { analysis, title, data } = report
  const figures = renderFigures(fitFigures, report).map((figure): Block => ({ kind: 'figure', figure }))
  return {
    title,
    language: report.language,
    blocks: [
      ...(report.reading ? readingBlocks(report.reading) : []),
      ...(hasMethods(analysis) ? answerBlocks(report) : []),
      ...jointBlocks(report),
      ...repeatsBlocks(report),
      ...(hasMethods(analysis) ? comparisonBlocks(report) : []),
      heading(words().fit.figures),
      ...figures,
      ...surfaceBlocks(report),
      ...backtestBlocks(report),
      ...predictionBlocks(report),
      ...frontierBlocks(report),
      ...diagnosticBlocks(report),
      ...reservationBlocks(report),
      ...exclusionBlocks(data),
      ...dataBlocks(data, analysis.runs.size),
      ...provenanceBlocks(report),
      ...glossaryBlocks(),
    ],
  }
}
