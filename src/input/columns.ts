import { IsoflopError } from '../core/errors.ts'

/** What a column of a file can hold. `run` names the training run of a row, `step` its place in that run. */
export const quantities = [
  ...(['parameters', 'tokens', 'flops', 'loss', 'run', 'step', 'd_model', 'num_layers'] as const),
  ...(['learning_rate', 'batch_size', 'batch_tokens', 'sequence_length', 'unique_tokens', 'epochs', 'cost'] as const),
] as const
/** How many of them say what a row is; the others are settings, of which a record has one even where its loss is a list. */
const described = 8

export type Quantity = (typeof quantities)[number]

/**
 * What a table is read as: finished runs; runs to choose from, which may have a cost and need not have a loss yet; or runs to
 * predict, whose costs are not looked at and where a loss that was told for the pool may have no column.
 */
export type Purpose = 'fit' | 'pool' | 'target'

/** What a table for this purpose can hold. */
const quantitiesFor = (purpose: Purpose): readonly Quantity[] =>
  purpose === 'pool' ? quantities : quantities.filter((quantity) => quantity !== 'cost')

/** Which column holds which quantity, where a person said so. */
export type ToldColumns = Readonly<Partial<Record<Quantity, string>>>

/**
 * The usual names of each quantity, the preferred one first. They are compared without regard to case, spaces and
 * punctuation (`normalized`), but a single letter must be that capital: a lower-case `d` or `n` is too often something
 * else. `tokens_seen` precedes `tokens`, because where both exist the latter is what the run was planned to see.
 */
const usualNames: Readonly<Record<Quantity, readonly string[]>> = {
  parameters: [
    ...['parameters', 'params', 'N', 'model_size', 'num_parameters', 'num_params', 'n_parameters', 'n_params'],
    ...['parameter_count', 'param_count', 'total_parameters', 'total_params', 'model_parameters', 'model_params'],
    ...['non_embedding_parameters', 'non_embedding_params', 'non_embedding_param_size'],
  ],
  tokens: [
    ...['tokens_seen', 'tokens', 'D', 'train_tokens', 'training_tokens', 'num_tokens', 'n_tokens', 'token_count'],
    ...['total_tokens', 'num_train_tokens', 'dataset_size', 'data_size'],
  ],
  flops: [
    ...['compute_budget', 'train_flops', 'training_flops', 'training_flop', 'flops', 'flop', 'budget', 'C', 'compute'],
    ...['flops_budget', 'total_flops', 'train_compute', 'training_compute', 'total_compute'],
  ],
  loss: [
    ...['loss', 'final_loss', 'loss_final', 'val_loss', 'valid_loss', 'validation_loss', 'eval_loss', 'test_loss'],
    ...['train_loss', 'training_loss', 'L', 'loss.validation', 'loss.average', 'loss.last', 'lm_loss'],
  ],
  run: ['run', 'run_id', 'run_name', 'exp_name', 'experiment_id', 'model_id', 'trial', 'trial_id', 'name', 'id'],
  step: [
    ...['step', 'steps', 'global_step', 'train_step', 'training_step', 'iteration', 'iterations', 'iter'],
    ...['checkpoint', 'checkpoint_step', 'tokens_seen'],
  ],
  d_model: ['d_model', 'hidden_size', 'n_embd'],
  num_layers: ['num_layers', 'n_layers', 'n_layer', 'num_hidden_layers', 'layers'],
  learning_rate: [
    ...['learning_rate', 'lr', 'max_lr', 'peak_lr', 'max_learning_rate', 'peak_learning_rate', 'config.learning_rate'],
  ],
  batch_size: ['batch_size', 'bsz', 'bs', 'global_batch_size', 'train_batch_size', 'config.batch_size'],
  batch_tokens: ['batch_tokens', 'batch_size_tokens', 'tokens_per_batch', 'tokens_per_step', 'global_batch_tokens'],
  sequence_length: ['sequence_length', 'seq_len', 'seq_length', 'context_length', 'max_seq_len', 'block_size'],
  unique_tokens: ['unique_tokens', 'num_unique_tokens', 'n_unique_tokens', 'dataset_tokens'],
  epochs: ['epochs', 'num_epochs', 'n_epochs', 'num_train_epochs'],
  cost: ['cost', 'run_cost', 'price', 'gpu_hours', 'tpu_hours', 'chip_hours', 'node_hours', 'gpu_seconds', 'usd'],
}

/**
 * Columns that tell two runs of equal N, D and C apart. Rows that differ in one of them are no duplicates even where their
 * losses agree to the last digit: in 3,843 published answers of the course's training API, 44 rows agree in N, D, C and
 * loss with another row, and every one of them has another number of heads or another shape.
 */
const settingNames = new Set(
  [
    ...['d_model', 'num_layers', 'num_heads', 'n_heads', 'n_head', 'width', 'depth', 'batch_size', 'bs'],
    ...['learning_rate', 'lr', 'max_lr', 'weight_decay', 'optimizer', 'schedule', 'seed', 'dataset', 'data', 'corpus'],
    ...['model', 'architecture'],
  ].map(normalized),
)

/** Each costs time in every row, and 54,000 columns may all be called `l_r`, `l__r`, ...; no table has so many settings. */
const mostSettings = 64

/** Units in parentheses that change nothing. Any other one, as in `Params (M)`, is a factor, and the name is not taken. */
const plainUnits = new Set([
  '',
  'flop',
  'flops',
  'nats',
  'nats/token',
  'nats per token',
  'tokens',
  'params',
  'parameters',
])

/** A name as it is compared: no case, no spaces, no punctuation, no plain unit; a single letter keeps its case. */
export function normalized(name: string): string {
  const bare = withoutPlainUnit(name)
  const letters = bare.replace(/[\s_\-./]/g, '')
  return letters.length === 1 ? letters : letters.toLowerCase()
}

/** By hand, because a pattern for a unit in brackets tries every blank and bracket of a name as its beginning. */
function withoutPlainUnit(name: string): string {
  const text = name.trimEnd()
  if (!text.endsWith(')') && !text.endsWith(']')) return name
  const open = Math.max(text.lastIndexOf('('), text.lastIndexOf('['))
  const unit = text.slice(open + 1, -1)
  const bare = text.slice(0, Math.max(open, 0)).trimEnd()
  if (bare === '' || unit.includes(')') || unit.includes(']')) return name
  return plainUnits.has(unit.trim().toLowerCase()) ? bare : name
}

/** How to read a file of these columns: which of its cells are wanted, and what each of them is. */
export interface ReadingPlan {
  /** Positions in the file's columns of the cells a reader hands on, in this order. */
  readonly wanted: readonly number[]
  /** The place of each quantity among the wanted cells; -1 where the file does not have it. */
  readonly at: Readonly<Record<Quantity, number>>
  /** What the file calls each quantity; the quantity's own name where it does not have it. */
  readonly named: Readonly<Record<Quantity, string>>
  /** Wanted cells up to here may be lists, one value a checkpoint. */
  readonly listsTo: number
  /** Wanted cells from here on are settings, which only tell duplicates from different runs. */
  readonly settingsFrom: number
  readonly notes: readonly string[]
}

/** A name without a unit in brackets: what a run costs may be in any. */
function withoutAnyUnit(name: string): string {
  const bare = name.trimEnd()
  const open = Math.max(bare.lastIndexOf('('), bare.lastIndexOf('['))
  return open > 0 && (bare.endsWith(')') || bare.endsWith(']')) ? bare.slice(0, open) : name
}

/**
 * Finds the quantities among a file's columns, as told or by their usual names.
 *
 * Errors: COLUMN_UNKNOWN where a told column is not there; COLUMN_MISSING without a loss (of runs to fit), or without two of N, D
 * and C.
 */
export function planColumns(
  source: string,
  columns: readonly string[],
  told: ToldColumns,
  purpose: Purpose = 'fit',
): ReadingPlan {
  const names = columns.map(normalized)
  const places = placesOf(names)
  const notes: string[] = []
  const found = {} as Record<Quantity, number>
  for (const quantity of quantities) {
    const name = told[quantity]
    const isKnown = name !== undefined && quantitiesFor(purpose).includes(quantity)
    const isNeeded = purpose !== 'target' || quantity !== 'loss'
    found[quantity] = !isKnown ? -1 : toldColumn(source, columns, { quantity, name, isNeeded })
  }
  const bare = placesOf(columns.map((name) => normalized(withoutAnyUnit(name))))
  for (const quantity of quantitiesFor(purpose)) {
    if (found[quantity] >= 0 || shapeIsTold(quantity, told)) continue
    const usual = usualColumns(quantity === 'cost' ? bare : places, quantity)
    const matches = usual.filter((column) => !isTaken(column, quantity, found))
    if (matches.length === 0) continue
    found[quantity] = matches[0]
    const left = matches.slice(1).filter((column) => column !== found.tokens)
    if (left.length > 0) notes.push(ambiguity(quantity, [matches[0], ...left], columns))
  }
  requireColumns(source, columns, found, purpose)
  return planOf(columns, names, found, notes)
}

/** A column holds one quantity; only `tokens_seen` is both the tokens and the step. */
const isTaken = (column: number, quantity: Quantity, found: Readonly<Record<Quantity, number>>): boolean =>
  quantities.some((other) => found[other] === column && !(tokensOrStep(quantity) && tokensOrStep(other)))

const tokensOrStep = (quantity: Quantity): boolean => quantity === 'tokens' || quantity === 'step'

/** Told d_model and num_layers are N, even where another column has the usual name of N. */
const shapeIsTold = (quantity: Quantity, told: ToldColumns): boolean =>
  quantity === 'parameters' && told.d_model !== undefined && told.num_layers !== undefined

function planOf(
  columns: readonly string[],
  names: readonly string[],
  found: Record<Quantity, number>,
  notes: string[],
) {
  const wanted: number[] = []
  const at = {} as Record<Quantity, number>
  const named = {} as Record<Quantity, string>
  let listsTo = 0
  quantities.forEach((quantity, k) => {
    at[quantity] = found[quantity] < 0 ? -1 : wanted.push(found[quantity]) - 1
    named[quantity] = columns[found[quantity]] ?? quantity
    if (k < described) listsTo = wanted.length
  })
  const settingsFrom = wanted.length
  // In order of their names, so that two files with their columns in another order agree on equal rows.
  const settings = names.flatMap((name, i) => (settingNames.has(name) ? [i] : []))
  settings.sort((i, j) => (names[i] === names[j] ? i - j : names[i] < names[j] ? -1 : 1))
  wanted.push(...settings.slice(0, mostSettings))
  return { wanted, at, named, listsTo, settingsFrom, notes: [mapping(columns, found), ...notes] }
}

/** The columns of each name. */
function placesOf(names: readonly string[]): ReadonlyMap<string, readonly number[]> {
  const places = new Map<string, number[]>()
  for (const [i, name] of names.entries()) {
    const known = places.get(name)
    if (known === undefined) places.set(name, [i])
    else known.push(i)
  }
  return places
}

/** The columns with a usual name of this quantity, preferred ones first. */
const usualColumns = (places: ReadonlyMap<string, readonly number[]>, quantity: Quantity): number[] =>
  usualNames[quantity].flatMap((usual) => places.get(normalized(usual)) ?? [])

interface Told {
  readonly quantity: Quantity
  readonly name: string
  readonly isNeeded: boolean
}

function toldColumn(source: string, columns: readonly string[], { quantity, name, isNeeded }: Told): number {
  const column = columns.findIndex((candidate) => candidate.trim() === name.trim())
  if (column >= 0 || !isNeeded) return column
  throw new IsoflopError(
    'COLUMN_UNKNOWN',
    `${source} has no column "${name}", which --columns names for ${quantity}. Its columns: ${list(columns)}.`,
    'Use a name from this list, spelled as in the file.',
  )
}

function requireColumns(
  source: string,
  columns: readonly string[],
  found: Record<Quantity, number>,
  purpose: Purpose,
): void {
  const has = (quantity: Quantity) => found[quantity] >= 0
  const size = has('parameters') || (has('d_model') && has('num_layers'))
  const missing: string[] = []
  if (!has('loss') && purpose === 'fit') missing.push('loss')
  if (Number(size) + Number(has('tokens')) + Number(has('flops')) < 2) {
    if (!size) missing.push('parameters')
    if (!has('tokens')) missing.push('tokens')
    if (!has('flops')) missing.push('flops')
  }
  if (missing.length === 0) return
  const taken = Object.values(found)
  const free = columns.find((_, i) => !taken.includes(i)) ?? 'COLUMN'
  throw new IsoflopError(
    'COLUMN_MISSING',
    `${source} has no column for ${missing.join(', ')}. Needed are ${purpose === 'fit' ? 'the loss and ' : ''}two of parameters, tokens and flops ` +
      `(d_model and num_layers count as parameters). Its columns: ${list(columns)}.${headerHint(columns)}`,
    `Name the columns, for example --columns '${missing[0]}=${quoted(free)}'.`,
  )
}

/** A file without a header line shows as columns that are called like numbers. */
const headerHint = (columns: readonly string[]): string =>
  columns.length > 0 && columns.every((name) => name.trim() !== '' && Number.isFinite(Number(name)))
    ? ' These are numbers: the first line must name the columns.'
    : ''

/** Names of columns, for a message of a length that can be read. */
export function list(columns: readonly string[]): string {
  const shown = columns.slice(0, 40).map(short)
  return (columns.length > 40 ? [...shown, `and ${columns.length - 40} more`] : shown).join(', ') || 'none'
}

const short = (name: string): string => (name.length > 40 ? `${name.slice(0, 40)}...` : name)

function mapping(columns: readonly string[], found: Record<Quantity, number>): string {
  const pairs = quantities.filter((quantity) => found[quantity] >= 0)
  return `columns: ${pairs.map((quantity) => `${quantity} from "${short(columns[found[quantity]].trim())}"`).join(', ')}`
}

function ambiguity(quantity: Quantity, matches: readonly number[], columns: readonly string[]): string {
  const [first, ...rest] = matches.slice(0, 41).map((column) => `"${short(columns[column].trim())}"`)
  const more = matches.length > 41 ? ` and ${matches.length - 41} more` : ''
  return `${quantity}: took ${first} and left ${rest.join(', ')}${more}; --columns chooses another`
}

const quoted = (name: string): string => (/[",\\=]/.test(name) ? `"${name.replace(/["\\]/g, '\\$&')}"` : name.trim())

/** Characters of --columns at most. */
const longestOption = 10_000

/**
 * Columns from the text of --columns, e.g. `parameters=N,loss=val_loss`. A comma in a column's name is written in double
 * quotes or behind a backslash: `loss="loss, nats"`.
 *
 * Errors: BAD_OPTION for an unknown or repeated quantity, a missing `=` or an empty name.
 */
export function parseColumns(text: string, purpose: Purpose = 'fit'): ToldColumns {
  const known = quantitiesFor(purpose)
  const badColumns = (what: string): IsoflopError =>
    new IsoflopError(
      'BAD_OPTION',
      `--columns takes quantity=column pairs, and ${what}.`,
      `Write --columns 'parameters=N,loss=val_loss'; the quantities are ${known.join(', ')}.`,
    )
  if (text.length > longestOption) throw badColumns(`these have ${text.length} characters`)
  const told: Partial<Record<Quantity, string>> = {}
  for (const part of splitPairs(text)) {
    const equals = part.indexOf('=')
    const quantity = part.slice(0, Math.max(equals, 0)).trim() as Quantity
    const name = unquoted(part.slice(equals + 1).trim())
    if (equals < 0) throw badColumns(`"${part.trim()}" has no "="`)
    if (!known.includes(quantity)) throw badColumns(`"${quantity}" is not a quantity`)
    if (name === '') throw badColumns(`${quantity} has no column`)
    if (told[quantity] !== undefined) throw badColumns(`${quantity} is named twice`)
    told[quantity] = name
  }
  return told
}

/** The parts between commas that are neither quoted nor escaped. */
const splitPairs = (text: string): string[] => text.match(/(?:\\.|"(?:\\.|[^"\\])*"|[^,])+|(?<=^|,)(?=,|$)/gs) ?? ['']

const unquoted = (name: string): string => (/^".*"$/s.test(name) ? name.slice(1, -1) : name).replace(/\\(.)/gs, '$1')
