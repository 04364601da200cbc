import type { Content } from './content.ts'
import type { LossUnit, LossWord } from './loss-unit.ts'
import type { Quantity } from './names.ts'
import type { Sample } from './sink.ts'
import type { Purpose, ToldColumns } from './told.ts'

/** A column that was taken for a quantity, and why: what `isoflop look` tells. */
export interface ChosenColumn {
  readonly quantity: Quantity
  /** One; several where they name the run together. */
  readonly columns: readonly string[]
  /** In words: told, by its name, or by what it holds. */
  readonly why: string
  /** What was done to its numbers, such as `times 1e6`; null where nothing was. */
  readonly done: string | null
  /** A cell as it is written, where the column's numbers are not written plainly. */
  readonly example: string | null
  /** Columns that might have been taken instead, and why they were not. */
  readonly rivals: readonly { readonly column: string; readonly why: string }[]
}

/** A column whose values split the losses into clusters, as several data sets or metrics in one file do. */
export interface Split {
  readonly column: number
  readonly name: string
  readonly values: readonly string[]
  /** From the lowest to the highest cluster at equal N and D: the ratio of their losses. */
  readonly ratio: number
}

/** How to read a file of these columns: which of its cells are wanted, and what each of them is. */
export interface ReadingPlan {
  /** Positions in the file's columns of the cells a reader hands on, in this order. */
  readonly wanted: readonly number[]
  /** The place of each quantity among the wanted cells; -1 where the file does not have it. */
  readonly at: Readonly<Record<Quantity, number>>
  /** What the file calls each quantity; the quantity's own name where it does not have it. */
  readonly named: Readonly<Record<Quantity, string>>
  /** The number of a quantity in a cell, in the table's unit. */
  readonly content: Readonly<Partial<Record<Quantity, Content>>>
  readonly lossUnit: LossUnit
  /** Whether N are the active parameters of a mixture of experts. */
  readonly isMixture: boolean
  /** Whether a person told what N, D or C is multiplied with: then it is so. */
  readonly isScaleTold: boolean
  /** Places among the wanted cells that name the run together; empty where one column does, or none. */
  readonly runParts: readonly number[]
  /** The place of the column that says which data set a row is of; -1 without one. */
  readonly group: number
  /** The column that splits the losses into data sets, where nobody asked for one. */
  readonly split: Split | null
  /** Places of cells, and what each has to be for the row to be read at all. */
  readonly where: readonly { readonly place: number; readonly value: string }[]
  /** Columns that say of some runs that they did not finish. */
  readonly states: readonly {
    readonly place: number
    readonly name: string
    readonly isOut: (cell: unknown) => boolean
  }[]
  /** Columns that would name a row which sums up others. */
  readonly labels: readonly { readonly place: number; readonly name: string }[]
  /** Wanted cells up to here may be lists, one value a checkpoint. */
  readonly listsTo: number
  /** Wanted cells from here to `settingsTo` are settings, which only tell duplicates from different runs. */
  readonly settingsFrom: number
  readonly settingsTo: number
  readonly notes: readonly string[]
  readonly chosen: readonly ChosenColumn[]
}

/** What is asked of the columns of one file. */
export interface ColumnQuestion {
  readonly source: string
  readonly columns: readonly string[]
  readonly sample: Sample
  readonly told: ToldColumns
  readonly purpose: Purpose
  /** What the loss is told in, where a person said so. */
  readonly lossWord: LossWord | null
  readonly groupBy: string | undefined
  readonly where: readonly Condition[]
}

/** Rows of a column with this value. */
export interface Condition {
  readonly column: string
  readonly value: string
}

/** What `--group-by` takes for the file that a row is in. */
export const fileGroup = 'file'

/** Names of columns, for a message of a length that can be read. */
export function list(columns: readonly string[]): string {
  const shown = columns.slice(0, 40).map(short)
  return (columns.length > 40 ? [...shown, `and ${columns.length - 40} more`] : shown).join(', ') || 'none'
}

/** A name of a length that can be read. */
export const short = (name: string): string => (name.length > 40 ? `${name.slice(0, 40)}...` : name)
