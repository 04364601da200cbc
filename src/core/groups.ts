/** Which group each run belongs to, by the values of one column of a table. */
export interface Groups {
  /** The column whose values name the groups. */
  readonly column: string
  readonly names: readonly string[]
  /** The index in `names` of each run, -1 where the table does not say its group; `[size]`. */
  readonly of: Int32Array
}

/** Files by their names below the folder that all are in. */
export function withShortNames(groups: Groups): Groups {
  if (groups.column !== 'file') return groups
  const parts = groups.names.map((name) => name.split('/'))
  const depth = Math.min(...parts.map(({ length }) => length)) - 1
  let common = 0
  while (common < depth && parts.every((part) => part[common] === parts[0][common])) common++
  return { ...groups, names: parts.map((part) => part.slice(common).join('/')) }
}
