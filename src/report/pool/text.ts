import { type Advised, isPlayed, type Played, type PoolView, type ViewedPrediction } from '../../campaign/pool/view.ts'
import { percent } from '../number.ts'
import { type Block, facts, list, type Section } from '../page/blocks.ts'
import { type Group, type TextOptions, textOf } from '../page/text.ts'
import { capital, sentence } from '../prose.ts'
import { inLanguage, words } from '../words/words.ts'
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

/** What was chosen, for a terminal: the answer first, then what was bought or is to be made, and what to know about it. */
export const choiceText = (view: PoolView, options: TextOptions = {}): string =>
  inLanguage(options.language ?? 'en', () => textInLanguage(view, options))

function textInLanguage(view: PoolView, options: TextOptions): string {
  const groups: Group[] = [
    ...(isPlayed(view) ? playedGroups(view) : advisedGroups(view as PoolView<Advised>)),
    view.diagnostics.length > 0 ? [{ kind: 'diagnostics', items: view.diagnostics }] : [],
  ]
  return textOf(groups, options)
}

function playedGroups(view: PoolView<Played>): Group[] {
  const { result, task } = view
  const { purchases, rounds, prediction, spent } = result
  const say = words().pool
  return [
    [predictionSection(view, prediction, say.runsFor(purchases.length, spentText(spent, task)))],
    [section(say.bought(capital(poolText(view))), roundTable(rounds, task))],
    [section(say.inOrder, purchaseTable(purchases, task, mostRows.runs, say.inPurchasesAndReport))],
    list([say.whyIs]),
    list(hindsightTexts(view)),
  ]
}

function advisedGroups(view: PoolView<Advised>): Group[] {
  const { result, task, pool } = view
  const { next, stopped, prediction, spent } = result
  const say = words().pool
  const known = say.runsWithLoss(pool.finished)
  return [
    [
      section(next.length > 0 ? say.toMake(nextText(view)) : say.nothingToMake, [
        ...nextTable(next, task, mostRows.runs, say.inNextAndReport),
        ...list(stopped === null ? [] : [stoppedText(stopped, task)]),
      ]),
    ],
    prediction === null ? list([unpredictedText(view)]) : [predictionSection(view, prediction, known)],
    list([sentence(say.spent(capital(poolText(view)), spentText(spent, task)))]),
  ]
}

function predictionSection({ task }: PoolView, prediction: ViewedPrediction, from: string): Section {
  const { target, scores, undetermined, best } = prediction
  const isOpen = task.target.kind === 'budget' && best === null
  const rows = bestFacts(prediction, task)
  const say = words().pool
  return section(say.predictedFrom(capital(targetText(task)), from, percent(task.confidence)), [
    ...(rows.length > 0 ? [facts(rows)] : []),
    ...(isOpen
      ? list([`${say.undetermined}${words().marks.gap}${words().elsewhere(undetermined ?? '')}${words().marks.stop}`])
      : []),
    ...targetTable(target, task, mostRows.target, say.inReport),
    ...list(scores ? [scoresText(scores, say.predicted, task)] : []),
  ])
}

const section = (title: string, blocks: readonly Block[]): Section => ({ kind: 'section', title, blocks })
