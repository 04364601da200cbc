import { isMissing } from './cell.ts'
import type { Sample } from './sink.ts'

/** What stands before a row that sums up others, as spreadsheets and pandas end a table. */
const words = new Set([
  ...['total', 'totals', 'sum', 'subtotal', 'grandtotal', 'mean', 'average', 'avg', 'median', 'std', 'stddev', 'stdev'],
  ...[
    'stderr',
    'min',
    'max',
    'minimum',
    'maximum',
    'count',
    'overall',
    '25%',
    '50%',
    '75%',
    'geomean',
    'variance',
    'var',
  ],
  ...['summe', 'gesamt', 'mittel', 'mittelwert', 'durchschnitt', 'moyenne', 'somme', 'media', 'promedio', 'suma'],
  ...['合计', '总计', '平均', '平均值', '均值', '合計', '합계', '평균', 'итого', 'среднее'],
])
const longest = 24
/** In a column where more rows than this have such a word it names what each row is, as `mean` and `std` of a long table. */
const mostShare = 0.25

/** Whether a cell is the word of a row that sums up others. */
export const isSummary = (cell: unknown): boolean =>
  typeof cell === 'string' && cell.length <= longest && words.has(cell.toLowerCase().replace(/[\s_\-:*.()]/g, ''))

/** The columns that would name a summing row: the first one, and the one of the runs' names; not those of numbers. */
export function labelsOf(sample: Sample, run: number, used: ReadonlySet<number>): number[] {
  const places = [...new Set([0, run])].filter((column) => column >= 0 && (column === run || !used.has(column)))
  return places.filter((column) => {
    const cells = sample.map((row) => row[column]).filter((cell) => !isMissing(cell))
    return cells.length === 0 || cells.filter(isSummary).length <= Math.max(1, mostShare * cells.length)
  })
}
