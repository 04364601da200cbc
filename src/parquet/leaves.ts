import type { SchemaTree } from 'hyparquet'

/** What can be asked for as a column: a column of the file, or a field of a column of structs, at any depth. */
export interface Leaf {
  readonly column: string
  /** The field's place in the column's structs; empty for the column itself. */
  readonly path: readonly string[]
  /** Whether its cells have fields that the file does not fix or repeats: lists of records, maps, JSON. */
  readonly isNested: boolean
}

/** The leaves of a file by name, `config.model.n_params`, in their order. */
export function leavesOf(schema: SchemaTree): ReadonlyMap<string, Leaf> {
  const leaves = new Map<string, Leaf>()
  for (const child of schema.children) addLeaves(leaves, child, child.element.name, [])
  return leaves
}

function addLeaves(leaves: Map<string, Leaf>, tree: SchemaTree, column: string, path: readonly string[]): void {
  if (isStruct(tree)) {
    for (const child of tree.children) addLeaves(leaves, child, column, [...path, child.element.name])
    return
  }
  const name = [column, ...path].join('.')
  if (!leaves.has(name)) leaves.set(name, { column, path, isNested: isNested(tree) })
}

/** Neither a list nor a map, which are groups of a repeated one. */
const isStruct = ({ element, children }: SchemaTree): boolean =>
  children.length > 0 &&
  element.repetition_type !== 'REPEATED' &&
  element.converted_type !== 'LIST' &&
  element.converted_type !== 'MAP' &&
  element.logical_type === undefined

function isNested(tree: SchemaTree): boolean {
  const { element, children } = tree
  if (children.length === 0) return element.converted_type === 'JSON' || element.logical_type?.type === 'JSON'
  if (element.converted_type === 'MAP' || element.logical_type?.type === 'MAP') return true
  // A list of numbers is a group of a group of one value.
  return children.length > 1 || children.some(isNested)
}
