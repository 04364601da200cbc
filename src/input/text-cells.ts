import { isMissing } from './cell.ts'
import type { Judge } from './judgement.ts'
import { objectOfText } from './object-text.ts'
import { Columns, cellAt, type Json } from './record.ts'
import { isEnough, type RowSink, type Sample } from './sink.ts'
import { badFormat } from './source.ts'
import { wideExport } from './wide.ts'

/** Columns of a file that are looked at for objects; each costs as much as it is long, in every row. */
const mostColumns = 64
/** Columns that all these objects may have together. */
const mostKeys = 10_000

/**
 * Stands between a file's reader and what takes its rows. Where the columns do not tell of runs by themselves, cells that hold an object as
 * text, `{"loss": 3.1}` or Python's `{'loss': 3.1}`, are taken apart into columns of their own; and a table with a column a run is
 * refused as what it is.
 */
export class TextCells implements RowSink {
  readonly #name: string
  readonly #sink: RowSink
  readonly #judge: Judge
  /** What is handed on: cells of the file by their place, and cells within objects. */
  #wanted: readonly Wanted[] | null = null
  readonly #cells: unknown[] = []

  constructor(name: string, sink: RowSink, judge: Judge) {
    this.#name = name
    this.#sink = sink
    this.#judge = judge
  }

  open(columns: readonly string[], sample: Sample): readonly number[] {
    const wide = wideExport(columns, sample, this.#judge)
    if (wide) throw badFormat(this.#name, wide.what, wide.advice)
    if (this.#judge(columns).isEnough) return this.#sink.open(columns, sample)
    const texts = textsIn(columns, sample)
    return texts.size === 0 ? this.#sink.open(columns, sample) : this.#openTexts(columns, sample, texts)
  }

  #openTexts(columns: readonly string[], sample: Sample, texts: ReadonlyMap<string, number>): readonly number[] {
    const kept = columns.flatMap((name, place) => (texts.get(name) === place ? [] : [place]))
    const keptNames = kept.map((place) => columns[place])
    const inTexts = this.#columnsIn(sample, texts).list(keptNames)
    const all: Wanted[] = [
      ...kept.map((place) => ({ place, path: null })),
      ...inTexts.map(({ path }) => ({ place: texts.get(path[0])!, path: path.slice(1) })),
    ]
    const cells: unknown[][] = []
    for (const row of sample) {
      cells.push(cellsOf(row, all, []))
      if (isEnough(cells.length, all.length)) break
    }
    const wanted = this.#sink.open([...keptNames, ...inTexts.map(({ name }) => name)], cells).map((i) => all[i])
    const places = [...new Set(wanted.map(({ place }) => place))]
    this.#wanted = wanted.map(({ place, path }) => ({ place: places.indexOf(place), path }))
    return places
  }

  #columnsIn(sample: Sample, texts: ReadonlyMap<string, number>): Columns {
    const found = new Columns()
    for (const row of sample)
      for (const [name, place] of texts) {
        const object = objectOfText(row[place])
        if (object) found.add({ [name]: object })
        if (found.size > mostKeys)
          throw badFormat(
            this.#name,
            `has objects of more than ${mostKeys} different keys in its cells`,
            'Leave some out.',
          )
      }
    return found
  }

  add(row: number, cells: readonly unknown[]): void {
    this.#sink.add(row, this.#wanted === null ? cells : cellsOf(cells, this.#wanted, this.#cells))
  }

  exclude(row: number, reason: string): void {
    this.#sink.exclude(row, reason)
  }
}

/** A cell of the file by its place, or what is in the object that it writes. */
interface Wanted {
  readonly place: number
  readonly path: readonly string[] | null
}

/** The places of columns whose first cell that is not empty writes an object, by name. */
function textsIn(columns: readonly string[], sample: Sample): ReadonlyMap<string, number> {
  const texts = new Map<string, number>()
  for (const [place, name] of columns.entries()) {
    if (texts.size === mostColumns) break
    if (texts.has(name)) continue
    const row = sample.find((cells) => !isMissing(cells[place]))
    if (row && objectOfText(row[place])) texts.set(name, place)
  }
  return texts
}

/** The wanted cells of a row, in `into`; each object is read once. */
function cellsOf(row: readonly unknown[], wanted: readonly Wanted[], into: unknown[]): unknown[] {
  const objects = new Map<number, Json | null>()
  for (const [i, { place, path }] of wanted.entries()) {
    if (path !== null && !objects.has(place)) objects.set(place, objectOfText(row[place]))
    const object = objects.get(place)
    into[i] = path === null ? row[place] : object ? cellAt(object, path) : undefined
  }
  return into
}
