import type { Interval } from '../../../core/interval.ts'
import type { FittedGroup, GroupsAnalysis } from '../../../fit/groups/result.ts'
import type { MethodResult, Prediction } from '../../../fit/result.ts'
import { count, exponent, type Format, interval, nats, significant } from '../../number.ts'
import type { Cell, Column } from '../../page/blocks.ts'
import { words } from '../../words/words.ts'
import { availableMethods, predictionAt } from '../facts.ts'

/** The budget of the table: the largest target, or the largest that any group has reached. */
export const tableBudget = ({ targets, groups }: GroupsAnalysis): number =>
  Math.max(...(targets.length > 0 ? targets : groups.flatMap(({ analysis }) => [...analysis.runs.flops])))

/** The method that speaks for a group, and what it expects at a budget; null where the runs do not determine a law. */
export function spokenFor(
  { analysis }: FittedGroup,
  C: number,
): { result: MethodResult; at: Prediction | null } | null {
  const [result] = availableMethods(analysis)
  if (!result || !analysis.headline.determined) return null
  return { result, at: predictionAt(analysis, result.method, C) }
}

/** The methods that speak for the groups; empty where no group's runs determine a law. */
export const speakers = (analysis: GroupsAnalysis): string[] => [
  ...new Set(analysis.groups.flatMap((group) => spokenFor(group, tableBudget(analysis))?.result.method ?? [])),
]

/** A number and its interval, as text. */
interface Spanned {
  readonly value: string
  readonly interval: string
}

const spanned = (value: number | null | undefined, ends?: Interval | null, format: Format = significant): Spanned =>
  value === null || value === undefined
    ? { value: '-', interval: '-' }
    : { value: format(value), interval: interval(value, ends, format) }

/** a, N, D and the loss of a group at a budget. */
function answersOf(group: FittedGroup, C: number): Spanned[] {
  const spoken = spokenFor(group, C)
  const size = spoken?.result.modelSize
  const at = spoken?.at
  return [
    spanned(size?.exponent, size?.interval, exponent),
    spanned(at?.parameters, at?.interval.parameters),
    spanned(at?.tokens, at?.interval.tokens),
    spanned(at?.loss, at?.interval.loss, nats),
  ]
}

const answers = ['a', 'N', 'D', 'loss'] as const

/** One row for each group, its intervals below the numbers. */
export function pageTable(analysis: GroupsAnalysis): { head: string[]; rows: Cell[][] } {
  const C = tableBudget(analysis)
  const title = words().groups.columns
  return {
    head: [title.group, title.runs, title.method, ...answers],
    rows: analysis.groups.map((group) => [
      group.name,
      count(group.analysis.runs.size),
      spokenFor(group, C)?.result.method ?? words().groups.notDetermined,
      ...answersOf(group, C),
    ]),
  }
}

/** The same for a terminal, with intervals in columns of their own but for D, whose width is that of N. */
export function textTable(analysis: GroupsAnalysis): { columns: Column[]; rows: string[][] } {
  const C = tableBudget(analysis)
  const name = words().groups.columns
  const left = (title: string): Column => ({ title, align: 'left' })
  const right = (title: string): Column => ({ title, align: 'right' })
  return {
    columns: [
      left(name.group),
      right(name.runs),
      ...answers.flatMap((answer) => (answer === 'D' ? [right(answer)] : [right(answer), left(name.interval)])),
    ],
    rows: analysis.groups.map((group) => [
      group.name,
      count(group.analysis.runs.size),
      ...answersOf(group, C).flatMap(({ value, interval: ends }, k) => (answers[k] === 'D' ? [value] : [value, ends])),
    ]),
  }
}
