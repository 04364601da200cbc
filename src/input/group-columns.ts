import { previewOf } from './preview.ts'
import type { RunData } from './read.ts'

/** A column of more values than this in the first rows names runs, not groups. */
const mostValues = 12

/** Columns of a file that may say which data set a run is of: those that hold words, few different ones, and are taken for nothing else. */
export async function groupColumnsOf(paths: readonly string[], data: RunData): Promise<string[]> {
  const taken = new Set(data.columns.flatMap(({ chosen }) => chosen.flatMap(({ columns }) => columns)))
  if (data.groups !== null && data.groups.column !== 'file') taken.delete(data.groups.column)
  const heads = await Promise.all(
    paths.filter((path) => !path.startsWith('world:')).map((path) => previewOf(path, 500).catch(() => null)),
  )
  const [first = null] = heads
  if (first === null) return []
  return first.columns.filter((name, column) => {
    if (taken.has(name) || heads.some((head) => !head?.columns.includes(name))) return false
    const cells = first.rows.flatMap((row) => row[column] ?? [])
    const values = new Set(cells)
    const isWords = cells.some((cell) => !Number.isFinite(Number(cell)))
    return isWords && values.size >= 2 && values.size <= mostValues
  })
}
