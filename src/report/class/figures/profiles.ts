import * as Plot from '@observablehq/plot'
import { groupBy } from '../../../core/group-by.ts'
import { logAxis } from '../../draw/axis.ts'
import { type Figure, onePanel, placesIn } from '../../draw/figure.ts'
import { pointLabels } from '../../draw/labels.ts'
import type { Mark } from '../../draw/panel.ts'
import { budgetColor, budgetSymbols } from '../../draw/style.ts'
import { compact, nats, significant } from '../../number.ts'
import { joined } from '../../prose.ts'
import { words } from '../../words/words.ts'

/** A run that a server answered. */
export interface MeasuredRun {
  readonly flops: number
  /** Without embeddings. */
  readonly parameters: number
  readonly loss: number
}

/** Runs of one key, or of a whole class, of which there may be more than are drawn. */
export interface MeasuredRuns {
  readonly runs: readonly MeasuredRun[]
  readonly total: number
}

const height = 460
/** With more runs than this they are drawn smaller, and the line goes through the lowest of each tenth of a decade of sizes. */
const many = 300
const binsOfDecade = 10

interface Shown {
  readonly flops: number
  readonly color: string
  readonly symbol: (typeof budgetSymbols)[number]
  readonly runs: readonly MeasuredRun[]
  /** The lowest run of each size, or of sizes that are nearly alike. */
  readonly line: readonly MeasuredRun[]
  readonly lowest: MeasuredRun
}

const isLower = (p: MeasuredRun, q: MeasuredRun) => (q.loss < p.loss ? q : p)

function shownOf({ runs }: MeasuredRuns): Shown[] {
  const isMany = runs.length > many
  const sizeOf = ({ parameters }: MeasuredRun) =>
    isMany ? Math.round(binsOfDecade * Math.log10(parameters)) : parameters
  const budgets = [...groupBy(runs, ({ flops }) => flops)].sort(([p], [q]) => p - q)
  return budgets.map(([flops, own], k) => ({
    flops,
    color: budgetColor(k / Math.max(1, budgets.length - 1)),
    symbol: isMany ? 'circle' : budgetSymbols[k % budgetSymbols.length],
    runs: own,
    line: [...groupBy(own, sizeOf).values()]
      .map((alike) => alike.reduce(isLower))
      .sort((p, q) => p.parameters - q.parameters),
    lowest: own.reduce(isLower),
  }))
}

const place = { x: 'parameters', y: 'loss' }

function marksOf({ color, symbol, runs, line, lowest }: Shown, isMany: boolean): Mark[] {
  return [
    Plot.line(line, { ...place, stroke: color, strokeWidth: isMany ? 1.6 : 1 }),
    Plot.dot(runs, { ...place, symbol, r: isMany ? 1.7 : 3, fill: color, fillOpacity: isMany ? 0.5 : 1 }),
    Plot.dot([lowest], { ...place, r: 5.5, fill: color, stroke: '#fff', strokeWidth: 1.2 }),
  ]
}

const labelOf = ({ flops, color, line }: Shown) => {
  const { parameters, loss } = line[line.length - 1]
  return { x: parameters, y: loss, text: compact(flops), color }
}

/** The runs of a key or of a class by size, a line for each budget. */
export const profiles: Figure<MeasuredRuns> = {
  name: 'measured-profiles',
  get title() {
    return words().classFigures.profiles.title
  },
  caption({ runs, total }) {
    const say = words().classFigures.profiles
    return joined(say.caption(runs.length > many), runs.length < total && say.notDrawn(runs.length, total))
  },
  alt(subject) {
    const lowest = shownOf(subject).map(
      ({ flops, lowest }) => `${compact(flops)}: ${nats(lowest.loss)} (N ${significant(lowest.parameters)})`,
    )
    return words().classFigures.profiles.alt(subject.runs.length, lowest.join('; '))
  },
  table: (subject) => ({
    columns: [words().axes.compute, words().axes.coreParameters, words().axes.loss('nats/token')],
    rows: shownOf(subject).map(({ flops, lowest: { parameters, loss } }) => [
      compact(flops),
      significant(parameters),
      nats(loss),
    ]),
  }),
  places: ({ runs }, drawing) =>
    placesIn(
      drawing,
      0,
      runs.map(({ parameters, loss }, run) => ({ run, x: parameters, y: loss })),
    ),
  draw(subject) {
    const { runs } = subject
    if (runs.length === 0) return null
    const shown = shownOf(subject)
    const isMany = runs.length > many
    const obstacles = shown
      .flatMap(({ runs, line }) => (isMany ? line : runs))
      .map(({ parameters, loss }) => ({ x: parameters, y: loss, weight: 60 }))
    return onePanel({
      height,
      margin: { top: 30, right: 64, bottom: 52, left: 52 },
      x: logAxis(
        words().axes.coreParameters,
        runs.map(({ parameters }) => parameters),
      ),
      y: logAxis(
        words().axes.lossLogarithmic,
        runs.map(({ loss }) => loss),
        { most: 10 },
      ),
      marks: [...shown.flatMap((one) => marksOf(one, isMany)), pointLabels(shown.map(labelOf), obstacles, 'right')],
    })
  },
}
