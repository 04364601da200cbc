import { isMissing, numberOf } from './cell.ts'
import type { Judge } from './judgement.ts'
import { matchesOf } from './names.ts'
import type { Sample } from './sink.ts'

/** What a file is instead of a table with one row a run, and how to get that. */
export interface Wide {
  readonly what: string
  readonly advice: string
}

/** Names of an axis along which runs are charted. */
const axis =
  /^(?:(?:.*\/)?_?(?:global[ _]?)?(?:step|steps|iteration|iter|epoch|tokens?(?:[ _]seen)?)|relative time.*|wall[ _]?time|_?timestamp|_?runtime|time)$/i
/** `RUN - METRIC`, as Weights & Biases heads the columns of a chart. */
const charted = / - \S/
/** What a loss is between; the columns of a table of runs are rarely all of this kind. */
const [lowest, highest] = [0.05, 30]

/** Says of a table that has a column a run, not a row a run, what it is; null for any other. */
export function wideExport(columns: readonly string[], sample: Sample, judge: Judge): Wide | null {
  const names = columns.map((name) => name.trim())
  const others = names.flatMap((name, place) => (axis.test(name) ? [] : [place]))
  if (others.length === names.length || others.length === 0) return null
  if (others.every((place) => charted.test(names[place]))) return chartOf(names, others)
  if (judge(columns).isEnough) return null
  if (names.join().toLowerCase() === 'wall time,step,value') return tensorBoard
  const areCurves = others.length > 1 && others.every((place) => isCurve(sample, place))
  return areCurves && !hasUsualName(others.map((place) => names[place])) ? columnsOf(names, others) : null
}

/** The chart of Weights & Biases that these columns are of. */
function chartOf(names: readonly string[], others: readonly number[]): Wide {
  const runs = new Set(others.map((place) => names[place].slice(0, names[place].lastIndexOf(' - '))))
  return {
    what: `is the export of a chart, as Weights & Biases writes it: one column a run (${exampleOf(runs)}), one row a step; of a run it says neither N nor D`,
    advice:
      "Export the table of runs: in the W&B project open Runs (the table icon), show the columns of N, D and the loss (Columns), and choose CSV export (the download icon above the table); not the chart's menu.",
  }
}

function columnsOf(names: readonly string[], others: readonly number[]): Wide {
  const runs = new Set(others.map((place) => names[place]))
  return {
    what: `has one column a run (${exampleOf(runs)}) and one row a step, expected one row a run`,
    advice: 'Write a table with one row a run: its name, N, D (or C) and its last loss, in columns of these names.',
  }
}

const tensorBoard: Wide = {
  what: 'is the curve of one run, as TensorBoard exports it: Wall time, Step, Value; it says neither N nor D',
  advice: 'Write a table with one row a run: its name, N, D (or C) and the last value of its curve as loss.',
}

function exampleOf(runs: ReadonlySet<string>): string {
  const [first] = runs
  const short = first.length > 40 ? `${first.slice(0, 40)}...` : first
  return runs.size > 1 ? `"${short}" and ${runs.size - 1} more` : `"${short}"`
}

/** Whether a column has numbers that can be losses, and nothing else. */
function isCurve(sample: Sample, place: number): boolean {
  let numbers = 0
  for (const row of sample) {
    if (isMissing(row[place])) continue
    const value = numberOf(row[place])
    if (!(value > lowest && value < highest)) return false
    numbers++
  }
  return numbers > 0
}

const hasUsualName = (names: readonly string[]): boolean =>
  [...matchesOf(names).values()].some((matches) => matches.length > 0)
