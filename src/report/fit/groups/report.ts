import type { FittedGroup } from '../../../fit/groups/result.ts'
import { renderFigures } from '../../draw/svg.ts'
import { glossaryBlocks } from '../../glossary.ts'
import { type Block, heading, type Page } from '../../page/blocks.ts'
import { inLanguage, words } from '../../words/words.ts'
import { answerBlocks } from '../answer.ts'
import { dataBlocks, exclusionBlocks } from '../data.ts'
import { provenanceBlocks } from '../provenance.ts'
import { diagnosticBlocks } from '../quality.ts'
import { readingBlocks } from '../reading.ts'
import { answersOf, eachBlocks, testBlocks } from './blocks.ts'
import { groupsFigures } from './figures.ts'
import type { GroupsReport } from './input.ts'

/**
 * The report of several groups, to be written as HTML or as Markdown.
 * @example writeFileSync('report.html', htmlOf(groupsPage(report)))
 */
export const groupsPage = (report: GroupsReport): Page =>
  inLanguage(report.language ?? 'en', () => pageInLanguage(report))

function pageInLanguage(report: GroupsReport): Page {
  const { analysis, title, data } = report
  const say = words().groups
  const used = analysis.groups.reduce((sum, { analysis: own }) => sum + own.runs.size, 0)
  return {
    title,
    language: report.language,
    blocks: [
      ...(report.reading ? readingBlocks(report.reading) : []),
      ...answersOf(analysis),
      ...eachBlocks(analysis),
      ...renderFigures(groupsFigures, analysis).map((figure): Block => ({ kind: 'figure', figure })),
      ...testBlocks(analysis),
      heading(say.groupByGroup),
      ...analysis.groups.map(groupSection),
      ...(report.diagnostics.length > 0
        ? [heading(say.howRead), { kind: 'diagnostics', items: report.diagnostics } as const]
        : []),
      ...exclusionBlocks(data),
      ...dataBlocks(data, used),
      ...provenanceBlocks({ ...report, analysis: analysis.groups[0].analysis, truth: null }),
      ...glossaryBlocks(),
    ],
  }
}

/** What the fit of a group alone says. */
const groupSection = ({ name, analysis }: FittedGroup): Block => ({
  kind: 'section',
  title: name,
  isClosed: true,
  blocks: [...answerBlocks({ analysis, truth: null }), ...diagnosticBlocks({ analysis, truth: null })],
})
