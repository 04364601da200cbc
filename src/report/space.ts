import { viewedSpace } from '../campaign/view.ts'
import type { BudgetSummary, SpaceSummary } from '../space/summary.ts'
import { batchText, columnsOf, modelCell } from './campaign/configuration.ts'
import { compact, counted, percent, significant } from './number.ts'
import { type Column, facts, list } from './page/blocks.ts'
import { type TextOptions, textOf } from './page/text.ts'

/** What a space holds, for a terminal. */
export function spaceText({ space, budgets, target, cautions }: SpaceSummary, options: TextOptions = {}): string {
  const view = viewedSpace(space)
  const { models, batchSize, learningRate } = space.limits
  const range = (least: number, most: number) =>
    least === most ? significant(least) : `${significant(least)} to ${significant(most)}`
  const constants = Object.entries(space.constants).map(([name, value]) => `${name} ${value}`)
  const row = ({ flops, share, sizes, usual, parameters, tokens, steps }: BudgetSummary) => [
    compact(flops),
    share > 1 ? `${significant(share, 2)} times` : percent(Number(share.toPrecision(2))),
    typeof sizes === 'string' ? sizes : range(...sizes),
    modelCell(view, usual),
    significant(parameters),
    significant(tokens),
    steps[0] === steps[1] ? significant(steps[0]) : `${significant(steps[1], 2)} to ${significant(steps[0], 2)}`,
  ]
  const titles = ['FLOPs', 'of budget', 'N at 500 to 5 D/N', view.words.head, 'its N', 'D', 'steps']
  const columns = titles.map((title): Column => ({ title, align: 'right' }))
  const listed = models.all ? `${counted(models.all.length, 'model')}, ` : ''
  return textOf(
    [
      [
        {
          kind: 'section',
          title: `The space ${space.name}:`,
          blocks: [
            facts([
              [
                'models',
                `${listed}${range(models.parameters.least, models.parameters.most)} parameters without embeddings`,
              ],
              ['words', `${space.vocabularySize}, context ${space.contextLength} tokens`],
              [
                'batch',
                `${batchSize.map((size) => batchText(view, size)).join(', ')}${space.batchUnit === 'tokens' ? '' : ' sequences'}`,
              ],
              ['rate', range(learningRate.least, learningRate.most)],
              ['budget', `${compact(space.budget)} FLOPs, to predict a run of ${compact(space.target)}`],
              ...(constants.length > 0 ? [['constants', constants.join(', ')] as const] : []),
            ]),
          ],
        },
      ],
      [
        {
          kind: 'section',
          title:
            'What a run of each budget can be: sizes with 500 to 5 tokens for each parameter (D/N), and the model nearest to 20:',
          blocks: [{ kind: 'table', columns, rows: budgets.map(row) }],
        },
      ],
      [{ kind: 'section', title: 'The target:', blocks: [{ kind: 'table', columns, rows: [row(target)] }] }],
      list(cautions),
    ],
    options,
  )
}

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
