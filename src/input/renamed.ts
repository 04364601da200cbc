import type { RunData } from './read.ts'

/** Another name of a file; the same where it has none. */
export type NameOf = (file: string) => string

/** The data as if their files were called otherwise: what a page was given lies in a folder that nobody named. */
export function renamed(data: RunData, nameOf: NameOf): RunData {
  const notes = data.sources.reduce(
    (texts, { name }) => texts.map((text) => text.replaceAll(name, nameOf(name))),
    data.notes as readonly string[],
  )
  return {
    ...data,
    notes: [...notes],
    sources: data.sources.map((source) => ({ ...source, name: nameOf(source.name) })),
    columns: data.columns.map((columns) => ({ ...columns, source: nameOf(columns.source) })),
    excluded: data.excluded.map((one) => ({ ...one, source: nameOf(one.source) })),
    groups: data.groups?.column === 'file' ? { ...data.groups, names: data.groups.names.map(nameOf) } : data.groups,
    origin(i) {
      const { source, row } = data.origin(i)
      return { source: nameOf(source), row }
    },
  }
}
