import { type Advised, isPlayed, type Played, type PoolView, type ViewedPrediction } from '../../campaign/pool/view.ts'
import { counted, percent } from '../number.ts'
import { type Block, facts, list, type Section } from '../page/blocks.ts'
import { type Group, type TextOptions, textOf } from '../page/text.ts'
import { capital, sentence } from '../prose.ts'
import { nextTable, purchaseTable, roundTable, targetTable } from './tables.ts'
import {
  bestFacts,
  hindsightTexts,
  nextText,
  poolText,
  scoresText,
  spentText,
  stoppedText,
  targetText,
  unpredictedText,
} from './words.ts'

/** Rows of a table on a terminal, at most. */
const mostRows = { target: 20, runs: 40 } as const
const inReport = 'in the report and with --json'

/** What was chosen, for a terminal: the answer first, then what was bought or is to be made, and what to know about it. */
export function choiceText(view: PoolView, options: TextOptions = {}): string {
  const groups: Group[] = [
    ...(isPlayed(view) ? playedGroups(view) : advisedGroups(view as PoolView<Advised>)),
    view.diagnostics.length > 0 ? [{ kind: 'diagnostics', items: view.diagnostics }] : [],
  ]
  return textOf(groups, options)
}

function playedGroups(view: PoolView<Played>): Group[] {
  const { result, task } = view
  const { purchases, rounds, prediction, spent } = result
  return [
    [predictionSection(view, prediction, `${counted(purchases.length, 'run')} for ${spentText(spent, task)}`)],
    [section(`${capital(poolText(view))}. Bought:`, roundTable(rounds, task))],
    [section('In this order:', purchaseTable(purchases, task, mostRows.runs, 'in purchases.jsonl and the report'))],
    list(['why: the share of the variance at the target that the run lowers, most for its cost; the opening spreads.']),
    list(hindsightTexts(view)),
  ]
}

function advisedGroups(view: PoolView<Advised>): Group[] {
  const { result, task, pool } = view
  const { next, stopped, prediction, spent } = result
  const known = `${counted(pool.finished, 'run')} with a loss`
  return [
    [
      section(next.length > 0 ? `To make next, ${nextText(view)}:` : 'Nothing to make next:', [
        ...nextTable(next, task, mostRows.runs, 'in next.jsonl and the report'),
        ...list(stopped === null ? [] : [stoppedText(stopped, task)]),
      ]),
    ],
    prediction === null ? list([unpredictedText(view)]) : [predictionSection(view, prediction, known)],
    list([sentence(`${capital(poolText(view))}; spent ${spentText(spent, task)}`)]),
  ]
}

function predictionSection({ task }: PoolView, prediction: ViewedPrediction, from: string): Section {
  const { target, scores, undetermined, best } = prediction
  const isOpen = task.target.kind === 'budget' && best === null
  const rows = bestFacts(prediction, task)
  return section(`${capital(targetText(task))}, from ${from}, ${percent(task.confidence)} intervals:`, [
    ...(rows.length > 0 ? [facts(rows)] : []),
    ...(isOpen ? list([`These runs do not determine it: ${undetermined}.`]) : []),
    ...targetTable(target, task, mostRows.target, inReport),
    ...list(scores ? [scoresText(scores, 'Predicted', task)] : []),
  ])
}

const section = (title: string, blocks: readonly Block[]): Section => ({ kind: 'section', title, blocks })
