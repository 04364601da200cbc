import { type Advised, isPlayed, type Played, type PoolView, type ViewedPrediction } from '../../campaign/pool/view.ts'
import { renderFigures } from '../draw/svg.ts'
import { dataBlocks, exclusionBlocks } from '../fit/data.ts'
import { counted, percent } from '../number.ts'
import { type Block, facts, heading, list, type Page, paragraph } from '../page/blocks.ts'
import { markdownFiles } from '../page/files.ts'
import { htmlOf } from '../page/html.ts'
import { capital, sentence } from '../prose.ts'
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
export function renderPool(report: PoolReport): Record<string, string> {
  const page: Page = { title: report.title, blocks: blocksOf(report) }
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
  ]
}

type Draw = (name: string) => Block[]

function playedBlocks(view: PoolView<Played>, figure: Draw): Block[] {
  const { result, task } = view
  const { purchases, rounds, prediction, spent } = result
  return [
    ...predictionBlocks(view, prediction, `${counted(purchases.length, 'run')} for ${spentText(spent, task)}`),
    ...figure('errors'),
    heading('Which runs were bought, and why'),
    paragraph(
      `${sentence(capital(poolText(view)))} The opening spreads over the settings of the cheap runs. Then the law of size, tokens and the ` +
        'settings that the pool has is fitted in up to eight rounds, and each time those runs are bought that lower the variance of its loss at the ' +
        'target most for their cost, given those before them. No loss was looked up that was not paid for.',
    ),
    ...roundTable(rounds, task),
    ...figure('places'),
    paragraph(
      'In this order; why: the share of the variance at the target that the run was expected to remove. purchases.jsonl has them as a table that ',
      { code: 'isoflop fit' },
      ' reads.',
    ),
    ...folded(purchases.length, purchaseTable(purchases, task, mostRows, 'in purchases.jsonl')),
    heading('What the rest of the pool says'),
    ...list(hindsightTexts(view)),
  ]
}

function advisedBlocks(view: PoolView<Advised>, figure: Draw): Block[] {
  const { result, task, pool } = view
  const { next, stopped, prediction, spent } = result
  return [
    heading('Which runs to make next'),
    {
      kind: 'paragraph',
      text: next.length > 0 ? sentence(capital(nextText(view))) : 'No run is to be made next.',
      isAnswer: true,
    },
    ...nextTable(next, task, mostRows, 'in next.jsonl'),
    ...(stopped === null ? [] : [paragraph(stoppedText(stopped, task))]),
    paragraph(
      task.budget === null
        ? 'Each is worth most for its cost, given those before it. With --budget they are a round of it, an eighth.'
        : 'They are a round, an eighth of the budget: those of most worth for their cost, or dearer ones where so few runs would spend little of it.',
      ' Worth is what each is expected to remove of it, given those before. Fill in their losses and give the same command again to go on.',
    ),
    paragraph(sentence(`${capital(poolText(view))}; spent ${spentText(spent, task)}`)),
    ...figure('places'),
    ...(prediction === null
      ? [paragraph(unpredictedText(view))]
      : predictionBlocks(view, prediction, `${counted(pool.finished, 'run')} with a loss`)),
    ...figure('errors'),
  ]
}

function predictionBlocks({ task }: PoolView, prediction: ViewedPrediction, from: string): Block[] {
  const { target, best, undetermined, scores } = prediction
  const rows = bestFacts(prediction, task)
  return [
    heading('What is predicted'),
    { kind: 'paragraph', text: `${capital(targetText(task))}, from ${from}.`, isAnswer: true },
    ...(rows.length > 0 ? [facts(rows)] : []),
    ...(task.target.kind === 'budget' && best === null
      ? [paragraph({ strong: 'These runs do not determine it:' }, ` ${undetermined}.`)]
      : []),
    ...(scores ? [paragraph(scoresText(scores, 'Predicted', task))] : []),
    ...folded(target.length, targetTable(target, task, mostRows, 'with --json')),
    paragraph(
      `Intervals at ${percent(task.confidence)} are of the law; a single run scatters about it. They hold the uncertainty of its coefficients and ` +
        'of the exponent of its norm, and beyond the runs 0.4 % of the loss for each factor e of compute.',
    ),
  ]
}

/** A table that is longer than a screen is closed at first. */
const folded = (rows: number, blocks: Block[]): Block[] =>
  rows > mostOpen ? [{ kind: 'section', isClosed: true, title: `All ${counted(rows, 'run')}`, blocks }] : blocks

function diagnosticBlocks({ diagnostics }: PoolView): Block[] {
  const items = [...diagnostics].sort((a, b) => Number(b.severity === 'warning') - Number(a.severity === 'warning'))
  return [heading('Diagnostics'), items.length > 0 ? { kind: 'diagnostics', items } : paragraph('Nothing to report.')]
}

/** How to make it again. */
function provenanceBlocks({ command, versions, view: { task } }: PoolReport): Block[] {
  const programs = Object.entries(versions).map(([name, version]) => `${name} ${version}`)
  return [
    heading('How this was made'),
    facts([
      ['command', { code: command }],
      ['versions', programs.join(', ')],
      ['target', targetText(task)],
      ['budget', task.budget === null ? 'none' : costText(task.budget, task)],
      ['seed', String(task.seed)],
    ]),
    paragraph('Equal tables and equal seeds give an equal choice.'),
  ]
}
