/** A class as far as its marks go. */
interface Marked {
  /** Of the server's board: what was there at one need not be sent again. */
  readonly mark: string
  readonly keys: readonly { readonly id: string }[]
}

/** What the server tells: the whole class, or the students that have changed and, where that has, what holds for all. */
export type Fresh<Class extends Marked> = Pick<Class, 'mark' | 'keys'> & Partial<Class> & { readonly isWhole: boolean }

/**
 * The class with what a server tells of it: as before where that is nothing new, null where it does not fit. Marks are of one process: what another server of
 * the class answers while a stream tells (`isTold`) may be older than what the stream told, which tells the rest.
 */
export function classWith<Class extends Marked>(
  before: Class | null,
  fresh: Fresh<Class>,
  isTold: boolean,
): Class | null {
  const { isWhole, ...told } = fresh
  if (before === null) return isWhole ? (told as unknown as Class) : null
  const [[of, number], [beforeOf, beforeNumber]] = [fresh.mark.split('-'), before.mark.split('-')]
  if (of !== beforeOf) return !isWhole ? null : isTold ? before : (told as unknown as Class)
  if (Number(number) <= Number(beforeNumber)) return before
  if (isWhole) return told as unknown as Class
  const changed = new Map(told.keys.map((one) => [one.id, one]))
  const keys = before.keys.map((one) => changed.get(one.id) ?? one)
  const there = new Set(before.keys.map(({ id }) => id))
  return { ...before, ...told, keys: [...keys, ...told.keys.filter(({ id }) => !there.has(id))] }
}
