import type { Judge, Judgement } from './judgement.ts'
import { itself, type Nest, nameOf, RowColumns, recordOf, rowsOf, type Step, unnamed } from './nesting.ts'
import { isRecord, isRecords, type Json, keysOf } from './record.ts'
import { couldBeColumns, entriesOf, equalLists, type Layout, plainLayout } from './tables.ts'

/** What was found in records. */
export type Choice =
  | { readonly kind: 'chosen'; readonly nest: Nest; readonly others: readonly Nest[] }
  /** Several tables could be meant, or none of several. */
  | { readonly kind: 'several'; readonly names: readonly string[]; readonly areEnough: boolean }
  /** There is none of the name that was told. */
  | { readonly kind: 'unknown'; readonly names: readonly string[] }

/** Records that are looked through for tables, and rows of each table whose columns are looked at. */
const recordsForNests = 1000
const rowsForNames = 200
/** Rows of a table that are looked through for tables within them. */
const rowsForNests = 20
/** Tables lie within no more tables than this, and under no more keys. */
const deepest = 6
const longestPath = 16
/** A file with more places to look at, or more names to judge, than this is looked at no further. */
const mostLooks = 100_000
const mostJudged = 2_000_000

/**
 * Chooses the table of runs among those in some records: the one that is told; else the one whose rows have all that a run must have,
 * which no table around them has already.
 */
export function chooseNest(records: readonly Json[], judge: Judge, told: string | undefined): Choice {
  const looked = records.slice(0, recordsForNests)
  const search = new NestSearch(judge, areNamed(looked), looked.length === 1)
  for (const record of looked) search.look(record)
  const others = search.nests(looked.length)
  if (told !== undefined) return toldNest([itself, ...others], told)
  const whole = others.find(isWhole)
  const candidates = whole ? others : [itself, ...others]
  if (candidates.length === 1) return { kind: 'chosen', nest: candidates[0], others }
  for (const isLoose of [false, true]) {
    const enough = candidates.filter((nest) => isEnough(looked, nest, others, (names) => judge(names, isLoose)))
    if (enough.length === 1) return { kind: 'chosen', nest: enough[0], others }
    if (enough.length > 1) return { kind: 'several', names: enough.map(nameOf), areEnough: true }
  }
  const outermost = others.filter(({ steps }) => steps.length === 1)
  if (records.length > 1 || outermost.length === 0) return { kind: 'chosen', nest: whole ?? itself, others }
  if (outermost.length === 1) return { kind: 'chosen', nest: outermost[0], others }
  return { kind: 'several', names: outermost.map(nameOf), areEnough: false }
}

/** Whether each record is an object under a key of its own: `{"run0": {...}}`, then `{"run1": {...}}`. */
function areNamed(records: readonly Json[]): boolean {
  const keys = new Set<string>()
  for (const record of records) {
    const [key, ...others] = Object.keys(record)
    if (key === undefined || others.length > 0 || !isRecord(record[key])) return false
    keys.add(key)
  }
  return keys.size > 1 && 2 * keys.size > records.length
}

function toldNest(nests: readonly Nest[], told: string): Choice {
  const names = nests.map(nameOf)
  const place = names.lastIndexOf(told)
  if (place >= 0) return { kind: 'chosen', nest: nests[place], others: nests.slice(1) }
  return { kind: 'unknown', names: [...new Set(names)] }
}

/** Whether a table is all of a record. */
const isWhole = ({ steps }: Nest): boolean => steps.length === 1 && steps[0].keys.length === 0

/** Whether the rows of a nest have all that a run must have, and what is around them has not, or they have sizes of their own. */
function isEnough(records: readonly Json[], nest: Nest, others: readonly Nest[], judge: Judge): boolean {
  const columns = new RowColumns(nest, others)
  let rows = 0
  for (const record of records.slice(0, rowsForNames)) {
    for (const row of rowsOf(record, nest)) {
      columns.add(row)
      if (++rows >= rowsForNames) break
    }
    if (rows >= rowsForNames) break
  }
  const list = columns.list()
  const outer = list.filter(({ level }) => level < nest.steps.length)
  const namesOf = (some: typeof list) => some.map(({ name }) => name)
  if (!judge(namesOf(list)).isEnough) return false
  if (nest.steps.length === 0 || !judge(namesOf(outer)).isEnough) return true
  // A table of sizes and losses in a record that has one of each: nobody can tell which is meant.
  const own = judge(namesOf(list.filter(({ level }) => level === nest.steps.length)))
  return own.hasSize && own.quantities.has('loss')
}

/** Keys that can only be budgets. */
const leastBudget = 1e15
/** A key that says a number, such as `1e18`, `C=1e18` or `300M`. */
const numbered = /^[^\d]{0,12}\d[\d.,_]*(?:e[+-]?\d+)?[^\d]{0,12}$/i

const nothing: Judgement = { isEnough: false, hasSize: false, quantities: new Set() }

/** Looks for tables in records. */
class NestSearch {
  readonly #judgeNames: Judge
  readonly #found = new Map<string, { nest: Nest; times: number }>()
  readonly #areNamed: boolean
  readonly #isOne: boolean
  #looks = 0
  #judged = 0

  constructor(judge: Judge, areNamed: boolean, isOne: boolean) {
    this.#judgeNames = judge
    this.#isOne = isOne
    this.#areNamed = areNamed
  }

  /** What was found in some records; that a whole record is a table must show in half of them. */
  nests(records: number): Nest[] {
    const found = [...this.#found.values()].filter(
      ({ nest, times }) => nest.steps[0].keys.length > 0 || 2 * times >= records,
    )
    return found.map(({ nest }) => nest)
  }

  look(record: Json): void {
    const place: Place = { keys: [], steps: [], outer: [] }
    if (this.#areNamed && this.#judge(namesIn(record)).isEnough) this.#enter(record, 'each', place)
    else this.#look(record, place)
  }

  #look(value: unknown, place: Place): void {
    if (this.#looks++ >= mostLooks || place.steps.length >= deepest || place.keys.length > longestPath) return
    const layout = this.#layoutOf(value, place.outer, this.#isOne && place.steps.length === 0)
    if (layout) this.#enter(value, layout, place)
    else if (isRecord(value)) {
      const outer = [...place.outer, ...plainKeys(value)]
      for (const key of keysOf(value))
        if (typeof value[key] === 'object') this.#look(value[key], { ...place, keys: [...place.keys, key], outer })
    }
  }

  /** Takes a table down, and looks into its first rows. */
  #enter(value: unknown, layout: Layout, { keys, steps, outer }: Place): void {
    const step: Step = { keys, layout, keyName: layout === 'each' ? this.#keyNameOf(value as Json, outer) : 'run' }
    const nest: Nest = { steps: [...steps, step] }
    const name = `${steps.length} ${layout} ${nameOf(nest)}`
    const known = this.#found.get(name)
    if (known) known.times++
    else if (!isOnlyArrays(value, layout)) this.#found.set(name, { nest, times: 1 })
    if (layout !== 'array' && layout !== 'each') return
    let rows = 0
    const around = isRecord(value) ? [...outer, ...plainKeys(value), step.keyName] : outer
    for (const entry of entriesOf(value, layout)) {
      const record = recordOf(entry, step.keyName)
      if (record) this.#look(record, { keys: [], steps: nest.steps, outer: around })
      if (++rows >= rowsForNests) break
    }
  }

  /** The layout that shows by what the columns are called; null where none does. */
  #layoutByNames(value: Json, outer: readonly string[], isWhole: boolean): Layout | null {
    const lists = equalLists(value)
    if (lists.length > 1 && this.#judge([...outer, ...lists]).isEnough && !this.#hasSizeBeside(value, lists))
      return 'lists'
    // A record may well hold `loss` and `tokens` that are objects of the same keys, such as mean and sd.
    if (isWhole && couldBeColumns(value) && this.#judge([...outer, ...keysOf(value)]).isEnough) return 'columns'
    return this.#isEach(value, outer, 0) ? 'each' : null
  }

  /** Whether a record has one size beside lists: then they are the history of one run. */
  #hasSizeBeside(value: Json, lists: readonly string[]): boolean {
    const inLists = new Set(lists)
    return this.#judge(keysOf(value).filter((key) => !inLists.has(key))).hasSize
  }

  /** Whether the objects of a value are runs, or hold runs under keys, or arrays stand under keys that are numbers. */
  #isEach(value: Json, outer: readonly string[], depth: number): boolean {
    const keys = keysOf(value)
    const arrays = keys.filter((key) => isRecords(value[key]))
    if (arrays.length > 1 && arrays.every((key) => numbered.test(key))) return true
    const looked = first(keys, (key) => isRecord(value[key]))
    if (looked.length < 2 || depth > 2) return false
    const inner = looked.map((key) => value[key] as Json)
    if (inner.every((record) => this.#isEach(record, outer, depth + 1))) return true
    const areNumbered = keys.every((key) => !isRecord(value[key]) || numbered.test(key))
    const around = areNumbered ? [...outer, ...plainKeys(value), isBudgets(value) ? 'flops' : 'key'] : []
    const runs = inner.filter((record) => this.#judge([...around, ...namesIn(record)]).isEnough)
    return runs.length > 1 && 2 * runs.length >= looked.length
  }

  /** The name of the column of keys: what they must be, or that of runs where they stand for these and have no other name. */
  #keyNameOf(value: Json, outer: readonly string[]): string {
    const inner = innerOf(value)
    if (isBudgets(value)) return 'flops'
    if (outer.length > 0 && keysOf(value).every((key) => stepKey.test(key))) return 'checkpoint'
    const isRun = (record: unknown) =>
      isRecord(record) &&
      !Object.hasOwn(record, 'run') &&
      !Object.hasOwn(record, 'name') &&
      !this.#layoutOf(record, outer)
    return inner.every(isRun) ? 'run' : 'key'
  }

  #layoutOf = (value: unknown, outer: readonly string[], isWhole = false): Layout | null =>
    plainLayout(value) ?? (isRecord(value) ? this.#layoutByNames(value, outer, isWhole) : null)

  #judge(names: readonly string[]): Judgement {
    this.#judged += names.length
    return this.#judged > mostJudged ? nothing : this.#judgeNames(names)
  }
}

/** Where a search is: under which keys, within which tables, and what the fields around are called. */
interface Place {
  readonly keys: readonly string[]
  readonly steps: readonly Step[]
  readonly outer: readonly string[]
}

const plainKeys = (value: Json): string[] =>
  keysOf(value).filter((key) => key !== unnamed && typeof value[key] !== 'object')

function namesIn(record: Json): string[] {
  const columns = new RowColumns(itself, [])
  columns.add({ records: [record], stray: null })
  return columns.list().map(({ name }) => name)
}

/** Whether what stands under the keys are arrays of runs, and not runs. */
const isOnlyArrays = (value: unknown, layout: Layout): boolean =>
  layout === 'each' && isRecord(value) && !keysOf(value).some((key) => isRecord(value[key]))

/** The first of some keys. */
function first(keys: readonly string[], isOne: (key: string) => boolean): string[] {
  const found: string[] = []
  for (const key of keys) if (isOne(key) && found.push(key) === rowsForNests) break
  return found
}

/** The first objects and arrays of records under the keys of a value. */
const innerOf = (value: Json): unknown[] =>
  first(keysOf(value), (key) => isRecord(value[key]) || isRecords(value[key])).map((key) => value[key])

/** Keys of checkpoints within a run: `step1000`, `ckpt-3`. */
const stepKey = /^(?:step|iter|iteration|ckpt|checkpoint|global_step)[\s_-]?\d+$/i

/** Whether the keys can only be budgets, and the records under them have none. */
const isBudgets = (value: Json): boolean =>
  keysOf(value).every((key) => Number(key) >= leastBudget || (!isRecord(value[key]) && !isRecords(value[key]))) &&
  !innerOf(value).some((record) => isRecord(record) && Object.hasOwn(record, 'flops'))
