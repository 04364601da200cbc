import { badFormat, formatOf, loadSource, wholeText } from '../input/source.ts'
import { type ClassList, classListOf } from '../server/class-list.ts'

/**
 * Reads a class list (see `classListOf`) from a file, or from stdin where that is -.
 * Errors: those of the list, and of reading a file.
 */
export async function readClassList(file: string, nameColumn?: string): Promise<ClassList> {
  const source = await loadSource(file, process.stdin)
  if (formatOf(source) !== 'delimited')
    throw badFormat(source.name, 'is no CSV', 'Save the list as CSV: a column "name", a row for each student.')
  return classListOf(source.name, wholeText(source), nameColumn)
}
