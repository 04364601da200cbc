/**
 * How true predictions beyond the data are: of public tables of real runs the highest budgets are held out, the rest is fitted by
 * `norm` and, on the same splits, by our own implementations of VPNLS (`surface`), of Chinchilla's approach 3 (`huber`) and of
 * approach 2 with a plateau (`parabola` for N, `frontier` for the loss). Errors are medians within a family and means over families.
 * The tables are not part of this repository (bench/truth-tables.ts says where each comes from).
 *
 *     npm run bench:truth -- [--tables ../shared/truth/runs] [--sources] [--figure docs/truth.png]
 */

import { existsSync, writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { groupBy } from '../src/core/group-by.ts'
import type { Interval } from '../src/core/interval.ts'
import { analyse } from '../src/fit/analysis.ts'
import type { Analysis } from '../src/fit/result.ts'
import { surfaceLoss } from '../src/law/surface.ts'
import { median } from '../src/numeric/quantile.ts'
import { renderPng } from '../src/report/draw/png.ts'
import { drawTruth, type Outcome } from './truth-figure.ts'
import { type Shown, type Split, splitsIn, truthTables } from './truth-tables.ts'

/** What is compared: the names of the methods that tell loss and N. */
const compared = [
  { name: 'norm', loss: 'norm', size: 'norm' },
  { name: 'surface', loss: 'surface', size: 'surface' },
  { name: 'huber', loss: 'huber', size: 'huber' },
  { name: 'parabola', loss: 'frontier', size: 'parabola' },
] as const

const titles = {
  norm: 'norm',
  surface: 'surface (VPNLS)',
  huber: 'huber (approach 3)',
  parabola: 'parabola, plateau (approach 2)',
} as const

interface Told {
  readonly loss: number | null
  readonly lossInterval: Interval | null
  readonly parameters: number | null
  readonly sizeInterval: Interval | null
}

function told(analysis: Analysis, { loss, size }: (typeof compared)[number], C: number): Told {
  const at = (method: string) =>
    analysis.methods.find((result) => result.method === method)?.predictions.find(({ flops }) => flops === C)
  const frontier = analysis.frontier?.free?.predictions.find(({ flops }) => flops === C)
  const ofLoss = loss === 'frontier' ? frontier : at(loss)
  return {
    loss: ofLoss?.loss ?? null,
    lossInterval: loss === 'frontier' ? (frontier?.interval ?? null) : (at(loss)?.interval.loss ?? null),
    parameters: at(size)?.parameters ?? null,
    sizeInterval: at(size)?.interval.parameters ?? null,
  }
}

/** Whether an interval holds what was shown, twice whose own error is allowed for. */
const holds = ([low, high]: Interval, value: number, error: number): boolean =>
  low - 2 * error <= value && value <= high + 2 * error

async function outcomesOf(split: Split): Promise<Outcome[]> {
  const analysis = await analyse(
    { runs: split.train },
    { targets: split.targets, methods: ['norm', 'surface', 'huber', 'parabola', 'frontier'], resamples: 300 },
  )
  const { table, beyond } = split
  return compared.flatMap((method): Outcome[] => {
    const base = { method: method.name, family: table.family, table: table.name, beyond }
    const law = analysis.methods.find((result) => result.method === method.name)?.law
    const errors = law
      ? split.test.map(({ parameters, tokens, loss }) => surfaceLoss(law, parameters, tokens) - loss)
      : []
    const runs =
      errors.length > 0
        ? [{ ...base, kind: 'runs' as const, error: median(errors.map(Math.abs)), bias: median(errors) }]
        : []
    return [...split.shown.flatMap((shown) => ofOptimum(base, told(analysis, method, shown.flops), shown)), ...runs]
  })
}

function ofOptimum(base: Omit<Outcome, 'kind' | 'error' | 'bias'>, at: Told, shown: Shown): Outcome[] {
  const outcomes: Outcome[] = []
  if (at.loss !== null) {
    const interval = at.lossInterval
    outcomes.push({
      ...base,
      kind: 'loss',
      error: Math.abs(at.loss - shown.loss),
      bias: at.loss - shown.loss,
      covers: interval && holds(interval, shown.loss, shown.lossError),
      half: interval && (interval[1] - interval[0]) / 2,
    })
  }
  if (at.parameters !== null && shown.parameters !== null) {
    const interval = at.sizeInterval
    const bias = Math.log(at.parameters / shown.parameters)
    const logs = interval && ([Math.log(interval[0]), Math.log(interval[1])] as const)
    outcomes.push({
      ...base,
      kind: 'size',
      error: Math.abs(bias),
      bias,
      covers: logs && holds(logs, Math.log(shown.parameters), shown.sizeError),
      half: logs && (logs[1] - logs[0]) / 2,
    })
  }
  return outcomes
}

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length

/** One number for each family, and their mean; null where no family has one. */
function byFamily(
  outcomes: readonly Outcome[],
  of: (outcome: Outcome) => number | null,
  within: (values: number[]) => number,
) {
  const families = groupBy(outcomes, ({ family }) => family)
  const values = [...families.values()].flatMap((list) => {
    const own = list.flatMap((outcome) => of(outcome) ?? [])
    return own.length > 0 ? [within(own)] : []
  })
  return values.length > 0 ? mean(values) : null
}

const shown = (value: number | null, digits: number, width: number): string =>
  (value === null ? '-' : value.toFixed(digits)).padStart(width)

function summaryLine(name: string, outcomes: readonly Outcome[]): string {
  const of = (kind: Outcome['kind']) => outcomes.filter((outcome) => outcome.kind === kind)
  const error = ({ error: e }: Outcome) => e
  const covers = ({ covers: c }: Outcome) => (c === null || c === undefined ? null : Number(c))
  const cover = byFamily(of('loss'), covers, mean)
  return [
    name.padEnd(32),
    shown(byFamily(of('loss'), error, median), 3, 8),
    `${shown(cover === null ? null : 100 * cover, 0, 6)} %`,
    shown(
      byFamily(of('loss'), ({ half = null }) => half, median),
      3,
      9,
    ),
    shown(byFamily(of('size'), error, median), 3, 9),
    shown(byFamily(of('runs'), error, median), 3, 9),
  ].join('')
}

function print(outcomes: readonly Outcome[]): void {
  console.log(
    'by family, norm / surface: error of the loss at the held-out optimum, ln N there, loss of single held-out runs\n',
  )
  for (const [family, list] of groupBy(outcomes, (outcome) => outcome.family)) {
    const cell = (method: string, kind: Outcome['kind']) => {
      const own = list.filter((outcome) => outcome.method === method && outcome.kind === kind)
      return own.length > 0 ? median(own.map(({ error }) => error)).toFixed(3) : '-'
    }
    const cells = (['loss', 'size', 'runs'] as const).map((kind) =>
      `${cell('norm', kind)} / ${cell('surface', kind)}`.padStart(18),
    )
    console.log(family.padEnd(26) + cells.join(''))
  }
  console.log(`\n${'means over families'.padEnd(32)}    loss  covers     half     ln N     runs`)
  for (const { name } of compared)
    console.log(
      summaryLine(
        titles[name],
        outcomes.filter(({ method }) => method === name),
      ),
    )
}

function printSources(): void {
  for (const { name, what, from, licence } of truthTables) console.log(`${name}.csv: ${what}; ${from}; ${licence}`)
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      tables: { type: 'string', default: new URL('../../shared/truth/runs', import.meta.url).pathname },
      sources: { type: 'boolean', default: false },
      figure: { type: 'string' },
      json: { type: 'string' },
    },
  })
  if (values.sources) return printSources()
  const splits = existsSync(values.tables) ? splitsIn(values.tables) : []
  if (splits.length === 0) {
    console.log(
      `bench:truth skipped: no table in ${values.tables}. --sources says where each comes from, --tables where they lie.`,
    )
    return
  }
  const outcomes: Outcome[] = []
  for (const [k, split] of splits.entries()) {
    process.stderr.write(`\r${k + 1} of ${splits.length} splits`)
    outcomes.push(...(await outcomesOf(split)))
  }
  process.stderr.write('\n')
  print(outcomes)
  if (values.json) writeFileSync(values.json, JSON.stringify(outcomes, null, 1))
  if (values.figure) writeFileSync(values.figure, await renderPng(drawTruth(outcomes)))
}

await main()
