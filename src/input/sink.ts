/** What a file's reader feeds: first its columns, then its rows. */
export interface RowSink {
  /**
   * Takes the names of the columns and the rows to judge them by (all of a short file, the first of a long one, `isEnough`); returns the
   * positions of the cells that `add` wants, in its order.
   */
  open(columns: readonly string[], sample: Sample): readonly number[]
  /** Takes the wanted cells of one row; it keeps none of them, so the array may be used again. */
  add(row: number, cells: readonly unknown[]): void
  /** Takes a row that could not be split into cells, and why. */
  exclude(row: number, reason: string): void
}

/** The cells of some rows, in the order of the columns. */
export type Sample = readonly (readonly unknown[])[]

/** Whether these rows are enough to judge columns by: a key may be absent from one record, but hardly from all of these. */
export const isEnough = (rows: number, columns: number): boolean => rows >= 10_000 || rows * columns >= 2 ** 21
