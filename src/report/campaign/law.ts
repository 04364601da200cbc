import type { EndedView } from '../../campaign/view.ts'
import { groupBy } from '../../core/group-by.ts'
import type { NamedLaw } from '../../plan/strategy.ts'
import { significant } from '../number.ts'
import { type Block, heading, paragraph, table } from '../page/blocks.ts'
import { words } from '../words/words.ts'
import { equationOf, meaningOf, referenceText } from './words.ts'

/** Columns of coefficients that fit on a page. */
const mostLaws = 3

/** How the law was fitted: in words, the forms with their weights, and the coefficients of the first ones. */
export function lawBlocks({ result: { prediction }, task }: EndedView): Block[] {
  const { laws } = prediction
  const say = words().campaign
  const law = paragraph(words().elsewhere(task.words.law))
  if (laws.length === 0) return [heading(say.lawHeading), law, paragraph(say.tooFewForLaw)]
  const [simple, others] = [true, false].map((isSimple) =>
    laws.filter(({ name }) => (equationOf(name) !== null) === isSimple),
  )
  // Laws with the same coefficients are forms of one law, others stand side by side.
  const families = [...groupBy(others, ({ coefficients }) => Object.keys(coefficients).join()).values()]
  return [
    heading(say.lawHeading),
    law,
    ...(laws.some(({ weight }) => weight < 1) ? weightBlocks(laws) : []),
    ...simpleBlocks(simple),
    ...families.flatMap(familyBlocks),
    ...(task.words.reference ? [paragraph(referenceText(task.words.reference))] : []),
  ]
}

/** Laws whose equation fits in a cell. */
const simpleBlocks = (laws: readonly NamedLaw[]): Block[] =>
  table(
    [words().campaign.columns.law, words().campaign.columns.equation, words().campaign.columns.coefficients],
    laws.map(({ name, coefficients }) => [
      words().elsewhere(name),
      equationOf(name) ?? '-',
      Object.entries(coefficients)
        .map(([symbol, value]) => `${symbol} ${significant(value)}`)
        .join(', '),
    ]),
    3,
  )

const weightBlocks = (laws: readonly NamedLaw[]): Block[] =>
  table(
    [words().campaign.columns.law, words().campaign.columns.form, words().campaign.columns.weight],
    laws.map(({ name, weight }, k) => [String(k + 1), words().elsewhere(name), weight.toFixed(2)]),
    2,
  )

function familyBlocks(family: readonly NamedLaw[]): Block[] {
  const shown = family.slice(0, mostLaws)
  const [first] = shown
  const { columns: title, ...say } = words().campaign
  const isAlone = family.length === 1
  const names = Object.keys(first.coefficients)
  const hasMeaning = names.some((name) => meaningOf(name) !== '')
  const head = isAlone ? [words().elsewhere(first.name)] : [title.coefficient]
  const rows = names.map((name) => [
    name,
    ...(hasMeaning ? [meaningOf(name)] : []),
    ...shown.map(({ coefficients }) => significant(coefficients[name] ?? Number.NaN)),
  ])
  const rest = family.length - shown.length
  return [
    ...table(
      [
        ...head,
        ...(hasMeaning ? [title.meaning] : []),
        ...(isAlone ? [title.value] : shown.map((_, k) => say.lawNumber(k + 1))),
      ],
      rows,
      hasMeaning ? 2 : 1,
    ),
    ...(rest > 0 ? [paragraph(say.lighterLaws(rest))] : []),
  ]
}
