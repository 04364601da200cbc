import { type Advised, isPlayed, type Played, type PoolView, type ViewedPrediction } from '../../campaign/pool/view.ts'
import { renderFigures } from '../draw/svg.ts'
import { dataBlocks, exclusionBlocks } from '../fit/data.ts'
import { glossaryBlocks } from '../glossary.ts'
import { percent } from '../number.ts'
import { type Block, facts, heading, list, type Page, paragraph } from '../page/blocks.ts'
import { markdownFiles } from '../page/files.ts'
import { htmlOf } from '../page/html.ts'
import { capital, sentence } from '../prose.ts'
import { inLanguage, words } from '../words/words.ts'
import { poolFigures } from './figures.ts'
import type { PoolReport } from './input.ts'
import { nextTable, purchaseTable, roundTable, targetTable } from './tables.ts'
import {
  bestFacts,
  costText,
  hindsightTexts,
  nextText,
  poolText,
  scoresText,
  spentText,
  stoppedText,
  targetText,
  unpredictedText,
} from './words.ts'

/** Rows of a table in the report, at most. */
const mostRows = 500
/** Longer ones are closed at first. */
const mostOpen = 25
const figureFolder = 'figures'

/**
 * The report of what was chosen from a pool, as text by file name: `report.html`, which needs nothing else, and `report.md` with its
 * figures beside it.
 * @example for (const [name, text] of Object.entries(renderPool(report))) writeFileSync(join(folder, name), text)
 */
export const renderPool = (report: PoolReport): Record<string, string> =>
  inLanguage(report.language ?? 'en', () => filesInLanguage(report))

function filesInLanguage(report: PoolReport): Record<string, string> {
  const page: Page = { title: report.title, language: report.language, blocks: blocksOf(report) }
  return { 'report.html': htmlOf(page), ...markdownFiles(page, 'report.md', figureFolder) }
}

function blocksOf(report: PoolReport): Block[] {
  const { view } = report
  const figures = renderFigures(poolFigures, view)
  const figure = (name: string): Block[] =>
    figures.filter((drawn) => drawn.name === name).map((drawn) => ({ kind: 'figure', figure: drawn }))
  return [
    ...(isPlayed(view) ? playedBlocks(view, figure) : advisedBlocks(view as PoolView<Advised>, figure)),
    ...diagnosticBlocks(view),
    ...view.read.flatMap((read) => [...exclusionBlocks(read), ...dataBlocks(read, read.used)]),
    ...provenanceBlocks(report),
    ...glossaryBlocks(),
  ]
}

type Draw = (name: string) => Block[]

function playedBlocks(view: PoolView<Played>, figure: Draw): Block[] {
  const { result, task } = view
  const { purchases, rounds, prediction, spent } = result
  const say = words().pool
  const [before, after] = say.inThisOrder
  return [
    ...predictionBlocks(view, prediction, say.runsFor(purchases.length, spentText(spent, task))),
    ...figure('errors'),
    heading(say.whichBought),
    paragraph(say.howBought(sentence(capital(poolText(view))))),
    ...roundTable(rounds, task),
    ...figure('places'),
    paragraph(before, { code: 'isoflop fit' }, after),
    ...folded(purchases.length, purchaseTable(purchases, task, mostRows, say.inPurchases)),
    heading(say.restSays),
    ...list(hindsightTexts(view)),
  ]
}

function advisedBlocks(view: PoolView<Advised>, figure: Draw): Block[] {
  const { result, task, pool } = view
  const { next, stopped, prediction, spent } = result
  const say = words().pool
  return [
    heading(say.whichNext),
    {
      kind: 'paragraph',
      text: next.length > 0 ? sentence(capital(nextText(view))) : say.noNext,
      isAnswer: true,
    },
    ...nextTable(next, task, mostRows, say.inNext),
    ...(stopped === null ? [] : [paragraph(stoppedText(stopped, task))]),
    paragraph(task.budget === null ? say.worthMost : say.worthRound, say.worthIs),
    paragraph(sentence(say.spent(capital(poolText(view)), spentText(spent, task)))),
    ...figure('places'),
    ...(prediction === null
      ? [paragraph(unpredictedText(view))]
      : predictionBlocks(view, prediction, say.runsWithLoss(pool.finished))),
    ...figure('errors'),
  ]
}

function predictionBlocks({ task }: PoolView, prediction: ViewedPrediction, from: string): Block[] {
  const { target, best, undetermined, scores } = prediction
  const rows = bestFacts(prediction, task)
  const say = words().pool
  return [
    heading(say.whatPredicted),
    { kind: 'paragraph', text: say.from(capital(targetText(task)), from), isAnswer: true },
    ...(rows.length > 0 ? [facts(rows)] : []),
    ...(task.target.kind === 'budget' && best === null
      ? [
          paragraph(
            { strong: say.undetermined },
            `${words().marks.gap}${words().elsewhere(undetermined ?? '')}${words().marks.stop}`,
          ),
        ]
      : []),
    ...(scores ? [paragraph(scoresText(scores, say.predicted, task))] : []),
    ...folded(target.length, targetTable(target, task, mostRows, say.inJson)),
    paragraph(say.intervals(percent(task.confidence))),
  ]
}

/** A table that is longer than a screen is closed at first. */
const folded = (rows: number, blocks: Block[]): Block[] =>
  rows > mostOpen ? [{ kind: 'section', isClosed: true, title: words().pool.allRuns(rows), blocks }] : blocks

function diagnosticBlocks({ diagnostics }: PoolView): Block[] {
  const items = [...diagnostics].sort((a, b) => Number(b.severity === 'warning') - Number(a.severity === 'warning'))
  return [
    heading(words().fit.diagnostics),
    items.length > 0 ? { kind: 'diagnostics', items } : paragraph(words().fit.nothingToReport),
  ]
}

/** How to make it again. */
function provenanceBlocks({ command, versions, view: { task } }: PoolReport): Block[] {
  const { made } = words().fit
  const { names, equal } = words().pool
  const programs = Object.entries(versions).map(([name, version]) => `${name} ${version}`)
  return [
    heading(words().fit.howMade),
    facts([
      [made.command, { code: command }],
      [made.versions, programs.join(', ')],
      [names.target, targetText(task)],
      [words().campaign.rows.budget, task.budget === null ? names.none : costText(task.budget, task)],
      [made.seed, String(task.seed)],
    ]),
    paragraph(equal),
  ]
}
