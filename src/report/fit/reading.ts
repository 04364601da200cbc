import { type Runs, unitsOf } from '../../core/run.ts'
import type { RunData } from '../../input/read.ts'
import { compact, count, significant } from '../number.ts'
import { type Block, list, paragraph, type Section, table } from '../page/blocks.ts'
import { type TextOptions, textOf } from '../page/text.ts'
import { capital } from '../prose.ts'
import { inLanguage, words } from '../words/words.ts'

/** How a table of runs was read. */
export type Reading = Pick<RunData, 'runs' | 'read' | 'checkpoints' | 'excluded' | 'notes' | 'sources'> &
  Pick<RunData, 'columns' | 'groups' | 'allParameters' | 'origin'>

/** Runs that are shown as they will be fitted. */
const shownRuns = 5
/** Reasons for leaving rows out that are told; the rest is counted. */
const shownReasons = 12

/** `isoflop look`, for a terminal. */
export const readingText = (reading: Reading, options: TextOptions = {}): string =>
  inLanguage(options.language ?? 'en', () => textInLanguage(reading, options))

function textInLanguage(reading: Reading, options: TextOptions): string {
  const { marks } = words()
  const groups = [...columnSections(reading), runSection(reading), outSection(reading)].map((section) => [section])
  const told = reading.notes.filter((note) => !/(?:^|: )columns:/.test(note)) // that table is above
  const notes = list(told.map((note) => `${inWords(note)}${marks.stop}`))
  return textOf([...groups, notes], options)
}

/** The same at the head of a report, closed at first. */
export function readingBlocks(reading: Reading): Block[] {
  if (reading.columns.length === 0) return []
  const { read, runs, excluded, sources } = reading
  const names = sources.map(({ name }) => name).join(', ')
  const title = words().fit.read(names, runs.size, read, excluded.length)
  const blocks = [...columnSections(reading), runSection(reading), outSection(reading)]
  return [{ kind: 'section', title, isClosed: true, blocks }]
}

/** A note as a sentence; in English, where it begins with the name of a quantity as well. */
function inWords(note: string): string {
  const told = words().elsewhere(note)
  return told === note ? capital(note) : told
}

/** Which column of each file was taken for what. */
export const columnBlocks = (columns: Reading['columns']): Block[] => columnSections({ columns })

function columnSections({ columns }: Pick<Reading, 'columns'>): Section[] {
  const seen = new Set<string>()
  const { elsewhere, marks } = words()
  const { columns: title, ...say } = words().fit
  return columns.flatMap(({ source, chosen }) => {
    const rows = chosen.map(({ quantity, columns: names, why, done, example, rivals }) => [
      quantity,
      names.join(' + '),
      [elsewhere(why), done === null ? null : elsewhere(done), example === null ? null : say.writtenLike(example)]
        .filter(Boolean)
        .join(marks.comma),
      rivals.map(({ column, why: less }) => (less === '' ? column : `${column} (${elsewhere(less)})`)).join(', ') ||
        '-',
    ])
    const key = JSON.stringify(rows)
    if (seen.has(key)) return []
    seen.add(key)
    return [
      {
        kind: 'section',
        title: say.columnsOf(source),
        blocks: table([title.quantity, title.column, title.taken, title.leftBeside], rows, 4),
      },
    ]
  })
}

function runSection({ runs, groups, allParameters, origin, checkpoints, sources }: Reading): Section {
  const { size } = runs
  const { columns: title, ...say } = words().fit
  const shown = Array.from({ length: Math.min(size, shownRuns) }, (_, i) => i)
  const isMany = sources.length > 1
  const more: readonly (readonly [string, (i: number) => string])[] = [
    ...(allParameters ? [[say.allParameters, (i: number) => numberOr(allParameters[i])] as const] : []),
    ...settingsOf(runs),
    ...(groups ? [[groups.column, (i: number) => groups.names[groups.of[i]] ?? '-'] as const] : []),
  ]
  const rows = shown.map((i) => {
    const { source, row } = origin(i)
    const own = [runs.parameters[i], runs.tokens[i], runs.flops[i]].map((value) => significant(value, 4))
    return [
      isMany ? `${source} ${row}` : String(row),
      ...own,
      significant(runs.loss[i], 5),
      ...more.map(([, of]) => of(i)),
    ]
  })
  const head = [title.row, 'N', 'D', 'C', say.lossIn(unitsOf(runs).loss), ...more.map(([name]) => name)]
  return {
    kind: 'section',
    title: say.runsToFit(size, checkpoints, shown.length),
    blocks: [...table(head, rows), paragraph(rangeText(runs))],
  }
}

const numberOr = (value: number): string => (Number.isNaN(value) ? '-' : significant(value, 4))

function settingsOf({ tuning }: Runs): (readonly [string, (i: number) => string])[] {
  if (!tuning) return []
  const { rate, batch, batchUnit, unique } = tuning
  const say = words().fit
  return [
    ...(rate ? [[say.rate, (i: number) => numberOr(rate[i])] as const] : []),
    ...(batch ? [[say.batch(batchUnit ?? ''), (i: number) => numberOr(batch[i])] as const] : []),
    ...(unique ? [[say.uniqueTokens, (i: number) => numberOr(unique[i])] as const] : []),
  ]
}

function rangeText({ parameters, tokens, flops, loss }: Runs): string {
  const range = (values: Float64Array) => {
    const [low, high] = [values.reduce((a, b) => Math.min(a, b)), values.reduce((a, b) => Math.max(a, b))]
    return low === high ? compact(low) : words().fit.range(significant(low), significant(high))
  }
  const ratio = Float64Array.from(tokens, (D, i) => D / parameters[i])
  return `N ${range(parameters)}, D ${range(tokens)}, C ${range(flops)}, D/N ${range(ratio)}, loss ${range(loss)}.`
}

/** Reasons, those of most rows first, with numbers and quoted cells taken out of what tells two reasons apart. */
function outSection({ excluded }: Reading): Section {
  const byKind = new Map<string, { count: number; first: Reading['excluded'][number] }>()
  for (const one of excluded) {
    const kind = one.reason.slice(0, 300).replace(/"[^"]*"|-?\d[\d.e+-]*/g, '#')
    const known = byKind.get(kind)
    if (known) known.count++
    else byKind.set(kind, { count: 1, first: one })
  }
  const kinds = [...byKind.values()].sort((a, b) => b.count - a.count)
  const rows = kinds
    .slice(0, shownReasons)
    .map(({ count: times, first }) => [words().elsewhere(first.reason), first.source, count(first.row), count(times)])
  const { columns: title } = words().fit
  const rest = kinds.slice(shownReasons).reduce((sum, { count: times }) => sum + times, 0)
  return {
    kind: 'section',
    title: excluded.length === 0 ? words().fit.noRowLeft : words().fit.rowsLeft(excluded.length),
    blocks: [
      ...table([title.reason, title.firstIn, title.row, title.rows], rows, 2),
      ...(rest > 0 ? [paragraph(words().fit.otherReasons(rest))] : []),
    ],
  }
}

/** How a table was read, in numbers: the `runs` of `isoflop fit --json`. */
export const readingJson = ({
  read,
  runs,
  checkpoints,
  excluded,
  sources,
  columns,
  groups,
  allParameters,
}: RunData) => ({
  read,
  used: runs.size,
  checkpoints,
  excluded,
  sources,
  lossUnit: unitsOf(runs).loss,
  columns,
  dataSets: groups && { column: groups.column, names: groups.names, isAsked: groups.isAsked },
  isMixture: allParameters !== null,
})
