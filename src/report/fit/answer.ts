import type { Comparison, Diagnosed, Headlined, Scope } from '../../fit/result.ts'
import { type Block, list, paragraph } from '../page/blocks.ts'
import { capital, joined } from '../prose.ts'
import { words } from '../words/words.ts'
import type { Findings } from './findings.ts'
import { answerOf, type Open, openOf, topWarnings } from './words.ts'

/** The answer in one paragraph, and the warnings that bear on it. */
export function answerBlocks({ analysis, truth }: Findings<Scope & Comparison & Headlined & Diagnosed>): Block[] {
  const open = openOf(analysis)
  if (open) return openBlocks(open)
  const answer = answerOf(analysis, truth)
  if (answer === null) return [{ kind: 'paragraph', text: words().fit.nothing, isAnswer: true }]
  const { where, size, loss, growth, others, truth: known } = answer
  const { stop, gap, colon, semicolon } = words().marks
  const sentences = [capital(growth), others && words().fit.others(others), capital(known)]
    .filter(Boolean)
    .map((text) => `${text}${stop}`)
  const numbers = [size, loss].filter(Boolean).join(semicolon)
  const warnings = topWarnings(analysis, 3)
  return [
    {
      kind: 'paragraph',
      text: [`${where}${colon}`, { strong: numbers }, `${stop}${gap}`, { formula: joined(...sentences) }],
      isAnswer: true,
    },
    ...(warnings.length > 0 ? [paragraph(words().fit.beforeRelying)] : []),
    ...list(
      warnings.map(
        ({ message, advice }) => `${words().elsewhere(message)}${words().marks.gap}${words().elsewhere(advice)}`,
      ),
    ),
  ]
}

/** What the runs do not tell, and what they tell all the same. */
const openBlocks = ({ why, told, next }: Open): Block[] => [
  {
    kind: 'paragraph',
    text: [{ strong: words().fit.undetermined }, `${words().marks.gap}${why}${words().marks.stop}`],
    isAnswer: true,
  },
  ...list([...told.map((text) => `${capital(text)}${words().marks.stop}`), next].filter(Boolean)),
]
