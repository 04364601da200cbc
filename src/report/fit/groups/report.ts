import type { FittedGroup } from '../../../fit/groups/result.ts'
import { renderFigures } from '../../draw/svg.ts'
import { glossaryBlocks } from '../../glossary.ts'
import { compact, significant } from '../../number.ts'
import { type Block, type Cell, heading, list, type Page, paragraph, table } from '../../page/blocks.ts'
import { capital, sentence } from '../../prose.ts'
import { inLanguage, words } from '../../words/words.ts'
import { answerBlocks } from '../answer.ts'
import { dataBlocks, exclusionBlocks } from '../data.ts'
import { provenanceBlocks } from '../provenance.ts'
import { diagnosticBlocks } from '../quality.ts'
import { readingBlocks } from '../reading.ts'
import { groupsFigures } from './figures.ts'
import type { GroupsReport } from './input.ts'
import { pageTable, tableBudget } from './table.ts'
import { leftTexts, methodText, pairTexts, sharingText, togetherText, unitsOfGroups } from './words.ts'

/**
 * The report of several groups, to be written as HTML or as Markdown.
 * @example writeFileSync('report.html', htmlOf(groupsPage(report)))
 */
export const groupsPage = (report: GroupsReport): Page =>
  inLanguage(report.language ?? 'en', () => pageInLanguage(report))

function pageInLanguage(report: GroupsReport): Page {
  const { analysis, title, data } = report
  const say = words().groups
  const { head, rows } = pageTable(analysis)
  const used = analysis.groups.reduce((sum, { analysis: own }) => sum + own.runs.size, 0)
  return {
    title,
    language: report.language,
    blocks: [
      ...(report.reading ? readingBlocks(report.reading) : []),
      ...answersOf(report),
      heading(say.eachAt(compact(tableBudget(analysis)))),
      paragraph({ formula: say.eachAlone(unitsOfGroups(analysis).loss) }),
      ...table(head, rows),
      ...list(leftTexts(analysis).map(sentence)),
      ...renderFigures(groupsFigures, analysis).map((figure): Block => ({ kind: 'figure', figure })),
      ...testBlocks(report),
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

/** What the groups share, and each beside the first. */
function answersOf({ analysis }: GroupsReport): Block[] {
  const together = togetherText(analysis)
  if (together === null) return []
  const { difference } = unitsOfGroups(analysis)
  return [
    { kind: 'paragraph', text: sentence(together), isAnswer: true },
    ...list(analysis.comparison.pairs.map((pair) => pairTexts(pair, difference).map(sentence).join(words().marks.gap))),
  ]
}

/** The tests of each sharing, from that of most to that of least. */
function testBlocks({ analysis }: GroupsReport): Block[] {
  const { together, pairs } = analysis.comparison
  if (together === null) return []
  const { columns: named, ...say } = words().groups
  const compared = [
    ...(pairs.length > 1 ? [{ ...together, title: say.all }] : []),
    ...pairs.map((pair) => ({ ...pair, title: `${pair.reference}, ${pair.group}` })),
  ]
  const rows = compared.flatMap(({ title, tests, kept }) =>
    tests.map(({ sharing, F, freedom, byRuns, byBudgets, p }, k): Cell[] => [
      k === 0 ? title : '',
      sharingText(sharing),
      significant(F),
      freedom.join(', '),
      significant(byRuns, 2),
      byBudgets === null ? '-' : significant(byBudgets, 2),
      p < analysis.comparison.level ? say.givenUp : sharing === kept ? say.kept : '',
    ]),
  )
  return [
    heading(say.whatShared),
    paragraph(
      { formula: 'L = E + ((A / N^alpha)^(1/q) + (B / D^beta)^(1/q))^q' },
      say.eachSharing(capital(sentence(methodText(analysis)))),
    ),
    ...table([named.groups, named.shared, 'F', named.freedom, named.byRuns, named.byBudgets, named.verdict], rows, 2),
  ]
}

/** What the fit of a group alone says. */
const groupSection = ({ name, analysis }: FittedGroup): Block => ({
  kind: 'section',
  title: name,
  isClosed: true,
  blocks: [...answerBlocks({ analysis, truth: null }), ...diagnosticBlocks({ analysis, truth: null })],
})
