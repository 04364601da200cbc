import type { GroupsAnalysis } from '../../../fit/groups/result.ts'
import { compact, significant } from '../../number.ts'
import { type Block, type Cell, heading, list, paragraph, table } from '../../page/blocks.ts'
import { capital, sentence } from '../../prose.ts'
import { words } from '../../words/words.ts'
import { pageTable, tableBudget } from './table.ts'
import { leftTexts, methodText, pairTexts, sharingText, togetherText, unitsOfGroups } from './words.ts'

/** Each group's fit at one budget, and those that have none. */
export function eachBlocks(analysis: GroupsAnalysis): Block[] {
  const say = words().groups
  const { head, rows } = pageTable(analysis)
  return [
    heading(say.eachAt(compact(tableBudget(analysis)))),
    paragraph({ formula: say.eachAlone(unitsOfGroups(analysis).loss) }),
    ...table(head, rows),
    ...list(leftTexts(analysis).map(sentence)),
  ]
}

/** What the groups share, and each beside the first. */
export function answersOf(analysis: GroupsAnalysis): Block[] {
  const together = togetherText(analysis)
  if (together === null) return []
  const { difference } = unitsOfGroups(analysis)
  return [
    { kind: 'paragraph', text: sentence(together), isAnswer: true },
    ...list(analysis.comparison.pairs.map((pair) => pairTexts(pair, difference).map(sentence).join(words().marks.gap))),
  ]
}

/** The tests of each sharing, from that of most to that of least. */
export function testBlocks(analysis: GroupsAnalysis): Block[] {
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
