import { groupBy } from '../../core/group-by.ts'
import { type BatchUnit, type LossUnit, type Runs, selectRuns } from '../../core/run.ts'
import type { TunedPoint } from '../../law/tuned.ts'
import type { TunedFeature } from './prior.ts'

/** The run that the law's logarithms are taken from: the middle of the largest ones. */
export interface Reference {
  readonly parameters: number
  readonly tokens: number
  /** 1 where the table has no rates, or no batches. */
  readonly rate: number
  readonly batch: number
}

/** Runs as the law sees them. */
export interface TunedData {
  /** The runs that have every setting which the law uses. */
  readonly runs: Runs
  /** How many others there are. */
  readonly incomplete: number
  readonly points: readonly TunedPoint[]
  /** ln(C / the largest C). */
  readonly compute: Float64Array
  /** The lowest loss, nats. */
  readonly lowest: number
  readonly reference: Reference
  /** How many different pairs of N and D there are. */
  readonly groups: number
  /** The lowest loss of each run's N and D (and unique tokens) where at least three runs have them, else 0; nats. */
  readonly floor: Float64Array
  /** Settings that vary, and whether data were repeated. */
  readonly features: ReadonlySet<TunedFeature>
  /** Settings that the table has, but that never vary. */
  readonly fixed: readonly ('rate' | 'batch')[]
  readonly batchUnit: BatchUnit
  readonly lossUnit: LossUnit
}

/** Runs within e^-1.5 of the largest compute are the largest ones. */
export const largest = 1.5
/** Less than this share of its tokens is a repeat. */
const repeated = 0.999
/** A setting that fewer runs have is not used. */
const fewestShare = 0.5

/** Which settings the runs have and which of them vary, and the runs as logarithms about their reference. */
export function tunedData(all: Runs): TunedData {
  const known = { rate: usableColumn(all, 'rate'), batch: usableColumn(all, 'batch') }
  const complete = indicesOf(all).filter((i) => [known.rate, known.batch].every((column) => !column || column[i] > 0))
  const runs = selectRuns(all, complete)
  const rate = known.rate && (runs.tuning?.rate ?? null)
  const batch = known.batch && (runs.tuning?.batch ?? null)
  const unique = runs.tuning?.unique ?? null
  const features = new Set<TunedFeature>()
  if (varies(rate)) features.add('rate')
  if (varies(batch)) features.add('batch')
  if (unique?.some((U, i) => U < repeated * runs.tokens[i])) features.add('repeats')

  const most = runs.flops.reduce((a, b) => Math.max(a, b))
  const compute = runs.flops.map((C) => Math.log(C / most))
  const top = indicesOf(runs).filter((i) => compute[i] >= -largest)
  const middle = (column: Float64Array | null) =>
    column === null ? 1 : Math.exp(top.reduce((sum, i) => sum + Math.log(column[i]), 0) / top.length)
  const reference = {
    parameters: middle(runs.parameters),
    tokens: middle(runs.tokens),
    rate: middle(rate),
    batch: middle(batch),
  }
  const points = pointsOf(runs, { reference, features })
  return {
    runs,
    incomplete: all.size - runs.size,
    points,
    compute,
    lowest: runs.loss.reduce((a, b) => Math.min(a, b)),
    reference,
    floor: floorOf(runs, points),
    groups: new Set(indicesOf(runs).map((i) => `${runs.parameters[i]} ${runs.tokens[i]}`)).size,
    features,
    fixed: (['rate', 'batch'] as const).filter((name) => known[name] !== null && !features.has(name)),
    batchUnit: runs.tuning?.batchUnit ?? 'tokens',
    lossUnit: runs.lossUnit ?? 'nats/token',
  }
}

/** Runs as the law sees them, about a reference and with the settings that were fitted. */
export function pointsOf(
  { size, parameters, tokens, tuning }: Omit<Runs, 'flops' | 'loss'>,
  { reference, features }: Pick<TunedData, 'reference' | 'features'>,
): TunedPoint[] {
  const ratio = (name: 'rate' | 'batch', i: number) => {
    const column = tuning?.[name]
    return column && features.has(name) ? Math.log(column[i] / reference[name]) : 0
  }
  return Array.from({ length: size }, (_, i) => {
    const length = Math.log(tokens[i] / reference.tokens)
    const given = features.has('repeats') ? (tuning?.unique?.[i] ?? Number.NaN) : Number.NaN
    return {
      size: Math.log(parameters[i] / reference.parameters),
      tokens: length,
      rate: ratio('rate', i),
      batch: ratio('batch', i),
      // An empty cell of unique tokens means that nothing was repeated.
      unique: given > 0 ? Math.min(length, Math.log(given / reference.tokens)) : length,
    }
  })
}

const indicesOf = ({ size }: Runs): number[] => Array.from({ length: size }, (_, i) => i)

/** Runs of equal N, D and unique tokens of which at least so many show what their best can reach. */
const fewestForFloor = 3

function floorOf(runs: Runs, points: readonly TunedPoint[]): Float64Array {
  const floor = new Float64Array(runs.size)
  const groups = groupBy(indicesOf(runs), (i) => `${points[i].size} ${points[i].tokens} ${points[i].unique}`)
  for (const group of groups.values()) {
    if (group.length < fewestForFloor) continue
    const lowest = group.reduce((low, i) => Math.min(low, runs.loss[i]), Number.POSITIVE_INFINITY)
    for (const i of group) floor[i] = lowest
  }
  return floor
}

/** A setting's column where at least half of the runs have it. */
function usableColumn(runs: Runs, name: 'rate' | 'batch'): Float64Array | null {
  const column = runs.tuning?.[name] ?? null
  const count = column?.reduce((sum, value) => sum + Number(value > 0), 0) ?? 0
  return count >= fewestShare * runs.size ? column : null
}

const varies = (column: Float64Array | null): boolean => column?.some((value) => value !== column[0]) ?? false
