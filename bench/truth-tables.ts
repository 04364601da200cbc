/**
 * Public tables of real training runs, where each comes from, and how it is split: the highest budgets are held out, the runs up to a
 * third, a tenth or a thirtieth of them are fitted. The tables are other people's and not part of this repository: each is a CSV
 * `params, tokens, budget, loss` made of what its source publishes, in the folder that the bench is told.
 */

import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Run, type Runs, runsOf } from '../src/core/run.ts'
import { invertPositive } from '../src/numeric/cholesky.ts'

/** Where a table comes from. */
interface Source {
  readonly what: string
  readonly from: string
  readonly licence: string
}

/** The largest budget of the training runs, and the held-out budgets of profiles or the lowest held-out budget of single runs. */
type Cut = readonly [trained: number, held: readonly number[] | number]

export interface TruthTable extends Source {
  readonly name: string
  /** Groups of experiments that share authors, code or data: each counts once. */
  readonly family: string
  readonly cuts: readonly Cut[]
  /** Another table that shows the optimum at these budgets, where this one has only single runs. */
  readonly optima?: { readonly of: string; readonly budgets: readonly number[] }
}

const epoch = {
  from: 'github.com/epoch-research/analyzing-chinchilla, read off the figure of Hoffmann et al. 2022',
  licence: 'facts of a paper',
}
const misfitting = { from: 'github.com/hadasah/scaling_laws, (Mis)Fitting scaling laws', licence: 'facts' }
const porian = { from: 'github.com/formll/resolving-scaling-law-discrepancies', licence: 'MIT' }
const gemstones = { from: 'github.com/mcleish7/gemstone-scaling-laws', licence: 'MIT' }
const mlfoundations = { from: 'github.com/mlfoundations/scaling', licence: 'MIT' }
const scaleBench = { from: 'github.com/PlanarG/active-sl (ScaleBench, arXiv 2604.22753)', licence: 'CC-BY-4.0' }

const porianCuts: Cut[] = [
  [6.5e18, [2.56e19]],
  [1.7e18, [1.28e19, 2.56e19]],
  [8.1e17, [1.28e19, 2.56e19]],
]
const gemstoneCuts: Cut[] = [
  [1.5e20, 5e20],
  [5e19, 5e20],
]
const mlfoundationsCuts: Cut[] = [
  [3e19, 1e20],
  [1e19, 1e20],
]

export const truthTables: readonly TruthTable[] = [
  {
    name: 'chin_oa',
    family: 'Chinchilla',
    what: "Chinchilla's IsoFLOP profiles",
    ...epoch,
    cuts: [
      [1e21, [3e21]],
      [3e20, [1e21, 3e21]],
      [1e20, [1e21, 3e21]],
    ],
  },
  {
    name: 'chin240',
    family: 'Chinchilla',
    what: 'all Chinchilla runs but the five of highest loss',
    ...epoch,
    cuts: [
      [1e21, 3e21],
      [3.1e20, 1e21],
      [1e20, 1e21],
    ],
    optima: { of: 'chin_oa', budgets: [1e21, 3e21] },
  },
  {
    name: 'misfit_iso',
    family: '(Mis)Fitting',
    what: 'IsoFLOP profiles',
    ...misfitting,
    cuts: [
      [4e18, [1.148e19, 1.42e19]],
      [1.2e18, [1.148e19, 1.42e19]],
      [4.8e17, [3.95e18, 1.148e19, 1.42e19]],
    ],
  },
  {
    name: 'misfit_final',
    family: '(Mis)Fitting',
    what: 'final runs, best peak rate of each N and D',
    ...misfitting,
    cuts: [
      [6e18, 2e19],
      [2e18, 1.5e19],
    ],
  },
  {
    name: 'porian_rw_base_long_kaplan_standard',
    family: "Porian, Kaplan's recipe",
    what: 'validation loss, long warm-up and cosine',
    ...porian,
    cuts: porianCuts,
  },
  {
    name: 'porian_rw_base_short_kaplan_standard',
    family: "Porian, Kaplan's recipe",
    what: 'warm-up shortened for small models',
    ...porian,
    cuts: porianCuts,
  },
  {
    name: 'porian_rw_base_long_kaplan_kaplan',
    family: "Porian, Kaplan's recipe",
    what: 'training loss, N without embedding and head',
    ...porian,
    cuts: [
      [3.3e18, [1.28e19]],
      [8.1e17, [6.4e18, 1.28e19]],
      [4.1e17, [6.4e18, 1.28e19]],
    ],
  },
  {
    name: 'porian_rw_base_short_chinchilla_standard',
    family: 'Porian, tuned',
    what: "each run's cosine ends with it",
    ...porian,
    cuts: porianCuts,
  },
  {
    name: 'porian_rw_tuned_short_const_standard',
    family: 'Porian, tuned',
    what: 'constant rate; rate, batch and beta2 tuned per size',
    ...porian,
    cuts: porianCuts,
  },
  { name: 'gem_cool', family: 'Gemstones', what: 'after a cool-down', ...gemstones, cuts: gemstoneCuts },
  { name: 'gem_hot', family: 'Gemstones', what: 'at the constant rate', ...gemstones, cuts: gemstoneCuts },
  { name: 'gem_lrabl', family: 'Gemstones', what: 'at another rate', ...gemstones, cuts: gemstoneCuts },
  { name: 'mlf_c4', family: 'mlfoundations', what: 'trained on C4', ...mlfoundations, cuts: mlfoundationsCuts },
  { name: 'mlf_rpj', family: 'mlfoundations', what: 'trained on RedPajama', ...mlfoundations, cuts: mlfoundationsCuts },
  { name: 'mlf_rw', family: 'mlfoundations', what: 'trained on RefinedWeb', ...mlfoundations, cuts: mlfoundationsCuts },
  {
    name: 'steplaw',
    family: 'Step Law',
    what: 'best of the grid of rates and batches at each N and D',
    from: `github.com/step-law/steplaw, as in ${scaleBench.from}`,
    licence: scaleBench.licence,
    cuts: [
      [6e19, 2e20],
      [2e19, 2e20],
    ],
  },
  {
    name: 'farseer',
    family: 'Farseer',
    what: 'distinct runs and seven large ones; bits per byte',
    ...scaleBench,
    cuts: [
      [1e21, 5e21],
      [3e20, 3e21],
      [1e20, 3e21],
    ],
  },
  {
    name: 'datablations_1ep',
    family: 'Datablations',
    what: 'single-epoch runs of the data-constrained study, best of each N and D',
    ...scaleBench,
    cuts: [[6e19, 3e20]],
  },
]

/** An optimum that a held-out profile shows, with standard errors; N is null where the parabola does not show it. */
export interface Shown {
  readonly flops: number
  readonly loss: number
  readonly lossError: number
  readonly parameters: number | null
  /** Of ln N. */
  readonly sizeError: number
}

/** Runs to fit, and what was held out. */
export interface Split {
  readonly table: TruthTable
  readonly train: Runs
  readonly test: readonly Run[]
  readonly shown: readonly Shown[]
  readonly targets: readonly number[]
  /** The largest held-out budget over the largest trained one. */
  readonly beyond: number
}

/** Budgets of one profile differ by rounding only. */
const sameBudget = 0.03
const at = (runs: readonly Run[], C: number): Run[] => runs.filter(({ flops }) => Math.abs(flops / C - 1) < sameBudget)

/** The splits of the tables that lie in a folder. */
export const splitsIn = (folder: string): Split[] => truthTables.flatMap((table) => splitsOf(folder, table))

const fileOf = (folder: string, name: string): string => join(folder, `${name}.csv`)

function readTable(folder: string, name: string): Run[] {
  const [, ...lines] = readFileSync(fileOf(folder, name), 'utf8').trim().split('\n')
  return lines.map((line) => {
    const [parameters, tokens, flops, loss] = line.split(',').map(Number)
    return { parameters, tokens, flops, loss }
  })
}

function splitsOf(folder: string, table: TruthTable): Split[] {
  if (!existsSync(fileOf(folder, table.name))) return []
  const rows = readTable(folder, table.name)
  const { optima } = table
  const others = optima && existsSync(fileOf(folder, optima.of)) ? readTable(folder, optima.of) : []
  return table.cuts.map(([trained, held]) => {
    const ofProfiles = typeof held !== 'number'
    const train = rows.filter(({ flops }) => flops <= trained * (ofProfiles ? 1.02 : 1.005))
    const test = ofProfiles
      ? rows.filter((run) => held.some((C) => at([run], C).length > 0))
      : rows.filter(({ flops }) => flops >= held * 0.995)
    const budgets = ofProfiles ? held : (optima?.budgets ?? []).filter((C) => C >= held * 0.99)
    const shown = budgets.flatMap((C) => shownAt(ofProfiles ? rows : others, C) ?? [])
    const middle = Math.exp(test.reduce((sum, { flops }) => sum + Math.log(flops), 0) / test.length)
    const largest = Math.max(...train.map(({ flops }) => flops))
    return {
      table,
      train: runsOf(train),
      test,
      shown,
      targets: shown.length > 0 ? shown.map(({ flops }) => flops) : [middle],
      beyond: (ofProfiles ? Math.max(...held) : middle) / largest,
    }
  })
}

/** Windows about the lowest run, as factors of N; the middle one tells, the others how much the window matters. */
const windows = [2.2, 3.2, 5] as const

/** The optimum of a held-out profile: a parabola in ln N near its lowest run. Null with fewer than three sizes. */
function shownAt(runs: readonly Run[], C: number): Shown | null {
  const lowest = new Map<number, number>()
  for (const { parameters, loss } of at(runs, C))
    lowest.set(parameters, Math.min(loss, lowest.get(parameters) ?? Number.POSITIVE_INFINITY))
  if (lowest.size < 3) return null
  const points = [...lowest].map(([N, y]) => ({ x: Math.log(N), y })).sort((a, b) => a.x - b.x)
  const best = points.reduce((a, b) => (b.y < a.y ? b : a))
  const fits = windows.flatMap((window) => vertexNear(points, best, Math.log(window)) ?? [])
  if (fits.length === 0) return { flops: C, loss: best.y, lossError: 0.01, parameters: null, sizeError: 0 }
  const spread = (of: (fit: Vertex) => number) => {
    const mean = fits.reduce((sum, fit) => sum + of(fit), 0) / fits.length
    return Math.sqrt(fits.reduce((sum, fit) => sum + (of(fit) - mean) ** 2, 0) / fits.length)
  }
  const fit = fits[Math.min(1, fits.length - 1)]
  return {
    flops: C,
    loss: fit.y,
    lossError: Math.hypot(
      Math.max(fit.yError, 0.002),
      spread(({ y }) => y),
    ),
    parameters: Math.exp(fit.x),
    sizeError: Math.hypot(
      fit.xError,
      spread(({ x }) => x),
    ),
  }
}

interface Point {
  readonly x: number
  readonly y: number
}

interface Vertex extends Point {
  readonly xError: number
  readonly yError: number
}

/** The vertex of the parabola through the points within a window about the lowest one; null where it opens downward or lies outside. */
function vertexNear(points: readonly Point[], best: Point, window: number): Vertex | null {
  const inside = points.filter(({ x }) => Math.abs(x - best.x) <= window)
  const nearest = points.toSorted((a, b) => Math.abs(a.x - best.x) - Math.abs(b.x - best.x)).slice(0, 4)
  const used = (inside.length >= 3 ? inside : nearest.sort((a, b) => a.x - b.x)).map(({ x, y }) => ({
    x: x - best.x,
    y,
  }))
  const powers = (x: number) => [1, x, x * x]
  const normal = new Float64Array(9)
  const right = new Float64Array(3)
  for (const { x, y } of used)
    powers(x).forEach((p, i) => {
      right[i] += p * y
      powers(x).forEach((q, j) => {
        normal[3 * i + j] += p * q
      })
    })
  const inverse = invertPositive(normal, 3)
  if (inverse === null) return null
  const c = [0, 1, 2].map((i) => [0, 1, 2].reduce((sum, j) => sum + inverse[3 * i + j] * right[j], 0))
  const x = -c[1] / (2 * c[2])
  if (c[2] <= 0 || x < used[0].x - 0.3 || x > used[used.length - 1].x + 0.3) return null
  const squares = used.reduce(
    (sum, point) => sum + (powers(point.x).reduce((s, p, i) => s + p * c[i], 0) - point.y) ** 2,
    0,
  )
  const variance = used.length > 3 ? squares / (used.length - 3) : null
  const error = (g: readonly number[], otherwise: number) =>
    variance === null
      ? otherwise
      : Math.sqrt(
          variance * g.reduce((sum, gi, i) => sum + g.reduce((s, gj, j) => s + gi * inverse[3 * i + j] * gj, 0), 0),
        )
  return {
    x: best.x + x,
    y: c[0] - c[1] ** 2 / (4 * c[2]),
    xError: error([0, -0.5 / c[2], c[1] / (2 * c[2] ** 2)], 0.15),
    yError: error([1, x, x * x], 0.005),
  }
}
