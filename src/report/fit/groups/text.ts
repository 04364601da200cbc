import type { Diagnostic } from '../../../core/diagnostic.ts'
import type { GroupsAnalysis } from '../../../fit/groups/result.ts'
import { compact, listed } from '../../number.ts'
import { list, paragraph } from '../../page/blocks.ts'
import { type Group, type TextOptions, textOf } from '../../page/text.ts'
import { sentence } from '../../prose.ts'
import { inLanguage, words } from '../../words/words.ts'
import { openOf, warningCount } from '../words.ts'
import { speakers, tableBudget, textTable } from './table.ts'
import { leftTexts, methodText, pairTexts, quoted, togetherText, unitsOfGroups } from './words.ts'

/**
 * What fits of several groups came to, for a terminal: the groups side by side, then what they share, then what is left out, and how the table was read.
 * @example console.log(groupsText(await analyseGroups({ runs, groups })))
 */
export const groupsText = (
  analysis: GroupsAnalysis,
  diagnostics: readonly Diagnostic[] = [],
  options: TextOptions = {},
): string => inLanguage(options.language ?? 'en', () => textInLanguage(analysis, diagnostics, options))

function textInLanguage(analysis: GroupsAnalysis, diagnostics: readonly Diagnostic[], options: TextOptions): string {
  const together = togetherText(analysis)
  const C = tableBudget(analysis)
  const { difference } = unitsOfGroups(analysis)
  const groups: Group[] = [
    [
      ...list([{ strong: words().groups.by(analysis.column, listed(speakers(analysis)), compact(C)) }]),
      { kind: 'table', ...textTable(analysis) },
    ],
    list(remarksOf(analysis)),
    together === null
      ? []
      : [
          ...list([{ strong: sentence(together) }]),
          ...analysis.comparison.pairs.flatMap((pair) => list(pairTexts(pair, difference).map(sentence))),
          paragraph(sentence(methodText(analysis))),
        ],
    list(leftTexts(analysis).map(sentence)),
    diagnostics.length > 0 ? [{ kind: 'diagnostics', items: diagnostics }] : [],
  ]
  return textOf(groups, options)
}

/** What does not fit into the table: why a law is not determined, and the warnings of each group. */
function remarksOf({ groups }: GroupsAnalysis): string[] {
  const { colon, semicolon, stop } = words().marks
  return groups.flatMap(({ name, analysis }) => {
    const texts = [openOf(analysis)?.why, warningCount(analysis)].filter(Boolean)
    return texts.length > 0 ? [`${quoted(name)}${colon}${texts.join(semicolon)}${stop}`] : []
  })
}
