import type { Comparison, Diagnosed, Headlined, Scope } from '../../fit/result.ts'
import { type Block, list, paragraph } from '../page/blocks.ts'
import { capital, joined } from '../prose.ts'
import type { Findings } from './findings.ts'
import { answerOf, type Open, openOf, topWarnings } from './words.ts'

/** The answer in one paragraph, and the warnings that bear on it. */
export function answerBlocks({ analysis, truth }: Findings<Scope & Comparison & Headlined & Diagnosed>): Block[] {
  const open = openOf(analysis)
  if (open) return openBlocks(open)
  const answer = answerOf(analysis, truth)
  if (answer === null) return [{ kind: 'paragraph', text: 'No method could be fitted to these runs.', isAnswer: true }]
  const { where, size, loss, growth, others, truth: known } = answer
  const sentences = [capital(growth), others && `Of the other methods, ${others}`, capital(known)]
    .filter(Boolean)
    .map((sentence) => `${sentence}.`)
  const numbers = [size, loss].filter(Boolean).join('; ')
  const warnings = topWarnings(analysis, 3)
  return [
    {
      kind: 'paragraph',
      text: [`${where}: `, { strong: numbers }, '. ', { formula: joined(...sentences) }],
      isAnswer: true,
    },
    ...(warnings.length > 0 ? [paragraph('Before relying on this:')] : []),
    ...list(warnings.map(({ message, advice }) => `${message} ${advice}`)),
  ]
}

/** What the runs do not tell, and what they tell all the same. */
const openBlocks = ({ why, told, next }: Open): Block[] => [
  { kind: 'paragraph', text: [{ strong: 'These runs do not determine a law:' }, ` ${why}.`], isAnswer: true },
  ...list([...told.map((text) => `${capital(text)}.`), next].filter(Boolean)),
]
