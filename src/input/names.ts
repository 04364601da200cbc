import { type LossUnit, type LossWord, lossWordOf } from './loss-unit.ts'
import { type Factor, factorOf, flopsFactorOf } from './unit.ts'
import { plannedTokens, type Quantity, quantities, usualNames } from './usual-names.ts'

export { described, type Quantity, quantities } from './usual-names.ts'

const planned = new Set(plannedTokens.map((name) => name.replaceAll('_', '')))

/** Whether a column of the end of runs counts tokens and not steps. */
export const isPlannedTokens = (name: string): boolean => planned.has(normalized(name.split(/[/.]/).at(-1)!))

/** Names that mean other things more often: taken only where the column holds what they would mean. */
const weakNames = new Set(
  ['data', 'size', 'value', 'losses', 'epoch', 'repeats', 'tflops', 'pflops', 'gflops'].map(normalized),
)

/** Units in brackets that change nothing. */
const plainUnits = new Set([
  '',
  '#',
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
  const { bare, unit } = withoutUnit(name)
  return bareKey(unit !== null && plainUnits.has(unit) ? bare : name)
}

function bareKey(name: string): string {
  const letters = name.replace(/[\s_\-./#,]/g, '')
  return letters.length === 1 ? letters : letters.toLowerCase()
}

/** A name and the unit in brackets at its end. By hand, because a pattern tries every blank and bracket of a name as its beginning. */
export function withoutUnit(name: string): { readonly bare: string; readonly unit: string | null } {
  const text = name.trimEnd()
  const none = { bare: name, unit: null }
  if (!text.endsWith(')') && !text.endsWith(']')) return none
  const open = Math.max(text.lastIndexOf('('), text.lastIndexOf('['))
  const unit = text.slice(open + 1, -1)
  const bare = text.slice(0, Math.max(open, 0)).trimEnd()
  return bare === '' || unit.includes(')') || unit.includes(']') ? none : { bare, unit: unit.trim().toLowerCase() }
}

/** That a column may hold a quantity, by its name. */
export interface Match {
  readonly column: number
  readonly quantity: Quantity
  /** Lower is preferred. */
  readonly rank: number
  /** What the name says each number is to be multiplied with; null where it says nothing. */
  readonly factor: Factor | null
  /** What the name says a loss is in; null where it says nothing. */
  readonly loss: LossWord | null
  /** Whether only the content can tell. */
  readonly isWeak: boolean
}

/** The quantities of a usual name, and how preferred it is for each. */
const byName: ReadonlyMap<string, ReadonlyMap<Quantity, number>> = indexOfNames()

function indexOfNames() {
  const index = new Map<string, Map<Quantity, number>>()
  for (const quantity of quantities)
    for (const [rank, name] of usualNames[quantity].entries()) {
      const key = normalized(name)
      const ranks = index.get(key) ?? new Map<Quantity, number>()
      if (!ranks.has(quantity)) ranks.set(quantity, rank)
      index.set(key, ranks)
    }
  return index
}

/** Quantities that may be written in millions and the like. */
const scaled = new Set<Quantity>(['parameters', 'total_parameters', 'tokens', 'unique_tokens', 'flops', 'batch_tokens'])
/** What a name costs that is not whole: each part of a path that had to be dropped, and a unit that had to be read. */
const perPart = 1000
/** A longer name is nobody's; it is not taken apart. */
const longestName = 200
/** The last parts of a path that may make a name. */
const mostParts = 4

/**
 * The quantities that each column may hold by its name, the preferred columns of each quantity first. Of a path (`model/num_params`,
 * `metrics.val_loss`, `user_attrs_tokens`) the whole counts before its last parts; a unit in it (`Params (M)`, `tokens_b`, `total_gflops`)
 * is read.
 */
export function matchesOf(columns: readonly string[]): ReadonlyMap<Quantity, readonly Match[]> {
  const matches = new Map<Quantity, Match[]>(quantities.map((quantity) => [quantity, []]))
  for (const [column, name] of columns.entries())
    for (const match of matchesOfName(name, column)) matches.get(match.quantity)!.push(match)
  // Of two columns of one name the first is preferred.
  for (const list of matches.values()) list.sort((a, b) => a.rank - b.rank || a.column - b.column)
  return matches
}

function matchesOfName(name: string, column: number): Match[] {
  const best = new Map<Quantity, Match>()
  const active = activeOf(name, column)
  if (active) best.set('parameters', active)
  for (const [dropped, path] of pathsOf(name).entries()) {
    for (const { key, factor, loss } of readingsOf(path)) {
      for (const [quantity, place] of byName.get(key) ?? []) {
        if (best.has(quantity) || (factor && !scaled.has(quantity)) || (loss && quantity !== 'loss')) continue
        const rank = place + perPart * dropped
        const word = quantity === 'loss' ? (loss ?? lossWordOf(key)) : null
        best.set(quantity, { column, quantity, rank, factor, loss: word, isWeak: isWeakName(key, path) })
      }
    }
    const priced = dropped === 0 ? byName.get(bareKey(withoutUnit(path).bare))?.get('cost') : undefined
    if (priced !== undefined && !best.has('cost'))
      best.set('cost', { column, quantity: 'cost', rank: priced, factor: null, loss: null, isWeak: false })
  }
  return [...best.values()]
}

/** Words for the parameters that a token of a mixture of experts meets. */
const activeWord = /(?:^|[\s_\-./(])(?:active|activated|activation|activ|act)(?=$|[\s_\-./)(])/i

/** Whether a name of parameters is of the active ones. */
export const isActive = (name: string): boolean => /activ/i.test(name.slice(0, 200)) || activeOf(name, 0) !== null

/** A name of parameters with such a word in it, wherever, is of the active ones: before all others. `active` alone may be a flag. */
function activeOf(name: string, column: number): Match | null {
  const { bare, unit } = withoutUnit(name.trim())
  if (name.length > longestName || !activeWord.test(bare)) return null
  const last = bare.split(/[/:]/).at(-1)!
  const rest = last.replace(activeWord, '').replace(/^[\s_\-.]+|[\s_\-.]+$/g, '')
  const base = unit === null ? rest : `${rest} (${unit})`
  const reading = readingsOf(base).find(({ key }) => byName.get(key === 'n' ? 'N' : key)?.has('parameters'))
  const isAlone = rest === ''
  if (!isAlone && reading === undefined) return null
  const factor = isAlone && unit !== null ? factorOf(unit) : (reading?.factor ?? null)
  return { column, quantity: 'parameters', rank: 0, factor, loss: null, isWeak: isAlone }
}

const isWeakName = (key: string, path: string): boolean => weakNames.has(key) || weakNames.has(bareKey(path))

/** Prefixes that trackers put before the name of a setting or a metric. */
const prefixes = /^(?:user_attrs|params|metrics|summary|config|attrs|hparams|args|hyperparameters)_(?=.)/i
/** What lm-eval adds to the name of a metric: the filter of the answers. */
const suffix = /,none$/
/** A path of these is of other values than those that were reached: the least of an axis, a target, a guess. */
const misleading = /^(?:min|max|std|stderr|var|init|initial|target|expected|predicted|pred|grad|best_step)$/i

/** The name, then its last parts, the longest first. */
function pathsOf(name: string): string[] {
  const whole = name.trim().replace(suffix, '')
  if (whole.length > longestName) return [whole]
  const inner = /^(.+)[./]value$/i.exec(whole)?.[1]
  if (inner !== undefined && byName.has(normalized(inner.split(/[/.]/).at(-1)!))) return pathsOf(inner)
  const parts = withoutUnit(whole).unit === null ? whole.split(/[/.:]/) : [whole]
  if (parts.slice(0, -1).some((part) => misleading.test(part.trim()))) return [whole]
  const ends = parts.slice(1).map((_, i) => parts.slice(i + 1).join('.'))
  const paths = [whole, ...ends.slice(-mostParts)]
  const bare = whole.replace(prefixes, '')
  return bare === whole ? paths : [...paths, bare]
}

interface Reading {
  readonly key: string
  readonly factor: Factor | null
  readonly loss: LossWord | null
}

/** Numbers that are logarithms. */
const logs: Readonly<Record<string, Factor>> = {
  log10: { value: 1, said: 'log10', base: 10 },
  ln: { value: 1, said: 'ln', base: 'e' },
  log: { value: 1, said: 'log', base: 'any' },
}
const logOf = (word: string): Factor => logs[word.toLowerCase().replace('_', '')]
/** What a loss may be of, in brackets behind its name. */
const lossParts = new Set([
  ...['val', 'valid', 'validation', 'eval', 'test', 'dev', 'heldout', 'held-out', 'train', 'training', 'final'],
])

/** What a name may be read as: as it stands, and without the unit that it ends with. */
function readingsOf(path: string): Reading[] {
  const plain: Reading = { key: normalized(path), factor: null, loss: null }
  if (path.length > longestName) return [plain]
  const { bare, unit } = withoutUnit(path)
  const key = bareKey(bare)
  if (unit !== null) {
    const loss = lossWordOf(unit)
    const factor = factorOf(unit)
    const log = /^(?:log_?10|log|ln)$/i.test(bare.trim()) ? logOf(bare.trim()) : null
    const parts = lossParts.has(unit) ? [bareKey(`${unit}${bare}`), key] : []
    return [
      plain,
      ...(loss ? [{ key, factor: null, loss }] : []),
      ...(factor ? [{ key, factor, loss: null }] : []),
      ...(log ? [{ key: bareKey(unit.length === 1 ? unit.toUpperCase() : unit), factor: log, loss: null }] : []),
      ...parts.map((part) => ({ key: part, factor: null, loss: null })),
    ]
  }
  const log = /^(?:(log_?10)[\s_-]?|(log|ln)[\s_-])(.+)$/i.exec(path)
  if (log !== null) return [plain, { key: bareKey(log[3]), factor: logOf(log[1] ?? log[2]), loss: null }]
  const flops = flopsFactorOf(path)
  if (flops) return [plain, { key: bareKey(flops.bare), factor: flops.factor, loss: null }]
  const end = /^(.+?)(?:[\s_-]+(?:in[\s_-]+)?([a-z]+|1e\d+)|(?<=[a-z])([KMBTG]))$/i.exec(path)
  const word = end?.[2] ?? end?.[3]
  const isWord = end?.[2] !== undefined || /[a-z][KMBTG]$/.test(path)
  const factor = word !== undefined && isWord ? factorOf(word) : null
  return factor ? [plain, { key: bareKey(end![1]), factor, loss: null }] : [plain]
}

export type { LossUnit }
