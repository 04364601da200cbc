/** Which group each run belongs to, by the values of one column of a table. */
export interface Groups {
  /** The column whose values name the groups. */
  readonly column: string
  readonly names: readonly string[]
  /** The index in `names` of each run, -1 where the table does not say its group; `[size]`. */
  readonly of: Int32Array
}
