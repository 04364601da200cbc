import { IsoflopError } from '../core/errors.ts'
import { columnAdvice } from './advice.ts'
import { Chooser, type Found } from './chooser.ts'
import type { Content } from './content.ts'
import { dataSetsOf } from './data-sets.ts'
import { described, normalized, type Quantity, quantities } from './names.ts'
import { type ChosenColumn, type ColumnQuestion, fileGroup, list, type ReadingPlan, type Split, short } from './plan.ts'
import { statesOf } from './state.ts'
import { labelsOf } from './summary.ts'

/**
 * Columns that tell two runs of equal N, D and C apart. Rows that differ in one of them are no duplicates even where their
 * losses agree to the last digit: in 3,843 published answers of the course's training API, 44 rows agree in N, D, C and
 * loss with another row, and every one of them has another number of heads or another shape.
 */
const settingNames = new Set(
  [
    ...['d_model', 'num_layers', 'num_heads', 'n_heads', 'n_head', 'width', 'depth', 'batch_size', 'bs'],
    ...['learning_rate', 'lr', 'max_lr', 'peak_lr', 'weight_decay', 'optimizer', 'schedule', 'seed', 'dataset', 'data'],
    ...['corpus', 'model', 'architecture'],
  ].map(normalized),
)

/** Each costs time in every row, and 54,000 columns may all be called `l_r`, `l__r`, ...; no table has so many settings. */
const mostSettings = 64

/**
 * Finds the quantities among a file's columns, as told, or by their usual names and what the columns hold.
 *
 * Errors: COLUMN_UNKNOWN where a told column is not there; COLUMN_MISSING without a loss (of runs to fit), or without two of N, D
 * and C.
 */
export function planColumns(question: ColumnQuestion): ReadingPlan {
  const found = new Chooser(question).choose()
  requireColumns(question, found)
  return planOf(question, found)
}

function planOf(question: ColumnQuestion, found: Found): ReadingPlan {
  const { columns, purpose } = question
  const wanted: number[] = []
  const want = (column: number) => (column < 0 ? -1 : wanted.push(column) - 1)
  const at = {} as Record<Quantity, number>
  const named = {} as Record<Quantity, string>
  const content: Partial<Record<Quantity, Content>> = {}
  let listsTo = 0
  for (const [k, quantity] of quantities.entries()) {
    const taken = found.taken.get(quantity)
    at[quantity] = want(taken?.column ?? -1)
    named[quantity] = taken ? columns[taken.column] : quantity
    if (taken?.content) content[quantity] = taken.content
    if (k < described) listsTo = wanted.length
  }
  const settingsFrom = wanted.length
  wanted.push(...settingsOf(columns))
  const settingsTo = wanted.length
  const parts = found.taken.get('run')?.parts ?? []
  const runParts = parts.length > 1 ? parts.map(want) : []
  if (runParts.length > 0) named.run = parts.map((part) => columns[part]).join('+')
  const used = new Set([...found.taken.values()].flatMap(({ column, parts: own }) => [column, ...own]))
  const state = found.taken.get('state')?.column ?? -1
  const states = statesOf(columns, question.sample, state, used)
  const labels = labelsOf(question.sample, found.taken.get('run')?.column ?? -1, used)
  const split = question.groupBy === undefined && purpose === 'fit' ? dataSetsOf(question, found) : null
  const chosen = found.chosen(columns)
  return {
    ...{ wanted, at, named, content, listsTo, settingsFrom, settingsTo, runParts, split, chosen },
    states: states.map(({ column, isOut }) => ({ place: want(column), name: columns[column].trim(), isOut })),
    labels: labels.map((column) => ({ place: want(column), name: columns[column].trim() || 'the first column' })),
    lossUnit: found.taken.get('loss')?.loss?.unit ?? 'nats/token',
    isMixture: found.isMixture,
    isScaleTold: found.isScaleTold,
    group: want(groupColumn(question, split)),
    where: question.where.map(({ column, value }) => ({
      place: want(conditionColumn(question, column)),
      value,
    })),
    notes: [
      mapping(chosen),
      ...chosen.flatMap(rivalNote),
      ...(found.isMixture ? [mixtureNote(found, columns)] : []),
      ...found.notes,
    ],
  }
}

/** The columns of settings, in order of their names, so that two files with their columns in another order agree on equal rows. */
function settingsOf(columns: readonly string[]): number[] {
  const names = columns.map(normalized)
  const settings = names.flatMap((name, i) => (settingNames.has(name) ? [i] : []))
  settings.sort((i, j) => (names[i] === names[j] ? i - j : names[i] < names[j] ? -1 : 1))
  return settings.slice(0, mostSettings)
}

const groupColumn = (question: ColumnQuestion, split: Split | null): number =>
  question.groupBy === undefined || question.groupBy === fileGroup
    ? (split?.column ?? -1)
    : optionColumn(question, question.groupBy, '--group-by')

const conditionColumn = (question: ColumnQuestion, column: string): number => optionColumn(question, column, '--where')

function optionColumn({ source, columns }: ColumnQuestion, name: string, option: string): number {
  const column = columns.findIndex((candidate) => candidate.trim() === name.trim())
  if (column >= 0) return column
  throw new IsoflopError(
    'COLUMN_UNKNOWN',
    `${source} has no column "${name}", which ${option} names. Its columns: ${list(columns)}.`,
    'Use a name from this list, spelled as in the file.',
  )
}

function requireColumns(question: ColumnQuestion, { taken }: Found): void {
  const { source, columns, purpose } = question
  const size = taken.has('parameters') || (taken.has('d_model') && taken.has('num_layers'))
  const missing: Quantity[] = []
  if (!taken.has('loss') && purpose === 'fit') missing.push('loss')
  if (Number(size) + Number(taken.has('tokens')) + Number(taken.has('flops')) < 2) {
    if (!size) missing.push('parameters')
    if (!taken.has('tokens')) missing.push('tokens')
    if (!taken.has('flops')) missing.push('flops')
  }
  if (missing.length === 0) return
  throw new IsoflopError(
    'COLUMN_MISSING',
    `${source} has no column for ${missing.join(', ')}. Needed are ${purpose === 'fit' ? 'the loss and ' : ''}two of parameters, tokens and flops ` +
      `(d_model and num_layers count as parameters). Its columns: ${list(columns)}.${headerHint(columns)}`,
    columnAdvice(question, missing, taken),
  )
}

/** A file without a header line shows as columns that are called like numbers. */
const headerHint = (columns: readonly string[]): string =>
  columns.length > 0 && columns.every((name) => name.trim() !== '' && Number.isFinite(Number(name)))
    ? ' These are numbers: the first line must name the columns.'
    : ''

function mapping(chosen: readonly ChosenColumn[]): string {
  const pairs = chosen.map(({ quantity, columns, done, example }) => {
    const names = columns.map((name) => `"${short(name.trim())}"`).join(' and ')
    const written = example === null ? '' : `, written like "${short(example)}"`
    return `${quantity} from ${names}${done === null ? '' : ` ${done}`}${written}`
  })
  return `columns: ${pairs.join(', ')}`
}

function rivalNote({ quantity, columns, rivals }: ChosenColumn): string[] {
  if (rivals.length === 0) return []
  const shown = rivals
    .slice(0, 40)
    .map(({ column, why }) => `"${short(column.trim())}"${why === '' ? '' : ` (${why})`}`)
  const more = rivals.length > 40 ? ` and ${rivals.length - 40} more` : ''
  return [
    `${quantity}: took "${short(columns[0].trim())}" and left ${shown.join(', ')}${more}; --columns chooses another`,
  ]
}

function mixtureNote({ taken }: Found, columns: readonly string[]): string {
  const total = taken.get('total_parameters')
  const all = total ? `; the total of "${short(columns[total.column].trim())}" is kept beside them` : ''
  return `parameters: a mixture of experts: N are the active parameters, of which C = 6ND is made${all}`
}
