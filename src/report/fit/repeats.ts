import { unitsOf } from '../../core/run.ts'
import type { FittedRepeats, RepeatedTarget } from '../../fit/repeats/result.ts'
import type { Diagnosed, Repeated, Scope } from '../../fit/result.ts'
import type { Estimated } from '../../fit/tuned/estimate.ts'
import { compact, type Format, nats, percent, significant, withInterval } from '../number.ts'
import { type Block, heading, list, paragraph, table } from '../page/blocks.ts'
import { capital, joined } from '../prose.ts'
import { words } from '../words/words.ts'
import type { Findings } from './findings.ts'
import { undeterminedSpans } from './joint-words.ts'
import { bestLines, repeatsLines, withheldText } from './repeats-words.ts'
import { beyondRuns, topWarnings } from './words.ts'

/** The data-constrained law: what repeats are worth, and the best runs on fresh and on repeated data. */
export function repeatsBlocks({ analysis }: Findings<Scope & Repeated & Diagnosed>): Block[] {
  const { repeats, bootstrap } = analysis
  if (repeats === null) return []
  if (repeats.kind === 'unavailable')
    return [
      { kind: 'paragraph', text: words().repeats.lawUnavailable(words().elsewhere(repeats.reason)), isAnswer: true },
    ]
  const { columns: title, ...say } = words().repeats
  const withheld = withheldText(repeats)
  return [
    heading(say.law),
    ...answerBlocks(analysis, repeats),
    ...warningBlocks(analysis),
    ...list(repeatsLines(repeats).map((formula) => ({ formula }))),
    ...table(
      ['FLOPs', 'N', 'D', title.loss],
      repeats.fresh.map(({ flops, parameters, tokens, loss }) => [
        say.freshAt(compact(flops)),
        cell(parameters),
        cell(tokens),
        cell(loss, nats),
      ]),
    ),
    ...table(['FLOPs', title.uniqueTokens, 'N', title.epochs, title.loss], repeats.targets.map(bestRow)),
    ...table(
      ['FLOPs', title.uniqueTokens, title.worse, title.again, title.worth],
      repeats.targets.filter(({ epochs }) => epochs.value > 1).map(costRow),
    ),
    ...(withheld ? [paragraph(withheld)] : []),
    paragraph(say.note(percent(bootstrap.confidence), unitsOf(repeats).loss)),
  ]
}

/** The best runs at the largest target, or why none is told. */
function answerBlocks(analysis: Scope, repeats: FittedRepeats): Block[] {
  const { undetermined, fresh } = repeats
  if (undetermined !== null) return [{ kind: 'paragraph', text: undeterminedSpans(undetermined), isAnswer: true }]
  const last = fresh.at(-1)
  if (!last) return []
  const [first, ...others] = bestLines(repeats)
  const where = words().repeats.where(compact(last.flops), beyondRuns(analysis, last.flops))
  const { stop, gap } = words().marks
  const rest = joined(...others.map((line) => `${capital(line)}${stop}`))
  return [{ kind: 'paragraph', text: [where, { strong: first }, `${stop}${gap}${rest}`], isAnswer: true }]
}

/** The warnings that bear on the answer. */
function warningBlocks(analysis: Diagnosed): Block[] {
  const warnings = topWarnings(analysis, 3).filter(({ code }) => code.startsWith('repeats-'))
  const items = warnings.map(
    ({ message, advice }) => `${words().elsewhere(message)}${words().marks.gap}${words().elsewhere(advice)}`,
  )
  return items.length > 0 ? [paragraph(words().fit.beforeRelying), ...list(items)] : []
}

const cell = ({ value, interval }: Estimated, format: Format = significant) => withInterval(value, interval, format)

const bestRow = ({ flops, unique, parameters, epochs, loss }: RepeatedTarget) => [
  compact(flops),
  compact(unique),
  cell(parameters),
  cell(epochs),
  cell(loss, nats),
]

const costRow = ({ flops, unique, tokens, cost, worth }: RepeatedTarget) => [
  compact(flops),
  compact(unique),
  cell(cost, nats),
  compact(tokens.value - unique),
  cell(worth),
]
