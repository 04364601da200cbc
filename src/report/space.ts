import { viewedSpace } from '../campaign/view.ts'
import type { BudgetSummary, SpaceSummary } from '../space/summary.ts'
import { batchText, columnsOf, modelCell } from './campaign/configuration.ts'
import { compact, percent, significant } from './number.ts'
import { type Block, type Column, facts, list, type Section } from './page/blocks.ts'
import { type Group, type TextOptions, textOf } from './page/text.ts'
import { inLanguage, words } from './words/words.ts'

/** What a space holds, for a terminal. */
export const spaceText = (summary: SpaceSummary, options: TextOptions = {}): string =>
  inLanguage(options.language ?? 'en', () =>
    textOf(
      [[spaceSection(summary)], ...budgetSections(summary), list(summary.cautions.map(words().elsewhere))],
      options,
    ),
  )

const range = (least: number, most: number): string =>
  least === most ? significant(least) : words().fit.range(significant(least), significant(most))

function spaceSection({ space }: SpaceSummary): Section {
  const view = viewedSpace(space)
  const { models, batchSize, learningRate } = space.limits
  const say = words().space
  const { rows } = say
  const constants = Object.entries(space.constants).map(([name, value]) => `${name} ${value}`)
  const batches = batchSize.map((size) => batchText(view, size)).join(', ')
  const { least, most } = models.parameters
  return section(say.title(space.name), [
    facts([
      [rows.models, say.models(models.all?.length ?? null, range(least, most))],
      [rows.words, say.words(space.vocabularySize, space.contextLength)],
      [rows.batch, space.batchUnit === 'tokens' ? batches : say.sequences(batches)],
      [rows.rate, range(learningRate.least, learningRate.most)],
      [rows.budget, say.budget(compact(space.budget), compact(space.target))],
      ...(constants.length > 0 ? [[rows.constants, constants.join(', ')] as const] : []),
    ]),
  ])
}

function budgetSections({ space, budgets, target }: SpaceSummary): Group[] {
  const view = viewedSpace(space)
  const say = words().space
  const row = ({ flops, share, sizes, usual, parameters, tokens, steps }: BudgetSummary) => [
    compact(flops),
    share > 1 ? say.times(significant(share, 2)) : percent(Number(share.toPrecision(2))),
    typeof sizes === 'string' ? words().elsewhere(sizes) : range(...sizes),
    modelCell(view, usual),
    significant(parameters),
    significant(tokens),
    steps[0] === steps[1]
      ? significant(steps[0])
      : words().fit.range(significant(steps[1], 2), significant(steps[0], 2)),
  ]
  const { ofBudget, sizes, itsN, steps } = say.columns
  const columns = ['FLOPs', ofBudget, sizes, view.words.head, itsN, 'D', steps].map(
    (title): Column => ({ title, align: 'right' }),
  )
  const table = (rows: readonly BudgetSummary[]): Block => ({ kind: 'table', columns, rows: rows.map(row) })
  return [[section(say.budgets, [table(budgets)])], [section(say.target, [table([target])])]]
}

const section = (title: string, blocks: readonly Block[]): Section => ({ kind: 'section', title, blocks })

/** The same as one JSON object. */
export function spaceJson({ space, budgets, target, cautions }: SpaceSummary) {
  const view = viewedSpace(space)
  const row = ({ usual, ...numbers }: BudgetSummary) => ({ ...numbers, usual: columnsOf(view, usual) })
  const { name, vocabularySize, contextLength, batchUnit, constants, limits, trainFlops, budget } = space
  const { parameters, all } = limits.models
  return {
    name,
    models: { parameters, listed: all?.length ?? null },
    vocabularySize,
    contextLength,
    batch: { unit: batchUnit, sizes: limits.batchSize },
    learningRate: limits.learningRate,
    trainFlops,
    budget,
    constants,
    budgets: budgets.map(row),
    target: row(target),
    cautions,
  }
}
